/** fcntl, flock, ioctl. */
import { EBADF, EINVAL, ENOTTY, WOULD_BLOCK, toNumber, type Errno } from '@veridian-os/abi';
import type { Blocking, MaybeBlocking } from '@veridian-os/kernel';
import {
  O_APPEND,
  O_CLOEXEC,
  O_CREAT,
  O_EXCL,
  O_NOCTTY,
  O_NONBLOCK,
  O_TRUNC,
  type OpenFile,
  type PipeFile,
} from '@veridian-os/vfs';
import type { Call } from '../call.js';
import type { RecordLock } from '../files/locks.js';
import { getSignedWide, setWide } from '../layout/words.js';
import { seals } from './memory-files.js';
import * as f from '../uapi/fcntl.js';
import { ioctlArgument } from '../uapi/ioctl.js';
import * as io from '../uapi/ioctl.js';

/** Flags of open(2) that say how to open, not how the file is open. */
const CREATION_FLAGS = O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC;
/** What F_SETFL may change; O_DIRECT, O_NOATIME and O_ASYNC are accepted and mean nothing. */
const SETTABLE = O_APPEND | O_NONBLOCK;

export function fcntl(call: Call): MaybeBlocking {
  const file = call.file(0);
  if (typeof file === 'number') return file;
  const { process, kernel } = call;
  const fd = call.int(0);
  switch (call.int(1)) {
    case f.F_DUPFD:
    case f.F_DUPFD_CLOEXEC:
      return kernel.descriptors.dup(process, fd, call.int(2), call.int(1) === f.F_DUPFD_CLOEXEC);
    case f.F_GETFD:
      return process.files.isCloexec(fd) ? f.FD_CLOEXEC : 0;
    case f.F_SETFD:
      process.files.setCloexec(fd, (call.int(2) & f.FD_CLOEXEC) !== 0);
      return 0;
    case f.F_GETFL:
      return statusFlags(call, file);
    case f.F_SETFL:
      file.flags = (file.flags & ~SETTABLE) | (call.int(2) & SETTABLE);
      return 0;
    case f.F_GETPIPE_SZ:
      return isPipe(file) ? file.capacity : EBADF;
    case f.F_SETPIPE_SZ:
      return isPipe(file) ? file.setCapacity(call.uint(2)) : EBADF;
    case f.F_ADD_SEALS:
    case f.F_GET_SEALS:
      return seals(call, file, call.int(1) === f.F_ADD_SEALS);
    case f.F_SETOWN:
      return 0; // nobody gets SIGIO: O_ASYNC is not offered
    case f.F_GETOWN:
      return 0;
    default:
      return recordLock(call, file, call.int(1));
  }
}

/** What open(2) was asked for, in the caller's ISA's bits. */
function statusFlags(call: Call, file: OpenFile): number {
  const flags = (file.flags & ~CREATION_FLAGS) | (file.path === undefined ? 0 : f.O_LARGEFILE);
  return call.linux.isa.swapsOpenFlags ? f.swapOpenFlags(flags) : flags;
}

export function isPipe(file: OpenFile): file is PipeFile {
  return file.kind === 'pipe';
}

/** struct flock: 0 l_type:2  2 l_whence:2  8 l_start  16 l_len  24 l_pid:4 */
const FLOCK_BYTES = 32;

function recordLock(call: Call, file: OpenFile, command: number): MaybeBlocking {
  const isOfd = command >= f.F_OFD_GETLK && command <= f.F_OFD_SETLKW;
  if (!isOfd && (command < f.F_GETLK || command > f.F_SETLKW)) return EINVAL;
  const fetched = call.fetch(call.address(2), FLOCK_BYTES);
  if (fetched < 0) return fetched;
  const owner = isOfd ? file : call.process;
  const lock = decodeLock(call, file, owner);
  if (typeof lock === 'number') return lock;
  if (command === f.F_GETLK || command === f.F_OFD_GETLK) return queryLock(call, file, lock);
  if (lock.type === f.F_RDLCK && !file.readable) return EBADF;
  if (lock.type === f.F_WRLCK && !file.writable) return EBADF;
  const waits = command === f.F_SETLKW || command === f.F_OFD_SETLKW;
  return call.linux.locks.setRecord(call.thread, file, lock, waits);
}

