/** Moving data through open files, waiting where the file cannot go on. */
import type { Errno } from '@veridian-os/abi';
import { EAGAIN, EPIPE, POLLIN, POLLOUT, RESTART, WAIT_IO, WOULD_BLOCK } from '@veridian-os/abi';
import { O_NONBLOCK, type OpenFile } from '@veridian-os/vfs';
import { Wake, type Blocking, type MaybeBlocking } from '../core/blocking.js';
import type { Thread } from '../core/thread.js';
import type { Kernel } from '../kernel.js';
import { SIGPIPE, SI_KERNEL } from '../signals/numbers.js';
import { signalInfo } from '../signals/signal-state.js';

type Segments = readonly Uint8Array<ArrayBufferLike>[];

/** One attempt: bytes moved, or an Errno. */
type Attempt = () => number | Errno;

/**
 * Resolves the same user range into the same array again after a wait (another thread may have unmapped it); bytes
 * covered, or an Errno that ends the transfer.
 */
export type RefreshSegments = () => number | Errno;

export class FileIo {
  private readonly kernel: Kernel;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /** Bytes read (0 = end) or Errno; waits unless O_NONBLOCK; RESTART when a signal ended the wait. */
  read(thread: Thread, file: OpenFile, into: Segments, position?: number, refresh?: RefreshSegments): MaybeBlocking {
    const count = file.read(into, position);
    if (count !== EAGAIN && count !== WOULD_BLOCK) return count;
    if (count === EAGAIN && (file.flags & O_NONBLOCK) !== 0) return EAGAIN;
    return this.retry(thread, file, count, POLLIN, () => {
      const covered = refresh === undefined ? 0 : refresh();
      return covered < 0 ? covered : file.read(into, position);
    });
  }

  /** Bytes written or Errno; a pipe or terminal takes everything unless O_NONBLOCK. Raises SIGPIPE on EPIPE. */
  write(thread: Thread, file: OpenFile, from: Segments, position?: number, refresh?: RefreshSegments): MaybeBlocking {
    const total = from.length === 1 ? from[0].length : totalLength(from);
    const count = file.write(from, position);
    if (count === total || (count < 0 && count !== EAGAIN && count !== WOULD_BLOCK)) return this.finish(thread, count);
    if ((file.flags & O_NONBLOCK) !== 0 && count !== WOULD_BLOCK) return count;
    if (count >= 0 && file.kind === 'regular') return count;
    return this.writeRest(thread, file, from, total, count, position, refresh);
  }

  /** An operation that moves no data (attributes, entries), run again while the file system is not ready to answer. */
  settled(thread: Thread, file: OpenFile, attempt: Attempt): MaybeBlocking {
    const result = attempt();
    return result === WOULD_BLOCK ? this.retry(thread, file, result, POLLIN, attempt) : result;
  }

  private *writeRest(
    thread: Thread,
    file: OpenFile,
    from: Segments,
    total: number,
    first: number,
    position?: number,
    refresh?: RefreshSegments,
  ): Blocking {
    let written = Math.max(first, 0);
    let failure = Math.min(first, 0);
    while (written < total) {
      const at = position === undefined ? undefined : position + written;
      const attempt = (): number => {
        const covered = refresh === undefined ? 0 : refresh();
        return covered < 0 ? covered : file.write(written === 0 ? from : skip(from, written), at);
      };
      const count: number = yield* this.retry(thread, file, failure === 0 ? EAGAIN : failure, POLLOUT, attempt);
      if (count < 0) return written > 0 ? written : this.finish(thread, count);
      written += count;
      failure = 0;
    }
    return written;
  }

  /** Waits and tries again until the attempt does something else than "not now". */
  private *retry(thread: Thread, file: OpenFile, why: number, event: number, attempt: Attempt): Blocking {
    let result = why;
    file.retain();
    try {
      while (result === EAGAIN || result === WOULD_BLOCK) {
        const events = result === EAGAIN ? event : WAIT_IO;
        const wake = yield* this.kernel.waiting.on(thread, file.waitQueue, events, undefined, result === EAGAIN);
        if (wake === Wake.Signal) return RESTART;
        result = attempt();
      }
      return result;
    } finally {
      file.release();
    }
  }

  private finish(thread: Thread, count: number): number {
    if (count === EPIPE) this.kernel.signals.sendThread(thread, signalInfo(SIGPIPE, SI_KERNEL));
    return count;
  }
}

function totalLength(segments: Segments): number {
  let total = 0;
  for (const segment of segments) total += segment.length;
  return total;
}

/** Views of everything after the first `bytes` bytes. */
function skip(segments: Segments, bytes: number): Uint8Array<ArrayBufferLike>[] {
  const rest: Uint8Array<ArrayBufferLike>[] = [];
  let left = bytes;
  for (const segment of segments) {
    if (left >= segment.length) left -= segment.length;
    else {
      rest.push(left === 0 ? segment : segment.subarray(left));
      left = 0;
    }
  }
  return rest;
}
