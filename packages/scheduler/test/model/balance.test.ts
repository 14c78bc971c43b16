/**
 * Periodic balancing beside a naive model: lists of threads, everything counted anew at each look, no heap, no bound on how
 * many are looked at. Where the scheduler has threads is asked with `cpuOf`.
 */
import { expect, it } from '@jest/globals';
import type { CpuId, Nanoseconds, ThreadId } from '@veridian-os/abi';
import * as fc from 'fast-check';
import { SchedulingClass, createScheduler, type CpuScheduler } from '../../src/index.js';
import { weightOfNice } from '../../src/internal/weights.js';

const CPUS = 3;
const THREADS = 7;
const SLICE = 100;
const PERIOD = 400;

interface ModelThread {
  readonly id: ThreadId;
  readonly weight: number;
  readonly rank: number;
  readonly affinity: number;
  isRunnable: boolean;
  /** When it was last moved. */
  moved: number;
}

class BalanceModel {
  readonly threads: ModelThread[] = [];
  private readonly scheduler: CpuScheduler;
  /** Earliest next look of each CPU: none before it. */
  private readonly due = new Array<number>(CPUS).fill(0);
  /** When each CPU gave or took a thread. */
  private readonly part = new Array<number>(CPUS).fill(-Infinity);

  constructor(scheduler: CpuScheduler) {
    this.scheduler = scheduler;
  }

  private load(cpu: number): number {
    const here = this.threads.filter(({ id, isRunnable }) => isRunnable && this.scheduler.cpuOf(id) === cpu);
    return here.reduce((sum, { weight }) => sum + weight, 0);
  }

  private isWaiting({ id, isRunnable }: ModelThread): boolean {
    return isRunnable && this.scheduler.current(this.scheduler.cpuOf(id)) !== id;
  }

  /** Threads that the charge of a CPU may move to it now, each with what it would even out; Infinity where rank decides. */
  moves(cpu: number, now: number): Map<ThreadId, number> {
    const found = new Map<ThreadId, number>();
    const running = this.threads.find(({ id }) => id === this.scheduler.current(cpu as CpuId));
    if (running === undefined || now < this.due[cpu]) return found;
    for (const thread of this.threads) {
      const from = this.scheduler.cpuOf(thread.id);
      if (from === cpu || !this.isWaiting(thread) || ((thread.affinity >> cpu) & 1) === 0) continue;
      const gap = this.load(from) - this.load(cpu);
      if (thread.rank > running.rank) found.set(thread.id, Infinity);
      else if (thread.rank === running.rank && thread.weight <= gap && this.isTime(thread, from, cpu, now))
        found.set(thread.id, gap);
    }
    return found;
  }

  /** The thread has stayed for two periods, its CPU has rested for one, and the taker's turn has come. */
  private isTime({ moved }: ModelThread, from: number, to: number, now: number): boolean {
    const rested = now - this.part[from] - PERIOD;
    return now - moved >= 2 * PERIOD && rested > 0 && rested >= PERIOD * (PERIOD / (now - this.part[to]));
  }

  note(thread: ModelThread | undefined, from: number, cpu: number, now: number): void {
    if (thread === undefined) {
      if (this.scheduler.current(cpu as CpuId) < 0 || now < this.due[cpu]) return;
      const heaviest = Math.max(...this.due.map((_, other) => this.load(other)));
      this.due[cpu] = now + (heaviest > this.load(cpu) ? SLICE : PERIOD);
      return;
    }
    thread.moved = now;
    this.part[cpu] = this.part[from] = now;
    this.due[cpu] = this.due[from] = now + PERIOD;
  }
}

const thread = fc.record({
  fair: fc.integer({ min: 0, max: 3 }).map((n) => n > 0),
  nice: fc.constantFrom(-10, 0, 0, 0, 10),
  affinity: fc.oneof(
    { weight: 3, arbitrary: fc.constant(7) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 7 }) },
  ),
});
const command = fc.record({
  kind: fc.constantFrom('wake', 'wake', 'block', 'charge', 'charge', 'charge', 'pick'),
  at: fc.nat(1e6),
  ns: fc.constantFrom(0, 50, 100, 250, 900),
});

it('moves what a naive model would move, when it would, and nothing else', () => {
  let moved = 0;
  const property = fc.property(
    fc.array(thread, { minLength: THREADS, maxLength: THREADS }),
    fc.array(command, { maxLength: 200, size: 'max' }),
    (kinds, commands) => {
      const sizes = { cpus: CPUS, maxThreads: THREADS, fairSliceNs: SLICE, balanceNs: PERIOD };
      const scheduler = createScheduler(sizes);
      const model = new BalanceModel(scheduler);
      kinds.forEach(({ fair, nice, affinity }, index) => {
        const id = index as ThreadId;
        const weight = fair ? weightOfNice(nice) : weightOfNice(-20);
        model.threads.push({ id, weight, rank: fair ? 1 : 2, affinity, isRunnable: false, moved: -Infinity });
        const kind = fair ? SchedulingClass.Fair : SchedulingClass.RealTimeRoundRobin;
        expect(scheduler.addThread(id, { class: kind, nice, affinity })).toBe(0);
      });
      let now = 0;
      for (const { kind, at, ns } of commands) {
        now += ns;
        const time = now as Nanoseconds;
        const target = model.threads[at % THREADS];
        const cpu = (at % CPUS) as CpuId;
        if (kind === 'wake' || kind === 'block') {
          target.isRunnable = kind === 'wake';
          scheduler[kind](target.id, time);
        } else if (kind === 'pick') scheduler.pick(cpu, time);
        else {
          const allowed = model.moves(cpu, now);
          const before = model.threads.map(({ id }) => scheduler.cpuOf(id));
          const running = scheduler.current(cpu);
          scheduler.charge(cpu, ns as Nanoseconds, time);
          const changed = model.threads.filter(({ id }) => scheduler.cpuOf(id) !== before[id]);
          expect(scheduler.current(cpu)).toBe(running);
          expect(changed.map(({ id }) => scheduler.cpuOf(id))).toEqual(changed.map(() => cpu));
          expect(changed.length).toBe(Math.min(1, allowed.size));
          const gains = changed.map(({ id }) => allowed.get(id));
          expect(gains).toEqual(changed.map(() => Math.max(...allowed.values())));
          model.note(changed.at(0), before[changed.at(0)?.id ?? 0], cpu, now);
          moved += changed.length;
        }
      }
    },
  );
  fc.assert(property, { numRuns: 200 });
  expect(moved).toBeGreaterThan(0);
});
