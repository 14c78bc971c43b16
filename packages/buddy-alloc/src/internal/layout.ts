/**
 * Where everything lies in the pool's buffer: a line of globals, a line per order, nodes and their summaries, and in
 * debug mode the owners.
 *
 * Units      offsets and sizes in 32-bit words from the pool's start; a line is 16 words, one cache line
 * Nodes      a node of level L describes 32 units of 32^L frames in two words, `used` and `heads`. Level L holds the blocks
 *            of orders 5L .. 5L + 4; the highest one up to the pool's top order.
 * Summaries  of order k, over the nodes of its level: bit i of level 1 says that node i has a free block of order k, bit i of
 *            a higher level that word i below is not 0; up to a level of at most 4 words. Bits of summaries are counted
 *            from the most significant end, where `clz32` finds the lowest.
 */
import {
  AT_FRAMES,
  AT_MAGIC,
  AT_MAX_ORDER,
  AT_OWNERS,
  AT_TOP_ORDER,
  AT_VERSION,
  AT_WORDS,
  LEVEL_ORDERS,
  LINE_WORDS,
  MAGIC,
  OF_CAP,
  OF_NODES,
  OF_SHIFT,
  OF_STEP,
  OF_SUMMARIES,
  TOP_WORDS,
  VERSION,
} from './constants.js';

const { ceil, clz32, min } = Math;

export interface Shape {
  readonly frameCount: number;
  readonly maxOrder: number;
  readonly debug: boolean;
}

/** Fills in the constants of a pool, or only measures when `words` is missing. @returns the pool's size in words */
export function layOut({ frameCount, maxOrder, debug }: Shape, words?: Int32Array): number {
  const topOrder = min(maxOrder, 31 - clz32(frameCount));
  let size = (topOrder + 2) * LINE_WORDS;
  const reserve = (count: number): number => {
    const first = size;
    size += ceil(count / LINE_WORDS) * LINE_WORDS;
    return first;
  };
  let nodes = 0;
  for (let order = 0; order <= topOrder; order++) {
    const step = order % LEVEL_ORDERS;
    const shift = order - step;
    let count = ceil(frameCount / 2 ** (shift + LEVEL_ORDERS));
    if (step === 0) nodes = reserve(2 * count);
    const line = (order + 1) * LINE_WORDS;
    let summaries = 0;
    do {
      count = ceil(count / 32);
      const first = reserve(count);
      summaries++;
      if (words) words[line + OF_SUMMARIES + summaries] = first;
    } while (count > TOP_WORDS);
    if (!words) continue;
    words[line + OF_SUMMARIES] = summaries;
    words[line + OF_NODES] = nodes;
    words[line + OF_SHIFT] = shift;
    words[line + OF_STEP] = step;
    words[line + OF_CAP] = min(LEVEL_ORDERS, topOrder - shift);
  }
  const owners = debug ? reserve(frameCount) : 0;
  if (words) {
    words[AT_FRAMES] = frameCount;
    words[AT_MAX_ORDER] = maxOrder;
    words[AT_TOP_ORDER] = topOrder;
    words[AT_OWNERS] = owners;
    words[AT_WORDS] = size;
    words[AT_VERSION] = VERSION;
    words[AT_MAGIC] = MAGIC;
  }
  return size;
}
