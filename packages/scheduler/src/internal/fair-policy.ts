/**
 * Fair class: CPU time in proportion to weight, by virtual time.
 *
 * A thread's virtual time is the CPU time it has had, in units that pass slower the heavier it is; the earliest runs next, for
 * one slice. Each CPU has a floor, the earliest virtual time among its threads, which only rises:
 * - a new thread starts one slice above the floor, so that making threads wins no time;
 * - a sleeper comes back at most one slice below it: it runs soon, but sleep cannot be saved up;
 * - a thread that changes CPUs keeps its distance to the floor.
 * So among threads that stay runnable on one CPU no two virtual times are further apart than one slice of the lightest of them
 * plus what a CPU ran beyond a slice, and each of them runs at least once while the others run for that long.
 *
 * Units      virtual nanoseconds: nanoseconds of a thread of nice 0
 * Shapes     t = threads, c = cpus
 *   virtual    Float64Array[t]   virtual time; rate Float64Array[t], virtual ns per ns = 1024 / weight
 *   leftNs     Float64Array[t]   rest of the slice
 *   home       Int32Array[t]     CPU whose floor `virtual` refers to, or NONE for a new thread
 *   floor      Float64Array[c]
 * Cost       O(log4 waiting); steal is linear in the waiting threads that `to` may not run
 * Source     weights: Linux, kernel/sched/core.c sched_prio_to_weight; virtual time: Demers, Keshav and Shenker 1989,
 *            Stoica et al. 1996 (EEVDF: eligibility and deadlines can be added on the same virtual time)
 */
import { NONE } from '@veridian-os/abi';
import type { ThreadParameters } from '../api.js';
import type { Affinity } from './affinity.js';
import type { Policy } from './policy.js';
import { VirtualTimeHeap } from './virtual-time-heap.js';
import { NICE_0_WEIGHT, weightOfNice } from './weights.js';

/** A waking thread preempts when it is ahead by this part of a slice: less would switch too often. */
const WAKE_GRANULARITY = 1 / 3;
/** Heaps of many CPUs start small and grow: threads rarely crowd on one. */
const MIN_HEAP = 64;

export class FairPolicy implements Policy {
  private readonly affinity: Affinity;
  private readonly sliceNs: number;
  private readonly heaps: VirtualTimeHeap[];
  private readonly virtual: Float64Array<ArrayBuffer>;
  private readonly rate: Float64Array<ArrayBuffer>;
  private readonly leftNs: Float64Array<ArrayBuffer>;
  private readonly home: Int32Array<ArrayBuffer>;
  private readonly floor: Float64Array<ArrayBuffer>;
  private readonly arrival: Float64Array<ArrayBuffer>;
  private arrivals = 0;

  constructor(cpus: number, threads: number, sliceNs: number, affinity: Affinity) {
    this.affinity = affinity;
    this.sliceNs = sliceNs;
    this.virtual = new Float64Array(threads);
    this.rate = new Float64Array(threads);
    this.leftNs = new Float64Array(threads);
    this.home = new Int32Array(threads);
    this.floor = new Float64Array(cpus);
    this.arrival = new Float64Array(threads);
    const position = new Int32Array(threads);
    const capacity = Math.max(MIN_HEAP, Math.ceil(threads / cpus));
    this.heaps = Array.from(
      { length: cpus },
      () => new VirtualTimeHeap(capacity, position, this.virtual, this.arrival),
    );
  }

  admit(thread: number, parameters: ThreadParameters, isNew: boolean): void {
    this.rate[thread] = NICE_0_WEIGHT / weightOfNice(parameters.nice ?? 0);
    if (!isNew) return;
    this.home[thread] = NONE;
    this.renew(thread);
  }

  queued(cpu: number): number {
    return this.heaps[cpu].size;
  }

  enqueue(cpu: number, thread: number, isWaking: boolean): void {
    if (isWaking) {
      this.settle(cpu, thread);
      const earliest = this.floor[cpu] - this.sliceNs;
      if (this.virtual[thread] < earliest) this.virtual[thread] = earliest;
      this.renew(thread);
    }
    this.putBack(cpu, thread);
  }

  dequeue(cpu: number, thread: number): void {
    this.heaps[cpu].remove(thread);
  }

  pick(cpu: number, previous: number): number {
    const heap = this.heaps[cpu];
    let thread = previous;
    if (previous === NONE) {
      thread = heap.threadAt(0);
      heap.remove(thread);
    } else {
      this.prepare(cpu, previous);
      if (heap.size > 0 && this.virtual[heap.threadAt(0)] <= this.virtual[previous]) thread = heap.exchange(previous);
    }
    this.raiseFloor(cpu, thread);
    return thread;
  }

  putBack(cpu: number, previous: number): void {
    this.prepare(cpu, previous);
    this.heaps[cpu].push(previous);
  }

  steal(from: number, to: number): number {
    const heap = this.heaps[from];
    for (let i = 0; i < heap.size; i++) {
      const thread = heap.threadAt(i);
      if (!this.affinity.allows(thread, to)) continue;
      heap.remove(thread);
      this.settle(to, thread);
      return thread;
    }
    return NONE;
  }

  candidate(cpu: number, after: number): number {
    return this.heaps[cpu].next(after);
  }

  charge(cpu: number, thread: number, consumed: number): boolean {
    this.settle(cpu, thread);
    this.leftNs[thread] -= consumed;
    this.virtual[thread] += consumed * this.rate[thread];
    this.raiseFloor(cpu, thread);
    return this.leftNs[thread] <= 0;
  }

  sliceLeft(thread: number): number {
    return this.leftNs[thread];
  }

  renew(thread: number): void {
    this.leftNs[thread] = this.sliceNs;
  }

  /** What is left of the slice counts as used, so that yielding in a loop costs its share and no more. */
  forfeit(cpu: number, thread: number): void {
    if (this.leftNs[thread] > 0) this.charge(cpu, thread, this.leftNs[thread]);
  }

  isContested(cpu: number): boolean {
    return this.heaps[cpu].size > 0;
  }

  preempts(waiting: number, running: number): boolean {
    const margin = this.sliceNs * WAKE_GRANULARITY * this.rate[waiting];
    return this.virtual[waiting] + margin < this.virtual[running];
  }

  /** Makes a thread ready to wait: with a slice, a virtual time of this CPU, and the latest arrival. */
  private prepare(cpu: number, thread: number): void {
    this.settle(cpu, thread);
    if (this.leftNs[thread] <= 0) this.renew(thread);
    this.arrival[thread] = this.arrivals++;
  }

  /** Makes a thread's virtual time refer to the floor of `cpu`. */
  private settle(cpu: number, thread: number): void {
    const home = this.home[thread];
    if (home === cpu) return;
    this.virtual[thread] =
      home === NONE
        ? this.floor[cpu] + this.sliceNs * this.rate[thread]
        : this.virtual[thread] - this.floor[home] + this.floor[cpu];
    this.home[thread] = cpu;
  }

  /** The floor rises to the earliest of the running thread and those that wait. */
  private raiseFloor(cpu: number, running: number): void {
    const heap = this.heaps[cpu];
    let earliest = this.virtual[running];
    if (heap.size > 0) {
      const first = this.virtual[heap.threadAt(0)];
      if (first < earliest) earliest = first;
    }
    if (earliest > this.floor[cpu]) this.floor[cpu] = earliest;
  }
}
