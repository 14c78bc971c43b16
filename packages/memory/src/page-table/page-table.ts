/**
 * Page tables of one address space, in guest memory.
 *
 * Units      virtual and physical addresses in bytes; entries are 8 bytes, little-endian
 * States     a leaf entry is empty (0), present, or retained: the frame stays, the CPU sees no page (PROT_NONE)
 * Protocol   a not-present entry is written directly; a present one only through `EditBatch` and `MmuPort.apply`, and
 *            what it referred to is released after that
 * References every present or retained leaf holds one reference to its frame
 * Cost       a walk is one lookup when the page lies in the last used leaf table, else one per level
 */
import { ENOMEM, NONE, PAGE_SIZE } from '@veridian-os/abi';
import type { Asid, Errno, Frame, MmuPort } from '@veridian-os/abi';
import type { FrameAllocator } from '../frames/frame-allocator.js';
import type { PhysicalMemory } from '../frames/physical-memory.js';
import type { EditBatch } from './edit-batch.js';
import { PageFlag } from './format.js';
import type { PageTableFormat } from './format.js';
import { TranslationCache } from './translation-cache.js';

const { ceil, floor, max, min } = Math;

const ENTRY_BYTES = 8;

/** What all page tables of a machine share. */
export interface TableEnvironment {
  readonly format: PageTableFormat;
  readonly memory: PhysicalMemory;
  readonly frames: FrameAllocator;
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

export class PageTable {
  readonly root: Frame;
  readonly asid: Asid;
  readonly cache = new TranslationCache();
  /** Leaf entries in use; each holds one reference to its frame. */
  residentFrames = 0;
  /** Frames of the tables, root included. */
  tableFrames = 1;
  /** Entry last loaded: its leaf table, its index there and its two words. */
  private table: Frame = 0 as Frame;
  private slot = 0;
  lo = 0;
  hi = 0;

  private readonly env: TableEnvironment;
  private readonly tableEntries: number;
  /** Bytes that one leaf table maps. */
  private readonly leafSpan: number;
  /** Entries of the root that are user space's. */
  private readonly userSlots: number;
  /** Last leaf table and the number of its span. */
  private cachedSpan: number = NONE;
  private cachedTable = 0 as Frame;
  /** Level whose entry was empty in the last walk that found no leaf table. */
  private missLevel = 0;

  /** Takes over the caller's reference to `root`, a zeroed frame. */
  constructor(env: TableEnvironment, root: Frame, asid: Asid) {
    this.env = env;
    this.root = root;
    this.asid = asid;
    this.tableEntries = 2 ** env.format.indexBits;
    this.leafSpan = this.tableEntries * PAGE_SIZE;
    this.userSlots = ceil(env.format.userTop / (this.leafSpan * this.tableEntries ** (env.format.levels - 2)));
    env.counters.tableFrames++;
  }

  /** Frame and flags of the entry last loaded. */
  get frame(): Frame {
    return this.env.format.frame(this.lo, this.hi);
  }

  get flags(): number {
    return this.env.format.flags(this.lo, this.hi);
  }

  /** True when the entry last loaded is not empty. */
  get isUsed(): boolean {
    return this.lo !== 0;
  }

  /** Loads the leaf entry of a page; false when it is empty. */
  query(page: number): boolean {
    const table = this.leafTable(page);
    if (table === NONE) return false;
    this.load(table, this.leafIndex(page));
    return this.lo !== 0;
  }

  /** Like {@link query} for the first used entry in [page, end): its page, or `end`. */
  next(page: number, end: number): number {
    let at = page;
    while (at < end) {
      const table = this.leafTable(at);
      if (table === NONE) {
        const span = this.leafSpan * this.tableEntries ** (this.missLevel - 1);
        at = (floor(at / span) + 1) * span;
        continue;
      }
      const stop = min(end, (floor(at / this.leafSpan) + 1) * this.leafSpan);
      for (; at < stop; at += PAGE_SIZE) {
        this.load(table, this.leafIndex(at));
        if (this.lo !== 0) return at;
      }
    }
    return end;
  }

  /** Loads the leaf entry of a page, making its tables: 0, or ENOMEM. */
  ensure(page: number): 0 | Errno {
    let table: number = this.leafTable(page);
    if (table === NONE) {
      table = this.createTables(page);
      if (table < 0) return table as Errno;
    }
    this.load(table as Frame, this.leafIndex(page));
    return 0;
  }

