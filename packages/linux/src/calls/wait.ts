/** wait4 and waitid. */
import { EAGAIN, EBADF, EINVAL, ESRCH } from '@veridian-os/abi';
import {
  CLD_CONTINUED,
  CLD_DUMPED,
  CLD_EXITED,
  CLD_KILLED,
  CLD_STOPPED,
  SIGCHLD,
  SIGCONT,
  settle,
  signalInfo,
  waitFor,
  type Blocking,
  type MaybeBlocking,
  type SignalInfo,
  type WaitOptions,
  type WaitResult,
} from '@veridian-os/kernel';
import { O_NONBLOCK } from '@veridian-os/vfs';
import { faultOf, type Call } from '../call.js';
import { SIGINFO_BYTES, encodeSiginfo } from '../layout/siginfo.js';
import { RUSAGE_BYTES, encodeRusage } from '../layout/system.js';
import { processOf } from './process-files.js';

export const WNOHANG = 1;
export const WUNTRACED = 2;
export const WEXITED = 4;
export const WCONTINUED = 8;
export const WNOWAIT = 0x01000000;
/** __WNOTHREAD, __WALL, __WCLONE: which kinds of children; all are of one kind here. */
const WHICH = 0x20000000 | 0x40000000 | 0x80000000;

/** wait4(pid, status, options, rusage) */
export function wait4(call: Call): MaybeBlocking {
  const options = call.int(2);
  if ((options & ~(WNOHANG | WUNTRACED | WCONTINUED | WHICH)) !== 0) return EINVAL;
  const pid = call.int(0);
  if (pid === -2147483648) return ESRCH;
  return reap(call, {
    ...whom(call, pid),
    noHang: (options & WNOHANG) !== 0,
    exited: true,
    stopped: (options & WUNTRACED) !== 0,
    continued: (options & WCONTINUED) !== 0,
  });
}

/** Which children a pid argument means: > 0 one, -1 any, 0 the own group, < -1 a group. */
function whom(call: Call, pid: number): Pick<WaitOptions, 'pid' | 'group'> {
  if (pid > 0) return { pid };
  if (pid === -1) return {};
  return { group: pid === 0 ? call.process.group : -pid };
}

function* reap(call: Call, options: WaitOptions): Blocking {
  const result = yield* settle<WaitResult | number>(waitFor(call.kernel, call.thread, options));
  if (typeof result === 'number') return result;
  if (result.kind === 'none') return 0;
  if (call.address(1) !== 0) {
    call.view.setInt32(0, waitStatus(result), true);
    const stored = yield* call.put(call.address(1), 4);
    if (stored < 0) return faultOf(stored);
  }
  const usage = yield* storeUsage(call, call.address(3), result);
  return usage < 0 ? faultOf(usage) : result.pid;
}

function* storeUsage(call: Call, address: number, result: WaitResult): Blocking {
  if (address === 0) return 0;
  encodeRusage(call.view, result.kind === 'ended' ? result.cpuTime : 0, 0);
  return yield* call.put(address, RUSAGE_BYTES);
}

/** The status word that WIFEXITED and friends take apart. */
export function waitStatus(result: WaitResult): number {
  switch (result.kind) {
    case 'ended': {
      const { end } = result;
      return end.kind === 'exit' ? (end.value & 0xff) << 8 : end.value | (end.core ? 0x80 : 0);
    }
    case 'stopped':
      return (result.signal << 8) | 0x7f;
    case 'continued':
      return 0xffff;
    default:
      return 0;
  }
}

const P_ALL = 0;
const P_PID = 1;
const P_PGID = 2;
const P_PIDFD = 3;

/** waitid(idtype, id, info, options, rusage) */
export function waitid(call: Call): MaybeBlocking {
  const options = call.int(3);
  const what = WEXITED | WUNTRACED | WCONTINUED;
  if ((options & ~(WNOHANG | WNOWAIT | what | WHICH)) !== 0 || (options & what) === 0) return EINVAL;
  const id = call.int(1);
  const type = call.int(0);
  if (type < P_ALL || type > P_PIDFD) return EINVAL;
  if (type === P_PIDFD) return waitForFile(call, options);
  if (type === P_PID && id <= 0) return EINVAL;
  if (type === P_PGID && id < 0) return EINVAL;
  const selected = type === P_ALL ? {} : type === P_PID ? { pid: id } : { group: id === 0 ? call.process.group : id };
  return reapInfo(call, { ...selected, ...waitOptions(options) });
}

function waitOptions(options: number): WaitOptions {
  return {
    noHang: (options & WNOHANG) !== 0,
    exited: (options & WEXITED) !== 0,
    stopped: (options & WUNTRACED) !== 0,
    continued: (options & WCONTINUED) !== 0,
    keep: (options & WNOWAIT) !== 0,
  };
}

/** waitid(P_PIDFD, fd): a descriptor that does not wait makes waitid not wait. */
function waitForFile(call: Call, options: number): MaybeBlocking {
  const file = call.file(1);
  const found = processOf(call, call.int(1));
  if (typeof file === 'number' || typeof found === 'number') return EBADF;
  const isImmediate = (file.flags & O_NONBLOCK) !== 0 && (options & WNOHANG) === 0;
  if (isImmediate && !found.hasEnded) return EAGAIN;
  return reapInfo(call, { pid: found.process.pid, ...waitOptions(options) });
}

function* reapInfo(call: Call, options: WaitOptions): Blocking {
  const result = yield* settle<WaitResult | number>(waitFor(call.kernel, call.thread, options));
  if (typeof result === 'number') return result;
  const usage = yield* storeUsage(call, call.address(4), result);
  if (usage < 0) return faultOf(usage);
  if (call.address(2) === 0) return 0;
  encodeSiginfo(call.view, childInfo(call, result));
  const stored = yield* call.put(call.address(2), SIGINFO_BYTES);
  return stored < 0 ? faultOf(stored) : 0;
}

/** What waitid stores: SIGCHLD's siginfo; all zero when nothing has changed. */
function childInfo(call: Call, result: WaitResult): SignalInfo {
  const { uid } = call.process;
  switch (result.kind) {
    case 'ended': {
      const { end } = result;
      const code = end.kind === 'exit' ? CLD_EXITED : end.core ? CLD_DUMPED : CLD_KILLED;
      return signalInfo(SIGCHLD, code, { pid: result.pid, uid, status: end.value });
    }
    case 'stopped':
      return signalInfo(SIGCHLD, CLD_STOPPED, { pid: result.pid, uid, status: result.signal });
    case 'continued':
      return signalInfo(SIGCHLD, CLD_CONTINUED, { pid: result.pid, uid, status: SIGCONT });
    default:
      return signalInfo(0, 0);
  }
}
