/** futex and robust lists. Source: futex(2), Linux kernel/futex/. */
import {
  EAGAIN,
  EINVAL,
  ENOSYS,
  EPERM,
  ESRCH,
  ETIMEDOUT,
  RESTART,
  isErrno,
  type Errno,
  type Nanoseconds,
} from '@veridian-os/abi';
import { Wake, type Blocking, type MaybeBlocking } from '@veridian-os/kernel';
import type { Call } from '../call.js';
import { futexKey, type FutexKey } from '../futex/key.js';
import { applyWakeOperation, compareWakeOperation } from '../futex/wake-operation.js';
import { loadWord, updateWord } from '../futex/word.js';
import { ROBUST_LIST_HEAD_BYTES } from '../layout/robust-list.js';
import { TIMESPEC_BYTES, decodeTimespec } from '../layout/time.js';
import { setWide } from '../layout/words.js';
import { stateOf } from '../state.js';
import { CLOCK_MONOTONIC, CLOCK_REALTIME, deadlineOf } from '../time/clocks.js';

const WAIT = 0;
const WAKE = 1;
const REQUEUE = 3;
const CMP_REQUEUE = 4;
const WAKE_OP = 5;
const WAIT_BITSET = 9;
const WAKE_BITSET = 10;
const PRIVATE = 128;
const CLOCK_FLAG = 256;
const ANY = 0xffffffff;

/** futex(address, operation, value, timeout or value2, address2, value3) */
export function futex(call: Call): MaybeBlocking {
  const operation = call.int(1);
  const command = operation & ~(PRIVATE | CLOCK_FLAG);
  const isPrivate = (operation & PRIVATE) !== 0;
  if ((operation & CLOCK_FLAG) !== 0 && command !== WAIT_BITSET && command !== WAIT) return ENOSYS;
  const key = futexKey(call, call.address(0), isPrivate);
  if (typeof key === 'number') return key;
  switch (command) {
    case WAIT:
      return wait(call, key, ANY);
    case WAIT_BITSET:
      return wait(call, key, call.uint(5));
    case WAKE:
      return call.kernel.futexes.wake(key.scope, key.address, wakeCount(call), ANY);
    case WAKE_BITSET:
      return call.uint(5) === 0
        ? EINVAL
        : call.kernel.futexes.wake(key.scope, key.address, wakeCount(call), call.uint(5));
    case REQUEUE:
    case CMP_REQUEUE:
      return requeue(call, key, isPrivate, command === CMP_REQUEUE);
    case WAKE_OP:
      return wakeOperation(call, key, isPrivate);
    default:
      return ENOSYS; // priority inheritance: libraries that want it say so and give up
  }
}

/** Linux wakes at least one, also for 0. */
function wakeCount(call: Call): number {
  return Math.max(call.int(2), 1);
}

function wait(call: Call, key: FutexKey, bitset: number): MaybeBlocking {
  if (bitset === 0) return EINVAL;
  const deadline = waitDeadline(call);
  if (isErrno(deadline)) return deadline;
  return waitUntil(call, key, bitset, deadline, call.uint(2));
}

/** When the wait ends: relative for WAIT, absolute for WAIT_BITSET, Infinity without a timeout. */
function waitDeadline(call: Call): number | Errno {
  if (call.address(3) === 0) return Infinity;
  const fetched = call.fetch(call.address(3), TIMESPEC_BYTES);
  if (fetched < 0) return fetched;
  const time = decodeTimespec(call.view, 0);
  if (time < 0) return time;
  const operation = call.int(1);
  if ((operation & ~(PRIVATE | CLOCK_FLAG)) === WAIT) return call.kernel.now() + time;
  const clock = (operation & CLOCK_FLAG) !== 0 ? CLOCK_REALTIME : CLOCK_MONOTONIC;
  return Math.max(deadlineOf(call, clock, time), 0);
}

function waitUntil(call: Call, key: FutexKey, bitset: number, deadline: number, expected: number): MaybeBlocking {
  const word = loadWord(call, call.address(0));
  if (word < 0) return word;
  if (word !== expected) return EAGAIN;
  return sleep(call, key, bitset, deadline, expected);
}

function* sleep(call: Call, key: FutexKey, bitset: number, deadline: number, expected: number): Blocking {
  const { scope, address } = key;
  const wake = yield* call.kernel.futexes.wait(call.thread, scope, address, bitset, deadline as Nanoseconds);
  if (wake === Wake.Event) return 0;
  if (wake === Wake.Timeout) return ETIMEDOUT;
  if (deadline !== Infinity) call.state.restart = () => waitUntil(call, key, bitset, deadline, expected);
  return RESTART;
}

function requeue(call: Call, key: FutexKey, isPrivate: boolean, compares: boolean): number {
  const to = futexKey(call, call.address(4), isPrivate);
  if (typeof to === 'number') return to;
  const [wakes, moves] = [call.int(2), call.int(3)];
  if (wakes < 0 || moves < 0) return EINVAL;
  if (compares) {
    const word = loadWord(call, call.address(0));
    if (word < 0) return word;
    if (word !== call.uint(5)) return EAGAIN;
  }
  const { futexes } = call.kernel;
  const woken = wakes === 0 ? 0 : futexes.wake(key.scope, key.address, wakes, ANY);
  const moved = futexes.requeue(key.scope, key.address, moves, to.scope, to.address);
  return compares ? woken + moved : woken;
}

/** Changes the second word, wakes on the first, and on the second if its old value compares. */
function wakeOperation(call: Call, key: FutexKey, isPrivate: boolean): number {
  const second = futexKey(call, call.address(4), isPrivate);
  if (typeof second === 'number') return second;
  const encoded = call.uint(5);
  if (applyWakeOperation(encoded, 0) === undefined) return ENOSYS;
  const old = updateWord(call, call.address(4), (word) => applyWakeOperation(encoded, word | 0) ?? word);
  if (old < 0) return old;
  const { futexes } = call.kernel;
  let woken = futexes.wake(key.scope, key.address, wakeCount(call), ANY);
  if (compareWakeOperation(encoded, old | 0)) {
    woken += futexes.wake(second.scope, second.address, Math.max(call.int(3), 1), ANY);
  }
  return woken;
}

export function setRobustList(call: Call): number {
  if (call.address(1) !== ROBUST_LIST_HEAD_BYTES) return EINVAL;
  call.state.robustList = call.address(0);
  return 0;
}

/** get_robust_list(tid, head, length) */
export function getRobustList(call: Call): number {
  const tid = call.int(0);
  const thread = tid === 0 ? call.thread : call.kernel.threadByTid(tid);
  if (thread === undefined) return ESRCH;
  if (thread.process !== call.process) return EPERM;
  setWide(call.view, 0, ROBUST_LIST_HEAD_BYTES);
  const stored = call.store(call.address(2), 8);
  if (stored < 0) return stored;
  setWide(call.view, 0, stateOf(thread).robustList);
  return call.store(call.address(1), 8);
}

export function setTidAddress(call: Call): number {
  call.state.clearChildTid = call.address(0);
  return call.thread.tid;
}
