/** Clocks, sleeping, interval timers. */
import { EFAULT, EINVAL, EOPNOTSUPP, EPERM, RESTART, type Nanoseconds } from '@veridian-os/abi';
import { SIGNAL_COUNT, Wake, type Blocking, type MaybeBlocking } from '@veridian-os/kernel';
import type { Call } from '../call.js';
import { TMS_BYTES, encodeTms, ticks } from '../layout/system.js';
import * as t from '../layout/time.js';
import { setWide } from '../layout/words.js';
import { clockKind, clockOwner, deadlineOf, processCpuTime, readClock } from '../time/clocks.js';
import type { AnyTimer, TimerNotice } from '../time/process-timers.js';

/** clock_gettime(clock, timespec) */
export function clockGettime(call: Call): number {
  const clock = call.int(0);
  if (clockKind(clock) === 'real') {
    storeRealTime(call, 1);
    return call.store(call.address(1), t.TIMESPEC_BYTES);
  }
  const time = readClock(call, clock);
  if (time < 0) return time;
  t.encodeTimespec(call.view, 0, time);
  return call.store(call.address(1), t.TIMESPEC_BYTES);
}

/** Puts time of day into the scratch page: seconds, then nanoseconds / `unit`. */
function storeRealTime(call: Call, unit: number): void {
  const { sec, nsec } = call.kernel.realTime(call.process);
  setWide(call.view, 0, sec);
  setWide(call.view, 8, Math.floor(nsec / unit));
}

/** clock_getres(clock, timespec): a clock ticks with the instructions. */
export function clockGetres(call: Call): number {
  if (clockKind(call.int(0)) === undefined) return EINVAL;
  if (call.address(1) === 0) return 0;
  t.encodeTimespec(call.view, 0, 1);
  return call.store(call.address(1), t.TIMESPEC_BYTES);
}

/** clock_settime and settimeofday: the host's clock is not the program's to set. */
export function clockSettime(call: Call): number {
  return clockKind(call.int(0)) === 'real' ? EPERM : EINVAL;
}

export const settimeofday = (): number => EPERM;

/** gettimeofday(timeval, timezone) */
export function gettimeofday(call: Call): number {
  const [time, zone] = [call.address(0), call.address(1)];
  if (time !== 0) {
    storeRealTime(call, 1000);
    const stored = call.store(time, t.TIMEVAL_BYTES);
    if (stored < 0) return stored;
  }
  if (zone === 0) return 0;
  setWide(call.view, 0, 0);
  return call.store(zone, 8);
}

export function times(call: Call): number {
  const { process, kernel } = call;
  const now = ticks(kernel.now());
  if (call.address(0) === 0) return now;
  encodeTms(call.view, processCpuTime(process), process.childrenCpuTime);
  const stored = call.store(call.address(0), TMS_BYTES);
  return stored < 0 ? stored : now;
}

/** nanosleep(request, remaining) */
export function nanosleep(call: Call): MaybeBlocking {
  const fetched = call.fetch(call.address(0), t.TIMESPEC_BYTES);
  if (fetched < 0) return fetched;
  const duration = t.decodeTimespec(call.view, 0);
  if (duration < 0) return duration;
  return sleepUntil(call, call.kernel.now() + duration, call.address(1));
}

const TIMER_ABSTIME = 1;
/** Seconds of the longest alarm: INT_MAX. */
const MOST_ALARM = 0x7fffffff;

/** clock_nanosleep(clock, flags, request, remaining) */
export function clockNanosleep(call: Call): MaybeBlocking {
  const clock = call.int(0);
  const kind = clockKind(clock);
  if (kind === undefined || kind === 'thread') return EINVAL;
  if (kind === 'process') return EOPNOTSUPP;
  const fetched = call.fetch(call.address(2), t.TIMESPEC_BYTES);
  if (fetched < 0) return fetched;
  const time = t.decodeTimespec(call.view, 0);
  if (time < 0) return time;
  if ((call.int(1) & TIMER_ABSTIME) === 0) return sleepUntil(call, call.kernel.now() + time, call.address(3));
  return sleepAbsolute(call, deadlineOf(call, clock, time));
}

