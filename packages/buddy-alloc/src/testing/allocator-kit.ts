import type { Frame, Order } from '@veridian-os/abi';
import { EBUSY, EINVAL, ENOMEM } from '@veridian-os/abi';
import fc from 'fast-check';
import { check, equal, panics, type TestFramework } from './assert.js';
import {
  allocatorScenario,
  compareState,
  runCommand,
  type AllocatorFactory,
  type AllocatorFeatures,
} from './commands.js';
import { runExhaustively } from './exhaustive.js';
import { NaivePool } from './naive-pool.js';
import { runRandomCommands } from './random-run.js';

export type { TestFramework } from './assert.js';

const order = (k: number) => k as Order;
const frame = (f: number) => f as Frame;

/** Registers the conformance cases of any {@link BlockAllocator}. */
export function allocatorKit(
  { describe, it }: TestFramework,
  create: AllocatorFactory,
  features: AllocatorFeatures,
): void {
  describe('block allocator', () => {
    blockCases(it, create);
    refusalCases(it, create);
    placeCases(it, create);
    reservationCases(it, create);
    modelCases(it, create, features);
  });
}

type It = TestFramework['it'];

function blockCases(it: It, create: AllocatorFactory): void {
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

  it('hands out a large pool once, twice', () => {
    const frameCount = 2 ** 18 + 77;
    const pool = create({ frameCount, maxOrder: 10 });
    for (let round = 0; round < 2; round++) {
      const seen = new Uint8Array(frameCount);
      for (let i = 0; i < frameCount; i++) {
        const got = pool.alloc(order(0));
        if (seen[got] !== 0) throw new Error(`alloc ${i}: expected a frame that is free, got ${got}`);
        seen[got] = 1;
      }
      equal(pool.alloc(order(0)), ENOMEM, 'alloc of an empty pool');
      for (let i = 0; i < frameCount; i++) pool.free(frame((i * 7919) % frameCount), order(0));
      equal(pool.freeBlocks(order(10)), 2 ** 8, 'freeBlocks(10)');
    }
  });

  it('aligns blocks to their size and keeps them apart', () => {
    const pool = create({ frameCount: 64, maxOrder: 4 });
    const first = pool.alloc(order(0));
    const big = pool.alloc(order(4));
    equal(big % 16, 0, 'alignment of order 4');
    check(big > first || big + 16 <= first, 'blocks do not overlap');
  });

  it('merges buddies up to maxOrder, whatever the order of frees', () => {
    for (const size of [5, 11]) {
      for (const step of [1, 3, 5, 7]) {
        const frameCount = 2 ** size;
        const pool = create({ frameCount, maxOrder: size });
        const taken = Array.from({ length: frameCount }, () => pool.alloc(order(0)));
        for (let i = 0; i < frameCount; i++) pool.free(frame(taken[(i * step) % frameCount]), order(0));
        equal(pool.freeBlocks(order(size)), 1, `blocks of order ${size} after frees in steps of ${step}`);
        equal(pool.alloc(order(size)), 0, 'the whole pool');
      }
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

  it('splits a live block into frames that are freed one by one', () => {
    for (const k of [0, 3, 5, 8, 10, 11]) {
      const pool = create({ frameCount: 2 ** 12, maxOrder: 12 });
      pool.alloc(order(k));
      const block = pool.alloc(order(k)) as Frame;
      pool.split(block, order(k));
      for (let i = 2 ** k - 1; i >= 0; i--) pool.free(frame(block + i), order(0));
      equal(pool.freeFrames, 2 ** 12 - 2 ** k, 'freeFrames');
      pool.free(frame(0), order(k));
      equal(pool.freeBlocks(order(12)), 1, `freeBlocks(12) after splitting order ${k}`);
    }
  });
}

function refusalCases(it: It, create: AllocatorFactory): void {
  it('refuses orders above maxOrder with the state unchanged', () => {
    const pool = create({ frameCount: 64, maxOrder: 4 });
    equal(pool.alloc(order(5)), ENOMEM, 'order 5');
    equal(pool.freeFrames, 64, 'freeFrames');
    equal(pool.freeBlocks(order(4)), 4, 'freeBlocks(4)');
  });

  it('panics on a double free, a foreign frame, the middle of a block and a wrong order', () => {
    const pool = create({ frameCount: 4096, maxOrder: 12 });
    for (const k of [0, 1, 2, 4, 5, 6, 9, 10, 11]) {
      const block = pool.alloc(order(k)) as Frame;
      for (let wrong = -1; wrong <= 13; wrong++) {
        if (wrong === k) continue;
        panics('buddy/bad-free', () => pool.free(block, order(wrong)));
        panics('buddy/bad-free', () => pool.split(block, order(wrong)));
      }
      for (const inside of [1, 2 ** k - 1, 2 ** k / 2].filter((offset) => offset >= 1 && offset < 2 ** k)) {
        for (let any = 0; any <= k; any++) panics('buddy/bad-free', () => pool.free(frame(block + inside), order(any)));
      }
      pool.free(block, order(k));
      for (let any = 0; any <= 12; any++) panics('buddy/bad-free', () => pool.free(block, order(any)));
      equal(pool.freeBlocks(order(12)), 1, 'freeBlocks(12) after the refused frees');
    }
    for (const f of [-1, 4096, 1e9, 2 ** 31, 2 ** 32, 0.5]) {
      panics('buddy/bad-free', () => pool.free(frame(f), order(0)));
    }
  });
}

function placeCases(it: It, create: AllocatorFactory): void {
  it('takes a block at an address, and nothing else', () => {
    const pool = create({ frameCount: 4000, maxOrder: 11 });
    equal(pool.allocAt(frame(2048 + 96), order(5)), 0, 'allocAt');
    equal(pool.freeFrames, 4000 - 32, 'freeFrames');
    equal(pool.allocAt(frame(2048 + 96), order(5)), EBUSY, 'the same again');
    equal(pool.allocAt(frame(2048 + 100), order(0)), EBUSY, 'a frame of it');
    equal(pool.allocAt(frame(2048), order(10)), EBUSY, 'a block around it');
    equal(pool.allocAt(frame(2048 + 97), order(1)), EINVAL, 'no such block');
    equal(pool.allocAt(frame(3984), order(5)), EINVAL, 'beyond the end');
    equal(pool.allocAt(frame(0), order(12)), EINVAL, 'above maxOrder');
    equal(pool.allocAt(frame(-32), order(5)), EINVAL, 'before the start');
    equal(pool.allocAt(frame(2048 + 128), order(7)), 0, 'its neighbour');
    pool.free(frame(2048 + 96), order(5));
    pool.free(frame(2048 + 128), order(7));
    equal(pool.freeBlocks(order(11)), 1, 'freeBlocks(11)');
  });

  it('allocates and frees ranges of any length', () => {
    for (const count of [1, 2, 3, 7, 31, 32, 33, 100, 1023, 1025, 2048, 3000]) {
      const pool = create({ frameCount: 8192, maxOrder: 13 });
      pool.alloc(order(0));
      const first = pool.allocRange(count) as Frame;
      check(first > 0 && first % 2 ** Math.ceil(Math.log2(count)) === 0, `allocRange(${count}): ${first}`);
      equal(pool.freeFrames, 8191 - count, `freeFrames after ${count}`);
      if (count % 2 === 0) panics('buddy/bad-free', () => pool.freeRange(first, count - 1));
      panics('buddy/bad-free', () => pool.freeRange(first, count + 1));
      equal(pool.freeFrames, 8191 - count, 'freeFrames after refusals');
      pool.freeRange(first, count);
      panics('buddy/bad-free', () => pool.freeRange(first, count));
      for (const f of [-1, 8192 - count + 1]) panics('buddy/bad-free', () => pool.freeRange(frame(f), count));
      const edge = pool.allocRange(count) as Frame;
      panics('buddy/bad-free', () => pool.freeRange(frame(-count), edge + 2 * count));
      pool.freeRange(edge, count);
      pool.free(frame(0), order(0));
      equal(pool.freeBlocks(order(13)), 1, `freeBlocks(13) after ${count}`);
    }
  });

  it('aligns ranges, and refuses those that no block holds', () => {
    const pool = create({ frameCount: 1000, maxOrder: 9 });
    pool.alloc(order(0));
    equal((pool.allocRange(3, order(7)) as number) % 128, 0, 'alignment');
    const before = pool.freeFrames;
    equal(pool.allocRange(513), ENOMEM, 'above the largest block');
    equal(pool.allocRange(1, order(10)), ENOMEM, 'alignment above the largest block');
    equal(pool.allocRange(2 ** 40), ENOMEM, 'a very long one');
    equal(pool.allocRange(0), EINVAL, 'none');
    equal(pool.allocRange(1.5), EINVAL, 'one and a half');
    equal(pool.freeFrames, before, 'freeFrames');
  });
}

function reservationCases(it: It, create: AllocatorFactory): void {
  it('reserves exactly the given frames, for good', () => {
    for (const [first, count] of [
      [5, 30],
      [0, 2048],
      [31, 2050],
      [1024, 1024],
      [2999, 1],
    ]) {
      const pool = create({ frameCount: 3000, maxOrder: 11 });
      equal(pool.reserve(frame(first), count), 0, 'reserve');
      equal(pool.freeFrames, 3000 - count, 'freeFrames');
      equal(pool.reserve(frame(first + count - 1), 1), EBUSY, 'its last frame again');
      for (let k = 0; k <= 11; k++) panics('buddy/bad-free', () => pool.free(frame(first), order(k)));
      const got = new Set<number>();
      for (let f = pool.alloc(order(0)); f >= 0; f = pool.alloc(order(0))) got.add(f);
      equal(got.size, 3000 - count, 'frames handed out');
      check(
        [...got].every((f) => f < first || f >= first + count),
        'no reserved frame is handed out',
      );
      for (const f of got) pool.free(frame(f), order(0));
      equal(pool.freeFrames, 3000 - count, 'freeFrames after all came back');
    }
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
}

function modelCases(it: It, create: AllocatorFactory, features: AllocatorFeatures): void {
  it('behaves like a naive pool under any command sequence', () => {
    fc.assert(
      fc.property(allocatorScenario(100), ({ frameCount, maxOrder, commands }) => {
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

  it('behaves like a naive pool in ten thousand commands', () => {
    runRandomCommands(create, features, { seed: 1, count: 10_000 });
  });

  it('behaves like a naive pool in every sequence of four commands on eight frames', () => {
    const create8 = () => create({ frameCount: 8, maxOrder: 3 });
    runExhaustively({ frameCount: 8, maxOrder: 3, depth: 4, create: create8, features });
  });
}
