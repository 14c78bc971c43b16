/**
 * How badly free memory is broken up, by order.
 *
 * Cost       O(K): from the counters
 * Source     Gorman and Whitcroft, "The what, the why and the where to of anti-fragmentation", Ottawa Linux Symposium 2006
 *            (unusable free space); Gorman, "Memory compaction", Linux Symposium 2010 (fragmentation index)
 */
import type { Order } from '@veridian-os/abi';
import type { BlockAllocator } from './api.js';

type Counters = Pick<BlockAllocator, 'freeFrames' | 'freeBlocks' | 'maxOrder'>;

/** Share of the free frames, 0 .. 1, that lie in blocks too small for this order; 0 for a pool with none. */
export function unusableFree(pool: Counters, order: Order): number {
  const { freeFrames, maxOrder } = pool;
  if (freeFrames === 0) return 0;
  let usable = 0;
  for (let k: number = order; k <= maxOrder; k++) usable += pool.freeBlocks(k as Order) * 2 ** k;
  return 1 - usable / freeFrames;
}

/**
 * Why an allocation of this order fails: towards 0 for lack of memory (reclaim), towards 1 because of fragmentation
 * (compact); -1 when it would not fail.
 */
export function fragmentationIndex(pool: Counters, order: Order): number {
  const { freeFrames, maxOrder } = pool;
  let blocks = 0;
  for (let k = 0; k <= maxOrder; k++) {
    const free = pool.freeBlocks(k as Order);
    if (k >= order && free > 0) return -1;
    blocks += free;
  }
  if (blocks === 0) return 0;
  return 1 - (1 + freeFrames / 2 ** order) / blocks;
}
