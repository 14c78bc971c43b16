/** What object caches promise. Addresses are byte offsets in the memory that the allocator was given. */
import type { Errno, Frame, Order } from '@veridian-os/abi';

/** Address of an object: bytes from the start of the memory, a multiple of 8 below 2^32. */
export type ObjectAddress = number & { readonly __brand: 'ObjectAddress' };

/** Where slabs come from. `BuddyAllocator` of `@veridian-os/buddy-alloc` is one. */
export interface SlabSource {
  /** First of 2^order frames of 4096 bytes, aligned to 2^order, or a negative error. */
  alloc(order: Order): Frame | Errno;
  free(frame: Frame, order: Order): void;
}

/** A NUMA node's frames. */
export interface SlabNode {
  readonly source: SlabSource;
  /** Added to the frames of `source`: where the node begins in the memory; default 0. */
  readonly firstFrame?: number;
}

/** What is checked at the price of time and bytes. A cache with any of it has no sheaves and is not merged. */
export interface SlabDebug {
  /** Bytes of a known value before and after each object, looked at when it is freed and by `check`. */
  readonly redZone?: boolean;
  /** Free objects are filled with 0x6b and looked at when they are handed out again. Not with a constructor. */
  readonly poison?: boolean;
  /** Each object remembers the call sites that allocated and freed it last. */
  readonly track?: boolean;
}

export interface SlabOptions {
  /** The bytes that addresses are about, up to 4 GiB; it starts at a multiple of 8 in its buffer. */
  readonly memory: ArrayBufferLike | Uint8Array<ArrayBufferLike>;
  /** Frames of this memory; default all of it, from a `BufferSource`. */
  readonly source?: SlabSource;
  /** Instead of `source`: one for each NUMA node. */
  readonly nodes?: readonly SlabNode[];
  /** Node of each CPU; default one CPU on node 0. */
  readonly cpuNodes?: readonly number[];
  /** Key of the free lists' pointers, 32 bits that a guest cannot guess; each cache derives its own. Default 0. */
  readonly secret?: number;
  /** Of caches that do not say otherwise; `true` is all of it. Default false. */
  readonly debug?: boolean | SlabDebug;
  /** Sheaves in the barn of each cache and node, 0 .. 1024; default 8. */
  readonly barnSheaves?: number;
}

export interface CacheOptions {
  readonly name: string;
  /** Bytes of an object, 1 .. 2^22. */
  readonly size: number;
  /** Power of two, 8 .. 4096; default 8. */
  readonly align?: number;
  /**
   * Called once for each object of a new slab; objects come back, and are handed out, in the state that it makes. It must not
   * use the allocator. What it throws goes to the caller of `alloc`, with the state unchanged.
   */
  readonly construct?: (address: ObjectAddress) => void;
  readonly debug?: boolean | SlabDebug;
  /** Instead of the one derived from the allocator's; such a cache is not merged. */
  readonly secret?: number;
  /** Whether another cache of the same shape may be this one too; default true. */
  readonly merge?: boolean;
  /** Objects in a sheaf, 0 (no sheaves) .. 1024; default 60, less for objects of 256 bytes and more. */
  readonly sheafCapacity?: number;
  /** Slabs that a node's partial list has before empty ones are given back, 0 .. 1024; default 5 to 10, by the size. */
  readonly minPartial?: number;
  /** Largest slab is 2^maxOrder frames, 0 .. 10, unless one object is larger; default 3. */
  readonly maxOrder?: number;
}

/** One cache at this moment. Events are counted since it was made. */
export interface CacheStatistics {
  readonly name: string;
  /** Names of the caches that were merged into this one. */
  readonly aliases: readonly string[];
  /** Bytes that a user may use, and those that an object takes in its slab. */
  readonly size: number;
  readonly stride: number;
  /** Of a slab of the preferred order. */
  readonly objectsPerSlab: number;
  readonly order: number;
  readonly slabs: number;
  /** Slabs with an object on their free list. */
  readonly partialSlabs: number;
  readonly frames: number;
  /** Objects in all slabs; those that users have; those that wait in sheaves. */
  readonly objects: number;
  readonly live: number;
  readonly cached: number;
  /** Sheaves filled from slabs and emptied into slabs; slabs made and given back; allocations that failed. */
  readonly refills: number;
  readonly flushes: number;
  readonly created: number;
  readonly discarded: number;
  readonly failed: number;
}

/** Live objects that one call site allocated. */
export interface Leak {
  readonly cache: string;
  /** As `alloc` was told; 0 where nothing was tracked. */
  readonly site: number;
  readonly objects: number;
  readonly bytes: number;
  /** The lowest of them. */
  readonly first: ObjectAddress;
}

/** What the kit of `./testing` checks: a cache of equal objects. */
export interface ObjectAllocator {
  /** Bytes that the user of an object may use. */
  readonly size: number;
  readonly align: number;
  /** Objects that users have. */
  readonly liveObjects: number;
  /**
   * An object, or ENOMEM with the state unchanged: only when no object is free and no frame can be had.
   * @param cpu whose sheaf it comes from; default 0
   * @param site recorded with `track`, 0 .. 2^31 - 1
   */
  alloc(cpu?: number, site?: number): ObjectAddress | Errno;
  /**
   * Takes an object back.
   * @throws KernelPanic `slab/bad-free` unless a live object of this cache starts at `address`; nothing has changed
   */
  free(address: ObjectAddress, cpu?: number, site?: number): void;
  /** `count` objects into `out`: `count`, or ENOMEM with no object taken. */
  allocBulk(out: Uint32Array, count: number, cpu?: number, site?: number): number | Errno;
  /** Takes the first `count` of these back. @throws KernelPanic as {@link free}, also for one that is there twice */
  freeBulk(addresses: Uint32Array, count: number, cpu?: number, site?: number): void;
  /** Empties the sheaves and returns empty slabs. @returns frames that went back to their source */
  shrink(): number;
}
