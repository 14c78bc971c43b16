/**
 * Memory of any size, as `kmalloc` hands it out: a cache for each size class, whole frames above.
 *
 * Classes    8, 16, 32, 64, 96, 128, 192, 256, 512 ... 8192 bytes. What is allocated is aligned to the largest power of two
 *            that divides its class, frames to the power of two that they are.
 */
import { ENOMEM, isErrno, PAGE_SIZE, panic } from '@veridian-os/abi';
import type { Errno, Frame, Order } from '@veridian-os/abi';
import type { Leak, ObjectAddress } from './api.js';
import {
  FRAME_GRANULES_SHIFT,
  GRANULE_SHIFT,
  LARGE,
  OF_CACHE,
  OF_FIRST,
  OF_FRAME,
  OF_IN_USE,
  OF_NODE,
  OF_OBJECTS,
  OF_ORDER,
  OF_SITE,
  SLAB_SHIFT,
} from './internal/constants.js';
import { checked } from './internal/options.js';
import type { ObjectCache } from './object-cache.js';
import type { SlabAllocator } from './slab-allocator.js';

const { clz32 } = Math;

const CLASSES = [8, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096, 8192];
const LARGEST_CLASS = 8192;
/** Classes of sizes up to this one are looked up, larger ones are powers of two. */
const LARGEST_LOOKUP = 256;
const MAX_ORDER = 20;

/** Class of each size up to LARGEST_LOOKUP, by eights. */
const LOOKUP = Uint8Array.from({ length: LARGEST_LOOKUP / 8 + 1 }, (_, i) =>
  CLASSES.findIndex((size) => size >= i * 8),
);
const LOG_LOOKUP = 31 - clz32(LARGEST_LOOKUP);

export class SlabHeap {
  /** Frames that were allocated as such. */
  largeFrames = 0;
  private readonly allocator: SlabAllocator;
  private readonly classes: ObjectCache[];
  /** The classes' caches by their numbers. */
  private readonly byId: (ObjectCache | undefined)[] = [];

  /** Makes the caches `kmalloc-8` ... `kmalloc-8192`, which other caches of the allocator may be merged with. */
  constructor(allocator: SlabAllocator) {
    this.allocator = allocator;
    this.classes = CLASSES.map((size) =>
      allocator.createCache({ name: `kmalloc-${size}`, size, align: Math.min(4096, Math.max(8, size & -size)) }),
    );
    for (const cache of this.classes) this.byId[cache.id] = cache;
  }

  /**
   * At least `size` bytes, or ENOMEM with the state unchanged.
   * @param size 1 .. 2^32 bytes
   * @throws RangeError for another size
   */
  alloc(size: number, cpu = 0, site = 0): ObjectAddress | Errno {
    if (size >>> 0 === size && size >= 1 && size <= LARGEST_LOOKUP)
      return this.classes[LOOKUP[(size + 7) >>> 3]].alloc(cpu, site);
    checked('size', size, 1, 2 ** 32);
    if (size > LARGEST_CLASS) return this.allocLarge(size, cpu, site);
    // The class after 256 is 2^9.
    return this.classes[LOOKUP[LARGEST_LOOKUP >>> 3] + 32 - clz32(size - 1) - LOG_LOOKUP].alloc(cpu, site);
  }

  /** Like {@link alloc}, filled with zeroes. */
  allocZeroed(size: number, cpu = 0, site = 0): ObjectAddress | Errno {
    const address = this.alloc(size, cpu, site);
    if (!isErrno(address)) this.allocator.arena.bytes.fill(0, address, address + size);
    return address;
  }

  /** @throws KernelPanic `slab/bad-free` unless this heap's memory starts there and is live; nothing has changed */
  free(address: ObjectAddress, cpu = 0, site = 0): void {
    const slab = this.slabOf(address);
    const id = this.allocator.arena.slabs.words[(slab << SLAB_SHIFT) + OF_CACHE];
    const cache = this.byId[id];
    if (cache !== undefined) cache.free(address, cpu, site);
    else if (slab !== 0 && id === LARGE && this.allocator.arena.frames.isLive(address / 8)) this.freeLarge(slab);
    else this.badFree(address);
  }

  /**
   * Moves what is there to memory of another size, or leaves it where it is when the size fits: the new address, or ENOMEM
   * with the old one still live.
   */
  resize(address: ObjectAddress, size: number, cpu = 0, site = 0): ObjectAddress | Errno {
    const held = this.sizeOf(address);
    checked('size', size, 1, 2 ** 32);
    if (size <= held && size * 2 > held) return address;
    const moved = this.alloc(size, cpu, site);
    if (isErrno(moved)) return size <= held ? address : moved;
    this.allocator.arena.bytes.copyWithin(moved, address, address + Math.min(size, held));
    this.free(address, cpu, site);
    return moved;
  }

