/** eventfd, timerfd, signalfd. */
import { EBADF, EINVAL } from '@veridian-os/abi';
import { O_CLOEXEC, O_NONBLOCK } from '@veridian-os/vfs';
import type { Call } from '../call.js';
import { EventCounter } from '../files/eventfd.js';
import { SignalFile } from '../files/signalfd.js';
import { installSpecial } from '../files/special.js';
import { TimerFile } from '../files/timerfd.js';
import { SIGSET_BYTES } from '../layout/signal.js';
import { ITIMERSPEC_BYTES, decodeTimespec, encodeTimespec } from '../layout/time.js';
import { setBlocked } from '../signals/frame.js';
import { clockKind } from '../time/clocks.js';
import { expiry, storeSetting } from './time.js';

const EFD_SEMAPHORE = 1;
const FLAGS = O_CLOEXEC | O_NONBLOCK;

export function eventfd2(call: Call): number {
  const flags = call.int(1);
  if ((flags & ~(FLAGS | EFD_SEMAPHORE)) !== 0) return EINVAL;
  const counter = new EventCounter(call.kernel.waits, call.uint(0), (flags & EFD_SEMAPHORE) !== 0);
  return installSpecial(call, counter, flags, 'anon_inode:[eventfd]');
}

export function timerfdCreate(call: Call): number {
  const clock = call.int(0);
  const flags = call.int(1);
  const kind = clockKind(clock);
  if ((flags & ~FLAGS) !== 0 || (kind !== 'real' && kind !== 'monotonic')) return EINVAL;
  return installSpecial(call, new TimerFile(call.kernel, clock), flags, 'anon_inode:[timerfd]');
}

const TFD_TIMER_ABSTIME = 1;
const TFD_TIMER_CANCEL_ON_SET = 2;

/** timerfd_settime(fd, flags, new, old) */
export function timerfdSettime(call: Call): number {
  const flags = call.int(1);
  if ((flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)) !== 0) return EINVAL;
  const fetched = call.fetch(call.address(2), ITIMERSPEC_BYTES);
  if (fetched < 0) return fetched;
  const interval = decodeTimespec(call.view, 0);
  const value = decodeTimespec(call.view, 16);
  if (interval < 0 || value < 0) return EINVAL;
  const timer = timerOf(call);
  if (typeof timer === 'number') return timer;
  if (call.address(3) !== 0) {
    const stored = storeSetting(call, timer.timer, call.address(3), encodeTimespec, ITIMERSPEC_BYTES);
    if (stored < 0) return stored;
  }
  timer.set(expiry(call, timer.clock, value, (flags & TFD_TIMER_ABSTIME) !== 0), interval);
  return 0;
}

export function timerfdGettime(call: Call): number {
  const timer = timerOf(call);
  if (typeof timer === 'number') return timer;
  return storeSetting(call, timer.timer, call.address(1), encodeTimespec, ITIMERSPEC_BYTES);
}

function timerOf(call: Call): TimerFile | number {
  const file = call.file(0);
  if (typeof file === 'number') return EBADF;
  return call.linux.specials.find(file, TimerFile) ?? EINVAL;
}

/** signalfd4(fd, mask, maskBytes, flags); fd -1 makes a new one */
export function signalfd4(call: Call): number {
  const flags = call.int(3);
  if ((flags & ~FLAGS) !== 0 || call.address(2) !== SIGSET_BYTES) return EINVAL;
  const fetched = call.fetch(call.address(1), SIGSET_BYTES);
  if (fetched < 0) return fetched;
  const [lo, hi] = [call.view.getUint32(0, true), call.view.getUint32(4, true)];
  if (call.int(0) === -1) {
    const made = new SignalFile(call.kernel, call.process);
    setBlocked(made.wanted, lo, hi);
    return installSpecial(call, made, flags, 'anon_inode:[signalfd]');
  }
  const file = call.file(0);
  if (typeof file === 'number') return EBADF;
  const existing = call.linux.specials.find(file, SignalFile);
  if (existing === undefined) return EINVAL;
  setBlocked(existing.wanted, lo, hi);
  return call.int(0);
}
