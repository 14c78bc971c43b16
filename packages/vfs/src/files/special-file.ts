/** An open device, generated file or kernel object: a SpecialFile with an offset and an access mode. */
import { EBADF, EINVAL, ENOTTY, ESPIPE, type Errno, type SpecialFile } from '@veridian-os/abi';
import { O_APPEND } from '../api.js';
import type { Chunks } from '../internal/chunks.js';
import type { PathRef } from '../names/path.js';
import { Description, type FileHost } from './description.js';
import { SEEK_CUR, SEEK_END, SEEK_SET } from './regular-file.js';

/** A special file that several descriptions use (/proc/PID/fd/N opens it again); closed by the last one. */
export class SharedSpecial {
  readonly file: SpecialFile;
  private users = 0;

  constructor(file: SpecialFile) {
    this.file = file;
  }

  use(): this {
    this.users++;
    return this;
  }

  close(): void {
    if (--this.users === 0) this.file.close();
  }
}

export class SpecialDescription extends Description {
  readonly kind = 'special';
  override readonly seekable: boolean;
  private readonly shared: SharedSpecial;

  constructor(host: FileHost, at: PathRef, flags: number, shared: SharedSpecial) {
    super(host, at, flags, shared.file.waitQueue);
    this.shared = shared.use();
    this.seekable = shared.file.seekable;
  }

  override read(into: Chunks, position?: number): number | Errno {
    if (!this.readable) return EBADF;
    if (position !== undefined && !this.seekable) return ESPIPE;
    const from = position ?? this.offset;
    if (from < 0) return EINVAL;
    const count = this.shared.file.read(into, from);
    if (count > 0 && position === undefined && this.seekable) this.offset = from + count;
    return count;
  }

  override write(data: Chunks, position?: number): number | Errno {
    if (!this.writable) return EBADF;
    if (position !== undefined && !this.seekable) return ESPIPE;
    const to = position ?? this.offset;
    if (to < 0) return EINVAL;
    const count = this.shared.file.write(data, to);
    if (count > 0 && position === undefined && this.seekable && (this.flags & O_APPEND) === 0) this.offset = to + count;
    return count;
  }

  override poll(): number {
    return this.shared.file.poll();
  }

  override ioctl(request: number, argument: Uint8Array<ArrayBufferLike>): number | Errno {
    return this.shared.file.ioctl?.(request, argument) ?? ENOTTY;
  }

  override seek(offset: number, whence: number): number | Errno {
    if (!this.seekable) return ESPIPE;
    if (whence !== SEEK_SET && whence !== SEEK_CUR && whence !== SEEK_END) return EINVAL;
    const target = whence === SEEK_CUR ? this.offset + offset : offset;
    if (target < 0) return EINVAL;
    this.offset = target;
    return target;
  }

  override sync(): 0 | Errno {
    return EINVAL;
  }

  protected override close(): void {
    this.shared.close();
  }
}
