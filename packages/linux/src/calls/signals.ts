/** Signal calls. */
import { EAGAIN, EINVAL, EPERM, ESRCH, POLLIN, RESTART, type Nanoseconds } from '@veridian-os/abi';
import {
  SIGKILL,
  SIGNAL_COUNT,
  SIGSTOP,
  SI_TKILL,
  SI_USER,
  SignalSet,
  Wake,
  defaultAction,
  DefaultAction,
  signalInfo,
  type Blocking,
  type MaybeBlocking,
  type SignalInfo,
} from '@veridian-os/kernel';
import { faultOf, type Call } from '../call.js';
import { SIGINFO_BYTES, decodeSiginfo, encodeSiginfo } from '../layout/siginfo.js';
import {
  SIGSET_BYTES,
  STACK_BYTES,
  decodeSigaction,
  decodeStack,
  encodeSigaction,
  encodeStack,
  sigactionBytes,
} from '../layout/signal.js';
import { TIMESPEC_BYTES, decodeTimespec } from '../layout/time.js';
import { checkStack, onAlternateStack, returnFromSignal, setBlocked, stackPointer } from '../signals/frame.js';
import { takePending } from '../signals/pending.js';

export { returnFromSignal as rtSigreturn };

/** rt_sigaction(signal, new, old, sigsetSize) */
export function rtSigaction(call: Call): number {
  const signal = call.int(0);
  if (call.address(3) !== SIGSET_BYTES || signal < 1 || signal > SIGNAL_COUNT) return EINVAL;
  const hasRestorer = call.linux.isa.restorer !== 'none';
  const bytes = sigactionBytes(hasRestorer);
  const { actions } = call.process;
  const [added, old] = [call.address(1), call.address(2)];
  if (added !== 0 && (signal === SIGKILL || signal === SIGSTOP)) return EINVAL;
  const fetched = added === 0 ? 0 : call.fetch(added, bytes);
  if (fetched < 0) return fetched;
  const action = added === 0 ? undefined : decodeSigaction(call.view, hasRestorer);
  if (old !== 0) {
    encodeSigaction(call.view, actions.get(signal), hasRestorer);
    const stored = call.store(old, bytes);
    if (stored < 0) return stored;
  }
  if (action === undefined) return 0;
  actions.set(signal, action);
  if (actions.isIgnored(signal) || (actions.isDefault(signal) && ignoredByDefault(signal))) discard(call, signal);
  return 0;
}

function ignoredByDefault(signal: number): boolean {
  return defaultAction(signal) === DefaultAction.Ignore;
}

/** POSIX: ignoring a signal discards what is pending of it. */
function discard(call: Call, signal: number): void {
  call.process.pending.discard(signal);
  for (const thread of call.process.threads) {
    thread.pending.discard(signal);
    call.kernel.signals.maskChanged(thread);
  }
}

const SIG_BLOCK = 0;
const SIG_UNBLOCK = 1;
const SIG_SETMASK = 2;

/** rt_sigprocmask(how, new, old, sigsetSize) */
export function rtSigprocmask(call: Call): number {
  if (call.address(3) !== SIGSET_BYTES) return EINVAL;
  const { blocked } = call.thread;
  const { lo, hi } = blocked;
  const [added, old] = [call.address(1), call.address(2)];
  const fetched = added === 0 ? 0 : call.fetch(added, SIGSET_BYTES);
  if (fetched < 0) return fetched;
  const [setLo, setHi] = [call.view.getUint32(0, true), call.view.getUint32(4, true)];
  const how = call.int(0);
  if (added !== 0 && (how < SIG_BLOCK || how > SIG_SETMASK)) return EINVAL;
  if (old !== 0) {
    const stored = storeSet(call, old, lo, hi);
    if (stored < 0) return stored;
  }
  if (added === 0) return 0;
  if (how === SIG_BLOCK) setBlocked(blocked, lo | setLo, hi | setHi);
  else if (how === SIG_UNBLOCK) setBlocked(blocked, lo & ~setLo, hi & ~setHi);
  else setBlocked(blocked, setLo, setHi);
  call.kernel.signals.maskChanged(call.thread);
  return 0;
}

function storeSet(call: Call, address: number, lo: number, hi: number): number {
  call.view.setUint32(0, lo, true);
  call.view.setUint32(4, hi, true);
  return call.store(address, SIGSET_BYTES);
}

export function rtSigpending(call: Call): number {
  if (call.address(1) > SIGSET_BYTES) return EINVAL;
  const { thread, process } = call;
  const lo = (thread.pending.set.lo | process.pending.set.lo) & thread.blocked.lo;
  const hi = (thread.pending.set.hi | process.pending.set.hi) & thread.blocked.hi;
  return storeSet(call, call.address(0), lo, hi);
}

/** rt_sigsuspend(set, size): ends only by a handler, whose frame restores the old mask. */
export function rtSigsuspend(call: Call): MaybeBlocking {
  if (call.address(1) !== SIGSET_BYTES) return EINVAL;
  const fetched = call.fetch(call.address(0), SIGSET_BYTES);
  if (fetched < 0) return fetched;
  replaceMask(call, call.view.getUint32(0, true), call.view.getUint32(4, true));
  return pauseUntilSignal(call);
}

export function* pauseUntilSignal(call: Call): Blocking {
  for (;;) if ((yield* call.kernel.waiting.sleep(call.thread)) === Wake.Signal) return RESTART;
}

/** Another mask until a handler returns or `restoreMask`. */
export function replaceMask(call: Call, lo: number, hi: number): void {
  const { thread } = call;
  thread.savedMask.copyFrom(thread.blocked);
  thread.restoreMask = true;
  setBlocked(thread.blocked, lo, hi);
  call.kernel.signals.maskChanged(thread);
}

