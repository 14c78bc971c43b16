/**
 * A position in a list of byte chunks (an iovec): moves bytes between it and flat memory, in order.
 *
 * Cost  one `subarray` view per piece longer than 64 bytes, none below
 */
const { min } = Math;

/** Up to here a loop beats making a view for `set`. */
const SMALL = 64;

export type Chunks = readonly Uint8Array<ArrayBufferLike>[];

/** Bytes in all chunks. */
export function totalBytes(chunks: Chunks): number {
  let total = 0;
  for (let i = 0; i < chunks.length; i++) total += chunks[i].length;
  return total;
}

function copy(
  from: Uint8Array<ArrayBufferLike>,
  fromOffset: number,
  to: Uint8Array<ArrayBufferLike>,
  toOffset: number,
  count: number,
): void {
  if (count > SMALL) {
    to.set(count === from.length ? from : from.subarray(fromOffset, fromOffset + count), toOffset);
    return;
  }
  for (let i = 0; i < count; i++) to[toOffset + i] = from[fromOffset + i];
}

const NOTHING: Chunks = [];

export class ChunkCursor {
  private chunks: Chunks = NOTHING;
  private index = 0;
  private offset = 0;

  start(chunks: Chunks): void {
    this.chunks = chunks;
    this.index = 0;
    this.offset = 0;
  }

  /** Forgets the chunks, so that nothing keeps them alive. */
  end(): void {
    this.chunks = NOTHING;
  }

  /** Copies `count` bytes of `from` into the chunks. The caller knows that they fit. */
  put(from: Uint8Array<ArrayBufferLike>, fromOffset: number, count: number): void {
    for (let done = 0; done < count;) {
      const n = this.room(count - done);
      copy(from, fromOffset + done, this.chunks[this.index], this.offset, n);
      this.offset += n;
      done += n;
    }
  }

  /** Puts `count` zero bytes. */
  putZeroes(count: number): void {
    for (let done = 0; done < count;) {
      const n = this.room(count - done);
      this.chunks[this.index].fill(0, this.offset, this.offset + n);
      this.offset += n;
      done += n;
    }
  }

  /** Copies the next `count` bytes of the chunks to `to`. */
  take(to: Uint8Array<ArrayBufferLike>, toOffset: number, count: number): void {
    for (let done = 0; done < count;) {
      const n = this.room(count - done);
      copy(this.chunks[this.index], this.offset, to, toOffset + done, n);
      this.offset += n;
      done += n;
    }
  }

  /** Bytes left in the current chunk, at most `wanted`; steps over finished chunks. */
  private room(wanted: number): number {
    let chunk = this.chunks[this.index];
    while (this.offset === chunk.length) {
      this.offset = 0;
      chunk = this.chunks[++this.index];
    }
    return min(wanted, chunk.length - this.offset);
  }
}