/** A relative sleep goes on with its first deadline after a signal, and tells a handler's caller what was left. */
function* sleepUntil(call: Call, deadline: number, remaining: number): Blocking {
  for (;;) {
    const wake = yield* call.kernel.waiting.sleep(call.thread, deadline as Nanoseconds);
    if (wake === Wake.Timeout) return 0;
    if (wake === Wake.Signal) break;
  }
  if (remaining !== 0) {
    t.encodeTimespec(call.view, 0, Math.max(deadline - call.kernel.now(), 0));
    if ((yield* call.put(remaining, t.TIMESPEC_BYTES)) < 0) return EFAULT;
  }
  call.state.restart = () => sleepUntil(call, deadline, remaining);
  return RESTART;
}

function* sleepAbsolute(call: Call, deadline: number): Blocking {
  for (;;) {
    const wake = yield* call.kernel.waiting.sleep(call.thread, deadline as Nanoseconds);
    if (wake === Wake.Timeout) return 0;
    if (wake === Wake.Signal) return RESTART;
  }
}

/** setitimer(which, new, old) */
export function setitimer(call: Call): number {
  const timer = call.shared.timers.interval[call.uint(0)];
  if (timer === undefined) return EINVAL;
  const [added, old] = [call.address(1), call.address(2)];
  const fetched = added === 0 ? 0 : call.fetch(added, t.ITIMERVAL_BYTES);
  if (fetched < 0) return fetched;
  const interval = added === 0 ? 0 : t.decodeTimeval(call.view, 0);
  const value = added === 0 ? 0 : t.decodeTimeval(call.view, 16);
  if (interval < 0 || value < 0) return EINVAL;
  if (old !== 0) {
    const stored = storeSetting(call, timer, old, t.encodeTimeval, t.ITIMERVAL_BYTES);
    if (stored < 0) return stored;
  }
  timer.arm(value === 0 ? Infinity : startOf(call, call.uint(0) !== 0) + value, interval);
  return 0;
}

/** Now, on the clock that a timer counts. */
function startOf(call: Call, onCpuTime: boolean): number {
  return onCpuTime ? processCpuTime(call.process) : call.kernel.now();
}

/** alarm(seconds): whole seconds that were left of the old one, not 0 while anything was left. */
export function alarm(call: Call): number {
  const [timer] = call.shared.timers.interval;
  const { remaining } = timer.setting();
  const seconds = Math.min(call.uint(0), MOST_ALARM);
  timer.arm(seconds === 0 ? Infinity : call.kernel.now() + seconds * t.NS_PER_SECOND, 0);
  const whole = Math.floor(remaining / t.NS_PER_SECOND);
  const rest = remaining - whole * t.NS_PER_SECOND;
  return rest >= t.NS_PER_SECOND / 2 || (whole === 0 && rest > 0) ? whole + 1 : whole;
}

/** time(seconds) */
export function time(call: Call): number {
  const { sec } = call.kernel.realTime(call.process);
  if (call.address(0) === 0) return sec;
  setWide(call.view, 0, sec);
  const stored = call.store(call.address(0), 8);
  return stored < 0 ? stored : sec;
}

export function getitimer(call: Call): number {
  const timer = call.shared.timers.interval[call.uint(0)];
  if (timer === undefined) return EINVAL;
  return storeSetting(call, timer, call.address(1), t.encodeTimeval, t.ITIMERVAL_BYTES);
}

/** Stores interval and remaining time as two timevals or timespecs. */
export function storeSetting(
  call: Call,
  timer: AnyTimer,
  address: number,
  encode: typeof t.encodeTimespec,
  bytes: number,
): number {
  const { remaining, interval } = timer.setting();
  encode(call.view, 0, interval);
  encode(call.view, 16, remaining);
  return call.store(address, bytes);
}

