/** An open regular file: offset, append mode, the page cache behind it. */
import { EBADF, EINVAL, ENOTTY, ENXIO, type Errno } from '@veridian-os/abi';
import { O_APPEND, type FilePages } from '../api.js';
import type { Chunks } from '../internal/chunks.js';
import type { PathRef } from '../names/path.js';
import type { VnodeTable } from '../nodes/vnode-table.js';
import type { Vnode } from '../nodes/vnode.js';
import { MAX_FILE_SIZE, type FileIo } from '../pages/file-io.js';
import { MappedFile } from '../pages/file-pages.js';
import type { PageCache } from '../pages/page-cache.js';
import { Description, type FileHost } from './description.js';

export const SEEK_SET = 0;
export const SEEK_CUR = 1;
export const SEEK_END = 2;
export const SEEK_DATA = 3;
export const SEEK_HOLE = 4;
/** ioctl(2): bytes that can be read now. */
export const FIONREAD = 0x541b;

/** The parts of a VFS that regular files work on. */
export interface FileHostWithPages extends FileHost {
  readonly cache: PageCache;
  readonly io: FileIo;
  readonly vnodes: VnodeTable;
}

export class RegularFile extends Description {
  readonly kind = 'regular';
  override readonly seekable = true;
  private readonly vnode: Vnode;
  private readonly files: FileHostWithPages;
  private mapped: MappedFile | undefined;

  constructor(host: FileHostWithPages, at: PathRef, flags: number) {
    super(host, at, flags, at.vnode.sb.fs.ioQueue);
    this.files = host;
    this.vnode = at.vnode;
  }

  override read(into: Chunks, position?: number): number | Errno {
    if (!this.readable) return EBADF;
    const from = position ?? this.offset;
    if (from < 0) return EINVAL;
    if (from >= this.vnode.size) {
      const fresh = this.files.vnodes.revalidate(this.vnode);
      if (fresh !== 0) return fresh;
    }
    const count = this.files.io.read(this.vnode, into, from);
    if (count > 0 && position === undefined) this.offset = from + count;
    return count;
  }

  override write(data: Chunks, position?: number): number | Errno {
    if (!this.writable) return EBADF;
    let to = position ?? this.offset;
    if (to < 0) return EINVAL;
    if ((this.flags & O_APPEND) !== 0) {
      const fresh = this.files.vnodes.revalidate(this.vnode);
      if (fresh !== 0) return fresh;
      to = this.vnode.size;
    }
    const count = this.files.io.write(this.vnode, data, to);
    if (count > 0 && position === undefined) this.offset = to + count;
    return count;
  }

  override seek(offset: number, whence: number): number | Errno {
    const target = this.target(offset, whence);
    if (target < 0) return target;
    if (target > MAX_FILE_SIZE) return EINVAL;
    this.offset = target;
    return target;
  }

  override ioctl(request: number, argument: Uint8Array<ArrayBufferLike>): number | Errno {
    if (request !== FIONREAD || argument.length < 4) return ENOTTY;
    putInt32(argument, Math.min(Math.max(this.vnode.size - this.offset, 0), 0x7fffffff));
    return 0;
  }

  override pages(): FilePages {
    return (this.mapped ??= new MappedFile(this.at, this.files.cache, this.files.io));
  }

  override sync(): 0 | Errno {
    const stored = this.files.cache.writeBack(this.vnode);
    return stored !== 0 ? stored : this.vnode.sb.fs.sync();
  }

  /** Write-back that cannot finish now goes on at the next sync or eviction. */
  protected override close(): void {
    if (this.writable) this.files.cache.writeBack(this.vnode);
  }

  private target(offset: number, whence: number): number | Errno {
    switch (whence) {
      case SEEK_SET:
        return offset < 0 ? EINVAL : offset;
      case SEEK_CUR:
        return this.offset + offset < 0 ? EINVAL : this.offset + offset;
      case SEEK_END: {
        const fresh = this.files.vnodes.revalidate(this.vnode);
        if (fresh !== 0) return fresh;
        return this.vnode.size + offset < 0 ? EINVAL : this.vnode.size + offset;
      }
      case SEEK_DATA:
        return offset < 0 ? ENXIO : this.files.io.seekData(this.vnode, offset);
      case SEEK_HOLE:
        return offset < 0 ? ENXIO : this.files.io.seekHole(this.vnode, offset);
      default:
        return EINVAL;
    }
  }
}

/** Stores a little-endian 32-bit integer. */
export function putInt32(bytes: Uint8Array<ArrayBufferLike>, value: number): void {
  for (let i = 0; i < 4; i++) bytes[i] = (value >> (8 * i)) & 0xff;
}