/** No signal came: the old mask at once. */
export function restoreMask(call: Call): void {
  const { thread } = call;
  thread.restoreMask = false;
  thread.blocked.copyFrom(thread.savedMask);
  call.kernel.signals.maskChanged(thread);
}

/** rt_sigtimedwait(set, info, timeout, size) */
export function rtSigtimedwait(call: Call): MaybeBlocking {
  if (call.address(3) !== SIGSET_BYTES) return EINVAL;
  const fetched = call.fetch(call.address(0), SIGSET_BYTES);
  if (fetched < 0) return fetched;
  const wanted = new SignalSet();
  setBlocked(wanted, call.view.getUint32(0, true), call.view.getUint32(4, true));
  let timeout = Infinity;
  if (call.address(2) !== 0) {
    const read = call.fetch(call.address(2), TIMESPEC_BYTES);
    if (read < 0) return read;
    timeout = decodeTimespec(call.view, 0);
    if (timeout < 0) return timeout;
  }
  return takeSignal(call, wanted, call.kernel.now() + timeout);
}

function* takeSignal(call: Call, wanted: SignalSet, deadline: number): Blocking {
  const { kernel, thread } = call;
  for (;;) {
    const info = takePending(thread, wanted);
    if (info !== undefined) {
      kernel.signals.maskChanged(thread);
      return yield* storeInfo(call, info);
    }
    if (deadline <= kernel.now()) return EAGAIN;
    const wake = yield* kernel.waiting.on(thread, call.process.signalQueue, POLLIN, deadline as Nanoseconds);
    if (wake === Wake.Signal) {
      const late = takePending(thread, wanted);
      return late === undefined ? RESTART : yield* storeInfo(call, late);
    }
  }
}

function* storeInfo(call: Call, info: SignalInfo): Blocking {
  if (call.address(1) === 0) return info.signal;
  encodeSiginfo(call.view, info);
  const stored = yield* call.put(call.address(1), SIGINFO_BYTES);
  return stored < 0 ? faultOf(stored) : info.signal;
}

/** sigaltstack(new, old) */
export function sigaltstack(call: Call): number {
  const { state } = call;
  const [added, old] = [call.address(0), call.address(1)];
  const inUse = onAlternateStack(state.stack, stackPointer(call));
  const fetched = added === 0 ? 0 : call.fetch(added, STACK_BYTES);
  if (fetched < 0) return fetched;
  const wanted = decodeStack(call.view, 0);
  if (added !== 0 && inUse) return EPERM;
  const checked = added === 0 ? state.stack : checkStack(wanted, call.linux.isa.frame.minimumAlternate);
  if (typeof checked === 'number') return checked;
  if (old !== 0) {
    encodeStack(call.view, 0, state.stack, inUse);
    const stored = call.store(old, STACK_BYTES);
    if (stored < 0) return stored;
  }
  state.stack = checked;
  return 0;
}

/** Siginfo of a signal that the caller sends. */
function fromCaller(call: Call, signal: number, code: number): SignalInfo {
  return signalInfo(signal, code, { pid: call.process.pid, uid: call.process.uid });
}

export function kill(call: Call): number {
  const signal = call.int(1);
  return call.kernel.signals.kill(call.process, call.int(0), fromCaller(call, signal, SI_USER));
}

export function tkill(call: Call): number {
  return sendToThread(call, 0, call.int(0), fromCaller(call, call.int(1), SI_TKILL));
}

export function tgkill(call: Call): number {
  if (call.int(0) <= 0) return EINVAL;
  return sendToThread(call, call.int(0), call.int(1), fromCaller(call, call.int(2), SI_TKILL));
}

/** `group` 0 = any process. */
function sendToThread(call: Call, group: number, tid: number, info: SignalInfo): number {
  if (tid <= 0 || info.signal < 0 || info.signal > SIGNAL_COUNT) return EINVAL;
  const thread = call.kernel.threadByTid(tid);
  if (thread === undefined || (group !== 0 && thread.process.pid !== group)) return ESRCH;
  return call.kernel.signals.sendThread(thread, info);
}

/** rt_sigqueueinfo(pid, signal, info) */
export function rtSigqueueinfo(call: Call): number {
  const info = queuedInfo(call, call.int(1), call.address(2));
  if (typeof info === 'number') return info;
  if (isForged(call, info)) return EPERM;
  const target = call.kernel.processByPid(call.int(0));
  return target === undefined ? ESRCH : call.kernel.signals.sendProcess(target, info);
}

/** rt_tgsigqueueinfo(pid, tid, signal, info) */
export function rtTgsigqueueinfo(call: Call): number {
  if (call.int(0) <= 0) return EINVAL;
  const info = queuedInfo(call, call.int(2), call.address(3));
  if (typeof info === 'number') return info;
  if (isForged(call, info)) return EPERM;
  return sendToThread(call, call.int(0), call.int(1), info);
}

/** Only the kernel says SI_USER or SI_KERNEL to others. */
function isForged(call: Call, info: SignalInfo): boolean {
  return (info.code >= 0 || info.code === SI_TKILL) && call.int(0) !== call.process.pid;
}

function queuedInfo(call: Call, signal: number, address: number): SignalInfo | number {
  const fetched = call.fetch(address, SIGINFO_BYTES);
  if (fetched < 0) return fetched;
  if (signal < 0 || signal > SIGNAL_COUNT) return EINVAL;
  return decodeSiginfo(call.view, signal);
}
