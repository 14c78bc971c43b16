/**
 * What each thread waits for, and the threads that have just stopped waiting.
 *
 * Shapes     t = threads
 *   state       Uint8Array[t]   a ThreadState
 *   subject     Int32Array[t]   what a blocked thread waits on: a queue, or its reply object
 *   rank        Uint8Array[t]   priority in senders' queues
 *   sendBadge   Int32Array[t]   badge of the capability that a queued sender used
 *   runNext, runPrev   Int32Array[t]   list of the runnable, in order of waking
 * Invariant  a thread in the list of the runnable is Ready
 * Cost       every operation O(1), no allocation
 */
import { NONE, panic, type Errno } from '@veridian-os/abi';

export const ThreadState = {
  Detached: 0,
  Ready: 1,
  Sending: 2,
  Calling: 3,
  Receiving: 4,
  AwaitingReply: 5,
  Waiting: 6,
} as const;
export type ThreadState = (typeof ThreadState)[keyof typeof ThreadState];

/** Not in the list of the runnable. */
const UNLISTED = -2;

export class ThreadTable {
  readonly state: Uint8Array<ArrayBuffer>;
  readonly subject: Int32Array<ArrayBuffer>;
  readonly rank: Uint8Array<ArrayBuffer>;
  readonly sendBadge: Int32Array<ArrayBuffer>;
  readonly result: Int32Array<ArrayBuffer>;
  private readonly runNext: Int32Array<ArrayBuffer>;
  private readonly runPrev: Int32Array<ArrayBuffer>;
  private runHead = NONE;
  private runTail = NONE;

  /** @param result the records' array of results */
  constructor(threads: number, result: Int32Array<ArrayBuffer>) {
    this.state = new Uint8Array(threads);
    this.subject = new Int32Array(threads);
    this.rank = new Uint8Array(threads);
    this.sendBadge = new Int32Array(threads);
    this.result = result;
    this.runNext = new Int32Array(threads);
    this.runPrev = new Int32Array(threads).fill(UNLISTED);
  }

  attach(thread: number, rank: number): void {
    this.state[thread] = ThreadState.Ready;
    this.rank[thread] = rank;
  }

  isAttached(thread: number): boolean {
    return this.state[thread] > ThreadState.Detached; // undefined, beyond the table, is not
  }

  isBlocked(thread: number): boolean {
    return this.state[thread] > ThreadState.Ready;
  }

  /** @throws KernelPanic `ipc/not-ready` when a thread asks that is detached or asleep */
  checkReady(thread: number): void {
    if (this.state[thread] !== ThreadState.Ready) panic('ipc/not-ready', `thread ${thread}`);
  }

  /** Puts a ready thread to sleep. */
  block(thread: number, state: ThreadState, subject: number): void {
    this.state[thread] = state;
    this.subject[thread] = subject;
    if (this.runPrev[thread] !== UNLISTED) this.unlist(thread);
  }

  /** Ends a blocked thread's sleep; the caller has taken it out of its queue. */
  wake(thread: number, result: 0 | Errno): void {
    this.state[thread] = ThreadState.Ready;
    this.result[thread] = result;
    const tail = this.runTail;
    this.runPrev[thread] = tail;
    this.runNext[thread] = NONE;
    this.runTail = thread;
    if (tail === NONE) this.runHead = thread;
    else this.runNext[tail] = thread;
  }

  /** Forgets a thread that is in no queue. */
  detach(thread: number): void {
    this.state[thread] = ThreadState.Detached;
    if (this.runPrev[thread] !== UNLISTED) this.unlist(thread);
  }

  takeRunnable(): number {
    const thread = this.runHead;
    if (thread !== NONE) this.unlist(thread);
    return thread;
  }

  private unlist(thread: number): void {
    const next = this.runNext[thread];
    const prev = this.runPrev[thread];
    if (prev === NONE) this.runHead = next;
    else this.runNext[prev] = next;
    if (next === NONE) this.runTail = prev;
    else this.runPrev[next] = prev;
    this.runPrev[thread] = UNLISTED;
  }
}
