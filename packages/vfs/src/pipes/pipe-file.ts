/** One end of a pipe or FIFO (or both: O_RDWR). */
import { EBADF, ENOTTY, ESPIPE, type Errno } from '@veridian-os/abi';
import { O_NONBLOCK, type PipeFile } from '../api.js';
import { Description, type FileHost } from '../files/description.js';
import { FIONREAD, putInt32 } from '../files/regular-file.js';
import type { Chunks } from '../internal/chunks.js';
import type { PathRef } from '../names/path.js';
import type { Pipe } from './pipe.js';

export class PipeEnd extends Description implements PipeFile {
  readonly kind = 'pipe';
  private readonly pipe: Pipe;
  /** Whether the other end has been there, now or since the open. */
  private met: boolean;
  private readonly readerOpens: number;
  private readonly writerOpens: number;

  constructor(host: FileHost, at: PathRef, flags: number, pipe: Pipe, connected: boolean) {
    super(host, at, flags, pipe.queue);
    this.pipe = pipe;
    pipe.open(this.readable, this.writable);
    this.readerOpens = pipe.readerOpens;
    this.writerOpens = pipe.writerOpens;
    this.met = connected || (flags & O_NONBLOCK) !== 0 || (pipe.readers > 0 && pipe.writers > 0);
  }

  override get connected(): boolean {
    const { pipe } = this;
    if (!this.met)
      this.met = this.readable ? pipe.writerOpens !== this.writerOpens : pipe.readerOpens !== this.readerOpens;
    return this.met;
  }
  get capacity(): number {
    return this.pipe.capacity;
  }
  get buffered(): number {
    return this.pipe.buffered;
  }

  override read(into: Chunks, position?: number): number | Errno {
    if (!this.readable) return EBADF;
    return position === undefined ? this.pipe.read(into, this.connected) : ESPIPE;
  }

  override write(from: Chunks, position?: number): number | Errno {
    if (!this.writable) return EBADF;
    return position === undefined ? this.pipe.write(from, this.connected) : ESPIPE;
  }

  override poll(): number {
    return this.pipe.poll(this.readable, this.writable, this.connected);
  }

  override ioctl(request: number, argument: Uint8Array<ArrayBufferLike>): number | Errno {
    if (request !== FIONREAD || argument.length < 4) return ENOTTY;
    putInt32(argument, this.pipe.buffered);
    return 0;
  }

  peek(into: Chunks): number | Errno {
    return this.readable ? this.pipe.peek(into) : EBADF;
  }

  setCapacity(bytes: number): number | Errno {
    return this.pipe.setCapacity(bytes);
  }

  protected override close(): void {
    this.pipe.close(this.readable, this.writable);
    if (this.pipe.abandoned) this.at.vnode.pipe = null;
  }
}
