/**
 * How arguments and results look in the trace.
 *
 * A row's format is a list of names, one per argument, and optionally `= NAME` for the result. A name may carry a
 * parameter after a colon, mostly the index of another argument that it depends on. Formats that begin with `out-` show what
 * the call stored and are written when it ends; the others when it begins.
 */
import { swapOpenFlags } from '../uapi/fcntl.js';
import { ioctlName } from '../uapi/ioctl.js';
import { signalName } from '@veridian-os/kernel';
import type { Call } from '../call.js';
import * as names from './names.js';
import { STRUCTURE_FORMATS } from './structures.js';
import * as text from './text.js';

/** Shows argument `index` of a call; `result` is undefined while the call begins. */
export type Format = (call: Call, index: number, parameter: string, result: number | undefined) => string;

/** A NUL-terminated string of the caller's. */
export function stringAt(call: Call, address: number): string {
  if (address === 0) return 'NULL';
  const bytes = call.space.readString(address, 4095);
  return typeof bytes === 'number' ? text.pointer(address) : text.quote(bytes);
}

/** Data of the caller's: `total` bytes from `address`. */
export function dataAt(call: Call, address: number, total: number): string {
  if (address === 0) return 'NULL';
  const bytes = new Uint8Array(Math.min(total, text.SHOWN_BYTES));
  return call.space.read(address, bytes) < 0 ? text.pointer(address) : text.quoteData(bytes, total);
}

const openFlags = (call: Call, given: number): string => {
  const value = call.linux.isa.swapsOpenFlags ? swapOpenFlags(given) : given;
  const rest = value & ~3;
  return names.ACCESS_MODES[value & 3] + (rest === 0 ? '' : `|${text.flags(rest, names.OPEN_FLAGS)}`);
};

const fileMode = (mode: number): string => {
  const type = names.FILE_TYPES[mode & 0o170000];
  const bits = text.octal(mode & 0o7777);
  return type === undefined ? bits : `${type}|${bits}`;
};

const futexOperation = (value: number): string => {
  const base = text.choice(value & 0x7f, names.FUTEX);
  return base + ((value & 128) === 0 ? '' : '_PRIVATE') + ((value & 256) === 0 ? '' : '|FUTEX_CLOCK_REALTIME');
};

const fcntlArgument: Format = (call, index, parameter) => {
  const command = call.int(Number(parameter));
  switch (text.choice(command, names.FCNTL)) {
    case 'F_SETFL':
      return openFlags(call, call.int(index));
    case 'F_SETFD':
      return call.int(index) === 1 ? 'FD_CLOEXEC' : String(call.int(index));
    case 'F_DUPFD':
    case 'F_DUPFD_CLOEXEC':
    case 'F_SETPIPE_SZ':
      return String(call.int(index));
    case 'F_GETFD':
    case 'F_GETFL':
    case 'F_GETOWN':
    case 'F_GETPIPE_SZ':
      return '';
    default:
      return text.pointer(call.address(index));
  }
};

/** Names of an argument vector; long ones are cut. */
const strings: Format = (call, index) => {
  const address = call.address(index);
  if (address === 0) return 'NULL';
  const shown: string[] = [];
  const pointers = new DataView(new ArrayBuffer(8));
  for (let at = address; shown.length < 32; at += 8) {
    if (call.space.read(at, new Uint8Array(pointers.buffer)) < 0) return text.pointer(address);
    const pointer = pointers.getUint32(0, true) + pointers.getUint32(4, true) * 4294967296;
    if (pointer === 0) return `[${shown.join(', ')}]`;
    shown.push(stringAt(call, pointer));
  }
  return `[${shown.join(', ')}, ...]`;
};

const PLAIN: Readonly<Record<string, Format>> = {
  int: (call, index) => String(call.int(index)),
  uint: (call, index) => String(call.uint(index)),
  long: (call, index) => String(call.offset(index)),
  size: (call, index) => String(call.address(index)),
  hex: (call, index) => text.hex(call.address(index)),
  octal: (call, index) => text.octal(call.uint(index)),
  pointer: (call, index) => text.pointer(call.address(index)),
  fd: (call, index) => String(call.int(index)),
  dirfd: (call, index) => (call.int(index) === -100 ? 'AT_FDCWD' : String(call.int(index))),
  signal: (call, index) => (call.int(index) === 0 ? '0' : signalName(call.int(index))),
  path: (call, index) => stringAt(call, call.address(index)),
  bytes: (call, index, parameter) => dataAt(call, call.address(index), call.address(Number(parameter))),
  strings,
};

/** Argument that counts only with O_CREAT or O_TMPFILE in another one. */
const openMode: Format = (call, index, parameter) =>
  (call.int(Number(parameter)) & 0o20000100) === 0 ? '' : text.octal(call.uint(index));

