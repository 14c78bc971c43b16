/**
 * Stacked scheduling classes over per-CPU queues.
 *
 * Shapes     c = cpus, t = maxThreads
 *   layer       Uint8Array[t]     index of the thread's class, 0 = real time; ABSENT when there is no such thread
 *   rank        Int16Array[t]     order across classes: real time 2 + priority, fair 1, idle 0
 *   runnable    Uint8Array[t]
 *   queuedOn    Int32Array[t]     CPU in whose queue it waits, or NONE
 *   runningOn   Int32Array[t]     CPU whose current thread it is, or NONE
 *   lastCpu     Int32Array[t]     where it waited or ran last
 *   running     Int32Array[c]     current thread, or NONE; load Int32Array[c], runnable threads that wait or run there
 *   decide      Uint8Array[c]     1 = the current thread must be chosen anew
 * Invariant  a runnable thread waits in exactly one queue or is current on exactly one CPU; others wait in none
 * Cost       wake and pick O(cpus) for placement and stealing plus the class's own (O(1) or O(log4 waiting)); with one CPU
 *            just the latter. No allocation after construction but a fair heap that outgrows its arrays.
 * Order      by rank; ties by the class, whose ties are broken by order of arrival: the same calls give the same answers
 */
import {
  EEXIST,
  EINVAL,
  ENOMEM,
  ESRCH,
  NONE,
  panic,
  type CpuId,
  type Errno,
  type Nanoseconds,
  type ThreadId,
} from '@veridian-os/abi';
import {
  MAX_CPUS,
  MAX_THREADS,
  UNLIMITED_SLICE,
  type Scheduler,
  type SchedulerOptions,
  type ThreadParameters,
} from './api.js';
import { Affinity } from './internal/affinity.js';
import { Balance } from './internal/balance.js';
import { FairPolicy } from './internal/fair-policy.js';
import { Placement } from './internal/placement.js';
import type { Policy } from './internal/policy.js';
import { PriorityPolicy } from './internal/priority-policy.js';
import { MAX_NICE, MIN_NICE } from './internal/weights.js';

const REAL_TIME_LEVELS = 256;
const REAL_TIME = 0;
const FAIR = 1;
const IDLE = 2;
const LAYERS = 3;
const ABSENT = 255;
const SLICES_PER_BALANCE = 4;
const LAYER_OF_CLASS = [REAL_TIME, REAL_TIME, FAIR, IDLE] as const;

function checkRange(name: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 1 || value > max)
    throw new RangeError(`${name}: expected an integer from 1 to ${max}, got ${value}`);
}

function isIntegerIn(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}

export class CpuScheduler implements Scheduler {
  readonly cpus: number;
  readonly maxThreads: number;
  runnableCount = 0;

  private readonly policies: readonly Policy[];
  private readonly affinity: Affinity;
  private readonly balance: Balance;
  private readonly placement: Placement;
  private readonly layer: Uint8Array<ArrayBuffer>;
  private readonly rank: Int16Array<ArrayBuffer>;
  private readonly runnable: Uint8Array<ArrayBuffer>;
  private readonly queuedOn: Int32Array<ArrayBuffer>;
  private readonly runningOn: Int32Array<ArrayBuffer>;
  private readonly lastCpu: Int32Array<ArrayBuffer>;
  private readonly usedNs: Float64Array<ArrayBuffer>;
  private readonly waitedNs: Float64Array<ArrayBuffer>;
  private readonly waitingSince: Float64Array<ArrayBuffer>;
  private readonly running: Int32Array<ArrayBuffer>;
  private readonly load: Int32Array<ArrayBuffer>;
  private readonly decide: Uint8Array<ArrayBuffer>;

