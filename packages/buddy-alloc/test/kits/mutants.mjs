/** Bugs that the kit must catch; planted by `node tools/kit-mutants.mjs buddy-alloc`. */
const BUDDY = 'buddy.ts';
const TREE = 'internal/bit-tree.ts';

export default [
  { name: 'buddies never merge', file: BUDDY, find: 'k < maxOrder && blocks[k].has(block ^ 1)', replace: 'false' },
  {
    name: 'neighbours that are not buddies merge',
    file: BUDDY,
    find: 'blocks[k].has(block ^ 1)',
    replace: 'blocks[k].has(block + 1)',
  },
  {
    name: 'merging goes beyond maxOrder - 1 too early',
    file: BUDDY,
    find: 'while (k < maxOrder &&',
    replace: 'while (k < maxOrder - 1 &&',
  },
  { name: 'a merged buddy stays free', file: BUDDY, find: '      this.markTaken(block ^ 1, k);\n', replace: '' },
  {
    name: 'the wrong half is kept',
    file: BUDDY,
    find: 'this.blocks[k].addOnly(block + 1);',
    replace: 'this.blocks[k].addOnly(block++);',
  },
  { name: 'a split half is lost', file: BUDDY, find: '      this.blocks[k].addOnly(block + 1);\n', replace: '' },
  { name: 'double frees pass', file: BUDDY, find: '    this.head[frame] = NOT_LIVE;\n', replace: '' },
  { name: 'order -1 passes as free', file: BUDDY, find: ' || head === NOT_LIVE', replace: '' },
  { name: 'any order frees a block', file: BUDDY, find: 'head !== order + 1 ||', replace: 'head === undefined ||' },
  {
    name: 'split keeps the order of the first frame',
    file: BUDDY,
    find: 'this.head.fill(1, frame, ',
    replace: 'this.head.fill(1, frame + 1, ',
  },
  { name: 'freeFrames counts blocks', file: BUDDY, find: 'this.free_ -= 1 << order;', replace: 'this.free_ -= 1;' },
  {
    name: 'a partly used range is reserved up to the used frame',
    file: BUDDY,
    find: 'if (k < 0) return EBUSY;',
    replace: 'if (k < 0) break;',
  },
  {
    name: 'reserve keeps the rest of the last block',
    file: BUDDY,
    find: '    this.release(stop, blockEnd);\n',
    replace: '',
  },
  {
    name: 'reserve gives back unaligned blocks',
    file: BUDDY,
    find: 'const k = min(aligned, 31 - clz32(end - at));',
    replace: 'const k = min(this.maxOrder, 31 - clz32(end - at));',
  },
  { name: 'reserve ignores the end of the pool', file: BUDDY, find: ' || end > this.frameCount', replace: '' },
  {
    name: 'large orders are taken as small ones',
    file: BUDDY,
    find: 'const usable = this.nonEmpty & (-1 << order);',
    replace: 'const usable = this.nonEmpty;',
  },
  { name: 'empty orders are not noticed', file: BUDDY, find: '      this.nonEmpty &= ~(1 << order);\n', replace: '' },
  { name: 'summary bits are not set', file: TREE, find: 'if (before === 0) this.raise(at);', replace: '' },
  { name: 'summary bits are not cleared', file: TREE, find: 'if (after === 0) this.lower(at);', replace: '' },
  {
    name: 'the highest word is not looked for',
    file: TREE,
    find: '    while (words[top + index] === 0) index++;',
    replace: '    ',
  },
];
