/** Putting threads to sleep and waking them: the only code that changes a thread between Runnable and Waiting. */
import type { Nanoseconds, WaitQueueId } from '@veridian-os/abi';
import type { Kernel } from '../kernel.js';
import { Wake, type Blocking } from './blocking.js';
import { ThreadState, type Thread } from './thread.js';

/** One queue to wait on and the events that matter. */
export interface WaitTarget {
  readonly queue: WaitQueueId;
  readonly events: number;
}

const FOREVER = Infinity as Nanoseconds;

export class Waiting {
  private readonly kernel: Kernel;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /** Sleeps until `queue` is woken with any of `events`, the deadline, or a signal. */
  *on(thread: Thread, queue: WaitQueueId, events: number, deadline = FOREVER, interruptible = true): Blocking<Wake> {
    this.kernel.waits.add(thread.slot, queue, events);
    return yield* this.sleep(thread, deadline, interruptible);
  }

  /** Sleeps until any of the queues is woken (poll). */
  *any(thread: Thread, targets: readonly WaitTarget[], deadline = FOREVER): Blocking<Wake> {
    for (const target of targets) this.kernel.waits.add(thread.slot, target.queue, target.events);
    return yield* this.sleep(thread, deadline, true);
  }

  /**
   * Sleeps until somebody calls `wake`, the deadline passes, or (if interruptible) a signal arrives. A thread that is
   * being killed is always woken.
   */
  *sleep(thread: Thread, deadline = FOREVER, interruptible = true): Blocking<Wake> {
    const { kernel } = this;
    if (thread.dying || (interruptible && thread.attention && kernel.signals.deliverable(thread))) {
      kernel.waits.removeAll(thread.slot);
      return Wake.Signal;
    }
    if (deadline <= kernel.now()) {
      kernel.waits.removeAll(thread.slot);
      return Wake.Timeout;
    }
    thread.state = ThreadState.Waiting;
    thread.interruptible = interruptible;
    if (deadline !== FOREVER) {
      thread.timer = kernel.timers.arm(deadline, () => {
        thread.timer = undefined;
        this.wake(thread, Wake.Timeout);
      });
    }
    kernel.scheduler.block(thread.slot, kernel.now());
    return yield;
  }

  /** Ends a sleep; nothing happens to a thread that does not sleep. */
  wake(thread: Thread, reason: Wake): void {
    const stopped = thread.state === ThreadState.Stopped;
    if (stopped ? thread.stoppedFrom !== ThreadState.Waiting : thread.state !== ThreadState.Waiting) return;
    this.clear(thread);
    thread.wake = reason;
    if (stopped) {
      thread.stoppedFrom = ThreadState.Runnable;
      return;
    }
    thread.state = ThreadState.Runnable;
    this.kernel.makeRunnable(thread);
  }

  /** Forgets everything a thread waits for. */
  clear(thread: Thread): void {
    this.kernel.waits.removeAll(thread.slot);
    if (thread.timer !== undefined) {
      this.kernel.timers.cancel(thread.timer);
      thread.timer = undefined;
    }
  }
}
