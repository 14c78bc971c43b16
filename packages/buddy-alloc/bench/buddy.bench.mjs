/**
 * The buddy allocator beside glibc's malloc (64-1024 B churn, 32,768 live blocks), round by round in one run.
 * 65,536 frames, maxOrder 10 unless the case says otherwise; one operation is a free+alloc pair.
 *
 * `frames-2^k` has a loop beside it that touches random words of as many bytes as the pool has: per pair as many words as
 * the pool's pairs touch (different ones, counted on the same state), each read and written.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { performance } from 'node:perf_hooks';
import { MemPool } from '@thi.ng/malloc';
import { BuddyAllocator } from '@veridian-os/buddy-alloc';
import { suite } from '../../../tools/bench.mjs';
import { generator, halfFull } from './half-full.mjs';

const OPS = 1 << 18;

/** Frees a random live block and allocates another. */
function churn(frameCount, maxBlockOrder) {
  const { pool, random, live, order } = halfFull(new BuddyAllocator({ frameCount }), maxBlockOrder);
  const slots = Int32Array.from({ length: OPS }, () => random() % live.length);
  const next = Uint8Array.from({ length: OPS }, () => random() % (maxBlockOrder + 1));
  const run = () => {
    for (let i = 0; i < OPS; i++) {
      const slot = slots[i];
      pool.free(live[slot], order[slot]);
      let wanted = next[i];
      let frame = pool.alloc(wanted);
      while (frame < 0) frame = pool.alloc(--wanted);
      live[slot] = frame;
      order[slot] = wanted;
    }
  };
  return { run, pool };
}

/** Different words that a pair touches in a pool of that size; larger ones than 2^20 have one or two more. */
function wordsPerPair(frameCount) {
  const program = new URL('words-per-pair.mjs', import.meta.url).pathname;
  const frames = Math.min(frameCount, 2 ** 20);
  return Number(execFileSync(process.execPath, [program, String(frames)], { encoding: 'utf8' }));
}

/** Touches random words of a footprint, `count` for each pair. */
function touches(bytes, count) {
  const words = new Int32Array(bytes >>> 2);
  const random = generator(4711);
  const at = Int32Array.from({ length: OPS }, () => random() % words.length);
  return () => {
    for (let round = 0; round < count; round++) for (let i = 0; i < OPS; i++) words[at[i]]++;
  };
}

/** Splits and merges through all orders. */
function emptyPair() {
  const pool = new BuddyAllocator({ frameCount: 65536 });
  return () => {
    for (let i = 0; i < OPS; i++) pool.free(pool.alloc(0), 0);
  };
}

/** The compiled peer as a function that times one round, or null without a C compiler. */
function compilePeer() {
  const folder = mkdtempSync(join(tmpdir(), 'veridian-malloc-'));
  const program = join(folder, 'malloc');
  const dispose = () => rmSync(folder, { recursive: true });
  try {
    execFileSync('gcc', ['-O2', '-o', program, new URL('malloc.c', import.meta.url).pathname], { stdio: 'ignore' });
  } catch {
    dispose();
    console.log('no gcc: the cases have no peer');
    return null;
  }
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async round() {
      child.stdin.write('\n');
      return Number((await lines.next()).value);
    },
    stop() {
      child.stdin.end();
      dispose();
    },
  };
}

const median = (samples) => samples.toSorted((a, b) => a - b)[samples.length >> 1];

async function beside(peer, name, run, record, rounds) {
  run();
  const ours = [];
  const theirs = [];
  for (let i = 0; i < rounds; i++) {
    const start = performance.now();
    run();
    ours.push(((performance.now() - start) * 1e6) / OPS);
    if (peer !== null) theirs.push(await peer.round());
  }
  const peerNs = peer === null ? null : median(theirs);
  record({ case: name, oursNs: median(ours), peer: peer === null ? null : 'glibc malloc', peerNs });
}

/** Blocks of 4 to 64 KiB, 512 live in 32 MiB: the same sizes in the same order for both. */
function thingChurn(allocate, free) {
  const random = generator(99);
  const slots = Int32Array.from({ length: 4096 }, () => random() % 512);
  const orders = Int32Array.from({ length: 4096 }, () => random() % 5);
  const live = Array.from({ length: 512 }, () => [0, -1]);
  const step = (i) => {
    const block = live[slots[i]];
    if (block[1] >= 0) free(block[0], block[1]);
    block[1] = orders[i];
    block[0] = allocate(orders[i]);
  };
  return () => {
    for (let i = 0; i < 4096; i++) step(i);
  };
}

await suite(async ({ bench, record, quick }) => {
  const peer = compilePeer();
  const rounds = quick ? 5 : 31;
  await beside(peer, 'order0-churn-50', churn(65536, 0).run, record, rounds);
  await beside(peer, 'orders0-4-churn-50', churn(65536, 4).run, record, rounds);
  await beside(peer, 'empty-pair', emptyPair(), record, rounds);
  peer?.stop();

  const pool = new BuddyAllocator({ frameCount: 8192 });
  const thing = new MemPool({ buf: new ArrayBuffer(2 ** 25 + 2 ** 16) });
  await bench({
    case: 'thing-churn',
    ours: thingChurn(
      (order) => pool.alloc(order),
      (frame, order) => pool.free(frame, order),
    ),
    peer: '@thi.ng/malloc',
    peerFn: thingChurn(
      (order) => thing.malloc(4096 << order),
      (address) => thing.free(address),
    ),
    opsPerCall: 4096,
  });

  for (const power of quick ? [12, 16] : [12, 16, 20, 24, 28]) {
    const state = churn(2 ** power, 0);
    const perPair = wordsPerPair(2 ** power);
    const peerFn = touches(state.pool.byteLength, perPair);
    const name = `${perPair} random touches`;
    await bench({ case: `frames-2^${power}`, ours: state.run, peer: name, peerFn, opsPerCall: OPS, noGc: true });
  }
});
