/**
 * Conformance kit of schedulers: what every implementation must do, under any runner with `describe` and `it`.
 *
 * Random sequences of operations check, on one to four CPUs: no thread is lost, doubled, or runs on two CPUs or where it may
 * not; no CPU idles while one waits that may run there; the highest class runs; time is accounted for. Then: order within a
 * real-time level, round robin, shares in proportion to weight within a stated bound, that sleeping wins no time, and even
 * shares on several CPUs.
 */
import type { CpuId, Nanoseconds, ThreadId } from '@veridian-os/abi';
import * as fc from 'fast-check';
import { SchedulingClass } from './api.js';
import { SchedulerRun, expectSame, schedulerCommands, type MakeScheduler } from './testing/run.js';
import { checkEvenness, checkShares, runOnCpus, runSleeper, type Nap } from './testing/shares.js';

export {
  SchedulerRun,
  rankOf,
  schedulerCommand,
  schedulerCommands,
  threadParameters,
  type MakeScheduler,
  type SchedulerCommand,
  type SchedulerSizes,
} from './testing/run.js';
export { checkEvenness, checkShares, runOnCpus, runSleeper, type Nap, type SleeperResult } from './testing/shares.js';

/** The part of jest, vitest and node:test that the kit uses. */
export interface Runner {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => void): unknown;
}

const CPU = 0 as CpuId;
const START = 0 as Nanoseconds;

/** Wakes threads of one class and priority in order of their ids and lets each run until it blocks. */
function orderOf(make: MakeScheduler, kind: SchedulingClass, count: number): number[] {
  const scheduler = make({ cpus: 1, maxThreads: count });
  for (let thread = 0; thread < count; thread++) {
    scheduler.addThread(thread as ThreadId, { class: kind, priority: 7 });
    scheduler.wake(thread as ThreadId, START);
  }
  return Array.from({ length: count }, () => {
    const thread = scheduler.pick(CPU, START);
    scheduler.block(thread as ThreadId, START);
    return thread;
  });
}

/** Lets three threads run for whole slices. @returns who ran */
function turnsOf(make: MakeScheduler, kind: SchedulingClass, turns: number): number[] {
  const scheduler = make({ cpus: 1, maxThreads: 3 });
  for (let thread = 0; thread < 3; thread++) {
    scheduler.addThread(thread as ThreadId, { class: kind, priority: 1 });
    scheduler.wake(thread as ThreadId, START);
  }
  let now = 0;
  return Array.from({ length: turns }, () => {
    const thread = scheduler.pick(CPU, now as Nanoseconds);
    const slice = Math.min(scheduler.slice(CPU), 1e9);
    now += slice;
    scheduler.charge(CPU, slice as Nanoseconds, now as Nanoseconds);
    return thread;
  });
}

function realTimeCases({ it }: Runner, make: MakeScheduler): void {
  for (const kind of [SchedulingClass.RealTimeFifo, SchedulingClass.RealTimeRoundRobin] as const)
    it(`runs real-time threads of one priority in order of arrival, class ${kind}`, () => {
      const count = 40;
      expectSame('order', Array.from({ length: count }, (_, i) => i).join(), orderOf(make, kind, count).join());
    });

  it('lets a FIFO thread run until it blocks, and others take turns', () => {
    expectSame('FIFO', '0,0,0,0', turnsOf(make, SchedulingClass.RealTimeFifo, 4).join());
    expectSame('round robin', '0,1,2,0,1,2', turnsOf(make, SchedulingClass.RealTimeRoundRobin, 6).join());
    expectSame('fair', '0,1,2', turnsOf(make, SchedulingClass.Fair, 6).slice(0, 3).sort().join());
    expectSame('idle', '0,1,2,0,1,2', turnsOf(make, SchedulingClass.Idle, 6).join());
  });

  it('gives a preempted thread its place back and a yielding one the last', () => {
    const scheduler = make({ cpus: 1, maxThreads: 4 });
    for (let thread = 0; thread < 4; thread++)
      scheduler.addThread(thread as ThreadId, { class: SchedulingClass.RealTimeFifo, priority: thread === 3 ? 9 : 5 });
    for (let thread = 0; thread < 3; thread++) scheduler.wake(thread as ThreadId, START);
    expectSame('first', 0, scheduler.pick(CPU, START));
    expectSame('wake of a higher priority', CPU, scheduler.wake(3 as ThreadId, START));
    expectSame('preempting', 3, scheduler.pick(CPU, START));
    scheduler.block(3 as ThreadId, START);
    expectSame('preempted', 0, scheduler.pick(CPU, START));
    scheduler.yield(0 as ThreadId, START);
    const rest = [1, 2, 0].map((thread) => {
      expectSame('after yielding', thread, scheduler.pick(CPU, START));
      scheduler.block(thread as ThreadId, START);
      return thread;
    });
    expectSame('all ran', 3, rest.length);
  });
}

