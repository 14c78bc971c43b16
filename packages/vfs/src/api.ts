/** The virtual file system: names, mounts, page cache, open files. */
import type {
  AttributeChange,
  Errno,
  FileStat,
  FileSystem,
  FileSystemStat,
  Frame,
  FrameBytes,
  FrameSource,
  Ino,
  SpecialFile,
  WaitPort,
  WaitQueueId,
} from '@veridian-os/abi';

/** open(2) flags, asm-generic values (riscv64, aarch64; x86-64 differs only in bits the personality maps). */
export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_RDWR = 2;
export const O_ACCMODE = 3;
export const O_CREAT = 0o100;
export const O_EXCL = 0o200;
export const O_NOCTTY = 0o400;
export const O_TRUNC = 0o1000;
export const O_APPEND = 0o2000;
export const O_NONBLOCK = 0o4000;
export const O_DIRECTORY = 0o200000;
export const O_NOFOLLOW = 0o400000;
export const O_CLOEXEC = 0o2000000;
export const O_PATH = 0o10000000;

/** A place in the tree: mount and inode. Retained while held; `Vfs.releasePath`. Opaque to callers. */
export interface Path {
  readonly mount: number;
  readonly ino: Ino;
}

/** Where relative and absolute names start for one process. */
export interface PathContext {
  readonly root: Path;
  /** For relative names: the working directory or the directory an *at() call names. */
  readonly start: Path;
  readonly umask: number;
}

/** An open file description: shared by dup and fork, holds the offset. */
export interface OpenFile {
  readonly kind: 'regular' | 'directory' | 'special' | 'pipe' | 'path';
  /** Flags given at open; fcntl F_SETFL may change O_APPEND and O_NONBLOCK. */
  flags: number;
  /** Byte offset (directory: cursor) of sequential reads and writes. */
  offset: number;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly seekable: boolean;
  /**
   * False only for one end of a named FIFO that waits for its other end: a blocking open(2) waits on `waitQueue`
   * (POLLIN | POLLOUT) until this is true. Reads and writes answer EAGAIN meanwhile.
   */
  readonly connected: boolean;
  /** Where readers, writers and pollers wait (POLL bits; WAIT_IO after WOULD_BLOCK). */
  readonly waitQueue: WaitQueueId;
  /** Absolute path at open time, or `'pipe:[7]'`: /proc/PID/fd. */
  readonly name: string;
  readonly path: Path | undefined;
  /** Direct read at `position` (undefined: at `offset`, which advances). 0 = end; EAGAIN, WOULD_BLOCK, EISDIR, EBADF. */
  read(into: readonly Uint8Array<ArrayBufferLike>[], position?: number): number | Errno;
  write(from: readonly Uint8Array<ArrayBufferLike>[], position?: number): number | Errno;
  poll(): number;
  ioctl(request: number, argument: Uint8Array<ArrayBufferLike>): number | Errno;
  stat(out: FileStat): 0 | Errno;
  setattr(change: AttributeChange): 0 | Errno;
  /** New offset for SEEK_SET 0, CUR 1, END 2 (also DATA 3, HOLE 4); ESPIPE, EINVAL. */
  seek(offset: number, whence: number): number | Errno;
  /** Entries from `offset` on, '.' and '..' included; see DirectorySink. ENOTDIR. */
  readdir(sink: (name: string, ino: number, mode: number, nextOffset: number) => boolean): 0 | Errno;
  /** Mappable pages of a regular file; undefined when it cannot be mapped. Same shape as memory's PageSource. */
  pages(): FilePages | undefined;
  sync(): 0 | Errno;
  retain(): void;
  /** Last release closes. */
  release(): void;
}

/** Structural twin of memory's SourceMapper. */
export interface PagesMapper {
  /** The file ends before `firstPage` now: forget every translation to the pages from there on. */
  sourceShrunk(source: FilePages, firstPage: number): void;
}

/** Structural twin of memory's PageSource (subsystems do not import each other). */
export interface FilePages {
  retain(): void;
  release(): void;
  page(index: number, forWrite: boolean): Frame | Errno;
  /** Frame of page `index` if its contents are here now, without side effects, else ENXIO. */
  peek(index: number): Frame | Errno;
  readonly ioQueue: WaitQueueId;
  /** Called once per mapping that comes and goes. */
  watch(mapper: PagesMapper): void;
  unwatch(mapper: PagesMapper): void;
  readonly label: string;
}

