/** Which block a frame lies in; and the two operations on blocks that no hot path needs. */
import {
  AT_FRAMES,
  AT_RESERVED,
  AT_TOP_ORDER,
  LEVEL_ORDERS,
  LINE_SHIFT,
  OF_ALLOCATED,
  OF_CAP,
  OF_FREED,
  OF_NODES,
  OF_SHIFT,
  OF_STEP,
} from './constants.js';
import { carve } from './blocks.js';
import { runOf, stepAt } from './word.js';

const { clz32, min } = Math;

/** What {@link locate} finds: one of these, and below 32 the block's order (of no meaning for reserved frames). */
export const IS_FREE = 32;
export const IS_LIVE = 64;
export const IS_RESERVED = 96;
export const ORDER_MASK = 31;

/** Kind and order of the block that contains a frame of the pool. The block starts at the frame aligned down to its order. */
export function locate(words: Int32Array, frame: number): number {
  let line = (words[AT_TOP_ORDER] + 1) << LINE_SHIFT;
  let shift = words[line + OF_SHIFT];
  for (let below = false; ; below = true) {
    line = (shift + 1) << LINE_SHIFT;
    const unit = frame >>> shift;
    const bit = unit & 31;
    const pair = words[line + OF_NODES] + ((unit >>> 5) << 1);
    const used = words[pair];
    const heads = words[pair + 1];
    // A divided unit whose node is free as a whole would have been merged: so reserved units look.
    if (below && (used | heads) === 0) return IS_RESERVED;
    if (((used >>> bit) & 1) !== 0) return IS_LIVE | (shift + liveStep(used, heads, bit));
    if (((heads >>> bit) & 1) === 0) return IS_FREE | (shift + stepAt(~(used | heads), bit, 0, words[line + OF_CAP]));
    if (shift === 0) return IS_RESERVED;
    shift -= LEVEL_ORDERS;
  }
}

/** Step of the live block that contains unit `bit`: its head and the used units after it that are no heads. */
function liveStep(used: number, heads: number, bit: number): number {
  const head = 31 - clz32(used & heads & (-1 >>> (31 - bit)));
  const inside = ((used & ~heads) >>> head) >>> 1;
  const units = 32 - clz32(inside & ~(inside + 1)); // trailing ones
  return 31 - clz32(units + 1);
}

/** Order of the largest aligned block that starts at `at` and ends by `end`. */
export function pieceAt(words: Int32Array, at: number, end: number): number {
  const aligned = at === 0 ? words[AT_TOP_ORDER] : min(words[AT_TOP_ORDER], 31 - clz32(at & -at));
  return min(aligned, 31 - clz32(end - at));
}

/** True when `frame` heads a live block of exactly this order. */
export function isLive(words: Int32Array, frame: number, order: number): boolean {
  if (order >>> 0 > words[AT_TOP_ORDER] || frame >>> 0 >= words[AT_FRAMES]) return false;
  return (frame & ((1 << order) - 1)) === 0 && locate(words, frame) === (IS_LIVE | order);
}

/** Takes [first, end), which is free, out of circulation. */
export function reserveFree(words: Int32Array, first: number, end: number): void {
  for (let at = first; at < end;) {
    const from = locate(words, at) & ORDER_MASK;
    const order = min(pieceAt(words, at, end), from);
    carve(words, at, order, from);
    const line = (order + 1) << LINE_SHIFT;
    const unit = at >>> words[line + OF_SHIFT];
    const pair = words[line + OF_NODES] + ((unit >>> 5) << 1);
    const block = runOf(words[line + OF_STEP]) << (unit & 31);
    words[pair] &= ~block;
    words[pair + 1] |= block;
    at += 2 ** order;
  }
  words[AT_RESERVED] += end - first;
}

/** Turns a live block into live blocks of order 0. */
export function splitLive(words: Int32Array, first: number, order: number): void {
  const line = (order + 1) << LINE_SHIFT;
  const shift = words[line + OF_SHIFT];
  const unit = first >>> shift;
  const pair = words[line + OF_NODES] + ((unit >>> 5) << 1);
  const block = runOf(words[line + OF_STEP]) << (unit & 31);
  if (shift > 0) words[pair] &= ~block;
  words[pair + 1] |= block;
  for (let below = shift - LEVEL_ORDERS; below >= 0; below -= LEVEL_ORDERS) {
    const nodes = words[((below + 1) << LINE_SHIFT) + OF_NODES];
    const from = nodes + ((first >>> below) >>> 4); // two words per 32 units
    const count = 2 ** (order - below - LEVEL_ORDERS);
    for (let at = from; at < from + 2 * count; at += 2) {
      if (below === 0) words[at] = -1;
      words[at + 1] = -1;
    }
  }
  words[line + OF_FREED]++;
  words[(1 << LINE_SHIFT) + OF_ALLOCATED] += 2 ** order;
}
