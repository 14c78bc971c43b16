/** The calls, bound through koffi. Cost: about 0.25 us per call beyond the system's own. */
import { EINVAL } from '@veridian-os/abi';
import type { Libc, SysResult } from './api.js';
import { MAX_VIEW, O_CLOEXEC } from './api.js';
import { hostProcess } from './host.js';
import type { Koffi, NativeFunction } from './koffi.js';
import type { SyscallNumbers } from './numbers.js';

const NS_PER_SECOND = 1e9;
const MFD_CLOEXEC = 1;
const SIGSET_BYTES = 8;
const SIGEV_THREAD_ID = 4;
const AF_UNIX = 1;
const SOCK_STREAM = 1;

/** C's types as koffi names them, and what is passed for each; `void *` is a typed array, used in place. */
interface CTypes {
  int: number;
  uint: number;
  long: number;
  ulong: number;
  size_t: number;
  int64_t: number;
  uintptr_t: number;
  str: string;
  'void *': Uint8Array | Int32Array;
}
type CType = keyof CTypes;
type Values<P extends readonly CType[]> = { [K in keyof P]: CTypes[P[K]] };
type Call<P extends readonly CType[]> = (...values: Values<P>) => SysResult;

/** Declares C functions whose -1 becomes a negative errno. */
class Binder {
  private readonly library: { func(name: string, result: string, parameters: string[]): NativeFunction };
  private readonly errno: () => number;

  constructor(koffi: Koffi) {
    this.library = koffi.load(null);
    this.errno = () => koffi.errno();
  }

  /** A function of the C library. */
  fn<const P extends readonly CType[]>(name: string, parameters: P, result: 'int' | 'intptr_t' = 'int'): Call<P> {
    const call = this.library.func(name, result, [...parameters]);
    const { errno } = this;
    return (...values) => {
      const value = call(...values);
      return value === -1 ? -errno() : value;
    };
  }

  /** A system call by number. */
  sys<const P extends readonly CType[]>(number: number, parameters: P): Call<P> {
    const call = this.library.func('syscall', 'intptr_t', ['long', ...parameters]);
    const { errno } = this;
    return (...values) => {
      const value = call(number, ...values);
      return value === -1 ? -errno() : value;
    };
  }

  /** The hottest call of all: no rest parameters on its way. */
  ioctl(): (fd: number, request: number, argument: number) => SysResult {
    const call = this.library.func('ioctl', 'int', ['int', 'ulong', 'uintptr_t']);
    const { errno } = this;
    return (fd, request, argument) => {
      const value = call(fd, request, argument);
      return value === -1 ? -errno() : value;
    };
  }
}

/** `sigset_t` of the kernel: bit n - 1 is signal n. */
function signalSet(signals: readonly number[]): Int32Array {
  const set = new Int32Array(SIGSET_BYTES / 4);
  for (const signal of signals) set[(signal - 1) >> 5] |= 1 << ((signal - 1) & 31);
  return set;
}

/** Fills a `timespec` at `at`. */
function writeTime(words: Int32Array, at: number, ns: number): void {
  const seconds = Math.floor(ns / NS_PER_SECOND);
  words[at] = seconds;
  words[at + 2] = Math.floor(ns - seconds * NS_PER_SECOND);
}

type FileCalls =
  'open' | 'close' | 'read' | 'write' | 'ioctl' | 'ioctlBytes' | 'ftruncate' | 'mkfifo' | 'socketpair' | 'poll';

function fileCalls(bind: Binder, numbers: SyscallNumbers): Pick<Libc, FileCalls | 'eventfd'> {
  const open = bind.fn('open', ['str', 'int', 'uint']);
  const read = bind.fn('read', ['int', 'void *', 'size_t'], 'intptr_t');
  const write = bind.fn('write', ['int', 'void *', 'size_t'], 'intptr_t');
  const socketpair = bind.fn('socketpair', ['int', 'int', 'int', 'void *']);
  const poll = bind.fn('poll', ['void *', 'ulong', 'int']);
  const eventfd = bind.sys(numbers.eventfd2, ['uint', 'int']);
  return {
    open: (path, flags, mode = 0) => open(path, flags | O_CLOEXEC, mode),
    close: bind.fn('close', ['int']),
    read: (fd, into) => read(fd, into, into.length),
    write: (fd, from) => write(fd, from, from.length),
    ioctl: bind.ioctl(),
    ioctlBytes: bind.fn('ioctl', ['int', 'ulong', 'void *']),
    ftruncate: bind.fn('ftruncate', ['int', 'int64_t']),
    socketpair: (pair) => socketpair(AF_UNIX, SOCK_STREAM | O_CLOEXEC, 0, pair),
    mkfifo: bind.fn('mkfifo', ['str', 'uint']),
    poll: (descriptors, timeoutMs) => poll(descriptors, descriptors.length >> 1, timeoutMs),
    eventfd: (initial, flags) => eventfd(initial, flags | O_CLOEXEC),
  };
}

