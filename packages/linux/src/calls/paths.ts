/** Calls that name files: made, removed, renamed, linked, entered. */
import { EINVAL, ENOENT, ERANGE, EXDEV, S_IFMT, S_IFREG } from '@veridian-os/abi';
import type { Blocking, MaybeBlocking } from '@veridian-os/kernel';
import type { Call } from '../call.js';
import * as f from '../uapi/fcntl.js';
import { encodeText } from '../text.js';

const MODE_BITS = 0o7777;

export function mkdirat(call: Call): MaybeBlocking {
  const name = call.path(1);
  if (typeof name === 'number') return name;
  return call.kernel.paths.mkdir(call.thread, call.int(0), name, call.uint(2) & MODE_BITS);
}

export function mknodat(call: Call): MaybeBlocking {
  const name = call.path(1);
  if (typeof name === 'number') return name;
  const mode = call.uint(2);
  const type = (mode & S_IFMT) === 0 ? S_IFREG : mode & S_IFMT;
  return call.kernel.paths.mknod(call.thread, call.int(0), name, type | (mode & MODE_BITS), call.uint(3));
}

export function unlinkat(call: Call): MaybeBlocking {
  const flags = call.int(2);
  if ((flags & ~f.AT_REMOVEDIR) !== 0) return EINVAL;
  const name = call.path(1);
  if (typeof name === 'number') return name;
  const { paths } = call.kernel;
  return flags === 0 ? paths.unlink(call.thread, call.int(0), name) : paths.rmdir(call.thread, call.int(0), name);
}

const RENAME_KNOWN = 3;

export function renameat2(call: Call): MaybeBlocking {
  const flags = call.uint(4);
  return (flags & ~RENAME_KNOWN) !== 0 || flags === RENAME_KNOWN ? EINVAL : rename(call, flags);
}

export function renameat(call: Call): MaybeBlocking {
  return rename(call, 0);
}

function rename(call: Call, flags: number): MaybeBlocking {
  const from = call.path(1);
  if (typeof from === 'number') return from;
  const to = call.path(3);
  if (typeof to === 'number') return to;
  return call.kernel.paths.rename(call.thread, call.int(0), from, call.int(2), to, flags);
}

export function linkat(call: Call): MaybeBlocking {
  const flags = call.int(4);
  if ((flags & ~(f.AT_SYMLINK_FOLLOW | f.AT_EMPTY_PATH)) !== 0) return EINVAL;
  const from = call.path(1);
  if (typeof from === 'number') return from;
  const to = call.path(3);
  if (typeof to === 'number') return to;
  // An open file without a name (AT_EMPTY_PATH, O_TMPFILE) cannot be linked here.
  if (from === '') return (flags & f.AT_EMPTY_PATH) === 0 ? ENOENT : EXDEV;
  const follow = (flags & f.AT_SYMLINK_FOLLOW) !== 0;
  return call.kernel.paths.link(call.thread, call.int(0), from, call.int(2), to, follow);
}

export function symlinkat(call: Call): MaybeBlocking {
  const target = call.path(0);
  if (typeof target === 'number') return target;
  const name = call.path(2);
  if (typeof name === 'number') return name;
  if (target === '') return ENOENT;
  return call.kernel.paths.symlink(call.thread, target, call.int(1), name);
}

/** readlinkat(dirfd, path, buffer, size): bytes stored, without a NUL, cut off at `size`. */
export function readlinkat(call: Call): MaybeBlocking {
  const name = call.path(1);
  if (typeof name === 'number') return name;
  return call.int(3) <= 0 ? EINVAL : readlink(call, name);
}

function* readlink(call: Call, name: string): Blocking {
  const target = yield* call.kernel.paths.readlink(call.thread, call.int(0), name);
  if (typeof target === 'number') return target;
  const bytes = encodeText(target).subarray(0, call.int(3));
  const stored = yield* call.putBytes(call.address(2), bytes);
  return stored < 0 ? stored : bytes.length;
}

export function chdir(call: Call): MaybeBlocking {
  const name = call.path(0);
  return typeof name === 'number' ? name : call.kernel.paths.chdir(call.thread, name);
}

export function fchdir(call: Call): number {
  return call.kernel.paths.fchdir(call.thread, call.int(0));
}

export function chroot(call: Call): MaybeBlocking {
  const name = call.path(0);
  return typeof name === 'number' ? name : call.kernel.paths.chroot(call.thread, name);
}

/** getcwd(buffer, size): bytes stored with the NUL; ERANGE when they do not fit. */
export function* getcwd(call: Call): Blocking {
  const name = yield* call.kernel.paths.getcwd(call.thread);
  if (typeof name === 'number') return name;
  const bytes = encodeText(`${name}\0`);
  if (bytes.length > call.address(1)) return ERANGE;
  const stored = yield* call.putBytes(call.address(0), bytes);
  return stored < 0 ? stored : bytes.length;
}

export function umask(call: Call): number {
  const { process } = call;
  const old = process.umask;
  process.umask = call.uint(0) & 0o777;
  return old;
}

export function sync(call: Call): MaybeBlocking {
  return call.kernel.paths.sync(call.thread);
}
