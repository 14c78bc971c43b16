/** What a buddy allocator of frames promises. Frames are indices from 0; the owner adds its base. */
import type { Errno, Frame, Order } from '@veridian-os/abi';

export interface BuddyOptions {
  /** Frames managed, 1 .. 2^30. */
  readonly frameCount: number;
  /** Largest order, 0 .. 20; default 10 (4 MiB blocks). */
  readonly maxOrder?: number;
}

export interface BlockAllocator {
  readonly frameCount: number;
  readonly maxOrder: Order;
  readonly freeFrames: number;
  /** First frame of a block of 2^order frames aligned to 2^order, or ENOMEM with state unchanged. */
  alloc(order: Order): Frame | Errno;
  /**
   * Returns a live block, merging buddies upward.
   * @throws KernelPanic `buddy/bad-free` unless `frame` heads a live block of this order
   */
  free(frame: Frame, order: Order): void;
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
