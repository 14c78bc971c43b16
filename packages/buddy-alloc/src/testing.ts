/**
 * Conformance kit for any allocator of aligned power-of-two blocks of frames, and the command sequences it draws.
 *
 * Works under jest, vitest and node:test: it needs only `describe` and `it`, and throws Errors.
 */
import type { Errno, Frame, Order } from '@veridian-os/abi';
import { EBUSY, EINVAL, ENOMEM, isKernelPanic } from '@veridian-os/abi';
import fc from 'fast-check';
import type { BlockAllocator } from './api.js';

/** What an implementation promises beyond the interface; cases are skipped by it. */
export interface AllocatorFeatures {
  /** `alloc` takes the lowest fitting address of the smallest sufficient order. */
  readonly addressOrdered: boolean;
}

export interface TestFramework {
  describe(name: string, body: () => void): void;
  it(name: string, body: () => void): void;
}

export type AllocatorFactory = (options: { frameCount: number; maxOrder: number }) => BlockAllocator;

export type AllocatorCommand =
  | { readonly kind: 'alloc'; readonly order: number }
  /** Frees (or splits) the live block at `pick` modulo the number of live blocks. */
  | { readonly kind: 'free' | 'split'; readonly pick: number }
  | { readonly kind: 'reserve'; readonly first: number; readonly count: number };

/** A command for a pool of `frameCount` frames. */
export function allocatorCommand(frameCount: number, maxOrder: number): fc.Arbitrary<AllocatorCommand> {
  const pick = fc.nat(1023);
  return fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('alloc' as const), order: fc.nat(maxOrder + 1) }) },
    { weight: 7, arbitrary: fc.record({ kind: fc.constant('free' as const), pick }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('split' as const), pick }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('reserve' as const),
        first: fc.nat(frameCount),
        count: fc.nat(Math.ceil(frameCount / 8)),
      }),
    },
  );
}

/** Up to `maxCommands` commands for one pool, with its size. */
export function allocatorScenario(maxCommands: number): fc.Arbitrary<{
  frameCount: number;
  maxOrder: number;
  commands: AllocatorCommand[];
}> {
  return fc.record({ frameCount: fc.integer({ min: 1, max: 600 }), maxOrder: fc.nat(8) }).chain((pool) =>
    fc.record({
      frameCount: fc.constant(pool.frameCount),
      maxOrder: fc.constant(pool.maxOrder),
      commands: fc.array(allocatorCommand(pool.frameCount, pool.maxOrder), { maxLength: maxCommands, size: 'max' }),
    }),
  );
}

function check(condition: boolean, message: string): void {
  if (!condition) throw new Error(message);
}

function equal(actual: unknown, expected: unknown, what: string): void {
  check(actual === expected, `${what}: expected ${String(expected)}, got ${String(actual)}`);
}

function panics(code: string, body: () => void): void {
  let thrown: unknown;
  try {
    body();
  } catch (error) {
    thrown = error;
  }
  check(isKernelPanic(thrown) && thrown.code === code, `expected KernelPanic ${code}, got ${String(thrown)}`);
}

/** A pool as one letter per frame, and blocks found by looking at every candidate. */
export class NaivePool {
  readonly owner: Int32Array;
  readonly live: { first: number; order: number }[] = [];
  readonly maxOrder: number;
  private nextId = 2;

  constructor(frameCount: number, maxOrder: number) {
    this.owner = new Int32Array(frameCount);
    this.maxOrder = maxOrder;
  }

  get freeFrames(): number {
    return this.owner.reduce((sum, owner) => sum + (owner === 0 ? 1 : 0), 0);
  }

  isFree(first: number, count: number): boolean {
    return first + count <= this.owner.length && this.owner.subarray(first, first + count).every((o) => o === 0);
  }

  /** Maximal free aligned blocks, [first, order]: what a fully merging buddy system must hold. */
  freeBlocks(): { first: number; order: number }[] {
    const blocks = [];
    for (let at = 0; at < this.owner.length;) {
      let order = -1;
      while (order < this.maxOrder && at % 2 ** (order + 1) === 0 && this.isFree(at, 2 ** (order + 1))) order++;
      if (order >= 0) blocks.push({ first: at, order });
      at += 2 ** Math.max(order, 0);
    }
    return blocks;
  }

  /** First frame that address-ordered best fit takes, or -1. */
  candidate(order: number): number {
    const fitting = this.freeBlocks().filter((block) => block.order >= order);
    fitting.sort((a, b) => a.order - b.order || a.first - b.first);
    return fitting[0]?.first ?? -1;
  }