  /** Fills the empty entry last loaded. The table takes over one reference to the frame. */
  install(frame: Frame, flags: number): void {
    this.residentFrames++;
    this.rewrite(frame, flags);
  }

  /** Gives the not-present entry last loaded another value. */
  rewrite(frame: Frame, flags: number): void {
    const { format } = this.env;
    const complete = this.complete(frame, flags);
    this.store(this.table, this.slot, format.leafLo(frame, complete), format.leafHi(frame, complete));
  }

  /** Gives the present entry last loaded, which maps `page`, another value at once. */
  replace(page: number, frame: Frame, flags: number): void {
    this.pushReplace(page, frame, flags);
    this.env.batch.apply();
    this.cache.clear();
    this.env.batch.reset();
  }

  /** Queues a new value for the present entry last loaded; the same frame keeps its accessed and dirty bits. */
  pushReplace(page: number, frame: Frame, flags: number): void {
    const { format, batch } = this.env;
    const kept = frame === this.frame ? this.flags & (PageFlag.Accessed | PageFlag.Dirty) : 0;
    const complete = this.complete(frame, flags | kept);
    batch.push(this.entry, format.leafLo(frame, complete), format.leafHi(frame, complete), page, this.asid);
  }

  /** Queues emptying the present entry last loaded. */
  pushClear(page: number): void {
    this.env.batch.push(this.entry, 0, 0, page, this.asid);
  }

  /** Empties the retained entry last loaded. */
  clearRetained(): void {
    this.store(this.table, this.slot, 0, 0);
  }

  /** Makes queued edits visible. Accessed and dirty bits that a CPU set until now are kept by replaced entries. */
  commit(): void {
    const { batch } = this.env;
    if (batch.edits.count === 0) return;
    batch.apply();
    this.cache.clear();
    this.keepAccessBits();
    batch.reset();
  }

  /** Empties every entry of [start, end) and drops its reference. */
  clearRange(start: number, end: number): void {
    const { batch, frames } = this.env;
    for (let page = this.next(start, end); page < end; page = this.next(page + PAGE_SIZE, end)) {
      if (this.flags === 0) {
        const { frame } = this;
        this.clearRetained();
        frames.release(frame);
        this.residentFrames--;
      } else {
        this.pushClear(page);
        if (batch.full) this.commitRelease();
      }
    }
    this.commitRelease();
  }

  /**
   * Frees tables for parts of [start, end) whose whole span lies in [low, high), the hole around it in which nothing
   * is mapped; the leaf entries there are empty.
   */
  freeTables(start: number, end: number, low: number, high: number): void {
    const level = this.env.format.levels - 1;
    this.freeBelow(this.root, level, start, end, low, high);
    this.cachedSpan = NONE;
  }

  /** Drops every reference and every table. The caller has flushed the address space; nothing may be used afterwards. */
  destroy(): void {
    this.destroyTable(this.root, this.env.format.levels - 1);
    this.residentFrames = 0;
    this.cache.clear();
  }

  private commitRelease(): void {
    const { batch, frames, format } = this.env;
    const { edits } = batch;
    if (edits.count === 0) return;
    batch.apply();
    this.cache.clear();
    for (let i = 0; i < edits.count; i++) frames.release(format.frame(edits.oldLo[i], edits.oldHi[i]));
    this.residentFrames -= edits.count;
    batch.reset();
  }

  /** Replaced entries must not lose what another CPU recorded between our reading the entry and its exchange. */
  private keepAccessBits(): void {
    const { batch, format } = this.env;
    const { edits } = batch;
    const count = edits.count;
    let lost = 0;
    for (let i = 0; i < count; i++) {
      const flags = format.flags(edits.valueLo[i], edits.valueHi[i]);
      if (flags === 0) continue;
      const bits = format.flags(edits.oldLo[i], edits.oldHi[i]) & (PageFlag.Accessed | PageFlag.Dirty);
      if ((bits & ~flags) === 0) continue;
      const frame = format.frame(edits.valueLo[i], edits.valueHi[i]);
      edits.entry[lost] = edits.entry[i];
      edits.virtual[lost] = edits.virtual[i];
      edits.valueLo[lost] = format.leafLo(frame, flags | bits);
      edits.valueHi[lost] = format.leafHi(frame, flags | bits);
      lost++;
    }
    edits.count = lost;
    batch.apply();
  }

