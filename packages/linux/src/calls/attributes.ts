/** Attributes of files: stat, access, modes, owners, times, sizes. */
import type { AttributeChange, FileStat } from '@veridian-os/abi';
import { EACCES, EBADF, EINVAL, EISDIR, ENODEV, ENOENT, EOPNOTSUPP, ESPIPE, S_IFDIR, S_IFMT } from '@veridian-os/abi';
import { Rights } from '@veridian-os/capabilities';
import type { Blocking, MaybeBlocking } from '@veridian-os/kernel';
import { Limit } from '@veridian-os/kernel';
import { createFileStat, createFileSystemStat, type OpenFile } from '@veridian-os/vfs';
import type { Call } from '../call.js';
import { fileTooLarge } from '../files/transfer.js';
import { STATFS_BYTES, encodeStatfs } from '../layout/statfs.js';
import { STATX_BYTES, encodeStatx } from '../layout/statx.js';
import { getSignedWide } from '../layout/words.js';
import {
  AT_EMPTY_PATH,
  AT_NO_AUTOMOUNT,
  AT_EACCESS,
  AT_STATX_SYNC_TYPE,
  AT_SYMLINK_NOFOLLOW,
  AT_FDCWD,
} from '../uapi/fcntl.js';
import { memoryFile } from './memory-files.js';

/** struct stat of the ISA, or struct statx. */
interface Layout {
  readonly bytes: number;
  encode(view: DataView, stat: FileStat): void;
}

const STATX: Layout = { bytes: STATX_BYTES, encode: encodeStatx };

export function fstat(call: Call): number {
  const file = call.file(0);
  return typeof file === 'number' ? file : storeStat(call, file, call.address(1), call.linux.isa.stat);
}

function storeStat(call: Call, file: OpenFile, address: number, layout: Layout): number {
  const { stat } = call.linux;
  const result = call.notedFile(file, file.stat(stat));
  if (result < 0) return result;
  call.linux.specials.describe(file, stat);
  layout.encode(call.view, stat);
  return call.store(address, layout.bytes);
}

/** newfstatat(dirfd, path, buffer, flags) */
export function newfstatat(call: Call): MaybeBlocking {
  const flags = call.int(3);
  if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH)) !== 0) return EINVAL;
  return statAt(call, { flags, address: call.address(2), layout: call.linux.isa.stat });
}

const STATX_RESERVED = 0x80000000;

/** statx(dirfd, path, flags, mask, buffer): everything there is, whatever the mask asks for. */
export function statx(call: Call): MaybeBlocking {
  const flags = call.int(2);
  const known = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE;
  if ((flags & ~known) !== 0 || (flags & AT_STATX_SYNC_TYPE) === AT_STATX_SYNC_TYPE) return EINVAL;
  if ((call.uint(3) & STATX_RESERVED) !== 0) return EINVAL;
  return statAt(call, { flags, address: call.address(4), layout: STATX });
}

interface StatRequest {
  readonly flags: number;
  readonly address: number;
  readonly layout: Layout;
}

function statAt(call: Call, request: StatRequest): MaybeBlocking {
  const name = pathOrEmpty(call, (request.flags & AT_EMPTY_PATH) !== 0);
  if (typeof name === 'number') return name;
  if (name === '' && call.int(0) !== AT_FDCWD) {
    const file = call.file(0);
    return typeof file === 'number' ? file : storeStat(call, file, request.address, request.layout);
  }
  return statName(call, name === '' ? '.' : name, request);
}

/** The second argument; with AT_EMPTY_PATH a null pointer means the empty path. */
function pathOrEmpty(call: Call, mayBeEmpty: boolean): string | number {
  if (mayBeEmpty && call.address(1) === 0) return '';
  const name = call.path(1);
  return name === '' && !mayBeEmpty ? ENOENT : name;
}

function* statName(call: Call, name: string, { flags, address, layout }: StatRequest): Blocking {
  const stat = createFileStat();
  const follow = (flags & AT_SYMLINK_NOFOLLOW) === 0;
  const result = yield* call.kernel.paths.stat(call.thread, call.int(0), name, follow, stat);
  if (result < 0) return result;
  layout.encode(call.view, stat);
  return yield* call.put(address, layout.bytes);
}

export function faccessat(call: Call): MaybeBlocking {
  return access(call, 0);
}

