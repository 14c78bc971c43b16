/** Which thread runs next: told the time and what happened, answers with decisions. */
import type { CpuId, Errno, Nanoseconds, ThreadId } from '@veridian-os/abi';

export const SchedulingClass = { RealTimeFifo: 0, RealTimeRoundRobin: 1, Fair: 2, Idle: 3 } as const;
export type SchedulingClass = (typeof SchedulingClass)[keyof typeof SchedulingClass];

export interface ThreadParameters {
  readonly class: SchedulingClass;
  /** Real time: 0 (low) .. 255. Ignored by Fair and Idle. */
  readonly priority?: number;
  /** Fair: nice -20 .. 19. */
  readonly nice?: number;
  /** Bit i = may run on CPU i; default all. */
  readonly affinity?: number;
}

export interface Scheduler {
  /** Adds a thread, not runnable. EINVAL for bad parameters, EEXIST, ENOMEM beyond maxThreads. */
  addThread(thread: ThreadId, parameters: ThreadParameters): 0 | Errno;
  setParameters(thread: ThreadId, parameters: ThreadParameters): 0 | Errno;
  removeThread(thread: ThreadId): void;
  /** Makes a thread runnable (idempotent). Returns the CPU that should reschedule now because of it, or -1. */
  wake(thread: ThreadId, now: Nanoseconds): CpuId | -1;
  /** The thread no longer wants a CPU. Idempotent. */
  block(thread: ThreadId, now: Nanoseconds): void;
  /** Gives up the rest of its slice. */
  yield(thread: ThreadId, now: Nanoseconds): void;
  /** Best runnable thread for `cpu` (it stays runnable and is now its current one), or -1 = idle. */
  pick(cpu: CpuId, now: Nanoseconds): ThreadId | -1;
  /** Charges the current thread of `cpu`; true when its slice is over and somebody else waits. */
  charge(cpu: CpuId, consumed: Nanoseconds, now: Nanoseconds): boolean;
  /** Nanoseconds the current thread of `cpu` may run before the next decision. */
  slice(cpu: CpuId): Nanoseconds;
  current(cpu: CpuId): ThreadId | -1;
  isRunnable(thread: ThreadId): boolean;
  readonly runnableCount: number;
  /** Nanoseconds of CPU time charged to a thread. */
  cpuTime(thread: ThreadId): Nanoseconds;
}

/** What {@link Scheduler.slice} says where no slice ends: 2^53 - 1 ns, 104 days. */
export const UNLIMITED_SLICE = Number.MAX_SAFE_INTEGER as Nanoseconds;
export const MAX_CPUS = 4096;
export const MAX_THREADS = 2 ** 20;

/** Sizes of the tables; all memory (about 140 bytes a thread, 2 KiB a CPU) is reserved by the constructor. */
export interface SchedulerOptions {
  /** 1 to MAX_CPUS, default 1. CPUs from 53 on can only be named by leaving `affinity` out. */
  readonly cpus?: number;
  /** Thread ids are below it; 1 to MAX_THREADS, default 4,096. */
  readonly maxThreads?: number;
  /** Slice of fair and idle threads in nanoseconds; 1 to 10^12, default 3 ms. */
  readonly fairSliceNs?: number;
  /** Slice of real-time round-robin threads in nanoseconds; 1 to 10^12, default 100 ms (Linux's). */
  readonly roundRobinSliceNs?: number;
  /** Time between two looks of a busy CPU at what waits for others, in nanoseconds; 1 to 10^12, default four fair slices. */
  readonly balanceNs?: number;
}