  /** Adds the accessed and dirty bits that no CPU would set, and shows executable contents to instruction fetch. */
  private complete(frame: Frame, flags: number): number {
    if ((flags & PageFlag.Execute) !== 0) this.syncCode(frame);
    if (this.env.hardwareAccessedDirty) return flags;
    return flags | PageFlag.Accessed | ((flags & PageFlag.Write) === 0 ? 0 : PageFlag.Dirty);
  }

  private syncCode(frame: Frame): void {
    const { frames, mmu, counters } = this.env;
    if (frames.isSynced(frame)) return;
    mmu.syncCode(frame, 1);
    frames.setSynced(frame);
    counters.codeEpoch++;
  }

  /** Physical address of the entry last loaded. */
  private get entry(): number {
    return this.table * PAGE_SIZE + this.slot * ENTRY_BYTES;
  }

  private load(table: Frame, slot: number): void {
    const { memory } = this.env;
    this.table = table;
    this.slot = slot;
    this.lo = memory.readWord(table, 2 * slot);
    this.hi = memory.readWord(table, 2 * slot + 1);
  }

  /** Writes a not-present entry. The high word first: the low one makes it valid. */
  private store(table: Frame, slot: number, lo: number, hi: number): void {
    const { memory } = this.env;
    memory.writeWord(table, 2 * slot + 1, hi);
    memory.writeWord(table, 2 * slot, lo);
  }

  private leafIndex(page: number): number {
    return (page / PAGE_SIZE) & (this.tableEntries - 1);
  }

  private index(address: number, level: number): number {
    return floor(address / (PAGE_SIZE * this.tableEntries ** level)) & (this.tableEntries - 1);
  }

  /** What the table entry at `slot` refers to; NONE when it is empty. */
  private child(table: Frame, slot: number): Frame | typeof NONE {
    const { memory, format } = this.env;
    const lo = memory.readWord(table, 2 * slot);
    return lo === 0 ? NONE : format.frame(lo, memory.readWord(table, 2 * slot + 1));
  }

  /** The leaf table for an address, or NONE (then `missLevel` is set). */
  private leafTable(address: number): Frame | typeof NONE {
    const span = floor(address / this.leafSpan);
    return span === this.cachedSpan ? this.cachedTable : this.walk(address, span);
  }

  private walk(address: number, span: number): Frame | typeof NONE {
    let table = this.root;
    for (let level = this.env.format.levels - 1; level > 0; level--) {
      const child = this.child(table, this.index(address, level));
      if (child === NONE) {
        this.missLevel = level;
        return NONE;
      }
      table = child;
    }
    this.cachedSpan = span;
    this.cachedTable = table;
    return table;
  }

  /** Like {@link walk}, making what is missing: the leaf table, or ENOMEM. */
  private createTables(address: number): Frame | Errno {
    const { format, frames, counters } = this.env;
    let table = this.root;
    for (let level = format.levels - 1; level > 0; level--) {
      const slot = this.index(address, level);
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
    this.cachedSpan = floor(address / this.leafSpan);
    this.cachedTable = table;
    return table;
  }

  private freeBelow(table: Frame, level: number, start: number, end: number, low: number, high: number): void {
    const { batch } = this.env;
    const span = PAGE_SIZE * this.tableEntries ** level;
    for (let at = floor(start / span) * span; at < end; at += span) {
      const slot = this.index(at, level);
      const child = this.child(table, slot);
      if (child === NONE) continue;
      if (level > 1) this.freeBelow(child, level - 1, max(start, at), min(end, at + span), low, high);
      if (at < low || at + span > high) continue;
      batch.push(table * PAGE_SIZE + slot * ENTRY_BYTES, 0, 0, at, this.asid);
      batch.apply();
      batch.reset();
      this.releaseTable(child);
    }
  }

  private destroyTable(table: Frame, level: number): void {
    const slots = level === this.env.format.levels - 1 ? this.userSlots : this.tableEntries;
    for (let slot = 0; slot < slots; slot++) {
      const child = this.child(table, slot);
      if (child === NONE) continue;
      if (level > 0) this.destroyTable(child, level - 1);
      else this.env.frames.release(child);
    }
    this.releaseTable(table);
  }

  private releaseTable(table: Frame): void {
    this.env.mmu.retireTable?.(table);
    this.env.frames.release(table);
    this.tableFrames--;
    this.env.counters.tableFrames--;
  }
}
