/**
 * TypeScript tasks: generators that yield typed system calls.
 *
 * `const n = yield* sys.read(fd, buffer)`: `sys` operations are reused iterators. The first `next()` hands the operation
 * to the kernel loop, the second one returns its result; a resume allocates nothing. A task is a thread like any other: it is
 * scheduled, killed, waited for, has descriptors and a capability space.
 */
import { RESTART } from '@veridian-os/abi';
import type { MaybeBlocking } from '../core/blocking.js';
import type { Thread } from '../core/thread.js';
import type { ServiceSys } from './service-sys.js';

/** Body of a task: returns its exit status (0..255). */
export type TaskMain = (sys: ServiceSys, args: readonly string[]) => TaskGenerator;
export type TaskGenerator = Generator<SysOperation<unknown>, number, never>;
/** A part of a task's body that other parts run with `yield*`. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each request inside takes a result of its own type
export type TaskStep<T> = Generator<SysOperation<unknown>, T, any>;

/** One request in flight. Owned by the task's `Sys`, overwritten by its next request. */
export interface SysOperation<T> {
  /** Performs the request for the thread; called by the kernel loop. */
  perform(thread: Thread): MaybeBlocking<T & (number | object | string)>;
}

/** A request that is its own iterator; see the module header. */
export class Request<T> implements SysOperation<T>, Iterator<SysOperation<T>, T, T>, Iterable<SysOperation<T>, T, T> {
  private started = false;
  private action: (thread: Thread) => MaybeBlocking<T & (number | object | string)>;
  private readonly step: { done: boolean; value: unknown } = { done: false, value: undefined };

  constructor() {
    this.action = unset;
  }

  /** Arms the request; returns itself for `yield*`. */
  of(action: (thread: Thread) => MaybeBlocking<T & (number | object | string)>): this {
    this.action = action;
    this.started = false;
    return this;
  }

  perform(thread: Thread): MaybeBlocking<T & (number | object | string)> {
    return this.action(thread);
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(result?: T): IteratorResult<SysOperation<T>, T> {
    const { step } = this;
    // A stop and a continue came between: the request is made again. A signal that interrupts left EINTR instead.
    if (this.started && (result as unknown) !== RESTART) {
      this.started = false;
      step.done = true;
      step.value = result;
    } else {
      this.started = true;
      step.done = false;
      step.value = this;
    }
    return step as IteratorResult<SysOperation<T>, T>;
  }
}

function unset(): never {
  throw new Error('a system call was yielded before it was armed');
}

/** The kernel's hold on a running task. */
export interface RunningTask {
  readonly name: string;
  readonly generator: TaskGenerator;
  /** Result of the last request, handed in at the next resume. */
  result: unknown;
}
