/** Pools of huge pages against counters that do what hugetlbpage.rst says. */
import { describe, expect, it } from '@jest/globals';
import { EBUSY, ENOMEM } from '@veridian-os/abi';
import type { Frame } from '@veridian-os/abi';
import { HugePagePool, compilePolicy } from '@veridian-os/memory';
import * as fc from 'fast-check';
import { createFrames } from '../create-frames.js';

const ORDER = 3;
const SIZE = 2 ** ORDER;
const NODES = [48, 32];
const MOST = 80 / SIZE;
const RUNS = Number(process.env.MEMORY_RUNS ?? 300);

type Command =
  | { kind: 'resize' | 'overcommit' | 'reserve' | 'unreserve'; count: number; which?: undefined }
  | { kind: 'alloc'; promised: boolean }
  | { kind: 'free'; which: number };

const count = fc.integer({ min: 0, max: MOST + 2 });
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ kind: fc.constantFrom('resize', 'overcommit', 'reserve', 'unreserve'), count }),
  fc.record({ kind: fc.constant('alloc' as const), promised: fc.boolean() }),
  fc.record({ kind: fc.constant('free' as const), which: fc.nat() }),
);

/** Numbers only: pages have no identity here. */
class Model {
  persistent = 0;
  surplus = 0;
  used = 0;
  reserved = 0;
  overcommit = 0;

  get total(): number {
    return this.persistent + this.surplus;
  }
  get free(): number {
    return this.total - this.used;
  }

  resize(wanted: number): void {
    const adopted = Math.min(this.surplus, Math.max(0, wanted - this.persistent));
    this.surplus -= adopted;
    this.persistent += adopted;
    if (wanted > this.persistent) this.persistent = Math.min(wanted, MOST - this.surplus);
    const droppable = Math.min(this.persistent - wanted, this.free - this.reserved);
    if (droppable > 0) this.persistent -= droppable;
    const over = Math.max(0, this.persistent - wanted);
    this.persistent -= over;
    this.surplus += over;
  }

  /** Room for so many more surplus pages. */
  fits(pages: number): boolean {
    return pages <= 0 || (this.surplus + pages <= this.overcommit && this.total + pages <= MOST);
  }
}

function run(commands: readonly Command[]): void {
  const frames = createFrames(NODES);
  const pool = new HugePagePool(frames, ORDER);
  const local = compilePolicy(frames.topology, { kind: 'local' });
  const model = new Model();
  const live: Frame[] = [];
  for (const step of commands) {
    if (step.kind === 'resize') {
      model.resize(step.count);
      expect(pool.resize(step.count)).toBe(model.persistent);
    } else if (step.kind === 'overcommit') {
      model.overcommit = step.count;
      pool.setOvercommit(step.count);
    } else if (step.kind === 'reserve') {
      const missing = Math.max(0, model.reserved + step.count - model.free);
      expect(pool.reserve(step.count)).toBe(model.fits(missing) ? 0 : ENOMEM);
      if (!model.fits(missing)) continue;
      model.surplus += missing;
      model.reserved += step.count;
    } else if (step.kind === 'unreserve') {
      if (step.count > model.reserved) {
        expect(() => pool.unreserve(step.count)).toThrow('memory/bad-reservation');
        continue;
      }
      pool.unreserve(step.count);
      model.reserved -= step.count;
      model.surplus -= Math.min(step.count, model.surplus, model.free - model.reserved);
    } else if (step.kind === 'alloc') {
      if (step.promised && model.reserved === 0) {
        expect(() => pool.alloc(local, 0, 0, true)).toThrow('memory/bad-reservation');
        continue;
      }
      const first = pool.alloc(local, 1, 0, step.promised) as Frame;
      const fromFree = step.promised || model.free > model.reserved;
      if (!fromFree && !model.fits(1)) {
        expect(first).toBe(ENOMEM);
        continue;
      }
      if (!fromFree) model.surplus++;
      if (step.promised) model.reserved--;
      model.used++;
      expect(first % SIZE).toBe(0);
      expect(live).not.toContain(first);
      live.push(first);
    } else if (live.length > 0) {
      const [first] = live.splice((step.which ?? 0) % live.length, 1);
      frames.retain((first + SIZE - 1) as Frame);
      expect(pool.free(first)).toBe(EBUSY);
      frames.release((first + SIZE - 1) as Frame);
      expect(pool.free(first)).toBe(0);
      expect(() => pool.free(first)).toThrow('memory/bad-huge-page');
      model.used--;
      if (model.surplus > 0) model.surplus--;
    }
    const { total, free, reserved, surplus, overcommit } = model;
    expect(pool.statistics).toEqual({ total, free, reserved, surplus, overcommit });
    expect(frames.freeFrames).toBe(frames.totalFrames - total * SIZE);
  }
}

describe('HugePagePool', () => {
  it('counts as hugetlb does', () => {
    const options = { numRuns: RUNS, seed: Number(process.env.MEMORY_SEED ?? 1) };
    fc.assert(fc.property(fc.array(command, { maxLength: 40 }), run), options);
  });

  it('takes pages from nodes in turn, and gives them by policy', () => {
    const frames = createFrames(NODES);
    const pool = new HugePagePool(frames, ORDER);
    expect(pool.resize(5)).toBe(5);
    expect([frames.freeOn(0), frames.freeOn(1)]).toEqual([48 - 3 * SIZE, 32 - 2 * SIZE]);
    const bind = compilePolicy(frames.topology, { kind: 'bind', nodes: [1] });
    const given = [0, 1].map(() => frames.nodeOf(pool.alloc(bind, 0, 0) as Frame));
    expect(given).toEqual([1, 1]);
    expect(pool.alloc(bind, 0, 0)).toBe(ENOMEM);
    pool.setOvercommit(1);
    expect(frames.nodeOf(pool.alloc(bind, 0, 0) as Frame)).toBe(1);
    expect(pool.statistics).toEqual({ total: 6, free: 3, reserved: 0, surplus: 1, overcommit: 1 });
  });

  it('makes pages larger than the largest block', () => {
    const frames = createFrames([1024]);
    const pool = new HugePagePool(frames, 8);
    expect(pool.resize(5)).toBe(4);
    expect(pool.resize(0)).toBe(0);
    expect(frames.freeFrames).toBe(1024);
  });

  it('refuses sizes and counts that cannot be', () => {
    const frames = createFrames([8]);
    expect(() => new HugePagePool(frames, 0)).toThrow(new RangeError('order: expected 1..30, got 0'));
    expect(() => new HugePagePool(frames, 3).resize(-1)).toThrow(new RangeError('count: expected 0 or more, got -1'));
  });
});
