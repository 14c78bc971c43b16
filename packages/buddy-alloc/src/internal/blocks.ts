/**
 * Taking and giving back blocks: the hot paths of the allocator, over the words of a pool.
 *
 * Hot paths  one typed array holds everything, so that its type and bounds are looked up once; sums that stay below 2^31 end
 *            in `| 0`, which spares the engine an overflow check each
 */
import {
  AT_FRAMES,
  AT_FREE,
  AT_NON_EMPTY,
  AT_TOP_ORDER,
  FULL,
  LEVEL_ORDERS,
  LINE_SHIFT,
  LINE_WORDS,
  OF_CAP,
  OF_FREE,
  OF_NODES,
  OF_SHIFT,
  OF_STEP,
} from './constants.js';
import { list, lowestNode, unlist } from './summary.js';
import { blocksIn, lowestOne, runOf, stepAt } from './word.js';

/** Takes the lowest block of the smallest sufficient order. @returns its first frame, or -1 with nothing changed */
export function allocate(words: Int32Array, order: number): number {
  const usable = words[AT_NON_EMPTY] & (-1 << order);
  if (usable === 0) return -1;
  const exact = 1 << order;
  if ((usable & exact) === 0) {
    const from = lowestOne(usable);
    const first = lowest(words, from);
    carve(words, first, order, from);
    return first;
  }
  // What `lowest` and `carve` would do, without looking anything up twice.
  const line = (order + 1) << LINE_SHIFT;
  const node = lowestNode(words, line);
  const pair = (words[line + OF_NODES] + (node << 1)) | 0;
  const used = words[pair];
  const heads = words[pair + 1];
  const step = words[line + OF_STEP];
  const blocks = blocksIn(~(used | heads), step, words[line + OF_CAP]);
  const bit = lowestOne(blocks);
  words[pair] = used | (runOf(step) << bit);
  words[pair + 1] = heads | (1 << bit);
  words[AT_FREE] = (words[AT_FREE] - exact) | 0;
  const left = (words[line + OF_FREE] - 1) | 0;
  words[line + OF_FREE] = left;
  if (left === 0) words[AT_NON_EMPTY] &= ~exact;
  if ((blocks & (blocks - 1)) === 0) unlist(words, line, node);
  return ((node << 5) | bit) << words[line + OF_SHIFT];
}

/** First frame of the lowest free block of an order that has one. */
function lowest(words: Int32Array, order: number): number {
  const line = (order + 1) << LINE_SHIFT;
  const node = lowestNode(words, line);
  const pair = (words[line + OF_NODES] + (node << 1)) | 0;
  const blocks = blocksIn(~(words[pair] | words[pair + 1]), words[line + OF_STEP], words[line + OF_CAP]);
  return ((node << 5) | lowestOne(blocks)) << words[line + OF_SHIFT];
}

/** Makes a live block at `first` out of the free block of order `from` >= `order` that contains it. */
export function carve(words: Int32Array, first: number, order: number, from: number): void {
  let line = (order + 1) << LINE_SHIFT;
  const fromLine = (from + 1) << LINE_SHIFT;
  words[AT_FREE] = (words[AT_FREE] - (1 << order)) | 0;
  const left = (words[fromLine + OF_FREE] - 1) | 0;
  words[fromLine + OF_FREE] = left;
  if (left === 0) words[AT_NON_EMPTY] &= ~(1 << from);
  let shift = words[line + OF_SHIFT];
  let unit = first >>> shift;
  let pair = (words[line + OF_NODES] + ((unit >>> 5) << 1)) | 0;
  const used = words[pair] | (runOf(words[line + OF_STEP]) << (unit & 31));
  let heads = words[pair + 1] | (1 << (unit & 31));
  words[pair] = used;
  words[pair + 1] = heads;
  let free = ~(used | heads);
  const fromShift = words[fromLine + OF_SHIFT];
  let k = order;
  // Every node on the way down was part of the block: what is left of it is one free block per order.
  while (shift < fromShift) {
    shift += LEVEL_ORDERS;
    unit >>>= 5;
    for (; k < shift; k++, line += LINE_WORDS) addSplit(words, line, unit);
    pair = (words[line + OF_NODES] + ((unit >>> 5) << 1)) | 0;
    heads = words[pair + 1] | (1 << (unit & 31));
    words[pair + 1] = heads;
    free = ~(words[pair] | heads);
  }
  unit >>>= 5;
  for (; k < from; k++, line += LINE_WORDS) addSplit(words, line, unit);
  words[AT_NON_EMPTY] |= (1 << from) - (1 << order);
  if (blocksIn(free, words[fromLine + OF_STEP], words[fromLine + OF_CAP]) === 0) unlist(words, fromLine, unit);
}

