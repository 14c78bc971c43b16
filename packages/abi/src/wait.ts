/**
 * Waiting, seen from a pure package.
 *
 * A pure package never blocks and never calls back into a scheduler. An object that somebody may wait for owns a
 * wait queue; an operation that makes progress possible says so through `wake`, which only records the decision. The
 * kernel acts on it afterwards, in one place.
 */
import type { WaitQueueId } from './brands.js';

/** Readiness bits, Linux's poll(2) values. */
export const POLLIN = 0x001;
export const POLLPRI = 0x002;
export const POLLOUT = 0x004;
export const POLLERR = 0x008;
export const POLLHUP = 0x010;
export const POLLNVAL = 0x020;
export const POLLRDHUP = 0x2000;
/** Internal: a page or metadata block that an operation answered WOULD_BLOCK for has arrived. */
export const WAIT_IO = 0x10000;

export interface WaitPort {
  create(): WaitQueueId;
  /** Wakes everybody who waits with every event bit, then forgets the queue. */
  destroy(queue: WaitQueueId): void;
  /** Records that waiters interested in any of `events` may run again. Never re-enters the caller. */
  wake(queue: WaitQueueId, events: number): void;
}
