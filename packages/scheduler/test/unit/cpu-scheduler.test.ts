import { beforeEach, describe, expect, it } from '@jest/globals';
import { EEXIST, EINVAL, ENOMEM, ESRCH, type CpuId, type Nanoseconds, type ThreadId } from '@veridian-os/abi';
import {
  CpuScheduler,
  SchedulingClass,
  UNLIMITED_SLICE,
  createScheduler,
  type ThreadParameters,
} from '../../src/index.js';

const { RealTimeFifo, RealTimeRoundRobin, Fair, Idle } = SchedulingClass;
const [A, B, C] = [0, 1, 2] as ThreadId[];
const [CPU0, CPU1] = [0, 1] as CpuId[];
const ns = (value: number): Nanoseconds => value as Nanoseconds;

let scheduler: CpuScheduler;

function start(thread: ThreadId, parameters: ThreadParameters, now = 0): number {
  expect(scheduler.addThread(thread, parameters)).toBe(0);
  return scheduler.wake(thread, ns(now));
}

beforeEach(() => {
  scheduler = createScheduler({ maxThreads: 4 });
});

describe('construction', () => {
  it.each([
    { cpus: 0 },
    { cpus: 4097 },
    { maxThreads: 0 },
    { maxThreads: 2 ** 20 + 1 },
    { fairSliceNs: 0 },
    { roundRobinSliceNs: 1.5 },
  ])('refuses %p with a RangeError that names it', (options) => {
    expect(() => new CpuScheduler(options)).toThrow(RangeError);
    expect(() => new CpuScheduler(options)).toThrow(Object.keys(options)[0]);
  });
});

describe('threads', () => {
  it('are known once, within the table', () => {
    expect(scheduler.addThread(A, { class: Fair })).toBe(0);
    expect(scheduler.addThread(A, { class: Fair })).toBe(EEXIST);
    expect(scheduler.addThread(4 as ThreadId, { class: Fair })).toBe(ENOMEM);
    expect(scheduler.addThread(-1 as ThreadId, { class: Fair })).toBe(EINVAL);
    expect(scheduler.addThread(0.5 as ThreadId, { class: Fair })).toBe(EINVAL);
    expect(scheduler.setParameters(B, { class: Fair })).toBe(ESRCH);
    scheduler.removeThread(B);
    scheduler.removeThread(99 as ThreadId);
    expect(scheduler.isRunnable(99 as ThreadId)).toBe(false);
  });

  it.each<ThreadParameters>([
    { class: 4 as SchedulingClass },
    { class: -1 as unknown as SchedulingClass },
    { class: RealTimeFifo, priority: 256 },
    { class: RealTimeFifo, priority: -1 },
    { class: RealTimeFifo, priority: 0.5 },
    { class: Fair, nice: -21 },
    { class: Fair, nice: 20 },
    { class: Fair, affinity: 0 },
    { class: Fair, affinity: 2 },
    { class: Fair, affinity: 2 ** 53 },
    { class: Fair, affinity: -(2 ** 31) - 1 },
  ])('with parameters %p are EINVAL and change nothing', (parameters) => {
    expect(scheduler.addThread(A, parameters)).toBe(EINVAL);
    expect(start(A, { class: RealTimeFifo, priority: 5 })).toBe(0);
    expect(scheduler.setParameters(A, parameters)).toBe(EINVAL);
    expect(scheduler.pick(CPU0, ns(0))).toBe(A);
  });

  it('that do not exist cannot be woken, blocked or made to yield', () => {
    for (const thread of [A, -1 as ThreadId, 99 as ThreadId]) {
      expect(() => scheduler.wake(thread, ns(0))).toThrow('scheduler/thread');
      expect(() => scheduler.block(thread, ns(0))).toThrow('scheduler/thread');
      expect(() => scheduler.yield(thread, ns(0))).toThrow('scheduler/thread');
    }
  });

  it('leave nothing behind when they are removed', () => {
    start(A, { class: Fair });
    start(B, { class: Fair });
    scheduler.pick(CPU0, ns(0));
    scheduler.charge(CPU0, ns(500), ns(500));
    scheduler.removeThread(A);
    scheduler.removeThread(B);
    expect([scheduler.runnableCount, scheduler.current(CPU0), scheduler.pick(CPU0, ns(500))]).toEqual([0, -1, -1]);
    start(A, { class: Fair });
    expect([scheduler.cpuTime(A), scheduler.waitTime(A)]).toEqual([0, 0]);
  });
});

