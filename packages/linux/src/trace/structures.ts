/** User structures in the trace. Whatever cannot be read is shown as its address. */
import { toNumber } from '@veridian-os/abi';
import { signalName } from '@veridian-os/kernel';
import type { Call } from '../call.js';
import { decodeCloneArgs } from '../layout/clone.js';
import { SA_RESTORER, decodeSigaction, sigactionBytes } from '../layout/signal.js';
import { STAT_SIZE } from '../layout/stat.js';
import { decodeLimit } from '../layout/system.js';
import { getSignedWide, getWide } from '../layout/words.js';
import type { Format } from './formats.js';
import * as names from './names.js';
import * as text from './text.js';

/** Text of a structure in a copy of user memory. */
type Show = (view: DataView, call: Call) => string;

function copyOf(call: Call, address: number, bytes: number): DataView | undefined {
  const copy = new Uint8Array(bytes);
  return call.space.read(address, copy) < 0 ? undefined : new DataView(copy.buffer);
}

function show(call: Call, address: number, bytes: number, body: Show): string {
  if (address === 0) return 'NULL';
  const view = copyOf(call, address, bytes);
  return view === undefined ? text.pointer(address) : body(view, call);
}

/** A structure that the caller passes. */
const input =
  (bytes: number, body: Show): Format =>
  (call, index) =>
    show(call, call.address(index), bytes, body);

/** A structure that the call stores, shown when it succeeds. */
const output =
  (bytes: number, body: Show): Format =>
  (call, index, _parameter, result = -1) =>
    result < 0 ? text.pointer(call.address(index)) : show(call, call.address(index), bytes, body);

const timespec = (view: DataView, offset: number, fraction = 'nsec'): string =>
  `{tv_sec=${getSignedWide(view, offset)}, tv_${fraction}=${getSignedWide(view, offset + 8)}}`;
const timers =
  (fraction: string): Show =>
  (view) =>
    `{it_interval=${timespec(view, 0, fraction)}, it_value=${timespec(view, 16, fraction)}}`;

/** `[INT CHLD]`, or `~[...]` when more than half are members. */
export function signalSet(lo: number, hi: number): string {
  const members: string[] = [];
  const others: string[] = [];
  for (let signal = 1; signal <= 64; signal++) {
    const word = signal <= 32 ? lo : hi;
    const isMember = ((word >>> ((signal - 1) % 32)) & 1) === 1;
    (isMember ? members : others).push(signalName(signal).replace(/^SIG/, ''));
  }
  return members.length > 32 ? `~[${others.join(' ')}]` : `[${members.join(' ')}]`;
}

const sigset: Show = (view) => signalSet(view.getUint32(0, true), view.getUint32(4, true));

const sigaction: Show = (view, call) => {
  const action = decodeSigaction(view, call.linux.isa.restorer !== 'none');
  const address = action.handlerLo + action.handlerHi * 4294967296;
  const handler = address === 0 ? 'SIG_DFL' : address === 1 ? 'SIG_IGN' : text.pointer(address);
  const flags = text.flags(action.flags, names.SA_FLAGS);
  const restorer =
    (action.flags & SA_RESTORER) === 0
      ? ''
      : `, sa_restorer=${text.pointer(toNumber(action.restorerLo, action.restorerHi))}`;
  return `{sa_handler=${handler}, sa_mask=${signalSet(action.maskLo, action.maskHi)}, sa_flags=${flags}${restorer}}`;
};

const stack: Show = (view) =>
  `{ss_sp=${text.pointer(getWide(view, 0))}, ss_flags=${text.flags(view.getUint32(8, true), names.STACK_FLAGS)}, ss_size=${getWide(view, 16)}}`;

const stat: Show = (view, call) => {
  const layout = call.linux.isa.stat;
  const mode = view.getUint32(layout.mode, true);
  const type = names.FILE_TYPES[mode & 0o170000] ?? text.octal(mode & 0o170000);
  const isDevice = type === 'S_IFCHR' || type === 'S_IFBLK';
  const rdev = getWide(view, layout.rdev);
  const size = isDevice
    ? `st_rdev=makedev(${text.hex(rdev >>> 8)}, ${text.hex(rdev & 0xff)})`
    : `st_size=${getWide(view, STAT_SIZE)}`;
  return `{st_mode=${type}|${text.octal(mode & 0o7777)}, ${size}, ...}`;
};

const limit = (value: number): string =>
  value === Infinity ? 'RLIM64_INFINITY' : value % 1024 === 0 && value > 0 ? `${value / 1024}*1024` : String(value);
const limits: Show = (view) => `{rlim_cur=${limit(decodeLimit(view, 0))}, rlim_max=${limit(decodeLimit(view, 8))}}`;

const waitStatus: Show = (view) => {
  const status = view.getInt32(0, true);
  const low = status & 0x7f;
  if (low === 0) return `[{WIFEXITED(s) && WEXITSTATUS(s) == ${(status >> 8) & 0xff}}]`;
  if (status === 0xffff) return '[{WIFCONTINUED(s)}]';
  if (low === 0x7f) return `[{WIFSTOPPED(s) && WSTOPSIG(s) == ${signalName((status >> 8) & 0xff)}}]`;
  return `[{WIFSIGNALED(s) && WTERMSIG(s) == ${signalName(low)}${(status & 0x80) === 0 ? '' : ' && WCOREDUMP(s)'}}]`;
};

const cloneArgs: Format = (call, index) =>
  show(call, call.address(index), 64, (view) => {
    const padded = new DataView(new ArrayBuffer(88));
    new Uint8Array(padded.buffer).set(new Uint8Array(view.buffer));
    const args = decodeCloneArgs(padded);
    const flags = text.flags(args.flags, names.CLONE);
    const signal = args.exitSignal === 0 ? '0' : signalName(args.exitSignal);
    return `{flags=${flags}, exit_signal=${signal}, stack=${text.pointer(args.stack - args.stackSize)}, stack_size=${text.hex(args.stackSize)}}`;
  });

