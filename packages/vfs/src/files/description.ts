/**
 * What every open file description shares: reference count, access mode, and the refusals that are the default.
 *
 * Access mode 3 of open(2) means neither reading nor writing (ioctl only), as on Linux.
 */
import {
  EBADF,
  EINVAL,
  ENOTDIR,
  ENOTTY,
  ESPIPE,
  POLLIN,
  POLLOUT,
  panic,
  type AttributeChange,
  type Errno,
  type FileStat,
  type WaitQueueId,
} from '@veridian-os/abi';
import { O_ACCMODE, O_RDONLY, O_RDWR, O_WRONLY, type FilePages, type OpenFile, type Path } from '../api.js';
import type { Chunks } from '../internal/chunks.js';
import type { PathRef } from '../names/path.js';

/** What a description asks of the VFS that opened it. */
export interface FileHost {
  stat(at: PathRef, out: FileStat): 0 | Errno;
  setattr(at: PathRef, change: AttributeChange): 0 | Errno;
}

/** Receives entries: see OpenFile.readdir. */
export type EntrySink = (name: string, ino: number, mode: number, nextOffset: number) => boolean;

export const reads = (flags: number): boolean => {
  const mode = flags & O_ACCMODE;
  return mode === O_RDONLY || mode === O_RDWR;
};
export const writes = (flags: number): boolean => {
  const mode = flags & O_ACCMODE;
  return mode === O_WRONLY || mode === O_RDWR;
};

export abstract class Description implements OpenFile {
  abstract readonly kind: OpenFile['kind'];
  flags: number;
  offset = 0;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly seekable: boolean = false;
  readonly waitQueue: WaitQueueId;
  protected readonly at: PathRef;
  protected readonly host: FileHost;
  private refs = 1;

  /** Takes over the caller's reference to `at`. */
  constructor(host: FileHost, at: PathRef, flags: number, waitQueue: WaitQueueId) {
    this.host = host;
    this.at = at;
    this.flags = flags;
    this.readable = reads(flags);
    this.writable = writes(flags);
    this.waitQueue = waitQueue;
  }

  get name(): string {
    return this.at.name();
  }
  get path(): Path | undefined {
    return this.at;
  }
  get connected(): boolean {
    return true;
  }

  read(_into: Chunks, _position?: number): number | Errno {
    return EBADF;
  }
  write(_from: Chunks, _position?: number): number | Errno {
    return EBADF;
  }
  poll(): number {
    return POLLIN | POLLOUT;
  }
  ioctl(_request: number, _argument: Uint8Array<ArrayBufferLike>): number | Errno {
    return ENOTTY;
  }
  stat(out: FileStat): 0 | Errno {
    return this.host.stat(this.at, out);
  }
  setattr(change: AttributeChange): 0 | Errno {
    if (change.size !== undefined && !this.writable) return EINVAL;
    return this.host.setattr(this.at, change);
  }
  seek(_offset: number, _whence: number): number | Errno {
    return ESPIPE;
  }
  readdir(_sink: EntrySink): 0 | Errno {
    return ENOTDIR;
  }
  pages(): FilePages | undefined {
    return undefined;
  }
  sync(): 0 | Errno {
    return EINVAL;
  }

  retain(): void {
    if (this.refs === 0) panic('vfs/file-retain', this.at.dentry.name);
    this.refs++;
  }
  release(): void {
    if (this.refs === 0) panic('vfs/file-release', this.at.dentry.name);
    if (--this.refs > 0) return;
    this.close();
    this.at.release();
  }

  /** The last reference is gone; `at` is still valid. */
  protected close(): void {}
}
