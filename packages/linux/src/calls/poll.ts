/** ppoll and poll: waiting for descriptors, with another signal mask meanwhile. */
import { EINTR, EINVAL, RESTART } from '@veridian-os/abi';
import { settle, type Blocking, type MaybeBlocking, type PollRequest } from '@veridian-os/kernel';
import { faultOf, type Call } from '../call.js';
import { POLLFD_BYTES } from '../layout/poll.js';
import { SIGSET_BYTES } from '../layout/signal.js';
import { TIMESPEC_BYTES, decodeTimespec, encodeTimespec } from '../layout/time.js';
import { replaceMask, restoreMask } from './signals.js';

/** What a waiting call was given besides descriptors. */
export interface WaitArguments {
  /** ns, Infinity = forever. */
  readonly timeout: number;
  /** Signal mask while waiting: low and high words. */
  readonly mask: readonly [number, number] | undefined;
}

const NS_PER_MILLISECOND = 1_000_000;

/** Timeout and mask arguments; a null timeout waits forever. EINVAL, EFAULT, WOULD_BLOCK. */
export function waitArguments(
  call: Call,
  timeoutAt: number,
  maskAt: number,
  maskBytes: number,
): WaitArguments | number {
  let timeout = Infinity;
  if (timeoutAt !== 0) {
    const fetched = call.fetch(timeoutAt, TIMESPEC_BYTES);
    if (fetched < 0) return fetched;
    timeout = decodeTimespec(call.view, 0);
    if (timeout < 0) return timeout;
  }
  if (maskAt === 0) return { timeout, mask: undefined };
  if (maskBytes !== SIGSET_BYTES) return EINVAL;
  const fetched = call.fetch(maskAt, SIGSET_BYTES);
  return fetched < 0 ? fetched : { timeout, mask: [call.view.getUint32(0, true), call.view.getUint32(4, true)] };
}

/**
 * Runs a wait under the given mask. Interrupted, the mask stays until the handler's frame has it; otherwise the old one is
 * back at once.
 */
export function* underMask(call: Call, mask: WaitArguments['mask'], wait: () => MaybeBlocking): Blocking {
  if (mask !== undefined) replaceMask(call, mask[0], mask[1]);
  const result = yield* settle<number>(wait());
  if (result === EINTR || result === RESTART) return RESTART;
  if (mask !== undefined) restoreMask(call);
  return result;
}

/** ppoll(fds, count, timeout, mask, maskBytes); the timeout is updated to what was left. */
export function ppoll(call: Call): MaybeBlocking {
  const count = call.uint(1);
  if (count > call.process.files.limit) return EINVAL;
  const given = waitArguments(call, call.address(2), call.address(3), call.address(4));
  if (typeof given === 'number') return given;
  const requests = pollRequests(call, call.address(0), count);
  return typeof requests === 'number' ? requests : waitForPoll(call, requests, given, call.address(2));
}

/** poll(fds, count, milliseconds): interrupted without a handler, it goes on with its first deadline. */
export function poll(call: Call): MaybeBlocking {
  const count = call.uint(1);
  if (count > call.process.files.limit) return EINVAL;
  const requests = pollRequests(call, call.address(0), count);
  if (typeof requests === 'number') return requests;
  const milliseconds = call.int(2);
  return pollUntil(call, requests, milliseconds < 0 ? Infinity : call.kernel.now() + milliseconds * NS_PER_MILLISECOND);
}

function* pollUntil(call: Call, requests: PollRequest[], deadline: number): Blocking {
  const timeout = Math.max(deadline - call.kernel.now(), 0);
  const result = yield* waitForPoll(call, requests, { timeout, mask: undefined }, 0);
  if (result === RESTART) call.state.restart = () => pollUntil(call, requests, deadline);
  return result;
}

function pollRequests(call: Call, address: number, count: number): PollRequest[] | number {
  const bytes = new Uint8Array(count * POLLFD_BYTES);
  const fetched = count === 0 ? 0 : call.fetchInto(address, bytes);
  if (fetched < 0) return fetched;
  const view = new DataView(bytes.buffer);
  return Array.from({ length: count }, (_, index) => ({
    fd: view.getInt32(index * POLLFD_BYTES, true),
    events: view.getInt16(index * POLLFD_BYTES + 4, true) & 0xffff,
    ready: 0,
  }));
}

function* waitForPoll(call: Call, requests: PollRequest[], given: WaitArguments, timeoutAt: number): Blocking {
  const start = call.kernel.now();
  const ready = yield* underMask(call, given.mask, () => call.kernel.pollFiles(call.thread, requests, given.timeout));
  yield* storeRemaining(call, timeoutAt, given.timeout - (call.kernel.now() - start));
  if (ready < 0) return ready;
  const bytes = new Uint8Array(requests.length * POLLFD_BYTES);
  const view = new DataView(bytes.buffer);
  requests.forEach((request, index) => {
    view.setInt32(index * POLLFD_BYTES, request.fd, true);
    view.setInt16(index * POLLFD_BYTES + 4, request.events, true);
    view.setInt16(index * POLLFD_BYTES + 6, request.ready, true);
  });
  const stored = bytes.length === 0 ? 0 : yield* call.putBytes(call.address(0), bytes);
  return stored < 0 ? faultOf(stored) : ready;
}

/** Linux writes back what was left of the timeout and ignores a read-only one. */
export function* storeRemaining(call: Call, address: number, left: number): Blocking {
  if (address === 0 || left === Infinity) return 0;
  encodeTimespec(call.view, 0, Math.max(left, 0));
  return yield* call.put(address, TIMESPEC_BYTES);
}