describe('one CPU', () => {
  it('knows an idle CPU', () => {
    expect(scheduler.pick(CPU0, ns(0))).toBe(-1);
    expect(scheduler.slice(CPU0)).toBe(UNLIMITED_SLICE);
    expect(scheduler.charge(CPU0, ns(100), ns(100))).toBe(false);
  });

  it('stacks the classes', () => {
    start(A, { class: Idle });
    start(B, { class: Fair });
    start(C, { class: RealTimeRoundRobin, priority: 0 });
    for (const thread of [C, B, A]) {
      expect(scheduler.pick(CPU0, ns(0))).toBe(thread);
      scheduler.block(thread, ns(0));
    }
  });

  it('asks for a decision only when somebody better or equal waits', () => {
    expect(start(A, { class: Fair })).toBe(CPU0);
    scheduler.pick(CPU0, ns(0));
    expect(start(B, { class: Idle })).toBe(-1);
    expect(scheduler.charge(CPU0, ns(3e6), ns(3e6))).toBe(false);
    expect(start(C, { class: RealTimeFifo })).toBe(CPU0);
    expect(scheduler.needsDecision(CPU0)).toBe(true);
    expect(scheduler.charge(CPU0, ns(1), ns(3e6))).toBe(true);
    expect(scheduler.pick(CPU0, ns(3e6))).toBe(C);
    expect(scheduler.needsDecision(CPU0)).toBe(false);
  });

  it('keeps the current thread until its slice is over', () => {
    start(A, { class: Fair });
    start(B, { class: Fair });
    expect(scheduler.pick(CPU0, ns(0))).toBe(A);
    expect(scheduler.slice(CPU0)).toBe(3e6);
    expect(scheduler.charge(CPU0, ns(2e6), ns(2e6))).toBe(false);
    expect(scheduler.pick(CPU0, ns(2e6))).toBe(A);
    expect(scheduler.slice(CPU0)).toBe(1e6);
    expect(scheduler.charge(CPU0, ns(1.5e6), ns(3.5e6))).toBe(true);
    expect(scheduler.slice(CPU0)).toBe(0);
    expect(scheduler.pick(CPU0, ns(3.5e6))).toBe(B);
    expect(scheduler.slice(CPU0)).toBe(3e6);
  });

  it('renews the slice of a thread that nobody waits for', () => {
    start(A, { class: RealTimeRoundRobin });
    scheduler.pick(CPU0, ns(0));
    expect(scheduler.charge(CPU0, ns(100e6), ns(100e6))).toBe(false);
    expect(scheduler.slice(CPU0)).toBe(100e6);
  });

  it('never ends the slice of a FIFO thread', () => {
    start(A, { class: RealTimeFifo });
    start(B, { class: RealTimeFifo });
    scheduler.pick(CPU0, ns(0));
    expect(scheduler.charge(CPU0, ns(1e12), ns(1e12))).toBe(false);
    expect(scheduler.slice(CPU0)).toBe(UNLIMITED_SLICE);
    scheduler.yield(A, ns(1e12));
    expect(scheduler.pick(CPU0, ns(1e12))).toBe(B);
    scheduler.block(B, ns(1e12));
    expect(scheduler.pick(CPU0, ns(1e12))).toBe(A);
    expect(scheduler.slice(CPU0)).toBe(UNLIMITED_SLICE);
  });

  it('ignores a yield with nobody to yield to, and one of a thread that does not run', () => {
    start(A, { class: Fair });
    scheduler.pick(CPU0, ns(0));
    scheduler.yield(A, ns(0));
    expect([scheduler.needsDecision(CPU0), scheduler.slice(CPU0)]).toEqual([false, 3e6]);
    start(B, { class: Fair });
    scheduler.yield(B, ns(0));
    expect(scheduler.pick(CPU0, ns(0))).toBe(A);
    scheduler.yield(A, ns(0));
    expect(scheduler.pick(CPU0, ns(0))).toBe(B);
  });

  it('takes a yield of the fair class for a whole slice', () => {
    start(A, { class: Fair });
    start(B, { class: Fair });
    let now = 0;
    for (let i = 0; i < 2000; i++) {
      const thread = scheduler.pick(CPU0, ns(now)) as ThreadId;
      const used = thread === A ? 1000 : scheduler.slice(CPU0);
      now += used;
      scheduler.charge(CPU0, ns(used), ns(now));
      if (thread === A) scheduler.yield(A, ns(now));
    }
    expect(scheduler.cpuTime(A) / now).toBeLessThan(0.001);
    expect(scheduler.cpuTime(A)).toBeGreaterThan(900 * 1000);
  });

  it('lets a thread that blocked and woke before anybody was chosen go on', () => {
    start(A, { class: Fair });
    start(B, { class: Fair });
    scheduler.pick(CPU0, ns(0));
    scheduler.block(A, ns(10));
    expect([scheduler.current(CPU0), scheduler.isRunnable(A), scheduler.runnableCount]).toEqual([A, false, 1]);
    expect(scheduler.charge(CPU0, ns(10), ns(10))).toBe(true);
    expect(scheduler.wake(A, ns(10))).toBe(-1);
    expect([scheduler.runnableCount, scheduler.cpuTime(A)]).toEqual([2, 10]);
  });

  it('lets a waking thread preempt only when it is far enough behind', () => {
    start(A, { class: Fair });
    start(B, { class: Fair });
    scheduler.pick(CPU0, ns(0));
    scheduler.block(A, ns(0));
    expect(scheduler.pick(CPU0, ns(0))).toBe(B);
    scheduler.charge(CPU0, ns(0.9e6), ns(0.9e6));
    expect(scheduler.wake(A, ns(0.9e6))).toBe(-1);
    scheduler.block(A, ns(0.9e6));
    scheduler.charge(CPU0, ns(0.2e6), ns(1.1e6));
    expect(scheduler.wake(A, ns(1.1e6))).toBe(CPU0);
    expect(scheduler.pick(CPU0, ns(1.1e6))).toBe(A);
  });

  it('measures how long threads waited', () => {
    start(A, { class: Fair });
    start(B, { class: Fair }, 100);
    scheduler.pick(CPU0, ns(200));
    scheduler.charge(CPU0, ns(3e6), ns(3_000_200));
    expect(scheduler.pick(CPU0, ns(3_000_200))).toBe(B);
    expect([scheduler.waitTime(A), scheduler.waitTime(B)]).toEqual([200, 3_000_100]);
  });
});

