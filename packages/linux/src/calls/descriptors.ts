/** Opening, duplicating and closing descriptors. */
import { EBADF, EINVAL, EMFILE, EOPNOTSUPP, POLLIN, POLLOUT, RESTART } from '@veridian-os/abi';
import { Wake, type Blocking, type MaybeBlocking } from '@veridian-os/kernel';
import * as vfs from '@veridian-os/vfs';
import type { Call } from '../call.js';
import { getWide } from '../layout/words.js';
import { memoryFile } from './memory-files.js';
import * as f from '../uapi/fcntl.js';
import { swapOpenFlags } from '../uapi/fcntl.js';

/** Flags that open(2) knows; it ignores others. */
const OPEN_FLAGS =
  vfs.O_ACCMODE |
  vfs.O_CREAT |
  vfs.O_EXCL |
  vfs.O_NOCTTY |
  vfs.O_TRUNC |
  vfs.O_APPEND |
  vfs.O_NONBLOCK |
  vfs.O_DIRECTORY |
  vfs.O_NOFOLLOW |
  vfs.O_CLOEXEC |
  vfs.O_PATH |
  f.O_DIRECT |
  f.O_LARGEFILE |
  f.O_NOATIME |
  f.O_SYNC |
  f.O_TMPFILE;
/** With O_PATH only these count. */
const PATH_FLAGS = vfs.O_PATH | vfs.O_DIRECTORY | vfs.O_NOFOLLOW | vfs.O_CLOEXEC;

/** Flags of the caller's ISA as asm-generic has them. */
function openFlags(call: Call, flags: number): number {
  return call.linux.isa.swapsOpenFlags ? swapOpenFlags(flags) : flags;
}

export function openat(call: Call): MaybeBlocking {
  const name = call.path(1);
  if (typeof name === 'number') return name;
  return open(call, call.int(0), name, openFlags(call, call.int(2)) & OPEN_FLAGS, call.uint(3));
}

const OPEN_HOW_BYTES = 24;
const RESOLVE_KNOWN = 0x3f;
/** RESOLVE_NO_SYMLINKS, RESOLVE_BENEATH and RESOLVE_IN_ROOT restrict the walk, which the file server does not offer. */
const RESOLVE_UNSUPPORTED = 0x04 | 0x08 | 0x10 | 0x20;

/** openat2(dirfd, path, {flags, mode, resolve}, size) */
export function openat2(call: Call): MaybeBlocking {
  if (call.address(3) < OPEN_HOW_BYTES) return EINVAL;
  const name = call.path(1);
  if (typeof name === 'number') return name;
  const fetched = call.fetch(call.address(2), OPEN_HOW_BYTES);
  if (fetched < 0) return fetched;
  const given = getWide(call.view, 0);
  const mode = getWide(call.view, 8);
  const resolve = getWide(call.view, 16);
  const flags = openFlags(call, given);
  if (given > 0x7fffffff || (flags & ~OPEN_FLAGS) !== 0 || mode > 0o7777 || resolve > RESOLVE_KNOWN) return EINVAL;
  if ((resolve & RESOLVE_UNSUPPORTED) !== 0) return EOPNOTSUPP;
  return open(call, call.int(0), name, flags, mode);
}

function* open(call: Call, dirfd: number, name: string, wanted: number, mode: number): Blocking {
  if ((wanted & f.O_TMPFILE) === f.O_TMPFILE) return EOPNOTSUPP;
  const flags = (wanted & vfs.O_PATH) === 0 ? wanted & ~f.O_LARGEFILE : wanted & PATH_FLAGS;
  const { process } = call;
  if (call.kernel.descriptors.isFull(process)) return EMFILE;
  const fd = yield* call.kernel.paths.open(call.thread, dirfd, name, flags, mode & 0o7777);
  if (fd < 0) return fd;
  const file = call.kernel.descriptors.file(process, fd);
  if (typeof file === 'number' || file.connected || (flags & vfs.O_NONBLOCK) !== 0) return fd;
  return yield* awaitPeer(call, fd, file);
}

