/**
 * Waiting inside system-call handlers.
 *
 * A handler is a plain function or, where it may wait, a generator. A generator registers what it waits for on its
 * thread (`Kernel.waits`), yields, and is resumed with the reason it was woken. It holds no locks: nothing else ran "inside"
 * it, everything may have changed meanwhile, so it looks again.
 */

/** Why a waiting thread runs again. */
export const Wake = {
  /** A queue it waited on was woken, or its IPC operation finished. */
  Event: 0,
  /** Its deadline passed. */
  Timeout: 1,
  /** A signal is to be delivered (or the thread is to die). */
  Signal: 2,
} as const;
export type Wake = (typeof Wake)[keyof typeof Wake];

/** A handler that may wait: yields nothing, receives a {@link Wake}, returns its result. */
export type Blocking<T = number> = Generator<void, T, Wake>;

/** What handlers return: at once, or later. */
export type MaybeBlocking<T = number> = T | Blocking<T>;

/** The handler changed the registers itself (execve, sigreturn) or the thread is gone: nothing is to be written back. */
export const NO_RESULT = -8192;

/** Runs a possibly waiting operation inside a generator handler. */
export function* settle<T extends number | object | string>(result: MaybeBlocking<T>): Blocking<T> {
  return isBlocking(result) ? yield* result : result;
}

/** True for the waiting form of a result. */
export function isBlocking<T>(result: MaybeBlocking<T>): result is Blocking<T> {
  return typeof result === 'object' && result !== null && Symbol.iterator in result && 'next' in result;
}