/** readv's array: on the way out with the bytes that came. */
const vector =
  (isOutput: boolean): Format =>
  (call, index, _parameter, result) => {
    const count = Math.min(call.int(index + 1), 16);
    const view = count <= 0 ? undefined : copyOf(call, call.address(index), count * 16);
    if (view === undefined || (isOutput && (result ?? -1) < 0)) return text.pointer(call.address(index));
    const parts: string[] = [];
    for (let at = 0; at < view.byteLength; at += 16) {
      const length = getWide(view, at + 8);
      const bytes = copyOf(call, getWide(view, at), Math.min(length, text.SHOWN_BYTES));
      const data =
        bytes === undefined ? text.pointer(getWide(view, at)) : text.quoteData(new Uint8Array(bytes.buffer), length);
      parts.push(`{iov_base=${data}, iov_len=${length}}`);
    }
    return `[${parts.join(', ')}]`;
  };

const pollfds: Format = (call, index, parameter) => {
  const count = Math.min(call.uint(Number(parameter)), 32);
  return show(call, call.address(index), count * 8, (view) => {
    const parts: string[] = [];
    for (let at = 0; at < view.byteLength; at += 8) {
      parts.push(
        `{fd=${view.getInt32(at, true)}, events=${text.flags(view.getUint16(at + 4, true), names.POLL_EVENTS)}}`,
      );
    }
    return `[${parts.join(', ')}]`;
  });
};

function epollEvent(view: DataView, at: number, call: Call): string {
  const { data } = call.linux.isa.epollEvent;
  const events = text.flags(view.getUint32(at, true), names.EPOLL_EVENTS);
  return `{events=${events}, data=${text.hex(getWide(view, at + data))}}`;
}

const epollEvents: Format = (call, index, _parameter, result = -1) => {
  const { bytes } = call.linux.isa.epollEvent;
  if (result < 0) return text.pointer(call.address(index));
  return show(call, call.address(index), result * bytes, (view) => {
    const parts: string[] = [];
    for (let at = 0; at < view.byteLength; at += bytes) parts.push(epollEvent(view, at, call));
    return `[${parts.join(', ')}]`;
  });
};

const utsname: Show = (view) => {
  const bytes = new Uint8Array(view.buffer);
  const field = (index: number): string => {
    const raw = bytes.subarray(index * 65, index * 65 + 65);
    return text.quote(raw.subarray(0, Math.max(raw.indexOf(0), 0)));
  };
  return `{sysname=${field(0)}, nodename=${field(1)}, ...}`;
};

const siginfo: Show = (view) =>
  `{si_signo=${signalName(view.getInt32(0, true))}, si_code=${view.getInt32(8, true)}, ...}`;

const FUTEX_WAIT = 0;
const FUTEX_WAIT_BITSET = 9;

/** A timeout for the operations that wait, nothing for plain wakes, a count for the others. */
const futexTimeout: Format = (call, index, parameter) => {
  const command = call.int(Number(parameter)) & 0x7f;
  if (command === FUTEX_WAIT || command === FUTEX_WAIT_BITSET) {
    return show(call, call.address(index), 16, (view) => timespec(view, 0));
  }
  return command === 1 ? '' : text.hex(call.address(index));
};

export const STRUCTURE_FORMATS: Readonly<Record<string, Format>> = {
  timespec: input(16, (view) => timespec(view, 0)),
  'out-timespec': output(16, (view) => timespec(view, 0)),
  timeval: input(16, (view) => timespec(view, 0, 'usec')),
  'out-timeval': output(16, (view) => timespec(view, 0, 'usec')),
  itimerspec: input(32, timers('nsec')),
  'out-itimerspec': output(32, timers('nsec')),
  itimerval: input(32, timers('usec')),
  'out-itimerval': output(32, timers('usec')),
  sigset: input(8, sigset),
  'out-sigset': output(8, sigset),
  sigaction: (call, index) =>
    show(call, call.address(index), sigactionBytes(call.linux.isa.restorer !== 'none'), sigaction),
  'out-sigaction': (call, index, _parameter, result = -1) =>
    result < 0
      ? text.pointer(call.address(index))
      : show(call, call.address(index), sigactionBytes(call.linux.isa.restorer !== 'none'), sigaction),
  'out-siginfo': output(128, siginfo),
  stack: input(24, stack),
  'out-stack': output(24, stack),
  'out-stat': (call, index, _parameter, result = -1) =>
    result < 0 ? text.pointer(call.address(index)) : show(call, call.address(index), call.linux.isa.stat.bytes, stat),
  rlimit: input(16, limits),
  'out-rlimit': output(16, limits),
  'out-wait-status': (call, index, _parameter, result = -1) =>
    result <= 0 ? text.pointer(call.address(index)) : show(call, call.address(index), 4, waitStatus),
  'clone-args': cloneArgs,
  'futex-timeout': futexTimeout,
  iovec: vector(false),
  'out-iovec': vector(true),
  pollfds,
  'epoll-event': (call, index) =>
    show(call, call.address(index), call.linux.isa.epollEvent.bytes, (view) => epollEvent(view, 0, call)),
  'out-epoll-events': epollEvents,
  'out-fd-pair': output(8, (view) => `[${view.getInt32(0, true)}, ${view.getInt32(4, true)}]`),
  'out-int': output(4, (view) => `[${view.getInt32(0, true)}]`),
  'out-utsname': output(390, utsname),
};
