/**
 * Object caches beside glibc's malloc, round by round in one run. An operation is an alloc+free pair.
 *
 *   hot-pair-64    one object of 64 bytes, allocated and freed again and again
 *   churn-64       a random one of 32,768 live objects of 64 bytes is freed, another allocated
 *   bulk           64 objects in one call, and back in one call; malloc has no such call and is called 64 times each
 *   mixed-sizes    SlabHeap, as churn-64 with sizes of 8 to 1024 bytes
 *   *-debug        the same with red zones, poison and call sites: what glibc does not do
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { performance } from 'node:perf_hooks';
import { SlabAllocator, SlabHeap } from '@veridian-os/slab';
import { suite } from '../../../tools/bench.mjs';

const OPS = 1 << 18;
const LIVE = 32768;
const BULK = 64;

/** Numbers below 2^32, the same for the same seed (Marsaglia's xorshift, 2003). */
function generator(seed) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

const random = generator(2463534242 | 0);
const slots = Int32Array.from({ length: OPS }, () => random() % LIVE);
const sizes = Int32Array.from({ length: OPS }, () => 8 + (random() % 1017));

const allocator = () => new SlabAllocator({ memory: new ArrayBuffer(2 ** 26), secret: 0x5eed1e55 });
const cache64 = (debug) => allocator().createCache({ name: 'object', size: 64, align: 64, debug });

function hot(debug) {
  const cache = cache64(debug);
  return () => {
    for (let i = 0; i < OPS; i++) cache.free(cache.alloc());
  };
}

function churn(debug) {
  const cache = cache64(debug);
  const live = Float64Array.from({ length: LIVE }, () => cache.alloc());
  return () => {
    for (let i = 0; i < OPS; i++) {
      const slot = slots[i];
      cache.free(live[slot]);
      live[slot] = cache.alloc();
    }
  };
}

function bulk() {
  const cache = cache64(false);
  const some = new Uint32Array(BULK);
  return () => {
    for (let i = 0; i < OPS / BULK; i++) {
      cache.allocBulk(some, BULK);
      cache.freeBulk(some, BULK);
    }
  };
}

function mixed() {
  const heap = new SlabHeap(allocator());
  const live = Float64Array.from({ length: LIVE }, () => heap.alloc(8 + (random() % 1017)));
  return () => {
    for (let i = 0; i < OPS; i++) {
      const slot = slots[i];
      heap.free(live[slot]);
      live[slot] = heap.alloc(sizes[i]);
    }
  };
}

/** The compiled peer as a function that times one round of a case, or null without a C compiler. */
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
    async round(name) {
      child.stdin.write(`${name}\n`);
      return Number((await lines.next()).value);
    },
    stop() {
      child.stdin.end();
      dispose();
    },
  };
}

const median = (samples) => samples.toSorted((a, b) => a - b)[samples.length >> 1];

await suite(async ({ bench, record, quick }) => {
  const peer = compilePeer();
  const rounds = quick ? 5 : 31;

  async function beside(name, peerCase, run) {
    for (let i = 0; i < 3; i++) run();
    const ours = [];
    const theirs = [];
    for (let i = 0; i < rounds; i++) {
      const start = performance.now();
      run();
      ours.push(((performance.now() - start) * 1e6) / OPS);
      if (peer !== null) theirs.push(await peer.round(peerCase));
    }
    const peerNs = peer === null ? null : median(theirs);
    record({ case: name, oursNs: median(ours), peer: peer === null ? null : 'glibc malloc', peerNs });
  }

  await beside('hot-pair-64', 'hot', hot(false));
  await beside('churn-64', 'churn', churn(false));
  await beside('bulk', 'bulk', bulk());
  await beside('mixed-sizes', 'mixed', mixed());
  await beside('hot-pair-64-debug', 'hot', hot(true));
  await beside('churn-64-debug', 'churn', churn(true));
  peer?.stop();

  // The bench helper fails when anything is collected; all run through more than ten million pairs.
  await bench({ case: 'hot-pair-64, no garbage', ours: hot(false), opsPerCall: OPS, noGc: true });
  await bench({ case: 'churn-64, no garbage', ours: churn(false), opsPerCall: OPS, noGc: true });
  await bench({ case: 'bulk, no garbage', ours: bulk(), opsPerCall: OPS, noGc: true });
  await bench({ case: 'mixed-sizes, no garbage', ours: mixed(), opsPerCall: OPS, noGc: true });
});