/** Every path operation: 0 or an Errno, also WOULD_BLOCK (wait for WAIT_IO on `blockedOn`, then run again). */
export interface Vfs {
  /** Queue of the last WOULD_BLOCK. */
  readonly blockedOn: WaitQueueId;
  /** Attaches a file system; `path` '/' first. EBUSY, ENOENT, ENOTDIR. */
  mount(path: string, fs: FileSystem, options?: { readOnly?: boolean; source?: string }): 0 | Errno;
  unmount(path: string): 0 | Errno;
  /** Mounts in order: for /proc/mounts and `mount`. */
  mounts(): readonly { path: string; type: string; source: string; readOnly: boolean }[];
  root(): Path;
  retainPath(path: Path): void;
  releasePath(path: Path): void;

  resolve(context: PathContext, name: string, followLast: boolean): Path | Errno;
  open(context: PathContext, name: string, flags: number, mode: number): OpenFile | Errno;
  stat(context: PathContext, name: string, follow: boolean, out: FileStat): 0 | Errno;
  statPath(path: Path, out: FileStat): 0 | Errno;
  setattr(context: PathContext, name: string, follow: boolean, change: AttributeChange): 0 | Errno;
  mkdir(context: PathContext, name: string, mode: number): 0 | Errno;
  mknod(context: PathContext, name: string, mode: number, rdev: number): 0 | Errno;
  unlink(context: PathContext, name: string): 0 | Errno;
  rmdir(context: PathContext, name: string): 0 | Errno;
  rename(from: PathContext, name: string, to: PathContext, newName: string, flags: number): 0 | Errno;
  link(from: PathContext, name: string, to: PathContext, newName: string, follow: boolean): 0 | Errno;
  symlink(target: string, context: PathContext, name: string): 0 | Errno;
  readlink(context: PathContext, name: string): string | Errno;
  statfs(context: PathContext, name: string, out: FileSystemStat): 0 | Errno;
  /** Absolute path of a directory or file, as getcwd(2) shows it. */
  pathName(path: Path): string | Errno;

  /** Both ends of a new pipe: [reader, writer]; capacity in bytes, default 65536. */
  pipe(flags: number, capacity?: number): [OpenFile, OpenFile] | Errno;
  /** Wraps a special file (terminal, eventfd, epoll) as an open file description; `mode` is what stat shows. */
  openSpecial(file: SpecialFile, flags: number, name: string, mode?: number): OpenFile;
  /** Writes dirty pages back: 0, or WOULD_BLOCK until done. */
  sync(): 0 | Errno;
  /** Pages in the cache, for `mem`. */
  readonly cachedPages: number;
}

/** A pipe's end: F_GETPIPE_SZ and F_SETPIPE_SZ. Every OpenFile of kind `'pipe'` is one. */
export interface PipeFile extends OpenFile {
  /** Bytes the pipe can hold. */
  readonly capacity: number;
  /** New capacity, rounded up to a power of two of at least 4096; EBUSY (holds more), EINVAL, EPERM (over 1 MiB). */
  setCapacity(bytes: number): number | Errno;
  /** Bytes that can be read now (FIONREAD). */
  readonly buffered: number;
  /** Reads without taking: bytes copied, 0 when there are none; EBADF at a writer's end. */
  peek(into: readonly Uint8Array[]): number | Errno;
}

/**
 * A file system with links that lead to an object instead of a name (/proc/PID/fd/N, exe, cwd, root). The returned path
 * is retained for the caller; undefined: an ordinary symbolic link.
 */
export interface MagicLinks {
  followLink?(ino: Ino): Path | Errno | undefined;
}

/** Seconds and nanoseconds since 1970-01-01 UTC. */
export interface Timestamp {
  readonly sec: number;
  readonly nsec: number;
}

export interface VfsConfig {
  /** Where page-cache frames come from. */
  readonly frames: FrameSource;
  readonly bytes: FrameBytes;
  readonly wait: WaitPort;
  /** Wall-clock time; the result is read at once and may be reused. */
  readonly now: () => Timestamp;
  /** Opens a device node of a file system that has no `openSpecial` for it, by type bits and number; else ENXIO. */
  readonly openDevice?: (mode: number, rdev: number, flags: number) => SpecialFile | Errno;
  /** Pages of non-resident file systems kept in memory: 16 to 2^31 - 1, default 16384 (64 MiB). */
  readonly cachePages?: number;
  /** Unused names kept in memory: 16 to 2^31 - 1, default 8192. */
  readonly cacheNames?: number;
}
