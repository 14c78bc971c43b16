/** Several threads at one pool. */
import { Worker } from 'node:worker_threads';
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { BuddyAllocator, LockedAllocator } from '@veridian-os/buddy-alloc';
import type { Frame, Order } from '@veridian-os/abi';

const FRAMES = 2048;
const OPS = 20_000;
const THREADS = 3;
const order = (k: number) => k as Order;

/** What a thread does: it marks the frames that it got, which must have been nobody's, and gives all back in the end. */
const PROGRAM = `
import { parentPort, workerData } from 'node:worker_threads';
import { LockedAllocator } from '@veridian-os/buddy-alloc';
const { buffer, marks, id, ops, canBlock } = workerData;
const pool = LockedAllocator.attach(buffer, 0, canBlock);
const owners = new Int32Array(marks);
let state = id * 2654435761 | 1;
const next = () => { state ^= state << 13; state ^= state >>> 17; state ^= state << 5; return state >>> 0; };
const live = [];
let wrong = 0;
const mark = (first, count, from, to) => {
  for (let f = first; f < first + count; f++) if (Atomics.compareExchange(owners, f, from, to) !== from) wrong++;
};
const drop = (index) => {
  const [first, count, order] = live[index];
  live[index] = live[live.length - 1];
  live.pop();
  mark(first, count, id, 0);
  if (order < 0) pool.freeRange(first, count);
  else pool.free(first, order);
};
const keep = (first, count, order) => {
  if (first < 0) return;
  mark(first, count, 0, id);
  live.push([first, count, order]);
};
for (let i = 0; i < ops; i++) {
  const order = next() % 5;
  if (live.length > 100 || (live.length > 0 && next() % 2 === 0)) drop(next() % live.length);
  else if (next() % 4 === 0) { const count = 1 + next() % 20; keep(pool.allocRange(count), count, -1); }
  else keep(pool.alloc(order), 2 ** order, order);
}
while (live.length > 0) drop(0);
parentPort.postMessage(wrong);
`;

let code = '';
let workers: Worker[] = [];
/** A thread that has met a broken pool may never end by itself. */
const PATIENCE_MS = 20_000;
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.terminate()));
  workers = [];
});

/** A thread, and what it found wrong. */
function start(workerData: object): Promise<number> {
  const worker = new Worker(code, { eval: true, workerData });
  workers.push(worker);
  return new Promise((done, fail) => {
    worker.once('message', done);
    worker.once('error', fail);
  });
}

beforeAll(() => {
  const root = resolve(__dirname, '../../../..');
  const options = ['--bundle', '--format=cjs', '--platform=node', `--tsconfig=${root}/tsconfig.base.json`];
  const bin = resolve(root, 'node_modules/esbuild/bin/esbuild');
  code = execFileSync(bin, options, { input: PROGRAM, cwd: root, encoding: 'utf8' });
});

async function run(canBlock: boolean, ops: number): Promise<{ wrong: number[]; pool: LockedAllocator }> {
  const buffer = new SharedArrayBuffer(BuddyAllocator.byteLength({ frameCount: FRAMES }));
  const pool = new LockedAllocator({ frameCount: FRAMES, buffer });
  const marks = new SharedArrayBuffer(4 * FRAMES);
  const threads = Array.from({ length: THREADS }, (_, i) => start({ buffer, marks, id: i + 1, ops, canBlock }));
  return { wrong: await Promise.all(threads), pool };
}

describe('LockedAllocator', () => {
  it(
    'gives several threads different frames, and loses none',
    async () => {
      const { wrong, pool } = await run(true, OPS);
      expect(wrong).toEqual([0, 0, 0]);
      expect(pool.freeFrames).toBe(FRAMES);
      pool.pool.check();
      expect(pool.freeBlocks(order(10))).toBe(2);
    },
    PATIENCE_MS,
  );

  it(
    'does so without blocking too',
    async () => {
      const { wrong, pool } = await run(false, OPS / 10);
      expect(wrong).toEqual([0, 0, 0]);
      pool.pool.check();
    },
    PATIENCE_MS,
  );

  it(
    'lets a thread on that waits for the lock',
    async () => {
      const buffer = new SharedArrayBuffer(BuddyAllocator.byteLength({ frameCount: FRAMES }));
      const pool = new LockedAllocator({ frameCount: FRAMES, buffer });
      const words = new Int32Array(buffer);
      const LOCK = 8;
      Atomics.store(words, LOCK, 1);
      const done = start({ buffer, marks: new SharedArrayBuffer(4 * FRAMES), id: 1, ops: 10, canBlock: true });
      // The waiter writes 2 before it goes to sleep.
      while (Atomics.load(words, LOCK) !== 2) await new Promise((next) => setImmediate(next));
      pool['release']();
      expect(await done).toBe(0);
      expect(pool.freeFrames).toBe(FRAMES);
    },
    PATIENCE_MS,
  );

  it('lets go of the lock when an operation panics', () => {
    const buffer = new SharedArrayBuffer(BuddyAllocator.byteLength({ frameCount: 8 }));
    const pool = new LockedAllocator({ frameCount: 8, buffer });
    expect(() => pool.free(0 as Frame, order(0))).toThrow('buddy/bad-free');
    expect(() => pool.freeRange(0 as Frame, 3)).toThrow('buddy/bad-free');
    expect(() => pool.split(0 as Frame, order(1))).toThrow('buddy/bad-free');
    expect(pool.alloc(order(0))).toBe(0);
  });
});
