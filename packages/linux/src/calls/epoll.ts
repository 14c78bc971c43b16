/** epoll_create, epoll_ctl, epoll_pwait. */
import { EBADF, EFAULT, EINVAL, EPERM, POLLIN, RESTART, type Nanoseconds } from '@veridian-os/abi';
import { Wake, type Blocking, type MaybeBlocking } from '@veridian-os/kernel';
import { O_CLOEXEC, O_RDWR, type OpenFile } from '@veridian-os/vfs';
import type { Call } from '../call.js';
import { EPOLLET, EPOLLEXCLUSIVE, type EpollInterest, type EpollSet } from '../files/epoll.js';
import { underMask, waitArguments, type WaitArguments } from './poll.js';

/** epoll_create(size): the size is a hint from long ago, but not 0. */
export function epollCreate(call: Call): number {
  return call.int(0) <= 0 ? EINVAL : createSet(call, 0);
}

export function epollCreate1(call: Call): number {
  const flags = call.int(0);
  return (flags & ~O_CLOEXEC) !== 0 ? EINVAL : createSet(call, flags);
}

function createSet(call: Call, flags: number): number {
  const { epolls, kernel } = call.linux;
  const set = epolls.create();
  const file = kernel.vfs.openSpecial(set, O_RDWR, 'anon_inode:[eventpoll]');
  epolls.bind(file, set);
  return kernel.descriptors.install(call.process, file, flags !== 0);
}

const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CTL_MOD = 3;
/** What may stand beside EPOLLEXCLUSIVE: IN, OUT, ERR, HUP, WAKEUP, ET. */
const EXCLUSIVE_OK = 0x1 | 0x4 | 0x8 | 0x10 | 0x20000000 | EPOLLET | EPOLLEXCLUSIVE;

/** epoll_ctl(set, operation, fd, event) */
export function epollCtl(call: Call): number {
  const operation = call.int(1);
  const fd = call.int(2);
  const interest = operation === EPOLL_CTL_DEL ? undefined : fetchInterest(call);
  if (typeof interest === 'number') return interest;
  const own = call.file(0);
  const file = call.file(2);
  if (typeof own === 'number' || typeof file === 'number') return EBADF;
  const set = call.linux.epolls.setOf(own);
  if (set === undefined || own === file) return isPollable(file) ? EINVAL : EPERM;
  if (interest === undefined) return set.remove(file, fd);
  const isExclusive = (interest.events & EPOLLEXCLUSIVE) !== 0;
  if (isExclusive && (operation === EPOLL_CTL_MOD || (interest.events & ~EXCLUSIVE_OK) !== 0)) return EINVAL;
  if (operation === EPOLL_CTL_ADD) return set.add(file, fd, interest);
  return operation === EPOLL_CTL_MOD ? set.modify(file, fd, interest) : EINVAL;
}

function isPollable(file: OpenFile): boolean {
  return file.kind === 'pipe' || file.kind === 'special';
}

function fetchInterest(call: Call): EpollInterest | number {
  const { bytes, data } = call.linux.isa.epollEvent;
  const fetched = call.fetch(call.address(3), bytes);
  if (fetched < 0) return fetched;
  const { view } = call;
  return {
    events: view.getInt32(0, true),
    dataLo: view.getUint32(data, true),
    dataHi: view.getUint32(data + 4, true),
  };
}

/** epoll_pwait(set, events, most, milliseconds, mask, maskBytes) */
export function epollPwait(call: Call): MaybeBlocking {
  const given = waitArguments(call, 0, call.address(4), call.address(5));
  if (typeof given === 'number') return given;
  const timeout = call.int(3) < 0 ? Infinity : call.int(3) * 1_000_000;
  return start(call, { ...given, timeout });
}

/** epoll_pwait2(set, events, most, timeout, mask, maskBytes) */
export function epollPwait2(call: Call): MaybeBlocking {
  const given = waitArguments(call, call.address(3), call.address(4), call.address(5));
  return typeof given === 'number' ? given : start(call, given);
}

function start(call: Call, given: WaitArguments): MaybeBlocking {
  const most = call.int(2);
  const file = call.file(0);
  if (typeof file === 'number') return file;
  const set = call.linux.epolls.setOf(file);
  if (most <= 0 || most > 0x7fffffff / 16 || set === undefined) return EINVAL;
  return underMask(call, given.mask, () => collectLater(call, file, set, given.timeout));
}

function* collectLater(call: Call, file: OpenFile, set: EpollSet, timeout: number): Blocking {
  const deadline = (call.kernel.now() + timeout) as Nanoseconds;
  file.retain();
  try {
    for (;;) {
      const count = yield* collect(call, set);
      if (count !== 0 || timeout === 0) return count;
      const wake = yield* call.kernel.waiting.on(call.thread, set.waitQueue, POLLIN, deadline);
      if (wake === Wake.Timeout) return yield* collect(call, set);
      if (wake === Wake.Signal) return RESTART;
    }
  } finally {
    file.release();
  }
}

/** Events per call, whatever the caller's array holds. */
const MOST_EVENTS = 1024;

function* collect(call: Call, set: EpollSet): Blocking {
  const layout = call.linux.isa.epollEvent;
  const most = Math.min(call.int(2), MOST_EVENTS);
  const bytes = new Uint8Array(most * layout.bytes);
  const view = new DataView(bytes.buffer);
  let used = 0;
  const count = set.collect(most, (events, dataLo, dataHi) => {
    view.setInt32(used, events, true);
    view.setUint32(used + layout.data, dataLo, true);
    view.setUint32(used + layout.data + 4, dataHi, true);
    used += layout.bytes;
  });
  if (count === 0) return 0;
  const stored = yield* call.putBytes(call.address(1), bytes.subarray(0, used));
  return stored < 0 ? EFAULT : count;
}
