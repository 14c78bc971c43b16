/**
 * Reclaim: makes frames free by moving pages that were not used lately to the swap area.
 *
 * Policy     a clock over all frames (second chance, with ages): a page whose accessed bit is set grows young, any other
 *            older; the oldest go. Only movable frames take part: those that page-table entries alone hold.
 * Watermarks in frames: below `low` the kernel's next `balance` reclaims up to `high`; below `min` faults wait for it, so that
 *            tables, pipes and caches find what is left
 * Protocol   runs between operations on address spaces, never inside one: no entry changes behind an operation's back
 * Source     F. Corbato, A Paging Experiment with the Multics System (1968); ages as in Linux's multi-generational LRU
 */
import { PAGE_SIZE } from '@veridian-os/abi';
import type { Asid, Frame, MemoryRegion } from '@veridian-os/abi';
import type { Space, SpaceEnvironment } from '../address-space/space.js';
import { PageFlag } from '../page-table/format.js';
import { framesOf } from '../frames/physical-memory.js';
import { MOST_SHARERS } from './frame-mover.js';
import type { FrameMover } from './frame-mover.js';
import { SWAP_BASE } from './swap-area.js';
import type { SwapArea } from './swap-area.js';

/** Frames that a page stays after it was last seen in use, in turns of the clock's hand. */
const YOUNGEST = 2;
/** Pages that leave in one batch of edits. */
const CLUSTER = 32;

const MIN_SHARE = 1 / 64;
const LEAST_MIN = 4;

/** Of a frame that the hand points at. */
const Verdict = { Stay: 0, Evict: 1 } as const;

export class Reclaimer {
  readonly min: number;
  readonly low: number;
  readonly high: number;
  /** Somebody waits for a frame. */
  isAwaited = false;
  private readonly env: SpaceEnvironment;
  private readonly swap: SwapArea;
  private readonly mover: FrameMover;
  private readonly ranges: readonly { readonly first: number; readonly count: number }[];
  /** Frames that the hand goes over. */
  private readonly turn: number;
  private readonly ages: readonly Uint8Array[];
  /** The hand: a range and a frame's index in it. */
  private range = 0;
  private index = 0;
  /** Frames that the hand passed in a sweep. */
  private passed = 0;
  /** Slots of the pages that leave with the batch that is being put together. */
  private readonly leaving: number[] = [];
  private readonly touchedSpaces = new Set<Space>();
  /** What {@link look} saw of a frame's entries. */
  private accessed = false;
  private locked = false;
  private large = false;
  /** Where {@link leave} sends a page. */
  private slot = 0;

  constructor(env: SpaceEnvironment, swap: SwapArea, mover: FrameMover, regions: readonly MemoryRegion[]) {
    this.env = env;
    this.swap = swap;
    this.mover = mover;
    const { frames } = env;
    this.ranges = regions.map(framesOf);
    this.turn = this.ranges.reduce((sum, { count }) => sum + count, 0);
    this.ages = this.ranges.map(({ count }) => new Uint8Array(count).fill(YOUNGEST));
    this.min = Math.max(LEAST_MIN, Math.floor(frames.totalFrames * MIN_SHARE));
    this.low = 2 * this.min;
    this.high = 3 * this.min;
  }

  /** True when {@link balance} has something to do. */
  get isShort(): boolean {
    return this.env.frames.freeFrames < this.low;
  }

  /** True when what is free must last until the next {@link balance}. */
  get isEmpty(): boolean {
    return this.env.frames.freeFrames < this.min;
  }

  /**
   * Sends pages to the swap area until `high` frames are free or on their way, and wakes who waits for a frame.
   * @returns false when somebody waits, nothing is on its way and nothing can be had: a process must go
   */
  balance(): boolean {
    const { env, swap } = this;
    swap.resume();
    this.evictPages(this.high - env.frames.freeFrames - swap.writing);
    if (this.isEmpty) return !this.isAwaited || swap.writing > 0;
    this.isAwaited = false;
    swap.wake();
    return true;
  }

  /** Sends `count` pages to the swap area, young ones too if it must be: pages sent. */
  evictPages(count: number): number {
    let sent = 0;
    let left = (YOUNGEST + 2) * this.turn;
    while (sent < count && left > 0 && this.swap.freeSlots > 0) {
      this.passed = 0;
      sent += this.sweep(Math.min(count - sent, CLUSTER));
      left -= this.passed;
    }
    return sent;
  }