describe('setParameters', () => {
  it('moves a waiting thread between classes', () => {
    start(A, { class: Fair });
    start(B, { class: Fair });
    expect(scheduler.setParameters(B, { class: RealTimeFifo, priority: 3 })).toBe(0);
    expect(scheduler.pick(CPU0, ns(0))).toBe(B);
    expect(scheduler.setParameters(B, { class: Idle })).toBe(0);
    expect(scheduler.pick(CPU0, ns(0))).toBe(A);
  });

  it('starts a thread that comes to the fair class anew', () => {
    start(A, { class: Fair });
    start(B, { class: RealTimeFifo });
    let now = 0;
    const run = (): ThreadId => {
      const thread = scheduler.pick(CPU0, ns(now)) as ThreadId;
      const used = Math.min(3e6, scheduler.slice(CPU0));
      now += used;
      scheduler.charge(CPU0, ns(used), ns(now));
      return thread;
    };
    for (let i = 0; i < 100; i++) run();
    scheduler.setParameters(B, { class: Fair });
    const ran = Array.from({ length: 100 }, run);
    expect(ran.filter((thread) => thread === B).length).toBeGreaterThan(48);
    expect(ran.filter((thread) => thread === A).length).toBeGreaterThan(48);
  });
});

describe('two CPUs', () => {
  beforeEach(() => {
    scheduler = createScheduler({ cpus: 2, maxThreads: 4 });
  });

  it('share the load', () => {
    expect(start(A, { class: Fair })).toBe(CPU0);
    expect(scheduler.pick(CPU0, ns(0))).toBe(A);
    expect(start(B, { class: Fair })).toBe(CPU1);
    expect(scheduler.pick(CPU1, ns(0))).toBe(B);
    expect(start(C, { class: Fair })).toBe(-1);
    scheduler.block(B, ns(0));
    expect(scheduler.pick(CPU1, ns(0))).toBe(C);
  });

  it('give a real-time thread the CPU that it outranks', () => {
    start(A, { class: RealTimeFifo, priority: 9 });
    scheduler.pick(CPU0, ns(0));
    start(B, { class: Fair });
    scheduler.pick(CPU1, ns(0));
    expect(start(C, { class: RealTimeFifo, priority: 5 })).toBe(CPU1);
    expect(scheduler.pick(CPU1, ns(0))).toBe(C);
  });

  it('keep threads where they may run', () => {
    start(A, { class: Fair, affinity: 1 });
    expect(start(B, { class: Fair, affinity: 1 })).toBe(CPU0);
    expect(scheduler.pick(CPU1, ns(0))).toBe(-1);
    expect(scheduler.pick(CPU0, ns(0))).toBe(A);
    expect(scheduler.setParameters(A, { class: Fair, affinity: 2 })).toBe(0);
    expect(scheduler.needsDecision(CPU0)).toBe(true);
    expect(scheduler.pick(CPU0, ns(0))).toBe(B);
    expect(scheduler.needsDecision(CPU1)).toBe(true);
    expect(scheduler.pick(CPU1, ns(0))).toBe(A);
  });

  it('understand masks with bit 31 and above', () => {
    const wide = createScheduler({ cpus: 40, maxThreads: 4 });
    for (const [affinity, cpu] of [
      [1 << 31, 31],
      [2 ** 31, 31],
      [2 ** 39, 39],
      [2 ** 39 + 2 ** 32, 32],
    ]) {
      expect(wide.addThread(A, { class: Fair, affinity })).toBe(0);
      expect(wide.wake(A, ns(0))).toBe(cpu);
      wide.removeThread(A);
    }
  });

  it('carry a thread’s distance to the floor from one to the other', () => {
    start(A, { class: Fair, affinity: 1 });
    start(B, { class: Fair, affinity: 2 });
    let now = 0;
    for (let i = 0; i < 1000; i++, now += 3e6)
      for (const cpu of [CPU0, CPU1]) {
        scheduler.pick(cpu, ns(now));
        scheduler.charge(cpu, ns(cpu === CPU0 ? 3e6 : 3e3), ns(now));
      }
    scheduler.setParameters(A, { class: Fair, affinity: 2 });
    scheduler.pick(CPU0, ns(now));
    const ran = Array.from({ length: 20 }, () => {
      const thread = scheduler.pick(CPU1, ns(now));
      now += 3e6;
      scheduler.charge(CPU1, ns(3e6), ns(now));
      return thread;
    });
    expect(ran.filter((thread) => thread === A)).toHaveLength(10);
  });
});

describe('determinism', () => {
  it('gives the same answers to the same calls', () => {
    const trace = (): string => {
      const one = createScheduler({ cpus: 3, maxThreads: 16 });
      const answers: number[] = [];
      for (let thread = 0; thread < 16; thread++) {
        one.addThread(thread as ThreadId, {
          class: thread % 5 === 0 ? RealTimeRoundRobin : Fair,
          nice: (thread % 9) - 4,
        });
        answers.push(one.wake(thread as ThreadId, ns(thread)));
      }
      for (let i = 0; i < 2000; i++) {
        const cpu = (i % 3) as CpuId;
        const thread = one.pick(cpu, ns(i * 1000));
        answers.push(thread, Number(one.charge(cpu, ns((i * 7919) % 5e6), ns(i * 1000))));
        if (i % 7 === 0 && thread >= 0) one.block(thread as ThreadId, ns(i * 1000));
        if (i % 3 === 0) answers.push(one.wake((i % 16) as ThreadId, ns(i * 1000)));
      }
      return answers.join();
    };
    expect(trace()).toBe(trace());
  });
});