function addSplit(words: Int32Array, line: number, node: number): void {
  words[line + OF_FREE] = (words[line + OF_FREE] + 1) | 0;
  list(words, line, node);
}

/** Frees and merges. @returns false, with nothing changed, unless `frame` heads a live block of exactly this order */
export function release(words: Int32Array, frame: number, order: number): boolean {
  if (order >>> 0 > words[AT_TOP_ORDER] || frame >>> 0 >= words[AT_FRAMES]) return false;
  const line = (order + 1) << LINE_SHIFT;
  const shift = words[line + OF_SHIFT];
  const unit = frame >>> shift;
  const bit = unit & 31;
  const pair = (words[line + OF_NODES] + ((unit >>> 5) << 1)) | 0;
  const used = words[pair];
  const heads = words[pair + 1];
  const step = words[line + OF_STEP];
  const run = runOf(step);
  const inside = ((used & ~heads) >>> bit) >>> 1;
  if ((used & heads & (1 << bit)) === 0 || (inside & run) !== run >>> 1 || unit << shift !== frame) return false;
  const buddy = run << (bit ^ (1 << step));
  if (step < words[line + OF_CAP] && (~(used | heads) & buddy) === buddy) {
    merge(words, frame, order);
    return true;
  }
  words[pair] = used & ~(run << bit);
  words[pair + 1] = heads & ~(1 << bit);
  words[AT_FREE] = (words[AT_FREE] + (1 << order)) | 0;
  const before = words[line + OF_FREE];
  words[line + OF_FREE] = (before + 1) | 0;
  if (before === 0) words[AT_NON_EMPTY] |= 1 << order;
  list(words, line, unit >>> 5);
  return true;
}

/** Frees a live block whose buddy is free. */
function merge(words: Int32Array, first: number, order: number): void {
  let line = (order + 1) << LINE_SHIFT;
  let shift = words[line + OF_SHIFT];
  words[AT_FREE] = (words[AT_FREE] + (1 << order)) | 0;
  let unit = first >>> shift;
  let pair = (words[line + OF_NODES] + ((unit >>> 5) << 1)) | 0;
  const used = words[pair] & ~(runOf(words[line + OF_STEP]) << (unit & 31));
  let heads = words[pair + 1] & ~(1 << (unit & 31));
  words[pair] = used;
  words[pair + 1] = heads;
  let free = ~(used | heads);
  let k = order;
  let cap = words[line + OF_CAP];
  // A node that is free as a whole had one free block per order; it becomes a free unit of the next level.
  while (free === FULL && cap === LEVEL_ORDERS) {
    unit >>>= 5;
    shift += LEVEL_ORDERS;
    for (; k < shift; k++, line += LINE_WORDS) {
      dropOne(words, line, k);
      unlist(words, line, unit);
    }
    pair = (words[line + OF_NODES] + ((unit >>> 5) << 1)) | 0;
    cap = words[line + OF_CAP];
    heads = words[pair + 1] & ~(1 << (unit & 31));
    words[pair + 1] = heads;
    free = ~(words[pair] | heads);
  }
  const to = shift + stepAt(free, unit & 31, k - shift, cap);
  unit >>>= 5;
  for (; k < to; k++, line += LINE_WORDS) {
    dropOne(words, line, k);
    if (blocksIn(free, k - shift, cap) === 0) unlist(words, line, unit);
  }
  const before = words[line + OF_FREE];
  words[line + OF_FREE] = (before + 1) | 0;
  if (before === 0) words[AT_NON_EMPTY] |= 1 << to;
  list(words, line, unit);
}

function dropOne(words: Int32Array, line: number, order: number): void {
  const left = (words[line + OF_FREE] - 1) | 0;
  words[line + OF_FREE] = left;
  if (left === 0) words[AT_NON_EMPTY] &= ~(1 << order);
}
