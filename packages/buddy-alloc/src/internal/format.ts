/** The first state of a pool. */
import {
  AT_FRAMES,
  AT_FREE,
  AT_NON_EMPTY,
  AT_TOP_ORDER,
  LEVEL_ORDERS,
  LINE_SHIFT,
  OF_CAP,
  OF_FREE,
  OF_NODES,
  OF_SHIFT,
  OF_STEP,
} from './constants.js';
import { list } from './summary.js';
import { blocksIn } from './word.js';

const { ceil, floor } = Math;

/** Makes all frames free: as many blocks of the top order as fit, then one per one bit of the rest. The nodes are all zero. */
export function format(words: Int32Array): void {
  const topOrder = words[AT_TOP_ORDER];
  const frameCount = words[AT_FRAMES];
  words[AT_FREE] = frameCount;
  for (let order = 0; order <= topOrder; order++) {
    const line = (order + 1) << LINE_SHIFT;
    const shift = words[line + OF_SHIFT];
    const nodes = words[line + OF_NODES];
    const last = ceil(frameCount / 2 ** (shift + LEVEL_ORDERS)) - 1;
    // Units beyond the end, and the one that the end cuts, are no free units of this level.
    const units = floor(frameCount / 2 ** shift) - last * 32;
    if (units < 32) words[nodes + 2 * last + 1] = -1 << units;
    const count = order < topOrder ? (frameCount >>> order) & 1 : frameCount >>> topOrder;
    if (count === 0) continue;
    words[line + OF_FREE] = count;
    words[AT_NON_EMPTY] |= 1 << order;
    // Below the top order there is one block, in the last node.
    for (let node = order < topOrder ? last : 0; node <= last; node++) {
      const free = ~(words[nodes + 2 * node] | words[nodes + 2 * node + 1]);
      if (blocksIn(free, words[line + OF_STEP], words[line + OF_CAP]) !== 0) list(words, line, node);
    }
  }
}