  /** @throws RangeError for an option out of range */
  constructor(options: SchedulerOptions = {}) {
    const { cpus = 1, maxThreads = 4096, fairSliceNs = 3e6, roundRobinSliceNs = 100e6 } = options;
    const { balanceNs = SLICES_PER_BALANCE * fairSliceNs } = options;
    checkRange('cpus', cpus, MAX_CPUS);
    checkRange('maxThreads', maxThreads, MAX_THREADS);
    checkRange('fairSliceNs', fairSliceNs, 1e12);
    checkRange('roundRobinSliceNs', roundRobinSliceNs, 1e12);
    if (options.balanceNs !== undefined) checkRange('balanceNs', balanceNs, 1e12);
    this.cpus = cpus;
    this.maxThreads = maxThreads;
    this.affinity = new Affinity(cpus, maxThreads);
    this.balance = new Balance(cpus, maxThreads, balanceNs, fairSliceNs);
    this.policies = [
      new PriorityPolicy(cpus, maxThreads, REAL_TIME_LEVELS, roundRobinSliceNs, this.affinity),
      new FairPolicy(cpus, maxThreads, fairSliceNs, this.affinity),
      new PriorityPolicy(cpus, maxThreads, 1, fairSliceNs, this.affinity),
    ];
    this.layer = new Uint8Array(maxThreads).fill(ABSENT);
    this.rank = new Int16Array(maxThreads);
    this.runnable = new Uint8Array(maxThreads);
    this.queuedOn = new Int32Array(maxThreads).fill(NONE);
    this.runningOn = new Int32Array(maxThreads).fill(NONE);
    this.lastCpu = new Int32Array(maxThreads);
    this.usedNs = new Float64Array(maxThreads);
    this.waitedNs = new Float64Array(maxThreads);
    this.waitingSince = new Float64Array(maxThreads);
    this.running = new Int32Array(cpus).fill(NONE);
    this.load = new Int32Array(cpus);
    this.decide = new Uint8Array(cpus);
    const { affinity, balance, policies, layer, rank, lastCpu, running, load } = this;
    this.placement = new Placement({ affinity, balance, policies, layer, rank, lastCpu, running, load });
  }

  addThread(thread: ThreadId, parameters: ThreadParameters): 0 | Errno {
    if (!isIntegerIn(thread, 0, Infinity)) return EINVAL;
    if (thread >= this.maxThreads) return ENOMEM;
    if (this.layer[thread] !== ABSENT) return EEXIST;
    const refusal = this.check(parameters);
    if (refusal < 0) return refusal;
    this.usedNs[thread] = 0;
    this.waitedNs[thread] = 0;
    this.lastCpu[thread] = 0;
    this.admit(thread, parameters);
    return 0;
  }

  /** As {@link Scheduler.setParameters}: absent fields take their defaults, not their old values. ESRCH: no such thread. */
  setParameters(thread: ThreadId, parameters: ThreadParameters): 0 | Errno {
    if (!this.isPresent(thread)) return ESRCH;
    const refusal = this.check(parameters);
    if (refusal < 0) return refusal;
    const cpu = this.queuedOn[thread];
    if (cpu !== NONE) this.leaveQueue(thread);
    const runsOn = this.runningOn[thread];
    const isCounted = runsOn !== NONE && this.runnable[thread] !== 0;
    if (isCounted) this.uncount(runsOn, thread);
    this.admit(thread, parameters);
    if (isCounted) this.count(runsOn, thread);
    if (cpu !== NONE)
      this.enqueue(this.affinity.allows(thread, cpu) ? cpu : this.placement.place(thread), thread, false);
    if (runsOn !== NONE) this.decide[runsOn] = 1;
    return 0;
  }

  removeThread(thread: ThreadId): void {
    if (!this.isPresent(thread)) return;
    this.stop(thread);
    const cpu = this.runningOn[thread];
    if (cpu !== NONE) this.running[cpu] = NONE;
    this.runningOn[thread] = NONE;
    this.layer[thread] = ABSENT;
  }

  wake(thread: ThreadId, now: Nanoseconds): CpuId | -1 {
    this.checkPresent(thread);
    if (this.runnable[thread] !== 0) return NONE;
    this.runnable[thread] = 1;
    this.runnableCount++;
    const runsOn = this.runningOn[thread];
    if (runsOn !== NONE) {
      // It blocked and nobody was chosen since: it simply goes on.
      this.count(runsOn, thread);
      return NONE;
    }
    this.waitingSince[thread] = now;
    const cpu = this.placement.place(thread);
    return this.enqueue(cpu, thread, true) ? (cpu as CpuId) : NONE;
  }

  block(thread: ThreadId, _now: Nanoseconds): void {
    this.checkPresent(thread);
    this.stop(thread);
  }

  yield(thread: ThreadId, _now: Nanoseconds): void {
    this.checkPresent(thread);
    const cpu = this.runningOn[thread];
    if (cpu === NONE || this.runnable[thread] === 0) return;
    const policy = this.policyOf(thread);
    if (!policy.isContested(cpu, thread)) return;
    policy.forfeit(cpu, thread);
    this.decide[cpu] = 1;
  }

