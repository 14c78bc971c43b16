/**
 * pick-CLASS-N       one decision of a kernel with N runnable threads of a class on one CPU: charge what the current thread
 *                    used, make room for the next one, pick it. Fair, round-robin and idle threads use up their slices, FIFO
 *                    threads yield. Fair threads have all nice values; the others are of one priority, so that each decision
 *                    touches another thread.
 * pick-levels-N      real-time threads of all 256 priorities: the current one blocks, the next is picked, the first one wakes
 * pick-wakeup-N      fair threads of all nice values: one wakes, preempts or not, another one is picked and blocks
 * Peer               for pick-fair: a binary heap of objects by virtual time, as one would write it
 */
import { SchedulingClass, createScheduler } from '@veridian-os/scheduler';
import { suite } from '../../../tools/bench.mjs';

const CPU = 0;
const PICKS = 1000;

/** Times stay below 2^31, where a number needs no box: what is measured is the scheduler, not its caller's clock. */
const WRAP = 1e9;

/** Deterministic noise. */
function random(seed) {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0);
}

function filled(count, parametersOf) {
  const scheduler = createScheduler({ maxThreads: Math.max(count, 2) });
  const next = random(count);
  for (let thread = 0; thread < count; thread++) {
    if (scheduler.addThread(thread, parametersOf(next())) !== 0) throw new Error(`thread ${thread} was refused`);
    scheduler.wake(thread, 0);
  }
  return scheduler;
}

/** Each decision takes the whole slice, so that the next one chooses among all. */
function decisions(scheduler, yields) {
  let now = 0;
  return () => {
    for (let i = 0; i < PICKS; i++) {
      const thread = scheduler.pick(CPU, now);
      const used = yields ? 1000 : scheduler.slice(CPU);
      now = (now + used) % WRAP;
      scheduler.charge(CPU, used, now);
      if (yields) scheduler.yield(thread, now);
    }
  };
}

const fair = (noise) => ({ class: SchedulingClass.Fair, nice: (noise % 40) - 20 });
const realTime = (noise) => ({ class: SchedulingClass.RealTimeFifo, priority: noise >>> 24 });

function wakeups(scheduler) {
  let now = 0;
  let sleeper = scheduler.pick(CPU, now);
  scheduler.block(sleeper, now);
  return () => {
    for (let i = 0; i < PICKS; i++) {
      now = (now + 10_000) % WRAP;
      scheduler.wake(sleeper, now);
      sleeper = scheduler.pick(CPU, now);
      scheduler.charge(CPU, 10_000, now);
      scheduler.block(sleeper, now);
    }
  };
}

/** Half of the threads sleep; the one that runs blocks, and the one that has slept longest wakes. */
function levels(scheduler, count) {
  const sleeping = new Int32Array(count >> 1);
  for (let i = 0; i < sleeping.length; i++) {
    sleeping[i] = scheduler.pick(CPU, 0);
    scheduler.block(sleeping[i], 0);
  }
  let at = 0;
  return () => {
    for (let i = 0; i < PICKS; i++) {
      const thread = scheduler.pick(CPU, 0);
      scheduler.charge(CPU, 1000, 0);
      scheduler.block(thread, 0);
      scheduler.wake(sleeping[at], 0);
      sleeping[at] = thread;
      at = at + 1 === sleeping.length ? 0 : at + 1;
    }
  };
}

/** The peer: objects in a binary heap. */
function objectHeap(count) {
  const next = random(count);
  const heap = Array.from({ length: count }, (_, id) => ({ id, key: 0, rate: 0.1 + (next() % 1000) / 100 }));
  return () => {
    for (let i = 0; i < PICKS; i++) {
      const thread = heap[0];
      thread.key += 3e6 * thread.rate;
      let hole = 0;
      for (let child = 1; child < heap.length; child = 2 * hole + 1) {
        if (child + 1 < heap.length && heap[child + 1].key < heap[child].key) child++;
        if (heap[child].key >= thread.key) break;
        heap[hole] = heap[child];
        hole = child;
      }
      heap[hole] = thread;
    }
  };
}

const CLASSES = {
  fifo: [() => ({ class: SchedulingClass.RealTimeFifo, priority: 7 }), true],
  rr: [() => ({ class: SchedulingClass.RealTimeRoundRobin, priority: 7 }), false],
  fair: [fair, false],
  idle: [() => ({ class: SchedulingClass.Idle }), false],
};

await suite(async ({ bench }) => {
  // Setting up a large case leaves garbage of its own, which may be collected while it runs.
  for (const count of [10, 100_000]) {
    const shared = { opsPerCall: PICKS, noGc: count === 10 };
    for (const [name, [parametersOf, yields]] of Object.entries(CLASSES)) {
      const ours = decisions(filled(count, parametersOf), yields);
      const peer = name === 'fair' ? { peer: 'binary heap of objects', peerFn: objectHeap(count) } : {};
      await bench({ case: `pick-${name}-${count}`, ours, ...peer, ...shared });
    }
    await bench({ case: `pick-levels-${count}`, ours: levels(filled(count, realTime), count), ...shared });
    await bench({ case: `pick-wakeup-${count}`, ours: wakeups(filled(count, fair)), ...shared });
  }
});