  take(first: number, order: number): void {
    this.owner.fill(this.nextId++, first, first + 2 ** order);
    this.live.push({ first, order });
  }

  drop(index: number): { first: number; order: number } {
    const [block] = this.live.splice(index, 1);
    this.owner.fill(0, block.first, block.first + 2 ** block.order);
    return block;
  }

  /** Live block -> blocks of order 0. */
  split(index: number): { first: number; order: number } {
    const block = this.drop(index);
    for (let i = 0; i < 2 ** block.order; i++) this.take(block.first + i, 0);
    return block;
  }

  reserve(first: number, count: number): 0 | Errno {
    if (first + count > this.owner.length) return EINVAL;
    if (!this.isFree(first, count)) return EBUSY;
    this.owner.fill(1, first, first + count);
    return 0;
  }
}

/** Runs one command on both and compares their answers. @throws Error at the first difference */
export function runCommand(
  pool: BlockAllocator,
  model: NaivePool,
  command: AllocatorCommand,
  features: AllocatorFeatures,
): void {
  switch (command.kind) {
    case 'alloc': {
      const expected = model.candidate(command.order);
      const got = pool.alloc(command.order as Order);
      if (expected < 0 || command.order > model.maxOrder) return equal(got, ENOMEM, `alloc(${command.order})`);
      check(got >= 0 && got % 2 ** command.order === 0, `alloc(${command.order}): not aligned: ${got}`);
      check(model.isFree(got, 2 ** command.order), `alloc(${command.order}): frame ${got} is in use`);
      if (features.addressOrdered) equal(got, expected, `alloc(${command.order})`);
      return model.take(got, command.order);
    }
    case 'free':
    case 'split': {
      if (model.live.length === 0) return;
      const index = command.pick % model.live.length;
      const { first, order } = command.kind === 'free' ? model.drop(index) : model.split(index);
      return pool[command.kind](first as Frame, order as Order);
    }
    case 'reserve':
      return equal(
        pool.reserve(command.first as Frame, command.count),
        model.reserve(command.first, command.count),
        `reserve(${command.first}, ${command.count})`,
      );
  }
}

/** Compares everything that can be asked. @throws Error at the first difference */
export function compareState(pool: BlockAllocator, model: NaivePool): void {
  equal(pool.freeFrames, model.freeFrames, 'freeFrames');
  const blocks = model.freeBlocks();
  for (let order = 0; order <= model.maxOrder; order++) {
    const expected = blocks.filter((block) => block.order === order).length;
    equal(pool.freeBlocks(order as Order), expected, `freeBlocks(${order})`);
  }
}

