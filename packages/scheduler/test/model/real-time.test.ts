import { expect, it } from '@jest/globals';
import type { CpuId, Nanoseconds, ThreadId } from '@veridian-os/abi';
import * as fc from 'fast-check';
import { SchedulingClass, createScheduler } from '../../src/index.js';

const THREADS = 6;
const SLICE = 100;
const CPU = 0 as CpuId;
const NOW = 0 as Nanoseconds;

interface ModelThread {
  readonly id: number;
  readonly level: number;
  readonly sliceNs: number;
  leftNs: number;
}

/** POSIX's rules over one sorted list of waiting threads; the running one is kept apart. */
class RealTimeModel {
  waiting: ModelThread[] = [];
  running: ModelThread | undefined;

  put(thread: ModelThread, atFront: boolean): void {
    const ahead = (other: ModelThread): boolean => (atFront ? other.level > thread.level : other.level >= thread.level);
    this.waiting.splice(this.waiting.filter(ahead).length, 0, thread);
  }

  pick(): ModelThread | undefined {
    const best = this.waiting.at(0);
    const { running } = this;
    const isOver = running !== undefined && running.leftNs <= 0;
    const stays =
      running !== undefined &&
      (best === undefined || best.level < running.level || (best.level === running.level && !isOver));
    if (isOver) running.leftNs = running.sliceNs;
    if (stays) return running;
    this.waiting.shift();
    if (running !== undefined) this.put(running, !isOver);
    this.running = best;
    return best;
  }

  charge(consumed: number): void {
    const { running } = this;
    if (running === undefined || running.sliceNs === Infinity) return;
    running.leftNs -= consumed;
    if (running.leftNs <= 0 && !this.waiting.some(({ level }) => level >= running.level))
      running.leftNs = running.sliceNs;
  }
}

it('runs real-time threads exactly as POSIX says', () => {
  const command = fc.record({
    kind: fc.constantFrom('wake', 'block', 'run', 'run', 'yield'),
    thread: fc.nat(THREADS - 1),
    ns: fc.constantFrom(0, 30, 70, 100, 250),
  });
  const thread = fc.record({
    level: fc.constantFrom(0, 1, 31, 32, 255),
    kind: fc.constantFrom(SchedulingClass.RealTimeFifo, SchedulingClass.RealTimeRoundRobin),
  });
  fc.assert(
    fc.property(
      fc.array(thread, { minLength: THREADS, maxLength: THREADS }),
      fc.array(command, { maxLength: 150, size: 'max' }),
      (kinds, commands) => {
        const scheduler = createScheduler({ maxThreads: THREADS, roundRobinSliceNs: SLICE });
        const model = new RealTimeModel();
        const threads = kinds.map(({ level, kind }, id): ModelThread => {
          scheduler.addThread(id as ThreadId, { class: kind, priority: level });
          const sliceNs = kind === SchedulingClass.RealTimeFifo ? Infinity : SLICE;
          return { id, level, sliceNs, leftNs: sliceNs };
        });
        for (const { kind, thread: id, ns } of commands) {
          const target = threads[id];
          const isKnown = target === model.running || model.waiting.includes(target);
          if (kind === 'wake') {
            scheduler.wake(id as ThreadId, NOW);
            if (!isKnown) {
              target.leftNs = target.sliceNs;
              model.put(target, false);
            }
          } else if (kind === 'block') {
            scheduler.block(id as ThreadId, NOW);
            if (target === model.running) model.running = undefined;
            model.waiting = model.waiting.filter((other) => other !== target);
          } else if (kind === 'yield') {
            scheduler.yield(id as ThreadId, NOW);
            if (target === model.running && model.waiting.some(({ level }) => level >= target.level)) target.leftNs = 0;
          } else {
            scheduler.charge(CPU, ns as Nanoseconds, NOW);
            model.charge(ns);
          }
          expect(scheduler.pick(CPU, NOW)).toBe(model.pick()?.id ?? -1);
        }
      },
    ),
  );
});
