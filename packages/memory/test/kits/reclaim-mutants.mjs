/** Bugs in reclaim, swap, migration and merging; part of mutants.mjs. */
const RECLAIM = 'reclaim/reclaimer.ts';
const AREA = 'reclaim/swap-area.ts';
const MOVER = 'reclaim/frame-mover.ts';
const REVERSE = 'reclaim/reverse-map.ts';

export default [
  {
    name: 'cached translations outlive eviction',
    file: RECLAIM,
    find: '    for (const { table } of this.touchedSpaces) table.cache.clear();\n',
    replace: '',
  },
  {
    name: 'eviction gives back one reference too many',
    file: RECLAIM,
    find: 'let extra = 1;',
    replace: 'let extra = 0;',
  },
  {
    name: 'eviction forgets that a slot has users',
    file: RECLAIM,
    find: '      swap.retain(slot);\n',
    replace: '',
  },
  {
    name: 'a page is used before it has been read',
    file: AREA,
    find: '    if (this.state[slot] === State.Reading) return WOULD_BLOCK;\n',
    replace: '',
  },
  {
    name: 'a slot is free while the device works on it',
    file: AREA,
    find: '    if (state === State.Reading || state === State.Writing || state === State.Waiting) return;\n',
    replace: '',
  },
  {
    name: 'pages of files are evicted',
    file: MOVER,
    find: 'entries <= MOST_SHARERS && entries === frames.references(frame)',
    replace: 'entries <= MOST_SHARERS',
  },
  {
    name: 'a moved page keeps its old contents',
    file: MOVER,
    find: '    this.env.memory.copyFrame(from, to);\n',
    replace: '',
  },
  {
    name: 'cached translations outlive a move',
    file: MOVER,
    find: '    for (const { space } of holders) space.table.cache.clear();\n',
    replace: '',
  },
  {
    name: 'the page that stays of two merged ones remains writable',
    file: MOVER,
    find: 'this.attach(keepers, kept, kept, ~PageFlag.Write);',
    replace: 'this.attach(keepers, kept, kept, ~0);',
  },
  {
    name: 'the reverse map loses the entries after the first',
    file: REVERSE,
    find: '    zone.more[at] = nodes.next[node];\n    nodes.release(node);\n  }\n\n  private removeFurther',
    replace: '    zone.more[at] = 0;\n    nodes.release(node);\n  }\n\n  private removeFurther',
  },
];
