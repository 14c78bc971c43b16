/** Looks at every word of a pool for contradictions: for tests, and for buffers that came from elsewhere. */
import {
  AT_FRAMES,
  AT_FREE,
  AT_NON_EMPTY,
  AT_TOP_ORDER,
  FIRST,
  LEVEL_ORDERS,
  LINE_SHIFT,
  OF_CAP,
  OF_FREE,
  OF_NODES,
  OF_SHIFT,
  OF_STEP,
  OF_SUMMARIES,
} from './constants.js';
import { blocksIn, runOf } from './word.js';

const { ceil, clz32 } = Math;

function ones(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** @returns what is wrong, or '' */
export function audit(words: Int32Array): string {
  let frames = 0;
  for (let order = 0; order <= words[AT_TOP_ORDER]; order++) {
    const line = (order + 1) << LINE_SHIFT;
    const wrong = auditUnits(words, line) || auditSummaries(words, line);
    if (wrong !== '') return `order ${order}: ${wrong}`;
    const some = ((words[AT_NON_EMPTY] >>> order) & 1) !== 0;
    if (some !== words[line + OF_FREE] > 0) return `order ${order}: ${words[line + OF_FREE]} free, some: ${some}`;
    frames += words[line + OF_FREE] * 2 ** order;
  }
  const beyond = words[AT_NON_EMPTY] & (-2 << words[AT_TOP_ORDER]);
  if (beyond !== 0) return `orders that cannot be: ${beyond}`;
  if (frames === words[AT_FREE]) return '';
  return `the free blocks have ${frames} frames, expected ${words[AT_FREE]}`;
}

function nodesOf(words: Int32Array, line: number): number {
  return ceil(words[AT_FRAMES] / 2 ** (words[line + OF_SHIFT] + LEVEL_ORDERS));
}

/** Free blocks of the line's order in a node; a whole free node is a unit of the level above. */
function blocksOf(words: Int32Array, line: number, node: number): number {
  const pair = words[line + OF_NODES] + 2 * node;
  return blocksIn(~(words[pair] | words[pair + 1]), words[line + OF_STEP], words[line + OF_CAP]);
}

/** Once per level: live blocks have aligned power-of-two sizes, and only divided units have nodes with something in them. */
function auditUnits(words: Int32Array, line: number): string {
  if (words[line + OF_STEP] !== 0) return '';
  const below = words[line + OF_SHIFT] - LEVEL_ORDERS;
  for (let node = 0; node < nodesOf(words, line); node++) {
    const pair = words[line + OF_NODES] + 2 * node;
    const [used, heads] = [words[pair], words[pair + 1]];
    let bits = 0;
    for (let rest = used & heads; rest !== 0; rest &= rest - 1) {
      const head = 31 - clz32(rest & -rest);
      const inside = ((used & ~heads) >>> head) >>> 1;
      const units = 1 + 32 - clz32(inside & ~(inside + 1));
      if (ones(units) !== 1 || head % units !== 0 || units > 16) return `node ${node}: ${units} units at ${head}`;
      bits |= runOf(31 - clz32(units)) << head;
    }
    if (bits !== used) return `node ${node}: used units without a head`;
    for (let bit = 0; below >= 0 && bit < 32; bit++) {
      const child = words[((below + 1) << LINE_SHIFT) + OF_NODES] + 2 * (node * 32 + bit);
      const divided = ((heads & ~used) >>> bit) & 1;
      const within = (node * 32 + bit) * 2 ** (below + LEVEL_ORDERS) < words[AT_FRAMES];
      if (divided === 0 && within && (words[child] | words[child + 1]) !== 0)
        return `node ${node}: unit ${bit} is whole`;
    }
  }
  return '';
}

/** The line's counter and all levels of its summary. */
function auditSummaries(words: Int32Array, line: number): string {
  let count = 0;
  let length = nodesOf(words, line);
  for (let node = 0; node < length; node++) {
    const blocks = blocksOf(words, line, node);
    count += ones(blocks);
    const listed = words[words[line + 1] + (node >>> 5)] & (FIRST >>> (node & 31));
    if ((listed !== 0) !== (blocks !== 0)) return `node ${node}: blocks ${blocks}, listed: ${listed !== 0}`;
  }
  if (count !== words[line + OF_FREE]) return `${count} free blocks, expected ${words[line + OF_FREE]}`;
  for (let level = 1; level < words[line + OF_SUMMARIES]; level++) {
    length = ceil(length / 32);
    for (let at = 0; at < length; at++) {
      const listed = words[words[line + level + 1] + (at >>> 5)] & (FIRST >>> (at & 31));
      if ((listed !== 0) !== (words[words[line + level] + at] !== 0)) return `summary ${level}: word ${at}`;
    }
  }
  return '';
}