export function faccessat2(call: Call): MaybeBlocking {
  const flags = call.int(3);
  if ((flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) !== 0) return EINVAL;
  return access(call, flags);
}

const X_OK = 1;
const ANY_EXECUTE = 0o111;

function access(call: Call, flags: number): MaybeBlocking {
  if ((call.int(2) & ~7) !== 0) return EINVAL;
  const name = pathOrEmpty(call, (flags & AT_EMPTY_PATH) !== 0);
  if (typeof name === 'number') return name;
  return accessName(call, name, flags);
}

/** Everybody is root: only executing a file that is executable for nobody is refused. */
function* accessName(call: Call, name: string, flags: number): Blocking {
  const stat = createFileStat();
  const result = yield* statOf(call, name, (flags & AT_SYMLINK_NOFOLLOW) === 0, stat);
  if (result < 0) return result;
  const isDirectory = (stat.mode & S_IFMT) === S_IFDIR;
  return (call.int(2) & X_OK) !== 0 && !isDirectory && (stat.mode & ANY_EXECUTE) === 0 ? EACCES : 0;
}

function* statOf(call: Call, name: string, follow: boolean, stat: ReturnType<typeof createFileStat>): Blocking {
  if (name !== '') return yield* call.kernel.paths.stat(call.thread, call.int(0), name, follow, stat);
  const file = call.file(0);
  return typeof file === 'number' ? file : file.stat(stat);
}

export function fchmod(call: Call): number {
  return changeFile(call, { mode: call.uint(1) & 0o7777 });
}

export function fchmodat(call: Call): MaybeBlocking {
  return changeName(call, { mode: call.uint(2) & 0o7777 }, 0);
}

export function fchmodat2(call: Call): MaybeBlocking {
  const flags = call.int(3);
  if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) !== 0) return EINVAL;
  // Symbolic links have no mode of their own.
  return (flags & AT_SYMLINK_NOFOLLOW) !== 0 ? EOPNOTSUPP : changeName(call, { mode: call.uint(2) & 0o7777 }, flags);
}

export function fchown(call: Call): number {
  return changeFile(call, owners(call.int(1), call.int(2)));
}

/** fchownat(dirfd, path, uid, gid, flags) */
export function fchownat(call: Call): MaybeBlocking {
  const flags = call.int(4);
  if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) !== 0) return EINVAL;
  return changeName(call, owners(call.int(2), call.int(3)), flags);
}

/** -1 leaves an owner as it is. */
function owners(uid: number, gid: number): AttributeChange {
  return { ...(uid === -1 ? {} : { uid: uid >>> 0 }), ...(gid === -1 ? {} : { gid: gid >>> 0 }) };
}

const UTIME_NOW = 0x3fffffff;
const UTIME_OMIT = 0x3ffffffe;

/** utimensat(dirfd, path, times, flags); a null path means the descriptor itself. */
export function utimensat(call: Call): MaybeBlocking {
  const flags = call.int(3);
  if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) !== 0) return EINVAL;
  const change = call.address(2) === 0 ? timesNow(call) : timesGiven(call);
  if (typeof change === 'number') return change;
  return call.address(1) === 0 ? changeFile(call, change) : changeName(call, change, flags);
}

/** Access and modification times of this moment. */
export function timesNow(call: Call): AttributeChange {
  const { sec, nsec } = call.kernel.realTime(call.process);
  return { atimeSec: sec, atimeNsec: nsec, mtimeSec: sec, mtimeNsec: nsec };
}

function timesGiven(call: Call): AttributeChange | number {
  const fetched = call.fetch(call.address(2), 32);
  if (fetched < 0) return fetched;
  const now = timesNow(call);
  const change: AttributeChange = {};
  for (const [offset, name] of [[0, 'atime'] as const, [16, 'mtime'] as const]) {
    const nsec = getSignedWide(call.view, offset + 8);
    if (nsec === UTIME_OMIT) continue;
    if (nsec !== UTIME_NOW && (nsec < 0 || nsec > 999_999_999)) return EINVAL;
    change[`${name}Sec`] = nsec === UTIME_NOW ? now[`${name}Sec`] : getSignedWide(call.view, offset);
    change[`${name}Nsec`] = nsec === UTIME_NOW ? now[`${name}Nsec`] : nsec;
  }
  return change;
}

