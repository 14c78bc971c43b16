/** poll(2) over descriptors, for tasks and personalities. */
import type { Nanoseconds } from '@veridian-os/abi';
import { EINTR, POLLERR, POLLHUP, POLLNVAL, POLLRDHUP } from '@veridian-os/abi';
import { Wake, type Blocking, type MaybeBlocking } from '../core/blocking.js';
import type { Thread } from '../core/thread.js';
import type { WaitTarget } from '../core/waiting.js';
import type { Kernel } from '../kernel.js';
import type { PollRequest } from '../tasks/sys.js';

const ALWAYS = POLLERR | POLLHUP | POLLNVAL | POLLRDHUP;

/** Number of ready descriptors (their `ready` is filled in), 0 at the timeout, EINTR. Negative descriptors are skipped. */
export function pollFiles(
  kernel: Kernel,
  thread: Thread,
  requests: readonly PollRequest[],
  timeoutNs: number,
): MaybeBlocking {
  const ready = check(kernel, thread, requests);
  if (ready > 0 || timeoutNs === 0) return ready;
  return pollLater(kernel, thread, requests, (kernel.now() + timeoutNs) as Nanoseconds);
}

function* pollLater(kernel: Kernel, thread: Thread, requests: readonly PollRequest[], deadline: Nanoseconds): Blocking {
  for (;;) {
    const wake = yield* kernel.waiting.any(thread, targets(kernel, thread, requests), deadline);
    const ready = check(kernel, thread, requests);
    if (ready > 0 || wake === Wake.Timeout) return ready;
    if (wake === Wake.Signal) return EINTR;
  }
}

function check(kernel: Kernel, thread: Thread, requests: readonly PollRequest[]): number {
  let count = 0;
  for (const request of requests) {
    request.ready = 0;
    if (request.fd < 0) continue;
    const file = kernel.descriptors.file(thread.process, request.fd);
    request.ready = typeof file === 'number' ? POLLNVAL : file.poll() & (request.events | ALWAYS);
    if (request.ready !== 0) count++;
  }
  return count;
}

function targets(kernel: Kernel, thread: Thread, requests: readonly PollRequest[]): WaitTarget[] {
  const result: WaitTarget[] = [];
  for (const { fd, events } of requests) {
    const file = fd < 0 ? -1 : kernel.descriptors.file(thread.process, fd);
    if (typeof file !== 'number') result.push({ queue: file.waitQueue, events });
  }
  return result;
}
