/**
 * What periodic balancing knows: how heavy each CPU's threads are, when a CPU looks around next, who has moved lately.
 *
 * With more threads than CPUs some CPU always has one more than others. Who waits there moves to a lighter CPU every now and
 * then, but nobody twice within two periods; and of the CPUs that could take a thread, the one that took part longest ago may
 * do so first. So the place where a CPU is shared goes round, and all get the same in the long run.
 *
 * Shapes  c = cpus, t = threads
 *   weight   Int32Array[t]     of a thread, whatever it does
 *   load     Float64Array[c]   sum of the weights of the runnable threads that wait or run there
 *   due      Float64Array[c]   when the CPU looks around next
 *   moved    Float64Array[t]   when the thread was moved last
 *   part     Float64Array[c]   when the CPU gave or took a thread last
 * Source  the idea: Linux's periodic load balancing and its cache-hot test (kernel/sched/fair.c); the rule is ours
 */
import { SchedulingClass, type ThreadParameters } from '../api.js';
import { MIN_NICE, weightOfNice } from './weights.js';

/** As light as Linux's: they hardly count beside fair threads. */
const IDLE_WEIGHT = 3;
/** A real-time thread weighs as much as the heaviest fair one: others should not wait behind it. */
const REAL_TIME_WEIGHT = weightOfNice(MIN_NICE);
/** Periods that a thread stays where it was moved to. */
const STAY = 2;

export class Balance {
  readonly load: Float64Array<ArrayBuffer>;
  private readonly periodNs: number;
  private readonly retryNs: number;
  private readonly weight: Int32Array<ArrayBuffer>;
  private readonly due: Float64Array<ArrayBuffer>;
  private readonly moved: Float64Array<ArrayBuffer>;
  private readonly part: Float64Array<ArrayBuffer>;

  /** @param retryNs until a CPU looks again that has found nobody although others are heavier */
  constructor(cpus: number, threads: number, periodNs: number, retryNs: number) {
    this.periodNs = periodNs;
    this.retryNs = retryNs;
    this.load = new Float64Array(cpus);
    this.weight = new Int32Array(threads);
    this.due = new Float64Array(cpus);
    this.moved = new Float64Array(threads);
    this.part = new Float64Array(cpus).fill(-Infinity);
  }

  /** A thread joins, or has other parameters. */
  admit(thread: number, { class: kind, nice = 0 }: ThreadParameters, isNew: boolean): void {
    if (isNew) this.moved[thread] = -Infinity;
    this.weight[thread] =
      kind === SchedulingClass.Fair
        ? weightOfNice(nice)
        : kind === SchedulingClass.Idle
          ? IDLE_WEIGHT
          : REAL_TIME_WEIGHT;
  }

  /** A runnable thread comes to a CPU, */
  add(cpu: number, thread: number): void {
    this.load[cpu] += this.weight[thread];
  }

  /** or leaves it, or is no longer runnable. */
  remove(cpu: number, thread: number): void {
    this.load[cpu] -= this.weight[thread];
  }

  isDue(cpu: number, now: number): boolean {
    return now >= this.due[cpu];
  }

  /**
   * How much heavier `from` is than `to`, when the thread may move and that makes them no more uneven; else 0. `from` rests for
   * a period after it took part; `to` waits for a period times period / age beyond that, age being the time since it did.
   */
  gain(thread: number, from: number, to: number, now: number): number {
    const { periodNs, part } = this;
    const gap = this.load[from] - this.load[to];
    if (this.weight[thread] > gap || now - this.moved[thread] < STAY * periodNs) return 0;
    const waited = now - part[from] - periodNs;
    const age = now - part[to];
    return waited > 0 && waited * age >= periodNs * periodNs ? gap : 0;
  }

  /** A thread has been moved. */
  noteMove(thread: number, from: number, to: number, now: number): void {
    this.moved[thread] = now;
    this.part[from] = this.part[to] = now;
    this.due[from] = this.due[to] = now + this.periodNs;
  }

  /** Nobody has been moved. */
  noteNone(cpu: number, now: number): void {
    let heaviest = 0;
    for (const load of this.load) if (load > heaviest) heaviest = load;
    this.due[cpu] = now + (heaviest > this.load[cpu] ? this.retryNs : this.periodNs);
  }
}