export function truncate(call: Call): MaybeBlocking {
  const name = call.path(0);
  if (typeof name === 'number') return name;
  const size = call.offset(1);
  if (size < 0) return EINVAL;
  if (size > call.process.limits[Limit.FileSize * 2]) return fileTooLarge(call);
  return call.kernel.paths.setattr(call.thread, AT_FDCWD, name, true, { size });
}

export function ftruncate(call: Call): number {
  const file = call.file(0);
  if (typeof file === 'number') return file;
  const size = call.offset(1);
  const memory = memoryFile(call, file);
  if (size < 0 || (file.kind !== 'regular' && memory === undefined) || !file.writable) return EINVAL;
  if (size > call.process.limits[Limit.FileSize * 2]) return fileTooLarge(call);
  return memory === undefined ? call.notedFile(file, file.setattr({ size })) : memory.resize(size);
}

const FALLOC_FL_KEEP_SIZE = 1;

/** fallocate(fd, mode, offset, length): plain allocation; holes stay holes until written. */
export function fallocate(call: Call): number {
  const file = call.file(0, Rights.Write);
  if (typeof file === 'number') return EBADF;
  const mode = call.int(1);
  const offset = call.offset(2);
  const length = call.offset(3);
  if (offset < 0 || length <= 0) return EINVAL;
  if ((mode & ~FALLOC_FL_KEEP_SIZE) !== 0) return EOPNOTSUPP;
  const memory = memoryFile(call, file);
  if (memory !== undefined) return mode === 0 && memory.size < offset + length ? memory.resize(offset + length) : 0;
  if (file.kind !== 'regular') return file.kind === 'pipe' ? ESPIPE : file.kind === 'directory' ? EISDIR : ENODEV;
  const { stat } = call.linux;
  const result = call.notedFile(file, file.stat(stat));
  if (result < 0 || mode === FALLOC_FL_KEEP_SIZE || stat.size >= offset + length) return result;
  return call.notedFile(file, file.setattr({ size: offset + length }));
}

/** fsync and fdatasync. */
export function fsync(call: Call): number {
  const file = call.file(0);
  if (typeof file === 'number') return file;
  return memoryFile(call, file) === undefined ? call.notedFile(file, file.sync()) : 0;
}

/** Advice about access patterns: checked and otherwise ignored. */
export function fadvise64(call: Call): number {
  const file = call.file(0);
  if (typeof file === 'number') return file;
  if (file.kind === 'pipe') return ESPIPE;
  return call.uint(3) > 5 || call.offset(2) < 0 ? EINVAL : 0;
}

/** readahead(fd, offset, count): the page cache reads on demand. */
export function readahead(call: Call): number {
  const file = call.file(0, Rights.Read);
  if (typeof file === 'number') return file;
  return file.kind === 'regular' ? 0 : EINVAL;
}

export function statfs(call: Call): MaybeBlocking {
  const name = call.path(0);
  return typeof name === 'number' ? name : storeStatfs(call, AT_FDCWD, name);
}

export function fstatfs(call: Call): MaybeBlocking {
  const file = call.file(0);
  if (typeof file === 'number') return file;
  // A directory is its own place; anything else is asked for by the name it was opened by.
  return file.kind === 'directory' ? storeStatfs(call, call.int(0), '.') : storeStatfs(call, AT_FDCWD, file.name);
}

function* storeStatfs(call: Call, dirfd: number, name: string): Blocking {
  const stat = createFileSystemStat();
  const result = yield* call.kernel.paths.statfs(call.thread, dirfd, name, stat);
  if (result < 0) return result;
  encodeStatfs(call.view, stat);
  return yield* call.put(call.address(1), STATFS_BYTES);
}

function changeFile(call: Call, change: AttributeChange): number {
  const file = call.file(0);
  return typeof file === 'number' ? file : call.notedFile(file, file.setattr(change));
}

function changeName(call: Call, change: AttributeChange, flags: number): MaybeBlocking {
  const name = pathOrEmpty(call, (flags & AT_EMPTY_PATH) !== 0);
  if (typeof name === 'number') return name;
  if (name === '') return changeFile(call, change);
  const follow = (flags & AT_SYMLINK_NOFOLLOW) === 0;
  return call.kernel.paths.setattr(call.thread, call.int(0), name, follow, change);
}
