/**
 * Page tables of one address space, in guest memory.
 *
 * Units      virtual and physical addresses in bytes; entries are 8 bytes, little-endian
 * States     a leaf entry is empty (0), present, retained: the frame stays, the CPU sees no page (PROT_NONE), or swapped:
 *            as if it retained the frame SWAP_BASE + slot, which is beyond all memory
 * Protocol   a not-present entry is written directly; a present one only through `EditBatch` and `MmuPort.apply`, and
 *            what it referred to is released after that
 * References every present or retained leaf holds one reference to its frame, which the reverse map knows; every swapped
 *            one holds one to its slot
 * Cost       a walk is one lookup when the page lies in the last used leaf table, else one per level
 */
import { ENOMEM, NONE, PAGE_SIZE } from '@veridian-os/abi';
import type { Asid, Errno, Frame, MmuPort } from '@veridian-os/abi';
import type { FrameAllocator } from '../frames/frame-allocator.js';
import type { PhysicalMemory } from '../frames/physical-memory.js';
import type { ReverseMap } from '../reclaim/reverse-map.js';
import { SWAP_BASE } from '../reclaim/swap-area.js';
import type { SwapArea } from '../reclaim/swap-area.js';
import { complete, keepAccessBits } from './access-bits.js';
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
  readonly reverse: ReverseMap;
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

export class PageTable {
  readonly root: Frame;
  readonly asid: Asid;
  readonly cache = new TranslationCache();
  /** Leaf entries that hold a frame. */
  residentFrames = 0;
  /** Leaf entries that hold a slot of the swap area. */
  swappedPages = 0;
  /** Frames of the tables, root included. */
  tableFrames = 1;
  /** Entry last loaded: its page, its leaf table, its index there and its two words. */
  private page = 0;
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

  /** True when the page of the entry last loaded is in the swap area, at slot `frame - SWAP_BASE`. */
  get isSwapped(): boolean {
    return this.env.swap !== null && this.flags === 0 && this.frame >= SWAP_BASE;
  }

  /** True when the entry last loaded is not empty. */
  get isUsed(): boolean {
    return this.lo !== 0;
  }

  /** Loads the leaf entry of a page; false when it is empty. */
  query(page: number): boolean {
    const table = this.leafTable(page);
    if (table === NONE) return false;
    this.load(table, page);
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
        this.load(table, at);
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
    this.load(table as Frame, page);
    return 0;
  }

  /** Fills the empty entry last loaded. The table takes over one reference to the frame. */
  install(frame: Frame, flags: number): void {
    this.count(this.page, frame, 1);
    this.rewrite(frame, flags);
  }

  /** Gives the not-present entry last loaded, whose reference to a slot the caller drops, a frame and one reference to it. */
  swapIn(frame: Frame, flags: number): void {
    this.swappedPages--;
    this.install(frame, flags);
  }

  /** Gives the not-present entry last loaded other flags. */
  rewrite(frame: Frame, flags: number): void {
    const { format } = this.env;
    const whole = complete(this.env, frame, flags);
    this.store(this.table, this.slot, format.leafLo(frame, whole), format.leafHi(frame, whole));
  }

  /** Gives the present entry last loaded, which maps `page`, another value at once. References are the caller's affair. */
  replace(page: number, frame: Frame, flags: number): void {
    const old = this.frame;
    this.pushReplace(page, frame, flags);
    this.env.batch.apply();
    this.cache.clear();
    this.env.batch.reset();
    if (frame === old) return;
    this.count(page, old, -1);
    this.count(page, frame, 1);
  }

  /** Queues a new value for the present entry last loaded; the same frame keeps its accessed and dirty bits. */
  pushReplace(page: number, frame: Frame, flags: number): void {
    const { format, batch } = this.env;
    const kept = frame === this.frame ? this.flags & (PageFlag.Accessed | PageFlag.Dirty) : 0;
    const whole = complete(this.env, frame, flags | kept);
    batch.push(this.entry, format.leafLo(frame, whole), format.leafHi(frame, whole), page, this.asid);
  }

  /** Queues exactly this value for the present entry last loaded, not present when `flags` permit nothing. */
  pushValue(page: number, frame: Frame, flags: number): void {
    const { format, batch } = this.env;
    batch.push(this.entry, format.leafLo(frame, flags), format.leafHi(frame, flags), page, this.asid);
  }

  /** One more reference to what the entry last loaded holds. */
  retainHeld(): void {
    const { frames, swap } = this.env;
    if (this.isSwapped) swap?.retain(this.frame - SWAP_BASE);
    else frames.retain(this.frame);
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
    keepAccessBits(batch, this.env.format);
    batch.reset();
  }

  /** Empties every entry of [start, end) and drops its reference. */
  clearRange(start: number, end: number): void {
    const { batch } = this.env;
    for (let page = this.next(start, end); page < end; page = this.next(page + PAGE_SIZE, end)) {
      if (this.flags === 0) {
        const { frame } = this;
        this.clearRetained();
        this.drop(page, frame);
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
    this.destroyTable(this.root, this.env.format.levels - 1, 0);
    this.cache.clear();
  }

  /** What the entry of `page` held is known (`change` 1) or forgotten (-1) as this table's. */
  count(page: number, frame: Frame, change: 1 | -1): void {
    if (frame >= SWAP_BASE) {
      this.swappedPages += change;
      return;
    }
    this.residentFrames += change;
    const { reverse } = this.env;
    if (change > 0) reverse.add(frame, this.asid, page / PAGE_SIZE);
    else reverse.remove(frame, this.asid, page / PAGE_SIZE);
  }

  /** Drops the reference that an entry, now cleared, held. */
  private drop(page: number, frame: Frame): void {
    const { frames, swap } = this.env;
    this.count(page, frame, -1);
    if (frame < SWAP_BASE) frames.release(frame);
    else swap?.release(frame - SWAP_BASE);
  }

  private commitRelease(): void {
    const { batch, format } = this.env;
    const { edits } = batch;
    if (edits.count === 0) return;
    batch.apply();
    this.cache.clear();
    for (let i = 0; i < edits.count; i++) this.drop(edits.virtual[i], format.frame(edits.oldLo[i], edits.oldHi[i]));
    batch.reset();
  }

  /** Physical address of the entry last loaded. */
  private get entry(): number {
    return this.table * PAGE_SIZE + this.slot * ENTRY_BYTES;
  }

  private load(table: Frame, page: number): void {
    const { memory } = this.env;
    const slot = this.leafIndex(page);
    this.page = page;
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

  /** @param base first address that the table maps */
  private destroyTable(table: Frame, level: number, base: number): void {
    const slots = level === this.env.format.levels - 1 ? this.userSlots : this.tableEntries;
    const span = PAGE_SIZE * this.tableEntries ** level;
    for (let slot = 0; slot < slots; slot++) {
      const child = this.child(table, slot);
      if (child === NONE) continue;
      if (level > 0) this.destroyTable(child, level - 1, base + slot * span);
      else this.drop(base + slot * span, child);
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
