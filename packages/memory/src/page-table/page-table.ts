/**
 * Page tables of one address space: what its entries hold, and how they change.
 *
 * Units      virtual and physical addresses in bytes
 * States     a leaf entry is empty (0), present, retained (the frame stays, the CPU sees no page: PROT_NONE), swapped (as if
 *            it retained the frame SWAP_BASE + slot, which is beyond all memory), or a guard (nothing at all)
 * Leaves     of 4 KiB in the leaf tables, or large ones above, see `PageTableFormat.largestLeaf`
 * Protocol   a not-present entry is written directly; a present one only through `EditBatch` and `MmuPort.apply`, and
 *            what it referred to is released after that. Whatever changes a leaf's size, and its frame or memory type where
 *            the format says so, goes through not present ("break before make")
 * References every present or retained leaf holds one reference to each of its 4 KiB frames, which the reverse map knows, so
 *            splitting and joining leaves changes no count, and part of a large leaf can be shared or given back; every
 *            swapped one holds one to its slot
 */
import { EEXIST, ENOMEM, NONE, PAGE_SIZE, panic } from '@veridian-os/abi';
import type { Asid, Errno, Frame, MmuEdits } from '@veridian-os/abi';
import { SWAP_BASE } from '../reclaim/swap-area.js';
import { complete, findLostBits } from './access-bits.js';
import { ACCESS_BITS, MEMORY_TYPE, PERMISSIONS, PageFlag } from './format.js';
import { ENTRY_BYTES, TableWalk } from './table-walk.js';
import type { TableEnvironment } from './table-walk.js';
import { TranslationCache } from './translation-cache.js';

const { floor, max, min } = Math;

const WRITE_EXECUTE = PageFlag.Write | PageFlag.Execute;

export class PageTable extends TableWalk {
  readonly cache = new TranslationCache();
  /** Frames that leaves hold. */
  residentFrames = 0;
  /** Leaf entries that hold a slot of the swap area. */
  swappedPages = 0;
  private readonly writeXorExecute: boolean;