function decodeLock(call: Call, file: OpenFile, owner: object): RecordLock | Errno {
  const { view } = call;
  const type = view.getInt16(0, true);
  const origin = lockOrigin(call, file, view.getInt16(2, true));
  if (origin < 0) return origin as Errno;
  let start = origin + getSignedWide(view, 8);
  const length = getSignedWide(view, 16);
  if (length < 0) start += length;
  if (start < 0 || type < f.F_RDLCK || type > f.F_UNLCK) return EINVAL;
  const end = length === 0 ? Infinity : start + Math.abs(length);
  return { type, start, end, owner, pid: owner === file ? -1 : call.process.pid };
}

/** Offset that l_whence counts from. */
function lockOrigin(call: Call, file: OpenFile, whence: number): number {
  if (whence === 0) return 0;
  if (whence === 1) return file.offset;
  if (whence !== 2) return EINVAL;
  const result = file.stat(call.linux.stat);
  return result < 0 ? result : call.linux.stat.size;
}

function queryLock(call: Call, file: OpenFile, lock: RecordLock): number {
  const { view } = call;
  const conflict = call.linux.locks.conflict(file, lock);
  view.setInt16(0, conflict?.type ?? f.F_UNLCK, true);
  if (conflict !== undefined) {
    view.setInt16(2, 0, true);
    setWide(view, 8, conflict.start);
    setWide(view, 16, conflict.end === Infinity ? 0 : conflict.end - conflict.start);
    view.setInt32(24, conflict.pid, true);
  }
  return call.store(call.address(2), FLOCK_BYTES);
}

export function flock(call: Call): MaybeBlocking {
  const file = call.file(0);
  if (typeof file === 'number') return file;
  const operation = call.int(1);
  const kind = operation & ~f.LOCK_NB;
  if (kind !== f.LOCK_SH && kind !== f.LOCK_EX && kind !== f.LOCK_UN) return EINVAL;
  return call.linux.locks.setWhole(call.thread, file, kind, (operation & f.LOCK_NB) === 0);
}

export function ioctl(call: Call): MaybeBlocking {
  const file = call.file(0);
  if (typeof file === 'number') return file;
  const request = call.uint(1);
  switch (request) {
    case io.FIOCLEX:
    case io.FIONCLEX:
      call.process.files.setCloexec(call.int(0), request === io.FIOCLEX);
      return 0;
    case io.FIONBIO:
      return setNonblocking(call, file);
    case io.FIOASYNC:
      return 0;
    default:
      return deviceControl(call, file, request);
  }
}

function setNonblocking(call: Call, file: OpenFile): number {
  const fetched = call.fetch(call.address(2), 4);
  if (fetched < 0) return fetched;
  file.flags = call.view.getInt32(0, true) === 0 ? file.flags & ~O_NONBLOCK : file.flags | O_NONBLOCK;
  return 0;
}

/** Hands a request and its argument bytes to the device. */
function deviceControl(call: Call, file: OpenFile, request: number): MaybeBlocking {
  const shape = ioctlArgument(request);
  if (shape === undefined) return ENOTTY;
  const argument = new Uint8Array(shape.bytes);
  if (shape.direction === 'value') setWide(new DataView(argument.buffer), 0, toNumber(call.low(2), call.high(2)));
  if (shape.direction === 'in' || shape.direction === 'both') {
    const fetched = call.fetchInto(call.address(2), argument);
    if (fetched < 0) return fetched;
  }
  const result = file.ioctl(request, argument);
  if (result === WOULD_BLOCK) return call.notedFile(file, result);
  if (result < 0 || shape.direction === 'in' || shape.direction === 'value') return result;
  return putArgument(call, argument, result);
}

function* putArgument(call: Call, argument: Uint8Array, result: number): Blocking {
  const stored = yield* call.putBytes(call.address(2), argument);
  return stored < 0 ? stored : result;
}
