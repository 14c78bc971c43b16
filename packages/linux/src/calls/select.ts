/** pselect6 and select: waiting for sets of descriptors. */
import { EBADF, EINVAL, POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLPRI } from '@veridian-os/abi';
import type { Blocking, MaybeBlocking, PollRequest } from '@veridian-os/kernel';
import { faultOf, type Call } from '../call.js';
import { fdSetAdd, fdSetBytes, fdSetHas } from '../layout/poll.js';
import { NS_PER_MICROSECOND, NS_PER_SECOND, TIMEVAL_BYTES, encodeTimeval } from '../layout/time.js';
import { getSignedWide, getWide } from '../layout/words.js';
import { storeRemaining, underMask, waitArguments, type WaitArguments } from './poll.js';

/** Events that make a descriptor readable, writable, exceptional for select(2). */
const SELECT_EVENTS = [POLLIN | POLLHUP | POLLERR, POLLOUT | POLLERR, POLLPRI] as const;
const ASKED = [POLLIN, POLLOUT, POLLPRI] as const;

/** pselect6(count, read, write, except, timeout, {mask, maskBytes}) */
export function pselect6(call: Call): MaybeBlocking {
  const count = call.int(0);
  if (count < 0) return EINVAL;
  const extra = call.address(5);
  const fetched = extra === 0 ? 0 : call.fetch(extra, 16);
  if (fetched < 0) return fetched;
  const [maskAt, maskBytes] = extra === 0 ? [0, 0] : [getWide(call.view, 0), getWide(call.view, 8)];
  const given = waitArguments(call, call.address(4), maskAt, maskBytes);
  if (typeof given === 'number') return given;
  const sets = fetchSets(call, Math.min(count, call.process.files.limit));
  return typeof sets === 'number' ? sets : waitForSelect(call, sets, given, storeRemaining);
}

/** select(count, read, write, except, timeval) */
export function select(call: Call): MaybeBlocking {
  const count = call.int(0);
  if (count < 0) return EINVAL;
  const timeoutAt = call.address(4);
  const timeout = timeoutAt === 0 ? Infinity : selectTimeout(call, timeoutAt);
  if (timeout < 0) return timeout;
  const sets = fetchSets(call, Math.min(count, call.process.files.limit));
  if (typeof sets === 'number') return sets;
  return waitForSelect(call, sets, { timeout, mask: undefined }, storeRemainingTimeval);
}

/** Microseconds may be a second and more: they are carried over. */
function selectTimeout(call: Call, address: number): number {
  const fetched = call.fetch(address, TIMEVAL_BYTES);
  if (fetched < 0) return fetched;
  const [seconds, microseconds] = [getSignedWide(call.view, 0), getSignedWide(call.view, 8)];
  if (seconds < 0 || microseconds < 0) return EINVAL;
  return seconds * NS_PER_SECOND + microseconds * NS_PER_MICROSECOND;
}

function* storeRemainingTimeval(call: Call, address: number, left: number): Blocking {
  if (address === 0 || left === Infinity) return 0;
  encodeTimeval(call.view, 0, Math.max(left, 0));
  return yield* call.put(address, TIMEVAL_BYTES);
}

interface SelectSets {
  readonly addresses: readonly number[];
  readonly sets: readonly Uint8Array[];
  readonly count: number;
}

function fetchSets(call: Call, count: number): SelectSets | number {
  const addresses = [call.address(1), call.address(2), call.address(3)];
  const sets: Uint8Array[] = [];
  for (const address of addresses) {
    const set = new Uint8Array(fdSetBytes(count));
    const fetched = address === 0 || count === 0 ? 0 : call.fetchInto(address, set);
    if (fetched < 0) return fetched;
    sets.push(set);
  }
  return { addresses, sets, count };
}

function* waitForSelect(
  call: Call,
  { addresses, sets, count }: SelectSets,
  given: WaitArguments,
  storeLeft: typeof storeRemaining,
): Blocking {
  const requests: PollRequest[] = [];
  for (let fd = 0; fd < count; fd++) {
    const events = ASKED.reduce((bits, bit, kind) => (fdSetHas(sets[kind], fd) ? bits | bit : bits), 0);
    if (events === 0) continue;
    if (!call.process.files.isOpen(fd)) return EBADF;
    requests.push({ fd, events, ready: 0 });
  }
  const start = call.kernel.now();
  const wait = (): MaybeBlocking => call.kernel.pollFiles(call.thread, requests, given.timeout);
  const result = yield* underMask(call, given.mask, wait);
  yield* storeLeft(call, call.address(4), given.timeout - (call.kernel.now() - start));
  if (result < 0) return result;
  if (requests.some(({ ready }) => (ready & POLLNVAL) !== 0)) return EBADF;
  return yield* storeSets(call, addresses, sets, requests);
}

/** Replaces the sets by what is ready; the number of bits in all of them. */
function* storeSets(
  call: Call,
  addresses: readonly number[],
  asked: readonly Uint8Array[],
  requests: readonly PollRequest[],
): Blocking {
  let bits = 0;
  for (let kind = 0; kind < asked.length; kind++) {
    if (addresses[kind] === 0 || asked[kind].length === 0) continue;
    const set = new Uint8Array(asked[kind].length);
    for (const { fd, ready } of requests) {
      if (!fdSetHas(asked[kind], fd) || (ready & SELECT_EVENTS[kind]) === 0) continue;
      fdSetAdd(set, fd);
      bits++;
    }
    const stored = yield* call.putBytes(addresses[kind], set);
    if (stored < 0) return faultOf(stored);
  }
  return bits;
}
