/**
 * Decisions about transparent huge pages: which blocks to make huge, and which to take apart again. No page is touched here;
 * address spaces report what they saw and do what they find worth doing.
 *
 * Life       a block enters with its first fault; `next` goes round over all blocks, a few per tick, as khugepaged does;
 *            `report` says what stands in the block's entries; `promotions` and `splits` name candidates
 * Units      pages of 4 KiB; a block = 512 pages aligned to 512 (2 MiB); a scan = one report of a block
 * Hysteresis promotion wants `hotScans` scans in a row with accesses; a block that was split waits `restScans` scans
 * Cost       O(1) per fault and report; candidates O(blocks)
 * Source     Linux mm/khugepaged.c, mm/huge_memory.c (deferred split), Documentation/admin-guide/mm/transhuge.rst
 */
export interface HugeAdvisorOptions {
  /** Most pages of a block that may be missing: they become zeroes, memory that nobody asked for. Default 511. */
  readonly maxNone?: number;
  /** Most pages that may be shared: they are copied. Default 256. */
  readonly maxShared?: number;
  /** Most pages that may be swapped out: they are read. Default 64. */
  readonly maxSwapped?: number;
  /** Scans in a row in which the block was accessed. Default 1. */
  readonly hotScans?: number;
  /** Scans that a split block rests. Default 8. */
  readonly restScans?: number;
  /** Scans in a row without access after which a huge block may be split. Default 4. */
  readonly coldScans?: number;
}

/** What stands in the entries of a block. */
export interface BlockScan {
  /** Pages that are mapped; 512 for a huge block. */
  readonly present: number;
  /** Pages whose accessed bit was set since the last scan; 1 for a huge block whose one bit was. */
  readonly accessed: number;
  /** Pages with other owners. */
  readonly shared: number;
  readonly swapped: number;
  /** Pages of a huge block that hold only zeroes, where somebody has looked. Default 0. */
  readonly zero?: number;
  /** The block is one huge leaf. */
  readonly huge: boolean;
}

export interface HugeBlock {
  readonly space: number;
  /** Page number / 512. */
  readonly block: number;
}

/** What a fault in an empty block should get. */
export type HugeMode = 'always' | 'madvise' | 'never';

export const PAGES_PER_BLOCK = 512;
/** Blocks of 2 MiB in a 57-bit address space. */
const BLOCKS = 2 ** 36;
const MAX_SPACE = 2 ** 17;

interface Entry extends HugeBlock {
  hot: number;
  cold: number;
  rest: number;
  /** Of the last scan; null before it. */
  scan: BlockScan | null;
}

export class HugeAdvisor {
  private readonly options: Required<HugeAdvisorOptions>;
  /** In the order of the next scan. */
  private readonly entries = new Map<number, Entry>();

  /** @throws RangeError for an option that is no integer >= 0 */
  constructor(options: HugeAdvisorOptions = {}) {
    const defaults = { maxNone: 511, maxShared: 256, maxSwapped: 64, hotScans: 1, restScans: 8, coldScans: 4 };
    this.options = { ...defaults, ...options };
    for (const [name, value] of Object.entries<number>(this.options)) {
      if (!(Number.isInteger(value) && value >= 0)) throw new RangeError(`${name}: expected 0 or more, got ${value}`);
    }
  }

  /** Blocks that are watched. */
  get size(): number {
    return this.entries.size;
  }

  /** A page of a range that may become huge was faulted in. @throws RangeError for a space or page out of range */
  faulted(space: number, page: number): void {
    const block = Math.floor(page / PAGES_PER_BLOCK);
    const key = keyOf(space, block);
    if (!this.entries.has(key)) this.entries.set(key, { space, block, hot: 0, cold: 0, rest: 0, scan: null });
  }

  /** Pages [firstPage, endPage) are unmapped or no longer eligible: blocks that they touch leave. */
  forget(space: number, firstPage: number, endPage: number): void {
    const last = Math.floor((endPage - 1) / PAGES_PER_BLOCK);
    const first = Math.floor(firstPage / PAGES_PER_BLOCK);
    if (last - first < this.entries.size) {
      for (let block = first; block <= last; block++) this.entries.delete(keyOf(space, block));
      return;
    }
    for (const [key, entry] of this.entries) {
      if (entry.space === space && entry.block >= first && entry.block <= last) this.entries.delete(key);
    }
  }

