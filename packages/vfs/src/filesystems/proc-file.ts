/** An open text file of procfs: generated when it is read from the start, so that one pass over it is consistent. */
import { EINVAL, ESRCH, POLLIN, POLLOUT, type Errno, type SpecialFile, type WaitQueueId } from '@veridian-os/abi';
import { totalBytes, type Chunks } from '../internal/chunks.js';

const { min } = Math;

export class GeneratedFile implements SpecialFile {
  readonly waitQueue: WaitQueueId;
  readonly seekable = true;
  private readonly generate: () => string | Uint8Array | undefined;
  private readonly store: ((data: Uint8Array) => number | Errno) | undefined;
  private bytes: Uint8Array | undefined;

  /** @param generate contents now; undefined when what they describe is gone (ESRCH) */
  constructor(
    waitQueue: WaitQueueId,
    generate: () => string | Uint8Array | undefined,
    store?: (data: Uint8Array) => number | Errno,
  ) {
    this.waitQueue = waitQueue;
    this.generate = generate;
    this.store = store;
  }

  read(into: Chunks, position: number): number | Errno {
    if (position === 0 || this.bytes === undefined) {
      const made = this.generate();
      if (made === undefined) return ESRCH;
      this.bytes = typeof made === 'string' ? new TextEncoder().encode(made) : made;
    }
    let from = position;
    for (const chunk of into) {
      const count = min(chunk.length, this.bytes.length - from);
      if (count <= 0) break;
      chunk.set(this.bytes.subarray(from, from + count));
      from += count;
    }
    return from - position;
  }

  write(from: Chunks, _position: number): number | Errno {
    if (this.store === undefined) return EINVAL;
    const data = new Uint8Array(totalBytes(from));
    let at = 0;
    for (const chunk of from) {
      data.set(chunk, at);
      at += chunk.length;
    }
    return this.store(data);
  }

  poll(): number {
    return POLLIN | POLLOUT;
  }
  close(): void {}
}