  pick(cpu: CpuId, now: Nanoseconds): ThreadId | -1 {
    const before = this.running[cpu];
    if (before !== NONE && this.decide[cpu] === 0) return before as ThreadId;
    this.decide[cpu] = 0;
    const previous = before === NONE ? NONE : this.release(cpu, before, now);
    let next = this.pickLocal(cpu, previous);
    if (next === NONE) next = this.steal(cpu);
    this.running[cpu] = next;
    if (next === NONE) return NONE;
    this.queuedOn[next] = NONE;
    this.runningOn[next] = cpu;
    this.lastCpu[next] = cpu;
    if (next !== previous) this.waitedNs[next] += now - this.waitingSince[next];
    return next as ThreadId;
  }

  /** As {@link Scheduler.charge}: also true when the thread has blocked or may no longer run on `cpu`. */
  charge(cpu: CpuId, consumed: Nanoseconds, now: Nanoseconds): boolean {
    const thread = this.running[cpu];
    if (thread === NONE) return false;
    if (this.cpus > 1 && this.balance.isDue(cpu, now)) this.pull(cpu, now);
    this.usedNs[thread] += consumed;
    const policy = this.policyOf(thread);
    if (policy.charge(cpu, thread, consumed)) {
      if (policy.isContested(cpu, thread)) this.decide[cpu] = 1;
      else policy.renew(thread);
    }
    if (this.decide[cpu] === 0) return false;
    return this.load[cpu] > 1 || this.runnable[thread] === 0 || !this.affinity.allows(thread, cpu);
  }

  /** As {@link Scheduler.slice}: 0 when it is over, UNLIMITED_SLICE for a FIFO thread and where nobody runs. */
  slice(cpu: CpuId): Nanoseconds {
    const thread = this.running[cpu];
    if (thread === NONE) return UNLIMITED_SLICE;
    const left = this.policyOf(thread).sliceLeft(thread);
    return (left > 0 ? left : 0) as Nanoseconds;
  }

  /** As {@link Scheduler.current}: also a thread that has just blocked, until the next pick, so that it can be charged. */
  current(cpu: CpuId): ThreadId | -1 {
    return this.running[cpu] as ThreadId | -1;
  }

  isRunnable(thread: ThreadId): boolean {
    return this.isPresent(thread) && this.runnable[thread] !== 0;
  }

  cpuTime(thread: ThreadId): Nanoseconds {
    return this.usedNs[thread] as Nanoseconds;
  }

  /** Nanoseconds that a thread has spent runnable without running. */
  waitTime(thread: ThreadId): Nanoseconds {
    return this.waitedNs[thread] as Nanoseconds;
  }

  /** The CPU where a thread runs or waits, or did last. */
  cpuOf(thread: ThreadId): CpuId {
    return this.lastCpu[thread] as CpuId;
  }

  /** True when `cpu` should pick again: a wake said so, its slice is over, or parameters changed. For CPUs that are asleep. */
  needsDecision(cpu: CpuId): boolean {
    return this.decide[cpu] !== 0;
  }

  private check({ class: kind, priority = 0, nice = 0, affinity }: ThreadParameters): 0 | Errno {
    if (!isIntegerIn(kind, 0, LAYER_OF_CLASS.length - 1)) return EINVAL;
    if (!isIntegerIn(priority, 0, REAL_TIME_LEVELS - 1) || !isIntegerIn(nice, MIN_NICE, MAX_NICE)) return EINVAL;
    return this.affinity.check(affinity);
  }

  private isPresent(thread: number): boolean {
    return this.layer[thread] < LAYERS;
  }

  private checkPresent(thread: number): void {
    if (!this.isPresent(thread)) panic('scheduler/thread', `no thread ${thread}`);
  }

  private policyOf(thread: number): Policy {
    return this.policies[this.layer[thread]];
  }

  /** Enters a thread that is in no queue into its class, with checked parameters. */
  private admit(thread: number, parameters: ThreadParameters): void {
    const layer = LAYER_OF_CLASS[parameters.class];
    const isNew = this.layer[thread] !== layer;
    this.layer[thread] = layer;
    this.rank[thread] = layer === REAL_TIME ? 2 + (parameters.priority ?? 0) : layer === FAIR ? 1 : 0;
    this.affinity.set(thread, parameters.affinity);
    this.balance.admit(thread, parameters, isNew);
    this.policies[layer].admit(thread, parameters, isNew);
  }