const FLAGS: Readonly<Record<string, Format>> = {
  'open-flags': (call, index) => openFlags(call, call.int(index)),
  'open-mode': openMode,
  'fd-flags': (call, index, parameter) => descriptorFlags(call.uint(index), parameter === '' ? 'O' : parameter),
  'file-mode': (call, index) => fileMode(call.uint(index)),
  'at-flags': (call, index, parameter) => text.flags(call.uint(index), names.AT_FLAGS[parameter] ?? names.AT_FLAGS['']),
  access: (call, index) => text.flags(call.uint(index), names.ACCESS, 'F_OK'),
  whence: (call, index) => text.choice(call.int(index), names.WHENCE),
  fcntl: (call, index) => text.choice(call.int(index), names.FCNTL),
  'fcntl-argument': fcntlArgument,
  flock: (call, index) => text.flags(call.uint(index), names.FLOCK),
  ioctl: (call, index) => ioctlName(call.uint(index)) ?? text.hex(call.uint(index)),
  prot: (call, index) => text.flags(call.uint(index), names.PROT, 'PROT_NONE'),
  'map-flags': (call, index) => mapFlags(call.uint(index), call.linux.isa.lowMappings),
  madvise: (call, index) => text.choice(call.int(index), names.MADVISE),
  'clone-flags': (call, index) => cloneFlags(call.uint(index)),
  'wait-options': (call, index) => text.flags(call.uint(index), names.WAIT_OPTIONS),
  'sigmask-how': (call, index) => text.choice(call.int(index), names.SIGMASK_HOW),
  futex: (call, index) => futexOperation(call.int(index)),
  clock: (call, index) => text.choice(call.int(index), names.CLOCKS),
  'sleep-flags': (call, index) => (call.int(index) === 1 ? 'TIMER_ABSTIME' : text.hex(call.uint(index))),
  itimer: (call, index) => text.choice(call.int(index), names.ITIMERS),
  'epoll-operation': (call, index) => text.choice(call.int(index), names.EPOLL_OPERATIONS),
  'socket-family': (call, index) => text.choice(call.int(index), names.FAMILIES),
  limit: (call, index) => text.choice(call.int(index), names.LIMITS),
  'rusage-who': (call, index) => text.choice(call.int(index), names.RUSAGE),
  'arch-prctl': (call, index) => text.choice(call.int(index), names.ARCH_PRCTL),
  prctl: (call, index) => text.choice(call.int(index), names.PRCTL),
};

/** Flags of calls that make descriptors: `O_CLOEXEC`, `EFD_NONBLOCK`... */
function descriptorFlags(value: number, prefix: string): string {
  return text.flags(value, [
    [1, `${prefix}_SEMAPHORE`],
    [0o4000, `${prefix}_NONBLOCK`],
    [0o40000, `${prefix}_DIRECT`],
    [0o2000000, `${prefix}_CLOEXEC`],
  ]);
}

function mapFlags(value: number, lowMappings: number): string {
  const known = lowMappings === 0 ? names.MAP_FLAGS : [...names.MAP_FLAGS, [lowMappings, 'MAP_32BIT'] as const];
  const rest = text.flags(value & ~0xf, known, '');
  return [text.choice(value & 0xf, names.MAP_TYPES), ...(rest === '' ? [] : [rest])].join('|');
}

function cloneFlags(value: number): string {
  const signal = value & 0xff;
  const rest = text.flags(value & ~0xff, names.CLONE, '');
  return [...(rest === '' ? [] : [rest]), ...(signal === 0 ? [] : [signalName(signal)])].join('|') || '0';
}

/** Data that the call filled: as many bytes as its result says. */
const outBytes: Format = (call, index, _parameter, result = -1) =>
  result < 0 ? text.pointer(call.address(index)) : dataAt(call, call.address(index), result);

const OUTPUTS: Readonly<Record<string, Format>> = {
  'out-bytes': outBytes,
  'out-path': (call, index, _parameter, result = -1) =>
    result < 0 ? text.pointer(call.address(index)) : stringAt(call, call.address(index)),
};

export const FORMATS: Readonly<Record<string, Format>> = { ...PLAIN, ...FLAGS, ...OUTPUTS, ...STRUCTURE_FORMATS };

/** Results. `never`: the call does not come back. */
export type ResultFormat = (call: Call, result: number, parameter: string) => string;

export const RESULT_FORMATS: Readonly<Record<string, ResultFormat>> = {
  decimal: (_call, result) => String(result),
  octal: (_call, result) => text.octal(result),
  pointer: (_call, result) => text.hex(result),
  never: () => '?',
  fcntl: (call, result) => fcntlResult(call, text.choice(call.int(1), names.FCNTL), result),
  /** ppoll: how many, and the descriptors that are ready. */
  polled: (call, result, parameter) =>
    result === 0 ? '0 (Timeout)' : `${result} (${polled(call, Number(parameter))})`,
};

function fcntlResult(call: Call, command: string, result: number): string {
  if (command === 'F_GETFL') return `${text.hex(result)} (flags ${openFlags(call, result)})`;
  return command === 'F_GETFD' && result === 1 ? '0x1 (flags FD_CLOEXEC)' : String(result);
}

function polled(call: Call, index: number): string {
  const count = Math.min(call.uint(index + 1), 32);
  const bytes = new Uint8Array(count * 8);
  if (call.space.read(call.address(index), bytes) < 0) return '...';
  const view = new DataView(bytes.buffer);
  const ready: string[] = [];
  for (let at = 0; at < bytes.length; at += 8) {
    const events = view.getUint16(at + 6, true);
    if (events === 0) continue;
    ready.push(`{fd=${view.getInt32(at, true)}, revents=${text.flags(events, names.POLL_EVENTS)}}`);
  }
  return `[${ready.join(', ')}]`;
}
