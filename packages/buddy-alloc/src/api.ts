/** What a buddy allocator of frames promises. Frames are indices from 0; the owner adds its base. */
import type { Errno, Frame, Order } from '@veridian-os/abi';

export interface BuddyOptions {
  /** Frames managed, 1 .. 2^30. */
  readonly frameCount: number;
  /** Largest order, 0 .. 30; default 10 (4 MiB blocks). The largest block bounds the longest range too. */
  readonly maxOrder?: number;
  /** Records who owns each block, at four more bytes a frame; default false. */
  readonly debug?: boolean;
  /** Where all state lives; default a new ArrayBuffer of `BuddyAllocator.byteLength(options)`. Its bytes are overwritten. */
  readonly buffer?: ArrayBufferLike;
  /** First byte of the pool in `buffer`, a multiple of 4 (64 puts every order on a cache line of its own); default 0. */
  readonly byteOffset?: number;
}

/** Of one order since the pool was made; operations are counted modulo 2^32. */
export interface OrderStatistics {
  /** Free blocks of exactly this order. */
  readonly free: number;
  /** Blocks handed out, and those that came back. A split counts as one freed and 2^order allocated of order 0. */
  readonly allocated: number;
  readonly freed: number;
  /** Allocations that found no block. */
  readonly failed: number;
}

export interface BlockAllocator {
  readonly frameCount: number;
  readonly maxOrder: Order;
  readonly freeFrames: number;
  /**
   * First frame of a block of 2^order frames aligned to 2^order, or ENOMEM with state unchanged.
   * @param owner recorded in debug mode, 0 .. 2^31 - 1
   */
  alloc(order: Order, owner?: number): Frame | Errno;
  /** Takes exactly the block at `first`: 0; EBUSY when a frame of it is in use, EINVAL unless it is a block of the pool. */
  allocAt(first: Frame, order: Order, owner?: number): 0 | Errno;
  /**
   * First of `count` consecutive frames, aligned to 2^align and to the power of two that covers `count`; live as the fewest
   * aligned blocks from the first frame on. ENOMEM when no single free block has room for it, EINVAL unless `count` >= 1.
   */
  allocRange(count: number, align?: Order, owner?: number): Frame | Errno;
  /**
   * Returns a live block, merging buddies upward.
   * @throws KernelPanic `buddy/bad-free` unless `frame` heads a live block of this order; nothing has changed
   */
  free(frame: Frame, order: Order): void;
  /**
   * Returns what {@link allocRange} gave, or any row of blocks that divides in the same way.
   * @throws KernelPanic `buddy/bad-free` when one of its blocks is not live; nothing has changed
   */
  freeRange(first: Frame, count: number): void;
  /**
   * Turns a live block into 2^order live blocks of order 0, so that each frame is freed by itself.
   * @throws KernelPanic `buddy/bad-free` unless `frame` heads a live block of this order
   */
  split(frame: Frame, order: Order): void;
  /** Takes exactly these frames out of circulation (firmware, MMIO holes): 0; EBUSY when one is in use, EINVAL beyond the end. */
  reserve(first: Frame, count: number): 0 | Errno;
  /** Free blocks of exactly this order. */
  freeBlocks(order: Order): number;
}
