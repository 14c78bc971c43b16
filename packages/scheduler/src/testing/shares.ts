/** Fair threads that never stop, and one that sleeps as it likes: who got how much. */
import type { CpuId, Nanoseconds, ThreadId } from '@veridian-os/abi';
import { SchedulingClass, type Scheduler, type ThreadParameters } from '../api.js';
import type { MakeScheduler } from './run.js';

// A global that is looked up in a loop costs much inside a test runner's sandbox.
const { abs, ceil, max, min, round } = Math;
const CPU = 0 as CpuId;

/** Linux's weights of nice -20 to 19. */
const WEIGHT_OF_NICE = [
  88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916, 9548, 7620, 6100, 4904, 3906, 3121, 2501, 1991,
  1586, 1277, 1024, 820, 655, 526, 423, 335, 272, 215, 172, 137, 110, 87, 70, 56, 45, 36, 29, 23, 18, 15,
];

function addFair(scheduler: Scheduler, nices: readonly number[]): void {
  nices.forEach((nice, thread) => {
    scheduler.addThread(thread as ThreadId, { class: SchedulingClass.Fair, nice });
    scheduler.wake(thread as ThreadId, 0 as Nanoseconds);
  });
}

/**
 * Runs always-runnable threads of the given nice values on one CPU for `rounds` picks, each until its slice is over or, where
 * `lengths` says so, for that part of it.
 *
 * Each may be off its exact share T * w / W by the length S of the longest run, once for its own runs and once for its part
 * of what all n others are off: S * (1 + n * w / W).
 * @throws Error when a share is off by more
 */
export function checkShares(
  make: MakeScheduler,
  nices: readonly number[],
  lengths: readonly number[],
  rounds: number,
): void {
  const scheduler = make({ cpus: 1, maxThreads: nices.length });
  addFair(scheduler, nices);
  let now = 0;
  let longest = 0;
  for (let round = 0, ran = 0; round < rounds; round++) {
    const before = scheduler.current(CPU);
    const thread = scheduler.pick(CPU, now as Nanoseconds);
    if (thread !== before) ran = 0;
    const part = lengths[round % lengths.length];
    const used = ceil(scheduler.slice(CPU) * part);
    now += used;
    ran += used;
    longest = max(longest, ran);
    if (scheduler.charge(CPU, used as Nanoseconds, now as Nanoseconds)) ran = 0;
  }
  const weights = nices.map((nice) => WEIGHT_OF_NICE[nice + 20]);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  weights.forEach((weight, thread) => {
    const exact = (now * weight) / total;
    const bound = longest * (1 + (nices.length * weight) / total);
    const got = scheduler.cpuTime(thread as ThreadId);
    if (got < exact - bound || got > exact + bound)
      throw new Error(
        `nice ${nices[thread]} of ${nices.join()}: got ${got} ns, exact ${exact}, allowed off by ${bound}`,
      );
  });
}

/** One turn of the sleeper: it runs for `runNs` in all, then sleeps for `sleepNs`. */
export interface Nap {
  readonly runNs: number;
  readonly sleepNs: number;
}

/** Nanoseconds. */
export interface SleeperResult {
  readonly busyNs: number;
  readonly sleeperNs: number;
  /** Longest that the sleeper had to wait from a wake to its first run. */
  readonly waitNs: number;
  /** Longest that it ran while the busy thread waited. */
  readonly streakNs: number;
}

/** Lets thread 1 run and sleep as it likes against thread 0, of the same weight, which never stops. */
export function runSleeper(make: MakeScheduler, naps: readonly Nap[]): SleeperResult {
  const scheduler = make({ cpus: 1, maxThreads: 2 });
  const [busy, sleeper] = [0, 1] as ThreadId[];
  addFair(scheduler, [0, 0]);
  let now = 0;
  let waitNs = 0;
  let streakNs = 0;
  let streak = 0;
  /** One turn of at most `limit` nanoseconds, which depends on who has it. @returns what the sleeper got */
  const run = (limit: (thread: number) => number): number => {
    const thread = scheduler.pick(CPU, now as Nanoseconds);
    const used = max(1, min(scheduler.slice(CPU), limit(thread)));
    now += used;
    scheduler.charge(CPU, used as Nanoseconds, now as Nanoseconds);
    streak = thread === sleeper ? streak + used : 0;
    streakNs = max(streakNs, streak);
    return thread === sleeper ? used : 0;
  };
  for (const { runNs, sleepNs } of naps) {
    const woke = now;
    for (let left = runNs; left > 0;) {
      const used = run((thread) => (thread === sleeper ? left : Infinity));
      if (used > 0 && left === runNs) waitNs = max(waitNs, now - used - woke);
      left -= used;
    }
    scheduler.block(sleeper, now as Nanoseconds);
    for (const end = now + sleepNs; now < end;) run(() => end - now);
    scheduler.wake(sleeper, now as Nanoseconds);
  }
  return { busyNs: scheduler.cpuTime(busy), sleeperNs: scheduler.cpuTime(sleeper), waitNs, streakNs };
}

/** Longest run between two looks at the scheduler, of several CPUs. */
const TICK_NS = 1e6;

/**
 * Runs always-runnable fair threads on several CPUs at once, each CPU on a clock of its own.
 * @param threads parameters of each
 * @param forNs how long
 * @returns nanoseconds that each thread got
 */
export function runOnCpus(
  make: MakeScheduler,
  cpus: number,
  threads: readonly ThreadParameters[],
  forNs: number,
): number[] {
  const scheduler = make({ cpus, maxThreads: threads.length });
  threads.forEach((parameters, thread) => {
    scheduler.addThread(thread as ThreadId, parameters);
    scheduler.wake(thread as ThreadId, 0 as Nanoseconds);
  });
  const clocks = Array.from({ length: cpus }, () => 0);
  const ran = Array.from({ length: cpus }, () => 0);
  for (;;) {
    const now = min(...clocks);
    if (now >= forNs) break;
    const cpu = clocks.indexOf(now) as CpuId;
    if (ran[cpu] > 0) scheduler.charge(cpu, ran[cpu] as Nanoseconds, now as Nanoseconds);
    const isBusy = scheduler.pick(cpu, now as Nanoseconds) >= 0;
    const used = max(1, min(TICK_NS, isBusy ? scheduler.slice(cpu) : TICK_NS));
    ran[cpu] = isBusy ? used : 0;
    clocks[cpu] = now + used;
  }
  return threads.map((_, thread) => scheduler.cpuTime(thread as ThreadId));
}

/**
 * Threads of one weight that never stop, more of them than CPUs: each must get its part of all CPUs together, whatever the
 * numbers. Off by at most a sixth after `forNs`.
 * @throws Error when one is off by more
 */
export function checkEvenness(make: MakeScheduler, cpus: number, threads: number, forNs = 2e9): void {
  const parameters = Array.from({ length: threads }, () => ({ class: SchedulingClass.Fair }));
  const got = runOnCpus(make, cpus, parameters, forNs);
  const exact = (forNs * cpus) / threads;
  const off = max(...got.map((each) => abs(each - exact) / exact));
  if (off > 1 / 6)
    throw new Error(`${threads} threads on ${cpus} CPUs: each should get ${exact} ns, got ${got.map(round).join()}`);
}
