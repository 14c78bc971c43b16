/**
 * Fixed priorities, FIFO or round robin within a level: the real-time class (256 levels) and the idle class (one).
 *
 * A FIFO thread runs until it blocks or yields; a round-robin one for a slice. Preempted by a higher level, a thread keeps
 * its place at the front and the rest of its slice; at the end of the slice, or by yielding, it goes to the back.
 *
 * Cost    O(1), but steal: linear in the waiting threads that `to` may not run
 * Source  POSIX.1-2017, SCHED_FIFO and SCHED_RR (XSH 2.8.4)
 */
import { NONE } from '@veridian-os/abi';
import { SchedulingClass, UNLIMITED_SLICE, type ThreadParameters } from '../api.js';
import type { Affinity } from './affinity.js';
import { LevelQueues } from './level-queues.js';
import type { Policy } from './policy.js';

export class PriorityPolicy implements Policy {
  private readonly queues: LevelQueues;
  private readonly affinity: Affinity;
  private readonly topLevel: number;
  private readonly roundRobinNs: number;
  private readonly level: Uint16Array<ArrayBuffer>;
  /** Length of a whole slice, and what is left of the running one. */
  private readonly sliceNs: Float64Array<ArrayBuffer>;
  private readonly leftNs: Float64Array<ArrayBuffer>;

  constructor(cpus: number, threads: number, levels: number, roundRobinNs: number, affinity: Affinity) {
    this.queues = new LevelQueues(cpus, levels, threads);
    this.affinity = affinity;
    this.topLevel = levels - 1;
    this.roundRobinNs = roundRobinNs;
    this.level = new Uint16Array(threads);
    this.sliceNs = new Float64Array(threads);
    this.leftNs = new Float64Array(threads);
  }

  admit(thread: number, parameters: ThreadParameters): void {
    this.level[thread] = Math.min(parameters.priority ?? 0, this.topLevel);
    this.sliceNs[thread] = parameters.class === SchedulingClass.RealTimeFifo ? UNLIMITED_SLICE : this.roundRobinNs;
    this.renew(thread);
  }

  queued(cpu: number): number {
    return this.queues.size(cpu);
  }

  enqueue(cpu: number, thread: number, isWaking: boolean): void {
    if (isWaking || this.leftNs[thread] <= 0) this.renew(thread);
    this.queues.pushLast(cpu, thread, this.level[thread]);
  }

  dequeue(cpu: number, thread: number): void {
    this.queues.remove(cpu, thread);
  }

  pick(cpu: number, previous: number): number {
    const level = this.queues.highest(cpu);
    if (previous !== NONE) {
      const own = this.level[previous];
      const isOver = this.leftNs[previous] <= 0;
      if (level < own || (level === own && !isOver)) {
        if (isOver) this.renew(previous);
        return previous;
      }
      this.putBack(cpu, previous);
    }
    const thread = this.queues.first(cpu, level);
    this.queues.remove(cpu, thread);
    return thread;
  }

  putBack(cpu: number, previous: number): void {
    const level = this.level[previous];
    if (this.leftNs[previous] > 0) {
      this.queues.pushFirst(cpu, previous, level);
      return;
    }
    this.renew(previous);
    this.queues.pushLast(cpu, previous, level);
  }

  steal(from: number, to: number): number {
    for (let level = this.queues.highest(from); level >= 0; level--)
      for (let thread = this.queues.first(from, level); thread !== NONE; thread = this.queues.after(from, thread)) {
        if (!this.affinity.allows(thread, to)) continue;
        this.queues.remove(from, thread);
        return thread;
      }
    return NONE;
  }

  /** Those of the highest level. */
  candidate(cpu: number, after: number): number {
    if (after !== NONE) return this.queues.after(cpu, after);
    const level = this.queues.highest(cpu);
    return level === NONE ? NONE : this.queues.first(cpu, level);
  }

  charge(_cpu: number, thread: number, consumed: number): boolean {
    if (this.sliceNs[thread] !== UNLIMITED_SLICE) this.leftNs[thread] -= consumed;
    return this.leftNs[thread] <= 0;
  }

  sliceLeft(thread: number): number {
    return this.leftNs[thread];
  }

  renew(thread: number): void {
    this.leftNs[thread] = this.sliceNs[thread]!;
  }

  forfeit(_cpu: number, thread: number): void {
    this.leftNs[thread] = 0;
  }

  isContested(cpu: number, thread: number): boolean {
    return this.queues.highest(cpu) >= this.level[thread];
  }

  preempts(waiting: number, running: number): boolean {
    return this.level[waiting] > this.level[running];
  }
}