  /** The block to scan next, which goes to the end of the round; null when there is none. */
  next(): HugeBlock | null {
    for (const [key, entry] of this.entries) {
      this.entries.delete(key);
      this.entries.set(key, entry);
      return entry;
    }
    return null;
  }

  /** What a scan saw. Blocks that are not watched are ignored. */
  report(space: number, block: number, scan: BlockScan): void {
    const entry = this.entries.get(keyOf(space, block));
    if (entry === undefined) return;
    entry.hot = scan.accessed > 0 ? entry.hot + 1 : 0;
    entry.cold = scan.accessed > 0 ? 0 : entry.cold + 1;
    if (entry.rest > 0) entry.rest--;
    entry.scan = { ...scan };
  }

  /** Blocks worth making huge, those with most accessed pages first, at most `limit`. */
  promotions(limit: number): HugeBlock[] {
    const { maxNone, maxShared, maxSwapped, hotScans } = this.options;
    const fit = this.select((entry, { huge, present, shared, swapped }) => {
      const none = PAGES_PER_BLOCK - present - swapped;
      if (huge || present === 0 || entry.rest > 0 || entry.hot < hotScans || entry.hot === 0) return false;
      return none <= maxNone && shared <= maxShared && swapped <= maxSwapped;
    });
    const worth = ({ scan }: Entry) => scan!.accessed * PAGES_PER_BLOCK + scan!.present;
    return fit.sort((a, b) => worth(b) - worth(a)).slice(0, limit);
  }

  /** Huge blocks to take apart when memory is short: most zero pages first, then coldest, at most `limit`. */
  splits(limit: number): HugeBlock[] {
    const { maxNone, coldScans } = this.options;
    const fit = this.select((entry, { huge, zero = 0 }) => huge && (zero > maxNone || entry.cold >= coldScans));
    const zero = ({ scan }: Entry) => scan!.zero ?? 0;
    return fit.sort((a, b) => zero(b) - zero(a) || b.cold - a.cold).slice(0, limit);
  }

  /** The block was made huge, or taken apart. */
  changed(space: number, block: number, huge: boolean): void {
    const entry = this.entries.get(keyOf(space, block));
    if (entry === undefined) return;
    entry.hot = 0;
    entry.cold = 0;
    entry.scan = null;
    entry.rest = huge ? 0 : this.options.restScans;
  }

  private select(fits: (entry: Entry, scan: BlockScan) => boolean): Entry[] {
    return [...this.entries.values()].filter((entry) => entry.scan !== null && fits(entry, entry.scan));
  }
}

/**
 * Whether a fault in anonymous memory should map a whole block: its 512 pages lie in the mapping, nothing of it is there yet,
 * and the mode says so. `advised`: MADV_HUGEPAGE (true), MADV_NOHUGEPAGE (false), or neither.
 */
export function faultsHuge(
  page: number,
  mapping: { readonly firstPage: number; readonly endPage: number },
  blockIsEmpty: boolean,
  mode: HugeMode,
  advised?: boolean,
): boolean {
  if (!isHugeWanted(mode, advised)) return false;
  const first = page - (page % PAGES_PER_BLOCK);
  return blockIsEmpty && first >= mapping.firstPage && first + PAGES_PER_BLOCK <= mapping.endPage;
}

/** What mode and advice say about a mapping, wherever it lies. */
export function isHugeWanted(mode: HugeMode, advised?: boolean): boolean {
  return mode === 'always' ? advised !== false : mode === 'madvise' && advised === true;
}

function keyOf(space: number, block: number): number {
  const isSpace = Number.isInteger(space) && space >= 0 && space < MAX_SPACE;
  if (!isSpace || !(block >= 0 && block < BLOCKS)) {
    throw new RangeError(
      `block: expected space 0..${MAX_SPACE - 1} and block 0..${BLOCKS - 1}, got ${space}, ${block}`,
    );
  }
  return space * BLOCKS + block;
}
