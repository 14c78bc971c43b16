/** What this package needs of an allocator of blocks, so that it depends on none. */
import type { Errno, Frame, MemoryRegion, Order } from '@veridian-os/abi';

/** Frames are indices from 0 of one region; a block of order k is 2^k frames aligned to 2^k. */
export interface BlockSource {
  readonly freeFrames: number;
  readonly maxOrder: Order;
  /**
   * First frame of a block, or ENOMEM.
   * @param owner for allocators that remember one
   * @param mobility a {@link Mobility}, for allocators that keep movable frames apart
   */
  alloc(order: Order, owner?: number, mobility?: Mobility): Frame | Errno;
  free(frame: Frame, order: Order): void;
  /** Turns a live block into blocks of order 0. */
  split(frame: Frame, order: Order): void;
  /** Takes frames out of circulation: 0, or an error with nothing changed. */
  reserve(first: Frame, count: number): 0 | Errno;
  /** Takes exactly this block: 0, or EBUSY. Without it frames cannot be moved out of the way, and no run exceeds maxOrder. */
  allocAt?(first: Frame, order: Order): 0 | Errno;
  /**
   * First of `count` frames aligned to 2^align, live as the fewest aligned blocks from the first frame on; or ENOMEM. The
   * rest of the block that they were cut from stays free.
   */
  allocRange?(count: number, align?: Order, owner?: number, mobility?: Mobility): Frame | Errno;
  /** Free blocks of exactly this order. */
  freeBlocks?(order: Order): number;
}

/** Makes the block allocator of a region. */
export type BlockFactory = (frameCount: number, region: MemoryRegion) => BlockSource;

/**
 * Whether somebody will be able to move the frame's contents elsewhere: pages of user programs can be moved, page tables
 * and the kernel's own cannot. Same numbers as buddy-alloc's zones.
 */
export const Mobility = { Dma: 0, Unmovable: 1, Movable: 2 } as const;
export type Mobility = (typeof Mobility)[keyof typeof Mobility];
