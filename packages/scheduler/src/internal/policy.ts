/**
 * What a scheduling class is to the scheduler. Classes are stacked: a thread of a lower class runs only where no higher one
 * has a thread. The scheduler knows who is runnable, who runs where and who may; a policy orders the waiting threads of its
 * own class, one queue for each CPU. A running thread is in no queue.
 */
import type { ThreadParameters } from '../api.js';

export interface Policy {
  /** A thread joins the class, or changes its parameters within it (`isNew` false). It is in no queue. */
  admit(thread: number, parameters: ThreadParameters, isNew: boolean): void;
  /** Threads waiting for `cpu`. */
  queued(cpu: number): number;
  /** Queues a thread that woke up (`isWaking`) or comes from another CPU or class. */
  enqueue(cpu: number, thread: number, isWaking: boolean): void;
  dequeue(cpu: number, thread: number): void;
  /**
   * Takes the best thread out of the queue of `cpu`, among them `previous` unless that is NONE: it ran until now, still
   * can, is in no queue, and is queued again when another one is better. There is at least one.
   */
  pick(cpu: number, previous: number): number;
  /** Queues the thread that ran until now because a higher class takes its CPU. */
  putBack(cpu: number, previous: number): void;
  /** Takes the first thread that `to` may run out of the queue of `from`; NONE when there is none. */
  steal(from: number, to: number): number;
  /** The first waiting thread of `cpu` (`after` NONE) or another one after `after`; NONE when there are no more to look at. */
  candidate(cpu: number, after: number): number;
  /**
   * Accounts for `consumed` nanoseconds of the thread running on `cpu`; true when its slice is over. (A truth value, since a
   * fractional number that leaves a function is boxed.)
   */
  charge(cpu: number, thread: number, consumed: number): boolean;
  /** Nanoseconds until the thread's slice is over; not above 0 when it is. */
  sliceLeft(thread: number): number;
  /** Starts a new slice. */
  renew(thread: number): void;
  /** Ends the slice of the thread running on `cpu`. */
  forfeit(cpu: number, thread: number): void;
  /** True when somebody of this class waits who runs once the running thread's slice is over. */
  isContested(cpu: number, thread: number): boolean;
  /** True when a waiting thread should not wait for the end of the running one's slice; both are of this class. */
  preempts(waiting: number, running: number): boolean;
}