const nice = fc.integer({ min: -20, max: 19 });
const part = fc.oneof(fc.constant(1), fc.double({ min: 0.05, max: 1, noNaN: true }));
/** Sleeps so short that only the wakes themselves can win anything, and runs and sleeps of any length. */
const naps: fc.Arbitrary<Nap[]> = fc.oneof(
  fc.array(fc.record({ runNs: fc.integer({ min: 1e5, max: 5e6 }), sleepNs: fc.integer({ min: 1, max: 1e5 }) }), {
    minLength: 50,
    maxLength: 100,
  }),
  fc.array(fc.record({ runNs: fc.integer({ min: 1e3, max: 500e6 }), sleepNs: fc.integer({ min: 1, max: 1e9 }) }), {
    minLength: 1,
    maxLength: 20,
  }),
);
/** What one wake may be worth: slices of common schedulers are shorter. */
const CREDIT_NS = 25e6;

function fairCases({ it }: Runner, make: MakeScheduler, runs: number): void {
  it('shares a CPU in proportion to weight', () => {
    fc.assert(
      fc.property(
        fc.array(nice, { minLength: 1, maxLength: 12 }),
        fc.array(part, { minLength: 1 }),
        (nices, lengths) => {
          checkShares(make, nices, lengths, 5000);
        },
      ),
      { numRuns: runs },
    );
  });

  it('lets no thread win or save up time by sleeping, nor wait long after it', () => {
    fc.assert(
      fc.property(naps, (turns) => {
        const { busyNs, sleeperNs, waitNs, streakNs } = runSleeper(make, turns);
        const details = `busy ${busyNs} ns, sleeper ${sleeperNs} ns, longest wait ${waitNs} ns, longest run ${streakNs} ns`;
        if (sleeperNs > busyNs + CREDIT_NS) throw new Error(`the sleeper won time: ${details}`);
        if (streakNs > 2 * CREDIT_NS) throw new Error(`the sleeper saved up time: ${details}`);
        if (waitNs > 2 * CREDIT_NS) throw new Error(`the sleeper waits too long: ${details}`);
      }),
      { numRuns: runs },
    );
  });
}

const SECOND = 1e9;

function balanceCases({ it }: Runner, make: MakeScheduler): void {
  it('gives threads of one weight the same on several CPUs, whatever their number', () => {
    for (const [cpus, threads] of [
      [2, 3],
      [2, 5],
      [3, 4],
      [4, 5],
      [4, 7],
      [4, 9],
    ] as const) {
      checkEvenness(make, cpus, threads);
    }
  });

  it('leaves threads that may run on one CPU only there, and the others the rest', () => {
    const pinned = { class: SchedulingClass.Fair, affinity: 1 };
    const free = { class: SchedulingClass.Fair };
    const [first, second, third] = runOnCpus(make, 2, [pinned, pinned, free], SECOND);
    if (first < 0.4 * SECOND || second < 0.4 * SECOND || third < 0.9 * SECOND)
      throw new Error(
        `two pinned threads and a free one on two CPUs got ${[first, second, third].join()} ns of a second`,
      );
  });

  it('lets a heavy thread have a CPU for itself', () => {
    const [heavy, light] = [-10, 0].map((value) => ({ class: SchedulingClass.Fair, nice: value }));
    const [got] = runOnCpus(make, 2, [heavy, light, light], SECOND);
    if (got < 0.9 * SECOND)
      throw new Error(`a thread of nice -10 beside two of nice 0 on two CPUs got ${got} ns of a second`);
  });

  it('keeps no fair thread behind a real-time one while another CPU runs fair threads', () => {
    const hog = { class: SchedulingClass.RealTimeFifo, affinity: 1 };
    const free = { class: SchedulingClass.Fair };
    const [, ...others] = runOnCpus(make, 2, [hog, free, free, free], SECOND);
    if (Math.min(...others) < SECOND / 5)
      throw new Error(`three fair threads beside a real-time one on two CPUs got ${others.join()} ns of a second`);
  });
}

/** Each of 53 CPUs runs the one thread that may run nowhere else. */
function affinityCase({ it }: Runner, make: MakeScheduler): void {
  it('tells 53 CPUs apart', () => {
    const cpus = 53;
    const scheduler = make({ cpus, maxThreads: cpus });
    for (let thread = 0; thread < cpus; thread++) {
      const affinity = 2 ** (cpus - 1 - thread);
      expectSame('addThread', 0, scheduler.addThread(thread as ThreadId, { class: SchedulingClass.Fair, affinity }));
      expectSame('wake', cpus - 1 - thread, scheduler.wake(thread as ThreadId, START));
    }
    for (let cpu = 0; cpu < cpus; cpu++) expectSame('pick', cpus - 1 - cpu, scheduler.pick(cpu as CpuId, START));
  });
}

/** @param runs sequences per property */
export function schedulerKit(runner: Runner, make: MakeScheduler, runs = 300): void {
  const { describe, it } = runner;
  describe('scheduler', () => {
    for (const cpus of [1, 2, 4])
      it(`loses, doubles and misplaces no thread, ${cpus} CPUs`, () => {
        fc.assert(
          fc.property(schedulerCommands, (commands) => {
            const run = new SchedulerRun(make, cpus);
            for (const command of commands) run.step(command);
            run.drain();
          }),
          { numRuns: runs },
        );
      });

    affinityCase(runner, make);
    realTimeCases(runner, make);
    fairCases(runner, make, Math.ceil(runs / 5));
    balanceCases(runner, make);
  });
}
