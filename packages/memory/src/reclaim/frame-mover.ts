/**
 * Moves movable frames: every page-table entry of one frame comes to hold another with the same contents.
 *
 * Protocol   the entries are made not present first (no CPU reads or writes the page while it is copied or compared), and
 *            present again afterwards; a fault in between is answered by the kernel's one thread when this has returned
 * Runs       between operations on address spaces, as reclaim does
 */
import { PAGE_SIZE } from '@veridian-os/abi';
import type { Asid, Frame } from '@veridian-os/abi';
import type { Space, SpaceEnvironment } from '../address-space/space.js';
import { PageFlag } from '../page-table/format.js';

/** Entries of a frame that is moved at all: they must fit in a batch. */
export const MOST_SHARERS = 64;

/** What it needs of what all address spaces share. */
export type MoverEnvironment = Pick<SpaceEnvironment, 'memory' | 'frames' | 'reverse' | 'batch' | 'spaces'>;

/** An entry that was detached. */
interface Holder {
  readonly space: Space;
  /** Address. */
  readonly page: number;
  readonly flags: number;
}

export class FrameMover {
  private readonly env: MoverEnvironment;

  constructor(env: MoverEnvironment) {
    this.env = env;
  }

  /** True when page-table entries alone hold the frame, and not too many. */
  isMovable(frame: Frame): boolean {
    const { reverse, frames } = this.env;
    const entries = reverse.count(frame);
    return entries > 0 && entries <= MOST_SHARERS && entries === frames.references(frame);
  }

  /**
   * Copies a movable frame to `to`, of which the caller holds the only reference, and frees it. That reference becomes an
   * entry's. False, with nothing changed, when the frame is not movable.
   */
  migrate(from: Frame, to: Frame): boolean {
    if (!this.isMovable(from) || !this.split(from)) return false;
    const holders = this.detach(from);
    this.env.memory.copyFrame(from, to);
    for (let i = 1; i < holders.length; i++) this.env.frames.retain(to);
    this.attach(holders, from, to, ~0);
    return true;
  }

  /**
   * Gives the entries of `given` to `kept`, read-only, when both are movable and their contents are equal; a write then
   * copies as after a fork. False when they differ: a write to them faults once.
   */
  merge(kept: Frame, given: Frame): boolean {
    if (kept === given || !this.isMovable(kept) || !this.isMovable(given)) return false;
    if (!this.split(kept) || !this.split(given)) return false;
    const keepers = this.detach(kept);
    const givers = this.detach(given);
    const equal = this.sameContents(kept, given);
    this.attach(keepers, kept, kept, ~PageFlag.Write);
    if (equal) for (let i = 0; i < givers.length; i++) this.env.frames.retain(kept);
    this.attach(givers, given, equal ? kept : given, equal ? ~PageFlag.Write : ~0);
    return equal;
  }

  /** Splits the huge page that a movable frame is part of, if it is: false without a frame for the table. */
  split(frame: Frame): boolean {
    let done = true;
    this.env.reverse.forEach(frame, (asid: Asid, number) => {
      const { table } = this.env.spaces[asid] as Space;
      if (table.levelOf(number * PAGE_SIZE) > 0) done = table.demote(number * PAGE_SIZE) === 0 && done;
    });
    return done;
  }

  private detach(frame: Frame): Holder[] {
    const { env } = this;
    const holders: Holder[] = [];
    env.reverse.forEach(frame, (asid: Asid, number) => {
      const space = env.spaces[asid] as Space;
      const { table } = space;
      const page = number * PAGE_SIZE;
      table.query(page);
      holders.push({ space, page, flags: table.flags });
      if (table.flags !== 0) table.pushValue(page, frame, 0);
    });
    env.batch.apply();
    env.batch.reset();
    for (const { space } of holders) space.table.cache.clear();
    return holders;
  }

  /** Makes detached entries present again, with another frame if it is one, and at most the flags of `mask`. */
  private attach(holders: readonly Holder[], from: Frame, to: Frame, mask: number): void {
    for (const { space, page, flags } of holders) {
      const { table } = space;
      table.query(page);
      if (from !== to) {
        table.count(page, from, -1);
        table.count(page, to, 1);
      }
      table.rewrite(to, flags & mask);
      if (from !== to) this.env.frames.release(from);
    }
  }

  private sameContents(one: Frame, other: Frame): boolean {
    const { memory } = this.env;
    for (let word = 0; word < PAGE_SIZE / 4; word++) {
      if (memory.readWord(one, word) !== memory.readWord(other, word)) return false;
    }
    return true;
  }
}
