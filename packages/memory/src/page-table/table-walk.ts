/**
 * Finding and making the entries of one address space's page tables, in guest memory.
 *
 * Units      virtual and physical addresses in bytes; entries are 8 bytes, little-endian
 * Loaded     a walk leaves the entry it ended at loaded: its two words, its level, and where it is
 * Cost       a walk is one lookup when the page lies in the last used leaf table, else one per level
 */
import { ENOMEM, NONE, PAGE_SIZE } from '@veridian-os/abi';
import type { Asid, Errno, Frame, MmuPort } from '@veridian-os/abi';
import type { PhysicalMemory } from '../frames/physical-memory.js';
import { SWAP_BASE } from '../reclaim/swap-area.js';
import type { ReverseMap } from '../reclaim/reverse-map.js';
import type { SwapArea } from '../reclaim/swap-area.js';
import type { EditBatch } from './edit-batch.js';
import type { PageTableFormat } from './format.js';

const { ceil, floor, max, min } = Math;

export const ENTRY_BYTES = 8;
/** `missLevel` of a walk that ended at a large leaf. */
const LARGE_LEAF = 0;

/** What page tables need of a frame allocator. */
export interface TableFrames {
  alloc(): Frame | Errno;
  allocZeroed(): Frame | Errno;
  retain(frame: Frame): void;
  release(frame: Frame): void;
  /** Whether instruction fetches see the frame's contents, and remembering that they do. */
  isSynced(frame: Frame): boolean;
  setSynced(frame: Frame): void;
}

/** What page tables tell: which entries hold a frame. */
export type TableReverse = Pick<ReverseMap, 'add' | 'remove'>;

/** What all page tables of a machine share. */
export interface TableEnvironment {
  readonly format: PageTableFormat;
  readonly memory: PhysicalMemory;
  readonly frames: TableFrames;
  /** null: nobody asks. */
  readonly reverse: TableReverse | null;
  /** Where pages go when frames run out; null: nowhere. */
  readonly swap: SwapArea | null;
  readonly mmu: MmuPort;
  readonly batch: EditBatch;
  /** The CPU sets accessed and dirty bits; else every leaf is created with both. */
  readonly hardwareAccessedDirty: boolean;
  readonly counters: TableCounters;
}

export interface TableCounters {
  /** Frames that hold tables, of all address spaces. */
  tableFrames: number;
  /** Calls of `syncCode` so far. */
  codeEpoch: number;
}

export class TableWalk {
  readonly root: Frame;
  readonly asid: Asid;
  /** Frames of the tables, root included. */
  tableFrames = 1;
  /** Large leaves have been here at some time. */
  hasLarge = false;
  /** Entry last loaded: its two words and its level, 0 in a leaf table. */
  lo = 0;
  hi = 0;
  level = 0;
  /** The page that the walk was for, where the entry is, and, of a large leaf, which of its frames is the page's. */
  protected page = 0;
  protected table: Frame = 0 as Frame;
  protected slot = 0;
  private within = 0;

  protected readonly env: TableEnvironment;
  protected readonly tableEntries: number;
  /** Entries of the root that are user space's. */
  protected readonly userSlots: number;
  /** Bytes that an entry of each level translates; and what one leaf table maps. */
  private readonly spans: readonly number[];
  private readonly leafSpan: number;
  /** Last leaf table and the number of its span. */
  private cachedSpan: number = NONE;
  private cachedTable = 0 as Frame;
  /** After a walk that found no leaf table: the level whose entry was empty, or LARGE_LEAF. */
  private missLevel = 0;

  /** Takes over the caller's reference to `root`, a zeroed frame. */
  constructor(env: TableEnvironment, root: Frame, asid: Asid) {
    this.env = env;
    this.root = root;
    this.asid = asid;
    this.tableEntries = 2 ** env.format.indexBits;
    this.spans = Array.from({ length: env.format.levels }, (_, level) => PAGE_SIZE * this.tableEntries ** level);
    this.leafSpan = this.spans[1];
    this.userSlots = ceil(env.format.userTop / this.spanOf(env.format.levels - 1));
    env.counters.tableFrames++;
  }