/** Registers the conformance cases of any {@link BlockAllocator}. */
export function allocatorKit({ describe, it }: TestFramework, create: AllocatorFactory, features: AllocatorFeatures) {
  const order = (k: number) => k as Order;
  const frame = (f: number) => f as Frame;

  describe('block allocator', () => {
    it('hands out every frame once, and ENOMEM after the last', () => {
      const pool = create({ frameCount: 37, maxOrder: 3 });
      const seen = new Set<number>();
      for (let i = 0; i < 37; i++) seen.add(pool.alloc(order(0)));
      equal(seen.size, 37, 'different frames');
      check(
        [...seen].every((f) => f >= 0 && f < 37),
        'frames are below frameCount',
      );
      equal(pool.alloc(order(0)), ENOMEM, 'alloc of an empty pool');
      equal(pool.freeFrames, 0, 'freeFrames');
    });

    it('aligns blocks to their size and keeps them apart', () => {
      const pool = create({ frameCount: 64, maxOrder: 4 });
      const first = pool.alloc(order(0));
      const big = pool.alloc(order(4));
      equal(big % 16, 0, 'alignment of order 4');
      check(big > first || big + 16 <= first, 'blocks do not overlap');
    });

    it('merges buddies up to maxOrder, whatever the order of frees', () => {
      for (const step of [1, 3, 5, 7]) {
        const pool = create({ frameCount: 32, maxOrder: 5 });
        const taken = Array.from({ length: 32 }, () => pool.alloc(order(0)));
        for (let i = 0; i < 32; i++) pool.free(frame(taken[(i * step) % 32]), order(0));
        equal(pool.freeBlocks(order(5)), 1, `blocks of order 5 after frees in steps of ${step}`);
        equal(pool.alloc(order(5)), 0, 'the whole pool');
      }
    });

    it('does not merge frames that are neighbours but not buddies', () => {
      const pool = create({ frameCount: 4, maxOrder: 2 });
      for (let i = 0; i < 4; i++) pool.alloc(order(0));
      pool.free(frame(1), order(0));
      pool.free(frame(2), order(0));
      equal(pool.freeBlocks(order(0)), 2, 'free blocks of order 0');
      equal(pool.alloc(order(1)), ENOMEM, 'order 1');
    });

    it('refuses orders above maxOrder with the state unchanged', () => {
      const pool = create({ frameCount: 64, maxOrder: 4 });
      equal(pool.alloc(order(5)), ENOMEM, 'order 5');
      equal(pool.freeFrames, 64, 'freeFrames');
      equal(pool.freeBlocks(order(4)), 4, 'freeBlocks(4)');
    });

    it('panics on a double free, a foreign frame, the middle of a block and a wrong order', () => {
      const pool = create({ frameCount: 64, maxOrder: 4 });
      const block = pool.alloc(order(2)) as Frame;
      const single = pool.alloc(order(0)) as Frame;
      const wrong: [number, number][] = [
        [block, 1],
        [block, 3],
        [block + 1, 0],
        [block, -1],
        [block + 32, -1],
        [-1, 0],
        [64, 0],
        [1e9, 0],
      ];
      for (const [f, k] of wrong) panics('buddy/bad-free', () => pool.free(frame(f), order(k)));
      for (const [f, k] of wrong) panics('buddy/bad-free', () => pool.split(frame(f), order(k)));
      pool.free(block, order(2));
      pool.free(single, order(0));
      panics('buddy/bad-free', () => pool.free(block, order(2)));
      panics('buddy/bad-free', () => pool.free(single, order(0)));
      equal(pool.freeBlocks(order(4)), 4, 'freeBlocks(4) after the refused frees');
    });

    it('splits a live block into frames that are freed one by one', () => {
      const pool = create({ frameCount: 16, maxOrder: 4 });
      const block = pool.alloc(order(3)) as Frame;
      pool.split(block, order(3));
      for (let i = 7; i >= 0; i--) pool.free(frame(block + i), order(0));
      equal(pool.freeBlocks(order(4)), 1, 'freeBlocks(4)');
    });

    it('reserves exactly the given frames, for good', () => {
      const pool = create({ frameCount: 64, maxOrder: 5 });
      equal(pool.reserve(frame(5), 30), 0, 'reserve');
      equal(pool.freeFrames, 34, 'freeFrames');
      const got = new Set<number>();
      for (let f = pool.alloc(order(0)); f >= 0; f = pool.alloc(order(0))) got.add(f);
      equal(got.size, 34, 'frames handed out');
      check(
        [...got].every((f) => f < 5 || f >= 35),
        'no reserved frame is handed out',
      );
      panics('buddy/bad-free', () => pool.free(frame(5), order(0)));
    });

    it('answers EBUSY or EINVAL to a bad reservation with the state unchanged', () => {
      const pool = create({ frameCount: 64, maxOrder: 5 });
      while (pool.freeFrames > 32) pool.alloc(order(0));
      const used = Array.from({ length: 64 }, (_, f) => f).find((f) => pool.reserve(frame(f), 1) === EBUSY);
      check(used !== undefined, 'some frame is in use');
      const before = pool.freeFrames;
      equal(pool.reserve(frame(0), 64), EBUSY, 'the whole pool');
      equal(pool.reserve(frame(60), 5), EINVAL, 'beyond the end');
      equal(pool.reserve(frame(-1), 2), EINVAL, 'before the start');
      equal(pool.reserve(frame(0), 0), 0, 'nothing');
      equal(pool.freeFrames, before, 'freeFrames');
    });

    it('behaves like a naive pool under any command sequence', () => {
      fc.assert(
        fc.property(allocatorScenario(200), ({ frameCount, maxOrder, commands }) => {
          const pool = create({ frameCount, maxOrder });
          const model = new NaivePool(frameCount, maxOrder);
          compareState(pool, model);
          for (const command of commands) {
            runCommand(pool, model, command, features);
            compareState(pool, model);
          }
          for (const { first, order: k } of model.live) pool.free(frame(first), order(k));
          while (model.live.length > 0) model.drop(0);
          compareState(pool, model);
        }),
        { numRuns: 60 },
      );
    });
  });
}