/** A FIFO opens when both ends are there. */
function* awaitPeer(call: Call, fd: number, file: vfs.OpenFile): Blocking {
  file.retain();
  try {
    while (!file.connected) {
      const wake = yield* call.kernel.waiting.on(call.thread, file.waitQueue, POLLIN | POLLOUT);
      if (wake !== Wake.Signal) continue;
      call.kernel.descriptors.close(call.process, fd);
      return RESTART;
    }
    return fd;
  } finally {
    file.release();
  }
}

export function close(call: Call): number {
  const fd = call.int(0);
  const file = call.kernel.descriptors.file(call.process, fd);
  if (typeof file !== 'number') call.linux.locks.descriptorClosed(call.process, file);
  return call.kernel.descriptors.close(call.process, fd);
}

const CLOSE_RANGE_UNSHARE = 2;
const CLOSE_RANGE_CLOEXEC = 4;

/** close_range(first, last, flags); no descriptors are shared beyond the process, so unsharing is nothing. */
export function closeRange(call: Call): number {
  const first = call.uint(0);
  const last = call.uint(1);
  const flags = call.uint(2);
  if (first > last || (flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)) !== 0) return EINVAL;
  const { process, kernel, linux } = call;
  for (const fd of process.files.open()) {
    if (fd < first || fd > last) continue;
    if ((flags & CLOSE_RANGE_CLOEXEC) !== 0) {
      process.files.setCloexec(fd, true);
      continue;
    }
    const file = kernel.descriptors.file(process, fd);
    if (typeof file !== 'number') linux.locks.descriptorClosed(process, file);
    kernel.descriptors.close(process, fd);
  }
  return 0;
}

export function dup(call: Call): number {
  return call.kernel.descriptors.dup(call.process, call.int(0), 0, false);
}

export function dup3(call: Call): number {
  const from = call.int(0);
  const to = call.int(1);
  const flags = call.int(2);
  if (from === to || (flags & ~vfs.O_CLOEXEC) !== 0) return EINVAL;
  return replaceDescriptor(call, from, to, flags !== 0);
}

/** dup2(from, to): a descriptor that already is what it should become stays, but must be open. */
export function dup2(call: Call): number {
  const [from, to] = [call.int(0), call.int(1)];
  if (from !== to) return replaceDescriptor(call, from, to, false);
  return call.process.files.isOpen(from) ? from : EBADF;
}

function replaceDescriptor(call: Call, from: number, to: number, cloexec: boolean): number {
  const old = call.kernel.descriptors.file(call.process, to);
  if (typeof old !== 'number' && call.process.files.isOpen(from)) call.linux.locks.descriptorClosed(call.process, old);
  return call.kernel.descriptors.dup2(call.process, from, to, cloexec);
}

const PIPE_FLAGS = vfs.O_CLOEXEC | vfs.O_NONBLOCK | f.O_DIRECT;

/** pipe2(fds, flags); packet mode (O_DIRECT) is not offered. */
export function pipe2(call: Call): MaybeBlocking {
  const flags = openFlags(call, call.int(1));
  if ((flags & ~PIPE_FLAGS) !== 0 || (flags & f.O_DIRECT) !== 0) return EINVAL;
  const ends = call.kernel.pipe(call.process, flags);
  return typeof ends === 'number' ? ends : handOver(call, call.address(0), ends);
}

/** Stores two new descriptors; closes them again when the pointer is bad. */
export function* handOver(call: Call, address: number, fds: readonly [number, number]): Blocking {
  call.view.setInt32(0, fds[0], true);
  call.view.setInt32(4, fds[1], true);
  const result = yield* call.put(address, 8);
  if (result < 0) for (const fd of fds) call.kernel.descriptors.close(call.process, fd);
  return result;
}

const SEEK_SET = 0;
const SEEK_END = 2;
const SEEK_HOLE = 4;

export function lseek(call: Call): number {
  const file = call.file(0);
  if (typeof file === 'number') return file;
  const whence = call.uint(2);
  if (whence > SEEK_HOLE) return EINVAL;
  const memory = whence === SEEK_END ? memoryFile(call, file) : undefined;
  if (memory !== undefined) return file.seek(memory.size + call.offset(1), SEEK_SET);
  return call.notedFile(file, file.seek(call.offset(1), whence));
}