  /** Frame of the page that the walk was for. */
  get frame(): Frame {
    const frame = this.env.format.frame(this.lo, this.hi);
    return this.level === 0 ? frame : ((frame + this.within) as Frame);
  }

  /** Flags of the entry last loaded. */
  get flags(): number {
    return this.env.format.flags(this.lo, this.hi);
  }

  /** True when the page of the entry last loaded is in the swap area, at slot `frame - SWAP_BASE`. */
  get isSwapped(): boolean {
    return this.env.swap !== null && this.flags === 0 && this.frame >= SWAP_BASE;
  }

  /** True when the entry last loaded is not empty. */
  get isUsed(): boolean {
    return this.lo !== 0;
  }

  /** True when the entry last loaded is a guard: used, without a frame. */
  get isGuard(): boolean {
    return this.lo === this.env.format.guard && this.hi === 0;
  }

  /** Bytes that the entry last loaded maps: 4096, or those of a large leaf. */
  get leafBytes(): number {
    return this.level === 0 ? PAGE_SIZE : this.spanOf(this.level);
  }

  /** First address that the entry last loaded, whose walk was for `page`, maps. */
  leafStart(page: number): number {
    return this.level === 0 ? page : page - this.within * PAGE_SIZE;
  }

  /** Loads the leaf entry of a page; false when it is empty. A large leaf is loaded as it is, see `level`. */
  query(page: number): boolean {
    const table = this.leafTable(page);
    if (table === NONE) return this.missLevel === LARGE_LEAF;
    this.load(table, this.leafIndex(page), page);
    return this.lo !== 0;
  }

  /** Level of the leaf that maps a page, loaded; NONE when the page's entry is empty. */
  levelOf(page: number): number {
    return this.query(page) ? this.level : NONE;
  }

  /** Like {@link query} for the first used page in [page, end): its address, or `end`. */
  next(page: number, end: number): number {
    let at = page;
    while (at < end) {
      const table = this.leafTable(at);
      if (table === NONE) {
        if (this.missLevel === LARGE_LEAF) return at;
        const span = this.spanOf(this.missLevel);
        at = (floor(at / span) + 1) * span;
        continue;
      }
      const stop = min(end, (floor(at / this.leafSpan) + 1) * this.leafSpan);
      for (; at < stop; at += PAGE_SIZE) {
        this.load(table, this.leafIndex(at), at);
        if (this.lo !== 0) return at;
      }
    }
    return end;
  }

  /** Like {@link query} for the last used page in [start, end): its address, or NONE. */
  previous(start: number, end: number): number {
    let at = end - PAGE_SIZE;
    while (at >= start) {
      const table = this.leafTable(at);
      if (table === NONE) {
        if (this.missLevel === LARGE_LEAF) return at;
        const span = this.spanOf(this.missLevel);
        at = floor(at / span) * span - PAGE_SIZE;
        continue;
      }
      const stop = max(start, floor(at / this.leafSpan) * this.leafSpan);
      for (; at >= stop; at -= PAGE_SIZE) {
        this.load(table, this.leafIndex(at), at);
        if (this.lo !== 0) return at;
      }
    }
    return NONE;
  }

  /** Loads the leaf entry of a page, making its tables: 0, or ENOMEM. It may be (part of) a large leaf already. */
  ensure(page: number): 0 | Errno {
    let table: number = this.leafTable(page);
    if (table === NONE) {
      if (this.missLevel === LARGE_LEAF) return 0;
      table = this.createTables(page, 0);
      if (table < 0) return table as Errno;
      this.cachedSpan = floor(page / this.leafSpan);
      this.cachedTable = table as Frame;
    }
    this.load(table as Frame, this.leafIndex(page), page);
    return 0;
  }

  /** Bytes that an entry of this level translates. */
  protected spanOf(level: number): number {
    return this.spans[level];
  }