type MemoryCalls = 'mmap' | 'munmap' | 'mprotect' | 'madvise' | 'view' | 'memfdCreate';

function memoryCalls(koffi: Koffi, bind: Binder, numbers: SyscallNumbers): Pick<Libc, MemoryCalls> {
  const mmap = bind.fn('mmap', ['uintptr_t', 'size_t', 'int', 'int', 'int', 'int64_t'], 'intptr_t');
  const memfd = bind.sys(numbers.memfdCreate, ['str', 'uint']);
  return {
    mmap: (length, protection, flags, fd, offset, at = 0) => mmap(at, length, protection, flags, fd, offset),
    munmap: bind.fn('munmap', ['uintptr_t', 'size_t']),
    mprotect: bind.fn('mprotect', ['uintptr_t', 'size_t', 'int']),
    madvise: bind.fn('madvise', ['uintptr_t', 'size_t', 'int']),
    view: (address, length) => {
      if (length >= 1 && length <= MAX_VIEW) return koffi.view(address, length);
      throw new RangeError(`length: expected 1 .. ${MAX_VIEW}, got ${length}`);
    },
    memfdCreate: (name) => memfd(name, MFD_CLOEXEC),
  };
}

type SignalCalls = 'gettid' | 'tgkill' | 'kill' | 'sigprocmask' | 'sigtimedwait' | 'prctl';

function signalCalls(bind: Binder, numbers: SyscallNumbers): Pick<Libc, SignalCalls> {
  const tgkill = bind.sys(numbers.tgkill, ['int', 'int', 'int']);
  const mask = bind.sys(numbers.sigprocmask, ['int', 'void *', 'uintptr_t', 'size_t']);
  const wait = bind.sys(numbers.sigtimedwait, ['void *', 'uintptr_t', 'void *', 'size_t']);
  const prctl = bind.fn('prctl', ['int', 'ulong', 'ulong', 'ulong', 'ulong']);
  const time = new Int32Array(4);
  const process = hostProcess()?.pid ?? 0;
  return {
    gettid: bind.sys(numbers.gettid, []),
    tgkill: (thread, signal) => tgkill(process, thread, signal),
    kill: bind.fn('kill', ['int', 'int']),
    sigprocmask: (how, signals) => mask(how, signalSet(signals), 0, SIGSET_BYTES),
    sigtimedwait: (signals, timeoutNs) => {
      writeTime(time, 0, timeoutNs);
      return wait(signalSet(signals), 0, time, SIGSET_BYTES);
    },
    prctl: (option, argument) => prctl(option, argument, 0, 0, 0),
  };
}

type TimerCalls = 'timerCreate' | 'timerSettime' | 'timerDelete';

function timerCalls(bind: Binder, numbers: SyscallNumbers): Pick<Libc, TimerCalls> {
  const create = bind.sys(numbers.timerCreate, ['int', 'void *', 'void *']);
  const settime = bind.sys(numbers.timerSettime, ['int', 'int', 'void *', 'uintptr_t']);
  const spec = new Int32Array(8); // itimerspec: interval, first
  return {
    timerCreate: (clock, signal, thread) => {
      const event = new Int32Array(16); // sigevent: value (8 bytes), signal, notification, thread
      event.set([signal, SIGEV_THREAD_ID, thread], 2);
      const id = new Int32Array(1);
      const result = create(clock, event, id);
      return result < 0 ? result : id[0];
    },
    timerSettime: (timer, firstNs, intervalNs) => {
      if (!(firstNs >= 0 && intervalNs >= 0)) return EINVAL;
      writeTime(spec, 0, intervalNs);
      writeTime(spec, 4, firstNs);
      return settime(timer, 0, spec, 0);
    },
    timerDelete: bind.sys(numbers.timerDelete, ['int']),
  };
}

export function bindLibc(koffi: Koffi, numbers: SyscallNumbers): Libc {
  const bind = new Binder(koffi);
  return {
    ...fileCalls(bind, numbers),
    ...memoryCalls(koffi, bind, numbers),
    ...signalCalls(bind, numbers),
    ...timerCalls(bind, numbers),
  };
}