  /**
   * Takes over the caller's reference to `root`, a zeroed frame.
   * @param writeXorExecute a leaf that can be written and executed is a bug: KernelPanic `memory/write-and-execute`
   */
  constructor(env: TableEnvironment, root: Frame, asid: Asid, writeXorExecute = false) {
    super(env, root, asid);
    this.writeXorExecute = writeXorExecute;
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

  /** Makes the empty entry last loaded a guard: every access faults, and no frame is spent on it. */
  installGuard(): void {
    this.store(this.table, this.slot, this.env.format.guard, 0);
  }

  /** Gives the not-present entry last loaded other flags. */
  rewrite(frame: Frame, flags: number): void {
    const { format } = this.env;
    const whole = this.complete(frame, flags);
    this.store(this.table, this.slot, format.leafLo(frame, whole, this.level), format.leafHi(frame, whole));
  }

  /** Gives the present entry last loaded, which maps from `page` on, another value. References are the caller's affair. */
  replace(page: number, frame: Frame, flags: number): void {
    const old = this.frame;
    if (this.mustBreak(frame, flags)) {
      const { edits } = this.breakLeaf(page);
      const bits = this.env.format.flags(edits.oldLo[0], edits.oldHi[0]) & ACCESS_BITS;
      this.rewrite(frame, frame === old ? flags | bits : flags);
    } else {
      this.pushReplace(page, frame, flags);
      if (frame === old) return this.commit();
      this.env.batch.apply();
      this.cache.clear();
      this.env.batch.reset();
    }
    if (frame === old) return;
    this.count(page, old, -1, this.level);
    this.count(page, frame, 1, this.level);
  }

  /**
   * Queues a new value for the present entry last loaded, which maps from `page` on; the same frame keeps its accessed and
   * dirty bits. Another frame or memory type: only {@link replace}, where the format wants a break before it.
   */
  pushReplace(page: number, frame: Frame, flags: number): void {
    if (this.mustBreak(frame, flags)) panic('memory/not-broken', `page ${page}: another frame or memory type`);
    const kept = frame === this.frame ? this.flags & ACCESS_BITS : 0;
    this.pushValue(page, frame, this.complete(frame, flags | kept));
  }

  /** Queues exactly this value for the present entry last loaded, not present when `flags` permit nothing. */
  pushValue(page: number, frame: Frame, flags: number): void {
    const { format, batch } = this.env;
    const lo = format.leafLo(frame, flags, this.level);
    batch.push(this.entry, lo, format.leafHi(frame, flags), page, this.asid, this.level);
  }

  /** One more reference to what the entry last loaded, of one page, holds. */
  retainHeld(): void {
    const { frames, swap } = this.env;
    if (this.isSwapped) swap?.retain(this.frame - SWAP_BASE);
    else frames.retain(this.frame);
  }

  /** Queues emptying the present entry last loaded, which maps from `page` on. */
  pushClear(page: number): void {
    this.env.batch.push(this.entry, 0, 0, page, this.asid, this.level);
  }

  /** Empties the retained entry or guard last loaded. */
  clearRetained(): void {
    this.store(this.table, this.slot, 0, 0);
  }

  /** Makes queued edits visible. Accessed and dirty bits that a CPU set until now are kept by replaced entries. */
  commit(): void {
    const { batch } = this.env;
    if (batch.edits.count === 0) return;
    batch.apply();
    this.cache.clear();
    // Each round gives every entry that is left at least one of two bits.
    while (findLostBits(batch, this.env.format)) batch.apply();
    batch.reset();
  }

  /**
   * Empties every entry of [start, end) and drops its references.
   * @throws KernelPanic `memory/large-leaf-cut` when a large leaf lies across an end: {@link splitAt} first
   */
  clearRange(start: number, end: number): void {
    const { batch } = this.env;
    let page = this.next(start, end);
    while (page < end) {
      let after = page + PAGE_SIZE;
      if (this.level > 0) {
        after = page + this.leafBytes;
        this.checkUncut(page, after, end);
      }
      if (this.flags === 0) {
        const { frame, isGuard } = this;
        this.clearRetained();
        if (!isGuard) this.drop(page, frame, this.level);
      } else {
        this.pushClear(page);
        if (batch.full) this.commitRelease();
      }
      page = this.next(after, end);
    }
    this.commitRelease();
  }

  /**
   * Maps `2 ** (indexBits * level)` frames from `frame` on by one leaf, as the empty range of `page` is now. The table takes
   * over one reference to each. 0; ENOMEM, EEXIST when something is mapped there: nothing has changed.
   * @throws RangeError for a level without leaves, or a page or frame that is not a multiple of the leaf's
   */
  installLarge(page: number, level: number, frame: Frame, flags: number): 0 | Errno {
    const bytes = this.spanOf(this.checkLevel(level));
    if (page % bytes !== 0) throw new RangeError(`page: expected a multiple of ${bytes}, got ${page}`);
    const frames = bytes / PAGE_SIZE;
    if (frame % frames !== 0) throw new RangeError(`frame: expected a multiple of ${frames}, got ${frame}`);
    if (this.next(page, page + bytes) < page + bytes) return EEXIST;
    if (this.createTables(page, level) < 0) return ENOMEM;
    this.freeTables(page, page + bytes, page, page + bytes); // those that were left empty
    this.hasLarge = true;
    this.loadAt(page, level);
    this.count(page, frame, 1, level);
    this.rewrite(frame, flags);
    return 0;
  }

  /**
   * Splits the large leaf that maps a page into the leaves of one level below, which keep its flags: 0, also when there is
   * none; or ENOMEM, and nothing has changed.
   */
  demote(page: number): 0 | Errno {
    if (!this.query(page) || this.level === 0) return 0;
    const { format, frames, counters } = this.env;
    const child = frames.alloc();
    if (child < 0) return ENOMEM;
    const { table, slot } = this;
    const level = this.level - 1;
    const first = format.frame(this.lo, this.hi);
    let { flags } = this;
    if (flags !== 0) {
      const { edits } = this.breakLeaf(this.leafStart(page));
      flags = format.flags(edits.oldLo[0], edits.oldHi[0]);
    }
    const step = this.spanOf(level) / PAGE_SIZE;
    for (let i = 0; i < this.tableEntries; i++) {
      const frame = (first + i * step) as Frame;
      this.store(child as Frame, i, format.leafLo(frame, flags, level), format.leafHi(frame, flags));
    }
    this.store(table, slot, format.tableLo(child as Frame), format.tableHi(child as Frame));
    this.tableFrames++;
    counters.tableFrames++;
    return 0;
  }

  /** Splits what lies across `address`, so that leaves end there: 0; or ENOMEM, with no page's frame or flags changed. */
  splitAt(address: number): 0 | Errno {
    while (this.hasLarge && this.query(address) && this.level > 0 && this.leafStart(address) !== address) {
      const error = this.demote(address);
      if (error < 0) return error;
    }
    return 0;
  }

  /**
   * Joins the leaves that a table of `level - 1` holds for the range of `page` into one of `level`: when all are present,
   * their frames follow each other from a multiple of the leaf's size on, and their flags but accessed and dirty are
   * the same. It is accessed and dirty when any of them was.
   * @returns whether it did; else nothing has changed
   * @throws RangeError for a level without leaves
   */
  promote(page: number, level = 1): boolean {
    const span = this.spanOf(this.checkLevel(level));
    const start = floor(page / span) * span;
    if (!this.query(start) || this.level !== level - 1) return false;
    const child = this.table;
    const first = this.frame;
    const flags = this.flags & ~ACCESS_BITS;
    if (flags === 0 || first % (span / PAGE_SIZE) !== 0 || !this.isUniform(child, level - 1, first, flags))
      return false;
    this.hasLarge = true;
    const touched = this.breakTable(child, level - 1, start);
    this.loadAt(start, level);
    this.breakLeaf(start);
    this.rewrite(first, flags | touched);
    this.releaseTable(child);
    this.forgetTables();
    return true;
  }

  /**
   * Frees tables for parts of [start, end) whose whole span lies in [low, high), the hole around it in which nothing
   * is mapped; the leaf entries there are empty.
   */
  freeTables(start: number, end: number, low: number, high: number): void {
    const level = this.env.format.levels - 1;
    this.freeBelow(this.root, level, start, end, low, high);
    this.forgetTables();
  }

  /** Drops every reference and every table. The caller has flushed the address space; nothing may be used afterwards. */
  destroy(): void {
    this.destroyTable(this.root, this.env.format.levels - 1, 0);
    this.cache.clear();
  }

  /** What an entry for the pages from `page` on holds is known (`change` 1) or forgotten (-1) as this table's. */
  count(page: number, frame: Frame, change: 1 | -1, level = 0): void {
    const { reverse, swap } = this.env;
    if (swap !== null && frame >= SWAP_BASE) {
      this.swappedPages += change;
      return;
    }
    const frames = this.framesOf(level);
    this.residentFrames += change * frames;
    for (let i = 0; reverse !== null && i < frames; i++) {
      if (change > 0) reverse.add((frame + i) as Frame, this.asid, page / PAGE_SIZE + i);
      else reverse.remove((frame + i) as Frame, this.asid, page / PAGE_SIZE + i);
    }
  }

  /** True when the present entry last loaded must become not present before it gets this value. */
  private mustBreak(frame: Frame, flags: number): boolean {
    if (!this.env.format.breakBeforeMake || (flags & PERMISSIONS) === 0) return false;
    return frame !== this.frame || ((flags ^ this.flags) & MEMORY_TYPE) !== 0;
  }

  /** Makes the present entry last loaded empty, everywhere; what it was is the first of the batch's old values. */
  private breakLeaf(page: number): { readonly edits: MmuEdits } {
    const { batch } = this.env;
    if (batch.edits.count > 0) panic('memory/edits-pending', `page ${page}`);
    this.pushClear(page);
    batch.apply();
    this.cache.clear();
    batch.reset();
    return batch;
  }

  /** Empties all entries of a table, each a present leaf, at once: the accessed and dirty bits that they had. */
  private breakTable(table: Frame, level: number, start: number): number {
    const { batch, format } = this.env;
    const { edits } = batch;
    if (edits.count > 0) panic('memory/edits-pending', `table ${table}`);
    const span = this.spanOf(level);
    for (let i = 0; i < this.tableEntries; i++) {
      batch.push(table * PAGE_SIZE + i * ENTRY_BYTES, 0, 0, start + i * span, this.asid, level);
    }
    batch.apply();
    this.cache.clear();
    let touched = 0;
    for (let i = 0; i < edits.count; i++) touched |= format.flags(edits.oldLo[i], edits.oldHi[i]);
    batch.reset();
    return touched & ACCESS_BITS;
  }

  /** True when a table holds nothing but leaves with these flags, of frames that follow `first`. */
  private isUniform(table: Frame, level: number, first: Frame, flags: number): boolean {
    const { memory, format } = this.env;
    const step = this.spanOf(level) / PAGE_SIZE;
    for (let i = 0; i < this.tableEntries; i++) {
      const lo = memory.readWord(table, 2 * i);
      const hi = memory.readWord(table, 2 * i + 1);
      if (level > 0 && lo !== 0 && !format.isLeaf(lo)) return false;
      if ((format.flags(lo, hi) & ~ACCESS_BITS) !== flags || format.frame(lo, hi) !== first + i * step) return false;
    }
    return true;
  }

  private checkLevel(level: number): number {
    const { largestLeaf } = this.env.format;
    if (level >= 1 && level <= largestLeaf) return level;
    throw new RangeError(`level: expected 1 .. ${largestLeaf}, got ${level}`);
  }

  private checkUncut(page: number, after: number, end: number): void {
    if (this.leafStart(page) === page && after <= end) return;
    panic('memory/large-leaf-cut', `leaf of level ${this.level} around page ${page}, range up to ${end}`);
  }

  private commitRelease(): void {
    const { batch, format } = this.env;
    const { edits } = batch;
    if (edits.count === 0) return;
    batch.apply();
    this.cache.clear();
    for (let i = 0; i < edits.count; i++) {
      this.drop(edits.virtual[i], format.frame(edits.oldLo[i], edits.oldHi[i]), batch.level[i]);
    }
    batch.reset();
  }

  /** Drops the references that an entry, now cleared, held. */
  private drop(page: number, frame: Frame, level: number): void {
    const { frames, swap } = this.env;
    this.count(page, frame, -1, level);
    if (swap !== null && frame >= SWAP_BASE) return swap.release(frame - SWAP_BASE);
    if (level === 0) return frames.release(frame);
    const count = this.framesOf(level);
    for (let i = 0; i < count; i++) frames.release((frame + i) as Frame);
  }

  private framesOf(level: number): number {
    return level === 0 ? 1 : this.spanOf(level) / PAGE_SIZE;
  }

  /** The flags that the entry last loaded gets: every value of a leaf passes here, but for copies and aged ones. */
  private complete(frame: Frame, flags: number): number {
    if (this.writeXorExecute && (flags & WRITE_EXECUTE) === WRITE_EXECUTE) panic('memory/write-and-execute');
    return complete(this.env, frame, this.framesOf(this.level), flags);
  }

  private freeBelow(table: Frame, level: number, start: number, end: number, low: number, high: number): void {
    const { batch } = this.env;
    const span = this.spanOf(level);
    for (let at = floor(start / span) * span; at < end; at += span) {
      const slot = this.index(at, level);
      const child = this.child(table, slot);
      if (child === NONE || this.isLeafAt(table, slot)) continue;
      const goes = at >= low && at + span <= high; // then with all tables below it
      const [from, to] = goes ? [at, at + span] : [max(start, at), min(end, at + span)];
      if (level > 1) this.freeBelow(child, level - 1, from, to, low, high);
      if (!goes) continue;
      batch.push(table * PAGE_SIZE + slot * ENTRY_BYTES, 0, 0, at, this.asid, level);
      batch.apply();
      batch.reset();
      this.releaseTable(child);
    }
  }

  /** @param base first address that the table maps */
  private destroyTable(table: Frame, level: number, base: number): void {
    const slots = level === this.env.format.levels - 1 ? this.userSlots : this.tableEntries;
    const span = this.spanOf(level);
    for (let slot = 0; slot < slots; slot++) {
      const child = this.child(table, slot);
      if (child === NONE) continue;
      if (level > 0 && !this.isLeafAt(table, slot)) this.destroyTable(child, level - 1, base + slot * span);
      else if (!this.isGuardAt(table, slot)) this.drop(base + slot * span, child, level);
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