  /** Physical address of the entry last loaded. */
  protected get entry(): number {
    return this.table * PAGE_SIZE + this.slot * ENTRY_BYTES;
  }

  /** A table is gone: walk from the root again. */
  protected forgetTables(): void {
    this.cachedSpan = NONE;
  }

  /** Loads the entry of `level` for an address, whose table exists. */
  protected loadAt(address: number, level: number): void {
    let table = this.root;
    for (let above = this.env.format.levels - 1; above > level; above--) {
      table = this.child(table, this.index(address, above)) as Frame;
    }
    this.load(table, this.index(address, level), address);
    this.level = level;
    this.within = 0;
  }

  /** Writes a not-present entry. The high word first: the low one makes it valid. */
  protected store(table: Frame, slot: number, lo: number, hi: number): void {
    const { memory } = this.env;
    memory.writeWord(table, 2 * slot + 1, hi);
    memory.writeWord(table, 2 * slot, lo);
  }

  protected index(address: number, level: number): number {
    return floor(address / this.spanOf(level)) & (this.tableEntries - 1);
  }

  /** What the used entry at `slot` refers to, table or leaf; NONE when it is empty. */
  protected child(table: Frame, slot: number): Frame | typeof NONE {
    const { memory, format } = this.env;
    const lo = memory.readWord(table, 2 * slot);
    return lo === 0 ? NONE : format.frame(lo, memory.readWord(table, 2 * slot + 1));
  }

  /** True when the used entry at `slot` of a table above the leaf tables is a leaf. */
  protected isLeafAt(table: Frame, slot: number): boolean {
    return this.env.format.isLeaf(this.env.memory.readWord(table, 2 * slot));
  }

  protected isGuardAt(table: Frame, slot: number): boolean {
    return this.env.memory.readWord(table, 2 * slot) === this.env.format.guard && this.child(table, slot) === 0;
  }

  /** The table of `level` for an address, with those above it, made where they are missing: or ENOMEM. */
  protected createTables(address: number, level: number): Frame | Errno {
    const { format, frames, counters } = this.env;
    let table = this.root;
    for (let above = format.levels - 1; above > level; above--) {
      const slot = this.index(address, above);
      let child: number = this.child(table, slot);
      if (child === NONE) {
        child = frames.allocZeroed();
        if (child < 0) return ENOMEM;
        this.store(table, slot, format.tableLo(child as Frame), format.tableHi(child as Frame));
        this.tableFrames++;
        counters.tableFrames++;
      }
      table = child as Frame;
    }
    return table;
  }

  private load(table: Frame, slot: number, page: number): void {
    const { memory } = this.env;
    this.page = page;
    this.table = table;
    this.slot = slot;
    this.level = 0;
    this.lo = memory.readWord(table, 2 * slot);
    this.hi = memory.readWord(table, 2 * slot + 1);
  }

  private leafIndex(page: number): number {
    return (page / PAGE_SIZE) & (this.tableEntries - 1);
  }

  /** The leaf table for an address, or NONE: then `missLevel` is set, and the entry that ended the walk loaded. */
  private leafTable(address: number): Frame | typeof NONE {
    const span = floor(address / this.leafSpan);
    return span === this.cachedSpan ? this.cachedTable : this.walk(address, span);
  }

  private walk(address: number, span: number): Frame | typeof NONE {
    const { format } = this.env;
    let table = this.root;
    for (let level = format.levels - 1; level > 0; level--) {
      this.load(table, this.index(address, level), address);
      if (this.lo === 0) {
        this.missLevel = level;
        return NONE;
      }
      if (format.isLeaf(this.lo)) {
        this.level = level;
        this.within = floor((address % this.spanOf(level)) / PAGE_SIZE);
        this.missLevel = LARGE_LEAF;
        return NONE;
      }
      table = format.frame(this.lo, this.hi);
    }
    this.cachedSpan = span;
    this.cachedTable = table;
    return table;
  }
}
