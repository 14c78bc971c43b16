/**
 * File-system contract: what the VFS asks of tmpfs, a host folder, FAT, 9P...
 *
 * A file system never waits: each operation checks everything, then returns a value, a negative Errno, or WOULD_BLOCK
 * after starting what it needs; it is called again, with the same arguments, when `ioQueue` is woken with WAIT_IO.
 * File data moves in page-cache pages (`readPage`/`writePage`); names are JavaScript strings (guest bytes that are
 * not UTF-8 are refused with EILSEQ before they get here), never empty, '.', '..' or containing '/' or NUL, at most
 * 255 UTF-8 bytes.
 */
import type { Frame, Ino, WaitQueueId } from './brands.js';
import type { Errno } from './errno.js';

/** File type bits of `mode`, as in stat(2). */
export const S_IFMT = 0o170000;
export const S_IFSOCK = 0o140000;
export const S_IFLNK = 0o120000;
export const S_IFREG = 0o100000;
export const S_IFBLK = 0o060000;
export const S_IFDIR = 0o040000;
export const S_IFCHR = 0o020000;
export const S_IFIFO = 0o010000;

/** Caller-owned, reused. Times are seconds and nanoseconds since 1970-01-01 UTC. */
export interface FileStat {
  dev: number;
  ino: number;
  /** Type and permission bits. */
  mode: number;
  nlink: number;
  uid: number;
  gid: number;
  /** Device number (major << 8 | minor) of a device node, else 0. */
  rdev: number;
  /** Bytes. */
  size: number;
  blockSize: number;
  /** 512-byte units really used. */
  blocks: number;
  atimeSec: number;
  atimeNsec: number;
  mtimeSec: number;
  mtimeNsec: number;
  ctimeSec: number;
  ctimeNsec: number;
}

/** Attributes to change; absent ones stay. */
export interface AttributeChange {
  /** Permission bits only. */
  mode?: number;
  uid?: number;
  gid?: number;
  /** Truncates or extends (with a hole). */
  size?: number;
  atimeSec?: number;
  atimeNsec?: number;
  mtimeSec?: number;
  mtimeNsec?: number;
}

/** Caller-owned, reused; units as in statfs(2). */
export interface FileSystemStat {
  type: number;
  blockSize: number;
  blocks: number;
  blocksFree: number;
  files: number;
  filesFree: number;
  nameMax: number;
}

/** Receives directory entries; returns false when it has no room (the entry is then not consumed). */
export type DirectorySink = (name: string, ino: Ino, mode: number, nextCursor: number) => boolean;

/** rename(2) flags. */
export const RENAME_NOREPLACE = 1;
export const RENAME_EXCHANGE = 2;

export interface FileSystem {
  /** `'tmpfs'`, `'hostfs'`, ... as /proc/mounts shows it. */
  readonly type: string;
  readonly root: Ino;
  readonly readOnly: boolean;
  /**
   * True when the page cache *is* the store (tmpfs): pages are never written back or evicted while the inode lives, and
   * a missing page is a hole.
   */
  readonly resident: boolean;
  /** True when names and attributes may change without the VFS's doing (procfs, a host folder): no answer is reused. */
  readonly dynamic?: boolean;
  /** Woken with WAIT_IO when an operation that answered WOULD_BLOCK is worth running again. */
  readonly ioQueue: WaitQueueId;

  lookup(directory: Ino, name: string): Ino | Errno;
  getattr(ino: Ino, out: FileStat): 0 | Errno;
  setattr(ino: Ino, change: AttributeChange): 0 | Errno;
  /** Creates a regular file, directory, FIFO, socket or device node, by the type bits of `mode`. EEXIST. */
  create(directory: Ino, name: string, mode: number, rdev: number): Ino | Errno;
  symlink(directory: Ino, name: string, target: string): Ino | Errno;
  /** Target, or an Errno (EINVAL: not a symbolic link). */
  readlink(ino: Ino): string | Errno;
  link(directory: Ino, name: string, ino: Ino): 0 | Errno;
  /** Removes a name of a non-directory; the inode lives until its last `release`. */
  unlink(directory: Ino, name: string): 0 | Errno;
  rmdir(directory: Ino, name: string): 0 | Errno;
  rename(directory: Ino, name: string, newDirectory: Ino, newName: string, flags: number): 0 | Errno;
  /** Entries from `cursor` (0 = start, without '.' and '..'), until the sink is full; 0 at the end as well. */
  readdir(directory: Ino, cursor: number, sink: DirectorySink): 0 | Errno;

  /** Keeps the inode alive while it is open, mapped or a dentry's. */
  retain(ino: Ino): void;
  release(ino: Ino): void;

  /** Fills a page-cache frame with the file's bytes [index*4096, +4096), zeroes past the end. */
  readPage(ino: Ino, index: number, frame: Frame): 0 | Errno;
  /** Stores the first `length` bytes of a page-cache frame at index*4096; may extend the file. */
  writePage(ino: Ino, index: number, frame: Frame, length: number): 0 | Errno;
  statfs(out: FileSystemStat): 0 | Errno;
  /** Makes everything written durable. */
  sync(): 0 | Errno;
  /**
   * Resident file systems: the cache is about to hold `delta` more pages of the inode (ENOSPC refuses them), or has
   * dropped `-delta` (0).
   */
  accountPages?(ino: Ino, delta: number): 0 | Errno;
  /**
   * A file whose bytes are made, not stored (device, procfs entry): its open form, or undefined for ordinary inodes.
   * Called for each open.
   */
  openSpecial?(ino: Ino, flags: number): SpecialFile | Errno | undefined;
}

/** An open device, pipe end or generated file. Operations never wait: EAGAIN means "not now". */
export interface SpecialFile {
  /** Where pollers and blocked readers wait. */
  readonly waitQueue: WaitQueueId;
  readonly seekable: boolean;
  /** Bytes read into `into` (in order), 0 at the end, EAGAIN when a reader must wait. */
  read(into: readonly Uint8Array<ArrayBufferLike>[], position: number): number | Errno;
  write(from: readonly Uint8Array<ArrayBufferLike>[], position: number): number | Errno;
  /** Current readiness: POLL bits. */
  poll(): number;
  /** Device control; ENOTTY where unknown. `argument` bytes are read or filled in place. */
  ioctl?(request: number, argument: Uint8Array<ArrayBufferLike>): number | Errno;
  /** Last reference gone. */
  close(): void;
}