  /** Makes a thread not runnable. */
  private stop(thread: number): void {
    if (this.runnable[thread] === 0) return;
    this.runnable[thread] = 0;
    this.runnableCount--;
    if (this.queuedOn[thread] !== NONE) {
      this.leaveQueue(thread);
      return;
    }
    const cpu = this.runningOn[thread];
    this.uncount(cpu, thread);
    this.decide[cpu] = 1;
  }

  /** A runnable thread waits or runs on a CPU from now on, */
  private count(cpu: number, thread: number): void {
    this.load[cpu]++;
    this.balance.add(cpu, thread);
  }

  /** or no longer. */
  private uncount(cpu: number, thread: number): void {
    this.load[cpu]--;
    this.balance.remove(cpu, thread);
  }

  private leaveQueue(thread: number): void {
    const cpu = this.queuedOn[thread];
    this.policyOf(thread).dequeue(cpu, thread);
    this.queuedOn[thread] = NONE;
    this.uncount(cpu, thread);
  }

  /** Queues a runnable thread; true when `cpu` should pick again because of it. */
  private enqueue(cpu: number, thread: number, isWaking: boolean): boolean {
    const policy = this.policyOf(thread);
    policy.enqueue(cpu, thread, isWaking);
    this.queuedOn[thread] = cpu;
    this.lastCpu[thread] = cpu;
    this.count(cpu, thread);
    const running = this.running[cpu];
    const isDue = running === NONE || this.runnable[running] === 0 || this.outranks(thread, running);
    if (isDue) this.decide[cpu] = 1;
    return isDue;
  }

  private outranks(waiting: number, running: number): boolean {
    const difference = this.rank[waiting] - this.rank[running];
    return difference > 0 || (difference === 0 && this.policyOf(waiting).preempts(waiting, running));
  }

  /** Takes the current thread off its CPU; it is returned if it may be chosen again there, else NONE. */
  private release(cpu: number, thread: number, now: number): number {
    this.runningOn[thread] = NONE;
    if (this.runnable[thread] === 0) return NONE;
    this.waitingSince[thread] = now;
    if (this.affinity.allows(thread, cpu)) return thread;
    this.running[cpu] = NONE;
    this.uncount(cpu, thread);
    this.enqueue(this.placement.place(thread), thread, false);
    return NONE;
  }

  /** Best of the waiting threads of `cpu` and the previous one, which is queued if it loses. */
  private pickLocal(cpu: number, previous: number): number {
    for (let layer = 0; layer < LAYERS; layer++) {
      const policy = this.policies[layer];
      const contender = previous !== NONE && this.layer[previous] === layer ? previous : NONE;
      if (contender === NONE && policy.queued(cpu) === 0) continue;
      const next = policy.pick(cpu, contender);
      if (previous !== NONE && next !== previous) {
        if (contender === NONE) this.policyOf(previous).putBack(cpu, previous);
        this.queuedOn[previous] = cpu;
      }
      return next;
    }
    return NONE;
  }

  /** Moves a thread that waits elsewhere to this busy CPU, if it should be here rather than there. */
  private pull(cpu: number, now: number): void {
    const thread = this.placement.findMove(cpu, now);
    if (thread === NONE) {
      this.balance.noteNone(cpu, now);
      return;
    }
    const from = this.queuedOn[thread];
    this.leaveQueue(thread);
    this.enqueue(cpu, thread, false);
    this.balance.noteMove(thread, from, cpu, now);
  }

  /** Takes a waiting thread of another CPU, of the highest class that has one for `cpu`. */
  private steal(cpu: number): number {
    for (let layer = 0; layer < LAYERS && this.cpus > 1; layer++) {
      const policy = this.policies[layer];
      for (let i = 1, from = cpu; i < this.cpus; i++) {
        from = from + 1 === this.cpus ? 0 : from + 1;
        const thread = policy.queued(from) === 0 ? NONE : policy.steal(from, cpu);
        if (thread === NONE) continue;
        this.uncount(from, thread);
        this.count(cpu, thread);
        return thread;
      }
    }
    return NONE;
  }
}

/** A {@link Scheduler}; see {@link CpuScheduler}. @throws RangeError for an option out of range */
export function createScheduler(options: SchedulerOptions = {}): CpuScheduler {
  return new CpuScheduler(options);
}
