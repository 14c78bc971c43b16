/**
 * The buddy allocator beside glibc's malloc (64-1024 B churn, 32,768 live blocks), round by round in one run.
 * 65,536 frames, maxOrder 10 unless the case says otherwise; one operation is a free+alloc pair.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { performance } from 'node:perf_hooks';
import { BuddyAllocator } from '@veridian-os/buddy-alloc';
import { suite } from '../../../tools/bench.mjs';

const OPS = 1 << 18;

function generator(seed) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Frees a random live block and allocates another; half of the frames are in use, scattered. */
function churn(frameCount, maxBlockOrder) {
  const pool = new BuddyAllocator({ frameCount });
  const random = generator(12345);
  const frames = [];
  const orders = [];
  if (maxBlockOrder === 0) {
    for (let i = 0; i < frameCount; i++) frames.push(pool.alloc(0));
    for (let i = frameCount - 1; i > 0; i--) {
      const j = random() % (i + 1);
      [frames[i], frames[j]] = [frames[j], frames[i]];
    }
    for (const frame of frames.splice(frameCount / 2)) pool.free(frame, 0);
  } else {
    while (pool.freeFrames > frameCount / 2) {
      const order = random() % (maxBlockOrder + 1);
      frames.push(pool.alloc(order));
      orders.push(order);
    }
  }
  const live = Int32Array.from(frames);
  const order = Uint8Array.from(live, (_, i) => orders[i] ?? 0);
  const slots = Int32Array.from({ length: OPS }, () => random() % live.length);
  const next = Uint8Array.from({ length: OPS }, () => random() % (maxBlockOrder + 1));
  return () => {
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

/** @thi.ng/malloc is compared only where somebody has installed it. */
async function loadThing() {
  try {
    return await import(createRequire(import.meta.url).resolve('@thi.ng/malloc'));
  } catch {
    return null;
  }
}

/** Frame-sized blocks from a heap of the same bytes, half in use. */
function thingChurn({ MemPool }, live) {
  const pool = new MemPool({ buf: new ArrayBuffer(live * 2 * 4096 + 65536), compact: false, split: true });
  const random = generator(99);
  const blocks = Array.from({ length: live }, () => pool.malloc(4000));
  return () => {
    const slot = random() % live;
    pool.free(blocks[slot]);
    blocks[slot] = pool.malloc(4000);
  };
}

await suite(async ({ bench, record, quick }) => {
  const peer = compilePeer();
  const rounds = quick ? 5 : 31;
  await beside(peer, 'order0-churn-50', churn(65536, 0), record, rounds);
  await beside(peer, 'orders0-4-churn-50', churn(65536, 4), record, rounds);
  await beside(peer, 'empty-pair', emptyPair(), record, rounds);
  peer?.stop();
  for (const power of quick ? [12, 16] : [12, 16, 20, 22]) {
    await bench({ case: `frames-2^${power}`, ours: churn(2 ** power, 0), opsPerCall: OPS, noGc: true });
  }
  const thing = await loadThing();
  if (thing !== null) {
    const live = 2048;
    const pool = new BuddyAllocator({ frameCount: live * 2 });
    const random = generator(99);
    const blocks = Int32Array.from({ length: live }, () => pool.alloc(0));
    const ours = () => {
      const slot = random() % live;
      pool.free(blocks[slot], 0);
      blocks[slot] = pool.alloc(0);
    };
    await bench({ case: 'thing-churn', ours, peer: '@thi.ng/malloc', peerFn: thingChurn(thing, live) });
  }
});