  /** Bytes that may be used at a live address. @throws KernelPanic `slab/bad-free` as {@link free} */
  sizeOf(address: ObjectAddress): number {
    const { slabs, frames } = this.allocator.arena;
    const slab = this.slabOf(address);
    const line = slab << SLAB_SHIFT;
    const cache = this.byId[slabs.words[line + OF_CACHE]];
    if (slab === 0 || !frames.isLive(address / 8)) return this.badFree(address);
    if (cache !== undefined) return cache.size;
    return slabs.words[line + OF_CACHE] === LARGE
      ? PAGE_SIZE * 2 ** slabs.words[line + OF_ORDER]
      : this.badFree(address);
  }

  /** Live memory of this heap by call site; what other caches have is in `SlabAllocator.leaks`. */
  leaks(): Leak[] {
    const { slabs } = this.allocator.arena;
    const found = this.classes.flatMap((cache) => cache.leaks());
    for (let slab = 1; slab < slabs.end; slab++) {
      const line = slab << SLAB_SHIFT;
      if (slabs.words[line + OF_CACHE] !== LARGE || slabs.words[line + OF_FRAME] < 0) continue;
      const bytes = PAGE_SIZE * 2 ** slabs.words[line + OF_ORDER];
      const first = (slabs.words[line + OF_FRAME] * PAGE_SIZE) as ObjectAddress;
      found.push({ cache: 'kmalloc-large', site: slabs.words[line + OF_SITE], objects: 1, bytes, first });
    }
    return found.sort((a, b) => b.bytes - a.bytes);
  }

  private allocLarge(size: number, cpu: number, site: number): ObjectAddress | Errno {
    const { allocator } = this;
    checked('cpu', cpu, 0, allocator.cpuCount - 1);
    checked('site', site, 0, 2 ** 31 - 1);
    let order = 0;
    while (PAGE_SIZE * 2 ** order < size) order++;
    if (order > MAX_ORDER) return ENOMEM;
    const nodes = allocator.arena.nodes.length;
    for (let attempt = 0; attempt < 2; attempt++) {
      for (let i = 0; i < nodes; i++) {
        const address = this.framesFrom((allocator.cpuNodes[cpu] + i) % nodes, order, site);
        if (!isErrno(address)) return address;
      }
      if (attempt === 0 && allocator.shrink() === 0) break;
    }
    return ENOMEM;
  }

  private framesFrom(node: number, order: number, site: number): ObjectAddress | Errno {
    const { arena } = this.allocator;
    const { source, firstFrame = 0 } = arena.nodes[node];
    const got = source.alloc(order as Order);
    if (isErrno(got)) return got;
    const frame = got + firstFrame;
    arena.frames.checkFresh(frame, 2 ** order);
    const slab = arena.slabs.create();
    const line = slab << SLAB_SHIFT;
    const { words } = arena.slabs;
    const granule = frame << FRAME_GRANULES_SHIFT;
    words[line + OF_FRAME] = frame;
    words[line + OF_ORDER] = order;
    words[line + OF_CACHE] = LARGE;
    words[line + OF_NODE] = node;
    words[line + OF_IN_USE] = 1;
    words[line + OF_OBJECTS] = 1;
    words[line + OF_FIRST] = granule;
    words[line + OF_SITE] = site;
    arena.frames.claim(frame, 2 ** order, LARGE * arena.nodes.length + node + 1, slab);
    arena.frames.setLive(granule);
    this.largeFrames += 2 ** order;
    return (frame * PAGE_SIZE) as ObjectAddress;
  }

  private freeLarge(slab: number): void {
    const { arena } = this.allocator;
    const line = slab << SLAB_SHIFT;
    const frame = arena.slabs.words[line + OF_FRAME];
    const order = arena.slabs.words[line + OF_ORDER];
    const { source, firstFrame = 0 } = arena.nodes[arena.slabs.words[line + OF_NODE]];
    arena.frames.release(frame, 2 ** order);
    arena.slabs.release(slab);
    this.largeFrames -= 2 ** order;
    source.free((frame - firstFrame) as Frame, order as Order);
  }

  /** The slab of an address that could be an object's, 0 for none. */
  private slabOf(address: number): number {
    const { frames } = this.allocator.arena;
    const granule = address >>> GRANULE_SHIFT;
    if (!(address < this.allocator.arena.bytes.length) || (granule << GRANULE_SHIFT) >>> 0 !== address) return 0;
    return frames.slabAt(granule >>> FRAME_GRANULES_SHIFT);
  }

  private badFree(address: number): never {
    panic('slab/bad-free', `heap: ${this.allocator.describe(address)}`);
  }
}
