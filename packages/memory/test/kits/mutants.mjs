/** Bugs that the kits must catch; planted by `node tools/kit-mutants.mjs memory`. */
import frameMutants from './frame-mutants.mjs';
import pageTableMutants from './page-table-mutants.mjs';
import reclaimMutants from './reclaim-mutants.mjs';

const TABLE = 'page-table/page-table.ts';
const ACCESS = 'page-table/access-bits.ts';
const FAULT = 'address-space/fault.ts';
const FORK = 'address-space/fork.ts';
const MAP = 'address-space/map.ts';
const REMAP = 'address-space/remap.ts';
const SPACE = 'address-space/space.ts';
const TREE = 'address-space/mapping-tree.ts';
const MAPPING = 'address-space/mapping.ts';
const COPY = 'address-space/user-copy.ts';
const PROTECT = 'address-space/protect-pages.ts';
const REGION = 'shared-region.ts';

export default [
  ...pageTableMutants,
  ...frameMutants,
  ...reclaimMutants,
  {
    name: 'a present entry is overwritten without telling the MMU',
    file: TABLE,
    find: '      this.pushReplace(page, frame, flags);\n      if (frame === old) return this.commit();\n      this.env.batch.apply();',
    replace: '      this.rewrite(frame, flags);',
  },
  {
    name: 'cached translations outlive mprotect',
    file: TABLE,
    find: '    this.cache.clear();\n    // Each round',
    replace: '    // Each round',
  },
  {
    name: 'cached translations outlive munmap',
    file: TABLE,
    find: '    this.cache.clear();\n    for (let i = 0; i < edits.count; i++) {\n      this.drop',
    replace: '    for (let i = 0; i < edits.count; i++) {\n      this.drop',
  },
  {
    name: 'tables are never freed',
    file: TABLE,
    find: '      if (!goes) continue;',
    replace: '      if (at >= 0) continue;',
  },
  {
    name: 'a table that another mapping uses is freed',
    file: TABLE,
    find: 'const goes = at >= low && at + span <= high;',
    replace: 'const goes = at >= low;',
  },
  { name: 'new code is not announced', file: ACCESS, find: '  mmu.syncCode(frame, 1);\n', replace: '' },
  {
    name: 'unmapped pages keep their frame',
    file: TABLE,
    find: 'for (let i = 0; i < count; i++) frames.release((frame + i) as Frame);',
    replace: 'void frames; void count;',
  },
  {
    name: 'the parent can write to shared pages after fork',
    file: FORK,
    find: 'source.pushReplace(page, frame, flags & ~PageFlag.Write);',
    replace: 'source.pushReplace(page, frame, flags);',
  },
  {
    name: 'the child can write to shared pages after fork',
    file: FORK,
    find: 'format.flags(edits.oldLo[i], edits.oldHi[i]) & ~PageFlag.Write',
    replace: 'format.flags(edits.oldLo[i], edits.oldHi[i])',
  },
  {
    name: 'the kernel writes through translations from before fork',
    file: FORK,
    find: '  parent.table.cache.clear();\n',
    replace: '',
  },
  {
    name: 'fork forgets private pages of files',
    file: FORK,
    find: 'mapping.owned &&',
    replace: 'mapping.source === null &&',
  },
  {
    name: 'fork drops limits',
    file: FORK,
    find: '    child.add(copy);',
    replace: '    if (mapping.prot !== 0) child.add(copy);',
  },
  {
    name: 'a copied page keeps a reference to the old frame',
    file: FAULT,
    find: '    frames.release(old);\n  }\n  mapping.owned',
    replace: '  }\n  mapping.owned',
  },
  {
    name: 'two owners are taken for one',
    file: FAULT,
    find: 'frames.references(old) === 1',
    replace: 'frames.references(old) <= 2',
  },
  {
    name: 'fault-around runs past the mapping',
    file: FAULT,
    find: 'min(mapping.end, first + window)',
    replace: 'first + window',
  },
  {
    name: 'pages of a source are mapped without a reference',
    file: FAULT,
    find: '  frames.retain(found as Frame);\n  table.install',
    replace: '  table.install',
  },
  {
    name: 'anonymous memory is not zeroed',
    file: FAULT,
    find: '  const frame = frames.allocZeroed();\n  if',
    replace: '  const frame = frames.alloc();\n  if',
  },
  {
    name: 'a write to a shared page is not told',
    file: FAULT,
    find: 'const found = source.page(mapping.pageIndex(page), true);',
    replace: 'const found = source.page(mapping.pageIndex(page), false);',
  },
  {
    name: 'a stack grows into its guard gap',
    file: FAULT,
    find: 'page - prev.end < GUARD_GAP',
    replace: 'page < prev.end',
  },
  { name: 'a stack grows without limit', file: FAULT, find: 'above.end - page > above.growLimit ||', replace: '' },
  {
    name: 'a write-only page cannot be read',
    file: FAULT,
    find: '(prot & (PROT_READ | PROT_WRITE)) !== 0',
    replace: '(prot & PROT_READ) !== 0',
  },
  {
    name: 'the frame limit is not looked at',
    file: FAULT,
    find: '  if (space.atFrameLimit) return FaultResult.OutOfMemory;\n',
    replace: '',
  },
  {
    name: 'mappings with different offsets are joined',
    file: MAPPING,
    find: 'this.offsetOf(this.end) === after.offset',
    replace: 'true',
  },
  {
    name: 'mappings with different rights to come are joined',
    file: MAPPING,
    find: 'this.maxProt === after.maxProt &&',
    replace: '',
  },
  {
    name: 'the upper part of a cut mapping shows the wrong page',
    file: MAPPING,
    find: 'copy.offset = this.offsetOf(start);',
    replace: '',
  },
  { name: 'a part forgets that it has pages of its own', file: MAPPING, find: 'copy.owned = this.owned;', replace: '' },
  {
    name: 'joining forgets that the upper part had pages of its own',
    file: SPACE,
    find: 'mapping.owned ||= next.owned;',
    replace: '',
  },
  {
    name: 'joining keeps a reference to the source',
    file: SPACE,
    find: '    this.detach(next);',
    replace: '    this.tree.remove(next);',
  },
  {
    name: 'splitting counts twice',
    file: SPACE,
    find: '    this.attach(upper);',
    replace: '    this.add(upper);',
  },
  {
    name: 'mprotect gives more than maxProt',
    file: MAP,
    find: 'if ((prot & ~maxProt) !== 0) return false;',
    replace: '',
  },
  {
    name: 'mprotect does not tell the MMU',
    file: MAP,
    find: '  space.table.commit();',
    replace: '  space.env.batch.reset();',
  },
  { name: 'a hint may overlap', file: MAP, find: '&& space.tree.isHole(start, start + length)', replace: '' },
  {
    name: 'replacing counts against the limit twice',
    file: MAP,
    find: 'space.virtualBytes - replaced + length',
    replace: 'space.virtualBytes + length',
  },
  {
    name: 'PROT_NONE pages never come back',
    file: PROTECT,
    find: 'if (permissions !== 0) table.rewrite(frame, permissions);',
    replace: '',
  },
  {
    name: 'mprotect makes shared pages writable',
    file: PROTECT,
    find: '(!shared && frames.references(frame) === 1)',
    replace: 'true',
  },
  {
    name: 'a large mprotect overflows its batch',
    file: PROTECT,
    find: '      if (batch.full) table.commit();\n',
    replace: '',
  },
  {
    name: 'mremap moves more than it may',
    file: REMAP,
    find: 'const kept = Math.min(oldBytes, newBytes);',
    replace: 'const kept = oldBytes;',
  },
  { name: 'mremap leaves hidden pages behind', file: REMAP, find: '      table.clearRetained();\n', replace: '' },
  {
    name: 'mremap grows over the next mapping',
    file: REMAP,
    find: '|| !space.tree.isHole(end, end + growth)',
    replace: '',
  },
  {
    name: 'kernel writes to code are not announced',
    file: COPY,
    find: '  if (access === AccessKind.Write && isCode) env.frames.changed(frame);\n',
    replace: '',
  },
  {
    name: 'kernel writes to new code use an old translation',
    file: COPY,
    find: '  if (space.cacheEpoch !== space.env.counters.codeEpoch) renewCache(space);\n',
    replace: '',
  },
  {
    name: 'kernel copies ignore protection',
    file: COPY,
    find: ' && (table.flags & NEEDED_FLAG[access]) !== 0',
    replace: ' && table.flags !== 0',
  },
  {
    name: 'segments hide an error in the middle',
    file: COPY,
    find: 'if (error < 0 && (!partial || done === 0)) {',
    replace: 'if (error < 0 && done === 0) {',
  },
  {
    name: 'the guard gap is given away',
    file: TREE,
    find: 'return mapping.growLimit === 0 ? 0 : GUARD_GAP;',
    replace: 'return 0;',
  },
  {
    name: 'a region keeps its frames',
    file: REGION,
    find: 'for (const frame of this.present.values()) this.frames.release(frame);',
    replace: '',
  },
  {
    name: 'a region has no end',
    file: REGION,
    find: 'if (!(index >= 0 && index < this.pages)) return ENXIO;',
    replace: '',
  },
  {
    name: 'an address space is not flushed before its frames are free',
    file: 'address-space/address-space.ts',
    find: '    env.mmu.flushAddressSpace(table.asid);\n',
    replace: '',
  },
  {
    name: 'a page from the swap area is writable though others share it',
    file: FAULT,
    find: 'const alone = !mapping.shared && frames.references(frame as Frame) === 1;',
    replace: 'const alone = !mapping.shared;',
  },
  {
    name: 'fork does not count for the slots of the parent',
    file: FORK,
    find: '      source.retainHeld();\n',
    replace: '',
  },
  {
    name: 'mprotect makes swapped pages present',
    file: PROTECT,
    find: '    if (table.isSwapped) continue;\n',
    replace: '',
  },
  {
    name: 'a moved swapped page is counted twice',
    file: REMAP,
    find: '      table.count(page, frame, -1);\n',
    replace: '',
  },
  {
    name: 'promised memory is not counted',
    file: SPACE,
    find: 'if (mapping.isCommitted) this.account.add(bytes);',
    replace: '',
  },
  {
    name: 'mprotect to writable promises nothing',
    file: MAP,
    find: '    space.account.add((m.isCommitted ? m.end - m.start : 0) - before);\n',
    replace: '',
  },
];
