/** Bugs that the kit must catch; planted by `node tools/kit-mutants.mjs capabilities`. */
const SYSTEM = 'capability-system.ts';
const TREE = 'internal/derivation-tree.ts';
const POOL = 'internal/slot-pool.ts';
const OBJECTS = 'internal/object-registry.ts';

export default [
  { name: 'mint may add rights', file: SYSTEM, find: '(rights & held) !== rights', replace: 'false' },
  { name: 'mint needs no Mint', file: SYSTEM, find: '(held & Rights.Mint) === 0 ||', replace: '' },
  {
    name: 'a badge may be replaced',
    file: SYSTEM,
    find: '(inherited !== 0 || !isBadge(badge))',
    replace: '!isBadge(badge)',
  },
  { name: 'a badge is not inherited', file: SYSTEM, find: 'badge === 0 ? inherited : badge', replace: 'badge' },
  { name: 'copy ignores the mask', file: SYSTEM, find: 'held & mask', replace: 'held' },
  {
    name: 'copy leaves a space without Grant',
    file: SYSTEM,
    find: 'space !== toSpace && (held',
    replace: 'false && (held',
  },
  {
    name: 'lookup ignores the space',
    file: SYSTEM,
    find: '(words[at + SPACE] ^ space) | (lacking',
    replace: '(lacking',
  },
  { name: 'lookup ignores the generation', file: SYSTEM, find: '(words[at + GENERATION] ^ hi) |', replace: '' },
  {
    name: 'lookup ignores the rights',
    file: SYSTEM,
    find: '& (rights | ~RIGHTS_MASK)',
    replace: '& ~RIGHTS_MASK',
  },
  { name: 'move keeps the old token', file: SYSTEM, find: 'this.slots.renew(slot);', replace: '' },
  { name: 'move forgets the new space', file: SYSTEM, find: 'this.words[at + SPACE] = toSpace;', replace: '' },
  {
    name: 'move ignores the quota',
    file: SYSTEM,
    find: 'space !== toSpace && this.spaces.isFull',
    replace: 'false && this.spaces.isFull',
  },
  {
    name: 'revoke needs no Mint',
    file: SYSTEM,
    find: '(this.rightsAt(slot) & Rights.Mint) === 0',
    replace: 'false',
  },
  { name: 'revoke stops one early', file: SYSTEM, find: 'step < limit && child', replace: 'step < limit - 1 && child' },
  { name: 'copies do not count for their object', file: SYSTEM, find: 'this.objects.retain(record);', replace: '' },
  {
    name: 'copies are no descendants',
    file: SYSTEM,
    find: 'this.tree.addChild(source, slot);',
    replace: 'this.tree.addRoot(slot);',
  },
  {
    name: 'children of a deleted capability are lost',
    file: TREE,
    find: 'this.linkForward(before, first);',
    replace: 'this.linkForward(before, after);',
  },
  {
    name: 'the youngest child is lost',
    file: TREE,
    find: 'this.last[up(after)] = target < 0 ? NONE : target',
    replace: 'this.last[up(after)] = NONE',
  },
  {
    name: 'generations do not advance',
    file: POOL,
    find: '    this.words[at]++;\n    this.chain',
    replace: '    this.words[at]--;\n    this.chain',
  },
  {
    name: 'an object dies with its second last capability',
    file: OBJECTS,
    find: '--this.count[record] > 0',
    replace: '--this.count[record] > 1',
  },
  {
    name: 'two roots of one object count apart',
    file: OBJECTS,
    find: 'this.object[record] !== object ||',
    replace: 'true ||',
  },
];