const SIGEV_SIGNAL = 0;
const SIGEV_NONE = 1;
const SIGEV_THREAD_ID = 4;
const SIGEVENT_BYTES = 64;

/** timer_create(clock, sigevent, id) */
export function timerCreate(call: Call): number {
  const clock = call.int(0);
  const kind = clockKind(clock);
  if (kind === undefined || kind === 'thread' || clockOwner(clock) !== 0) return EINVAL;
  const notice = call.address(1) === 0 ? undefined : timerNotice(call, call.address(1));
  if (typeof notice === 'number') return notice;
  const { timers } = call.shared;
  const id = timers.create(clock, kind === 'process', notice);
  if (id < 0) return id;
  call.view.setInt32(0, id, true);
  const stored = call.store(call.address(2), 4);
  if (stored < 0) timers.delete(id);
  return stored;
}

/** struct sigevent: 0 value:8  8 signo:4  12 notify:4  16 tid:4 */
function timerNotice(call: Call, address: number): TimerNotice | number {
  const fetched = call.fetch(address, SIGEVENT_BYTES);
  if (fetched < 0) return fetched;
  const { view } = call;
  const [valueLo, valueHi] = [view.getUint32(0, true), view.getUint32(4, true)];
  const signal = view.getInt32(8, true);
  const how = view.getInt32(12, true);
  if (how === SIGEV_NONE) return { signal: 0, valueLo, valueHi, thread: undefined };
  if ((how !== SIGEV_SIGNAL && how !== SIGEV_THREAD_ID) || signal < 1 || signal > SIGNAL_COUNT) return EINVAL;
  if (how === SIGEV_SIGNAL) return { signal, valueLo, valueHi, thread: undefined };
  const thread = call.kernel.threadByTid(view.getInt32(16, true));
  return thread?.process === call.process ? { signal, valueLo, valueHi, thread } : EINVAL;
}

/** timer_settime(id, flags, new, old) */
export function timerSettime(call: Call): number {
  const found = call.shared.timers.get(call.int(0));
  if (found === undefined || call.address(2) === 0) return EINVAL;
  const fetched = call.fetch(call.address(2), t.ITIMERSPEC_BYTES);
  if (fetched < 0) return fetched;
  const interval = t.decodeTimespec(call.view, 0);
  const value = t.decodeTimespec(call.view, 16);
  if (interval < 0 || value < 0) return EINVAL;
  if (call.address(3) !== 0) {
    const stored = storeSetting(call, found.timer, call.address(3), t.encodeTimespec, t.ITIMERSPEC_BYTES);
    if (stored < 0) return stored;
  }
  found.overrun = 0;
  found.timer.arm(expiry(call, found.clock, value, (call.int(1) & TIMER_ABSTIME) !== 0), interval);
  return 0;
}

/** When a timer set to `value` expires, on the clock that it counts; zero disarms. */
export function expiry(call: Call, clock: number, value: number, isAbsolute: boolean): number {
  if (value === 0) return Infinity;
  return isAbsolute ? deadlineOf(call, clock, value) : startOf(call, clockKind(clock) === 'process') + value;
}

export function timerGettime(call: Call): number {
  const found = call.shared.timers.get(call.int(0));
  if (found === undefined) return EINVAL;
  return storeSetting(call, found.timer, call.address(1), t.encodeTimespec, t.ITIMERSPEC_BYTES);
}

export function timerGetoverrun(call: Call): number {
  return call.shared.timers.get(call.int(0))?.overrun ?? EINVAL;
}

export function timerDelete(call: Call): number {
  return call.shared.timers.delete(call.int(0));
}

/** restart_syscall: what an interrupted sleep left to do. */
export function restartSyscall(call: Call): MaybeBlocking {
  const { restart } = call.state;
  return restart === undefined ? EINVAL : restart();
}