  /** Moves the hand (`passed`) until `want` pages leave, a turn at most: no frame twice in a batch. @returns pages sent */
  private sweep(want: number): number {
    let pages = 0;
    while (pages < want && this.passed < this.turn && this.env.batch.room >= MOST_SHARERS) {
      const { first } = this.ranges[this.range];
      const frame = (first + this.index) as Frame;
      if (this.judge(frame) === Verdict.Evict && this.evict(frame)) pages++;
      this.passed++;
      this.advance();
    }
    this.commit();
    return pages;
  }

  private advance(): void {
    if (++this.index < this.ranges[this.range].count) return;
    this.index = 0;
    this.range = (this.range + 1) % this.ranges.length;
  }

  /** Ages the frame's page. */
  private judge(frame: Frame): number {
    const { reverse } = this.env;
    if (!this.mover.isMovable(frame)) return Verdict.Stay;
    this.accessed = false;
    this.locked = false;
    this.large = false;
    reverse.forEach(frame, this.look);
    const ages = this.ages[this.range];
    if (this.locked) return Verdict.Stay;
    if (this.accessed) {
      ages[this.index] = YOUNGEST;
      reverse.forEach(frame, this.makeOld);
      return Verdict.Stay;
    }
    if (ages[this.index] > 0) {
      ages[this.index]--;
      return Verdict.Stay;
    }
    return Verdict.Evict;
  }

  private readonly look = (asid: Asid, page: number): void => {
    const { table, tree } = this.spaceOf(asid);
    if (table.levelOf(page * PAGE_SIZE) > 0) this.large = true;
    if ((table.flags & PageFlag.Accessed) !== 0 && this.env.hardwareAccessedDirty) this.accessed = true;
    if (tree.find(page * PAGE_SIZE)?.locked === true) this.locked = true;
  };

  private readonly makeOld = (asid: Asid, page: number): void => {
    const space = this.spaceOf(asid);
    const { table } = space;
    table.query(page * PAGE_SIZE);
    // The one bit of a huge page is cleared with its first frame.
    if (table.flags === 0 || table.leafStart(page * PAGE_SIZE) !== page * PAGE_SIZE) return;
    table.pushValue(page * PAGE_SIZE, table.frame, table.flags & ~PageFlag.Accessed);
    this.touchedSpaces.add(space);
  };

  /** Queues the change of the frame's entries to a slot. */
  private evict(frame: Frame): boolean {
    if (this.large && !this.splitNow(frame)) return false;
    const slot = this.swap.assign(frame);
    if (slot < 0) return false;
    this.ages[this.range][this.index] = YOUNGEST;
    this.leaving.push(slot);
    this.slot = slot;
    this.env.reverse.forEach(frame, this.leave);
    return true;
  }

  /** Takes the huge page that a frame is part of apart, after what is queued. */
  private splitNow(frame: Frame): boolean {
    this.commit();
    return this.mover.split(frame);
  }

  private readonly leave = (asid: Asid, page: number): void => {
    const space = this.spaceOf(asid);
    const { table } = space;
    table.query(page * PAGE_SIZE);
    const holder = (SWAP_BASE + this.slot) as Frame;
    if (table.flags === 0) table.rewrite(holder, 0);
    else table.pushValue(page * PAGE_SIZE, holder, 0);
    this.touchedSpaces.add(space);
  };

  /** No CPU uses the pages any more: their entries' references go to the slots, and the slots to the device. */
  private commit(): void {
    const { env, swap, leaving } = this;
    env.batch.apply();
    env.batch.reset();
    for (const { table } of this.touchedSpaces) table.cache.clear();
    this.touchedSpaces.clear();
    for (const slot of leaving) this.moveReferences(swap.frame(slot), slot);
    for (const slot of leaving) swap.write(slot);
    leaving.length = 0;
  }

  /** One of the frame's references stays, the area's. */
  private moveReferences(frame: Frame, slot: number): void {
    const { env, swap } = this;
    const holders: [Asid, number][] = [];
    env.reverse.forEach(frame, (asid, page) => holders.push([asid, page]));
    for (const [asid, page] of holders) {
      const { table } = this.spaceOf(asid);
      table.count(page * PAGE_SIZE, frame, -1);
      table.count(page * PAGE_SIZE, (SWAP_BASE + slot) as Frame, 1);
      swap.retain(slot);
    }
    for (let extra = 1; extra < holders.length; extra++) env.frames.release(frame);
  }

  private spaceOf(asid: Asid): Space {
    return this.env.spaces[asid] as Space;
  }
}
