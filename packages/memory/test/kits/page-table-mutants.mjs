/** Bugs in page-table formats, and in tables with large leaves, for `mutants.mjs`. */
const TABLE = 'page-table/page-table.ts';
const WALK = 'page-table/table-walk.ts';
const RISCV = 'page-table/riscv.ts';
const X86 = 'page-table/x86-64.ts';
const ARM = 'page-table/aarch64.ts';

export default [
  {
    name: 'tables above 16 GiB are cut off',
    file: RISCV,
    find: '    return floor(frame / LOW_FRAMES);\n  },\n\n  isLeaf',
    replace: '    return 0;\n  },\n\n  isLeaf',
  },
  {
    name: 'pages above 16 GiB are cut off',
    file: RISCV,
    find: 'const page = floor(frame / LOW_FRAMES);',
    replace: 'const page = 0 * frame;',
  },
  {
    name: 'the high word is signed',
    file: X86,
    find: '(page | NO_EXECUTE) >>> 0',
    replace: 'page | NO_EXECUTE',
  },
  {
    name: 'a large leaf looks like a table',
    file: X86,
    find: 'PRESENT | LARGE : PRESENT',
    replace: 'PRESENT : PRESENT',
  },
  {
    name: 'a hidden large leaf looks like a table',
    file: X86,
    find: 'return (lo & (PRESENT | LARGE)) !== PRESENT;',
    replace: 'return (lo & LARGE) !== 0;',
  },
  { name: 'a guard is nothing', file: X86, find: 'const GUARD = 1 << 10;', replace: 'const GUARD = 0;' },
  {
    name: 'a guard looks like a hidden page of frame 0',
    file: ARM,
    find: 'const GUARD = 1 << 3;',
    replace: 'const GUARD = 1 << 2;',
  },
  {
    name: 'a block looks like a table',
    file: ARM,
    find: 'let bits = level > 0 ? VALID : VALID | TABLE_OR_PAGE;',
    replace: 'let bits = VALID | TABLE_OR_PAGE; void level;',
  },
  {
    name: "code of the supervisor is the user's",
    file: ARM,
    find: 'else bits |= executable ? NO_EXECUTE :',
    replace: 'else bits |= executable ? PRIVILEGED_NO_EXECUTE :',
  },
  {
    name: 'shareability takes the place of an address',
    file: ARM,
    find: 'return (page | leafBits(flags, level)) >>> 0;',
    replace: 'return (page | INNER_SHAREABLE | leafBits(flags, level)) >>> 0;',
  },
  {
    name: 'bits 50 and 51 of an address are forgotten',
    file: ARM,
    find: 'return ((lo >>> FRAME_SHIFT) + (hi & DS_HIGH_FRAME_MASK) * LOW_FRAMES + top) as Frame;',
    replace: 'return ((lo >>> FRAME_SHIFT) + (hi & DS_HIGH_FRAME_MASK) * LOW_FRAMES + 0 * top) as Frame;',
  },
  {
    name: 'bits 48 and 49 of an address are forgotten',
    file: ARM,
    find: 'const DS_HIGH_FRAME_MASK = 0x3ffff;',
    replace: 'const DS_HIGH_FRAME_MASK = 0xffff;',
  },
  {
    name: 'device memory is cached',
    file: RISCV,
    find: '(flags & PageFlag.Device) !== 0 ? IO : NON_CACHEABLE',
    replace: '0',
  },
  {
    name: 'a translation of all spaces is of one',
    file: X86,
    find: 'if ((flags & PageFlag.Global) !== 0) bits |= GLOBAL;',
    replace: '',
  },
  {
    name: 'a hidden page of frame 0 looks empty',
    file: RISCV,
    find: 'return (page | RETAINED) >>> 0;',
    replace: 'return page >>> 0;',
  },
  {
    name: 'a leaf changes its frame without a break',
    file: TABLE,
    find: 'if (this.mustBreak(frame, flags)) {\n      const',
    replace: 'if (Number.isNaN(frame)) {\n      const',
  },
  {
    name: 'memory types change without a break',
    file: TABLE,
    find: 'return frame !== this.frame || ((flags ^ this.flags) & MEMORY_TYPE) !== 0;',
    replace: 'return frame !== this.frame;',
  },
  {
    name: 'a large leaf is split without a break',
    file: TABLE,
    find: 'const { edits } = this.breakLeaf(this.leafStart(page));\n      flags',
    replace:
      'const { edits } = this.env.batch;\n      this.pushClear(this.leafStart(page)); edits.count = 0;\n      flags',
  },
  {
    name: 'splitting forgets what the CPU set meanwhile',
    file: TABLE,
    find: '      flags = format.flags(edits.oldLo[0], edits.oldHi[0]);\n',
    replace: '      void edits;\n',
  },
  {
    name: 'the parts of a large leaf are its first page',
    file: TABLE,
    find: 'const frame = (first + i * step) as Frame;\n      this.store',
    replace: 'const frame = first;\n      this.store',
  },
  {
    name: 'leaves of different rights are joined',
    file: TABLE,
    find: '(format.flags(lo, hi) & ~ACCESS_BITS) !== flags ||',
    replace: 'format.flags(lo, hi) === 0 ||',
  },
  {
    name: 'leaves of frames that do not follow each other are joined',
    file: TABLE,
    find: ' || format.frame(lo, hi) !== first + i * step',
    replace: '',
  },
  {
    name: 'leaves are joined from any frame on',
    file: TABLE,
    find: ' || first % (span / PAGE_SIZE) !== 0',
    replace: '',
  },
  {
    name: 'joining forgets accessed and dirty',
    file: TABLE,
    find: 'this.rewrite(first, flags | touched);',
    replace: 'this.rewrite(first, flags);',
  },
  {
    name: 'joining keeps the table',
    file: TABLE,
    find: '    this.releaseTable(child);\n    this.forgetTables();\n    return true;',
    replace: '    this.forgetTables();\n    return true;',
  },
  {
    name: 'a joined table is walked once more',
    file: TABLE,
    find: '    this.releaseTable(child);\n    this.forgetTables();\n    return true;',
    replace: '    this.releaseTable(child);\n    return true;',
  },
  {
    name: 'a large leaf goes over something',
    file: TABLE,
    find: 'if (this.next(page, page + bytes) < page + bytes) return EEXIST;',
    replace: 'if (this.query(page)) return EEXIST;',
  },
  {
    name: 'clearing a large leaf gives back one frame',
    file: TABLE,
    find: '    const count = this.framesOf(level);\n    for (let i = 0; i < count; i++) frames.release',
    replace: '    const count = 1;\n    for (let i = 0; i < count; i++) frames.release',
  },
  {
    name: 'clearing steps over pages behind a large leaf',
    file: TABLE,
    find: '        after = page + this.leafBytes;',
    replace: '        after = page + 2 * this.leafBytes;',
  },
  {
    name: 'guards have frames',
    file: TABLE,
    find: 'if (!isGuard) this.drop(page, frame, this.level);',
    replace: 'this.drop(page, frame, this.level); void isGuard;',
  },
  {
    name: 'destroying frees one page of a large leaf',
    file: TABLE,
    find: 'else if (!this.isGuardAt(table, slot)) this.drop(base + slot * span, child, level);',
    replace: 'else if (!this.isGuardAt(table, slot)) this.drop(base + slot * span, child, 0);',
  },
  {
    name: 'a table goes and leaves those below it',
    file: TABLE,
    find: 'const [from, to] = goes ? [at, at + span] : [max',
    replace: 'const [from, to] = at < 0 ? [at, at + span] : [max',
  },
  {
    name: 'bits that a CPU set are put back only once',
    file: TABLE,
    find: 'while (findLostBits(batch, this.env.format)) batch.apply();',
    replace: 'if (findLostBits(batch, this.env.format)) batch.apply();',
  },
  {
    name: 'a replaced page forgets what the CPU set meanwhile',
    file: TABLE,
    find: '      if (frame === old) return this.commit();\n',
    replace: '',
  },
  {
    name: 'a page inside a large leaf is its first',
    file: WALK,
    find: 'this.within = floor((address % this.spanOf(level)) / PAGE_SIZE);',
    replace: 'this.within = 0;',
  },
  {
    name: 'walking up stops behind a large leaf',
    file: WALK,
    find: 'at = (floor(at / span) + 1) * span;',
    replace: 'at = (floor(at / span) + 2) * span;',
  },
  {
    name: 'walking down steps over a page',
    file: WALK,
    find: 'at = floor(at / span) * span - PAGE_SIZE;',
    replace: 'at = floor(at / span) * span - 2 * PAGE_SIZE;',
  },
  {
    name: 'walking down goes too far',
    file: WALK,
    find: 'const stop = max(start, floor(at / this.leafSpan) * this.leafSpan);',
    replace: 'const stop = floor(at / this.leafSpan) * this.leafSpan;',
  },
  {
    name: 'a table is made under a large leaf',
    file: WALK,
    find: 'if (this.missLevel === LARGE_LEAF) return 0;',
    replace: '',
  },
];
