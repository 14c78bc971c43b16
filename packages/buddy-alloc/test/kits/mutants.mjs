/** Bugs that the kit must catch; planted by `node tools/kit-mutants.mjs buddy-alloc`. */
const BUDDY = 'buddy.ts';
const BLOCKS = 'internal/blocks.ts';
const SUMMARY = 'internal/summary.ts';
const LOCATE = 'internal/locate.ts';
const WORD = 'internal/word.ts';

export default [
  {
    name: 'buddies never merge',
    file: BLOCKS,
    find: 'if (step < words[line + OF_CAP] && (~(used | heads) & buddy) === buddy) {',
    replace: 'if (order < 0) {',
  },
  {
    name: 'neighbours that are not buddies merge',
    file: BLOCKS,
    find: 'run << (bit ^ (1 << step))',
    replace: 'run << (bit + (1 << step))',
  },
  {
    name: 'a half-free buddy merges',
    file: WORD,
    find: 'if ((free & block) !== block) return found;',
    replace: 'if ((free & (block & -block)) === 0) return found;',
  },
  {
    name: 'merging ends one order too early',
    file: WORD,
    find: '  while (found < cap) {',
    replace: '  while (found < cap - 1) {',
  },
  {
    name: 'nodes that are free as a whole stay divided',
    file: BLOCKS,
    find: 'while (free === FULL && cap === LEVEL_ORDERS) {',
    replace: 'while (free === 0) {',
  },
  {
    name: 'a merged buddy stays counted',
    file: BLOCKS,
    find: '    dropOne(words, line, k);\n    if',
    replace: '    if',
  },
  {
    name: 'a merged buddy stays listed',
    file: BLOCKS,
    find: '    if (blocksIn(free, k - shift, cap) === 0) unlist(words, line, unit);\n',
    replace: '',
  },
  {
    name: 'a split half is not listed',
    file: BLOCKS,
    find: '| 0;\n  list(words, line, node);',
    replace: '| 0;',
  },
  {
    name: 'what is split off is lost above the first node',
    file: BLOCKS,
    find: '  for (; k < from; k++, line += LINE_WORDS) addSplit(words, line, unit);\n',
    replace: '',
  },
  { name: 'double frees pass', file: BLOCKS, find: '(used & heads & (1 << bit)) === 0 || ', replace: '' },
  {
    name: 'any smaller order frees a block',
    file: BLOCKS,
    find: '(inside & run) !== run >>> 1',
    replace: '(inside & (run >>> 1)) !== run >>> 1',
  },
  {
    name: 'any larger order frees a block',
    file: BLOCKS,
    find: '(inside & run) !== run >>> 1',
    replace: '(inside & run & ~(run >>> 1)) !== 0',
  },
  {
    name: 'an unaligned frame frees the block around it',
    file: BLOCKS,
    find: ' || unit << shift !== frame) return false',
    replace: ') return false',
  },
  {
    name: 'split keeps the first frame as a block',
    file: LOCATE,
    find: '  words[pair + 1] |= block;\n  for (',
    replace: '  for (',
  },
  {
    name: 'split forgets the nodes below',
    file: LOCATE,
    find: '      words[at + 1] = -1;\n',
    replace: '',
  },
  {
    name: 'freeFrames counts blocks',
    file: BLOCKS,
    find: 'words[AT_FREE] = (words[AT_FREE] - exact) | 0;',
    replace: 'words[AT_FREE] = (words[AT_FREE] - 1) | 0;',
  },
  {
    name: 'a partly used range is reserved up to the used frame',
    file: BUDDY,
    find: 'if ((found & ~ORDER_MASK) !== IS_FREE) return EBUSY;',
    replace: 'if ((found & ~ORDER_MASK) !== IS_FREE) break;',
  },
  {
    name: 'reserved frames can be freed',
    file: LOCATE,
    find: '    words[pair] &= ~block;\n',
    replace: '',
  },
  {
    name: 'reserve takes aligned blocks only',
    file: LOCATE,
    find: '  const aligned = at === 0 ? words[AT_TOP_ORDER] : min(words[AT_TOP_ORDER], 31 - clz32(at & -at));',
    replace: '  const aligned = words[AT_TOP_ORDER];',
  },
  {
    name: 'a block is taken where only its first frames are free',
    file: BUDDY,
    find: ' || (found & ORDER_MASK) < order) {',
    replace: ') {',
  },
  {
    name: 'the rest of a range stays in use',
    file: BUDDY,
    find: '    if (count === 2 ** order) {',
    replace: '    if (count > 0) {',
  },
  {
    name: 'a range is freed up to the first mistake',
    file: BUDDY,
    find: 'if (!isLive(this.words, at, order)) return at;',
    replace: 'if (at === first && !isLive(this.words, at, order)) return at;',
  },
  {
    name: 'large orders are taken as small ones',
    file: BLOCKS,
    find: 'const usable = words[AT_NON_EMPTY] & (-1 << order);',
    replace: 'const usable = words[AT_NON_EMPTY];',
  },
  {
    name: 'empty orders are not noticed',
    file: BLOCKS,
    find: '  if (left === 0) words[AT_NON_EMPTY] &= ~exact;\n',
    replace: '',
  },
  {
    name: 'summary bits are not set',
    file: SUMMARY,
    find: '    if (before !== 0) return;\n',
    replace: '    return;\n',
  },
  {
    name: 'summary bits are not cleared',
    file: SUMMARY,
    find: '    if (after !== 0) return;\n',
    replace: '    return;\n',
  },
  {
    name: 'a node is struck off while it has another block',
    file: BLOCKS,
    find: 'if ((blocks & (blocks - 1)) === 0) unlist',
    replace: 'if (blocks !== 0) unlist',
  },
  {
    name: 'the highest word is not looked for',
    file: SUMMARY,
    find: '  while (words[(words[top] + node) | 0] === 0) node = (node + 1) | 0;',
    replace: '  ',
  },
];
