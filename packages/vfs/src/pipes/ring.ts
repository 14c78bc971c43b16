/**
 * Byte ring of a pipe.
 *
 * Shapes     data    Uint8Array[size]  size a power of two <= capacity; grows with what is in it, so that an idle pipe
 *                                      costs nothing
 *            head    index of the next byte to read; length bytes follow it
 * Cost       put and take O(bytes), at most two copies each
 */
import { ChunkCursor, type Chunks } from '../internal/chunks.js';

const { min } = Math;
const FIRST_SIZE = 4096;

export class ByteRing {
  length = 0;
  capacity: number;
  private data = new Uint8Array(0);
  private head = 0;
  private readonly cursor = new ChunkCursor();

  /** @param capacity bytes, a power of two of at least 4096 */
  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get free(): number {
    return this.capacity - this.length;
  }

  /** Appends the first `count` bytes of the chunks; count <= free. */
  put(from: Chunks, count: number): void {
    if (this.length + count > this.data.length) this.grow(this.length + count);
    const size = this.data.length;
    const tail = (this.head + this.length) & (size - 1);
    const first = min(count, size - tail);
    this.cursor.start(from);
    this.cursor.take(this.data, tail, first);
    this.cursor.take(this.data, 0, count - first);
    this.cursor.end();
    this.length += count;
  }

  /** Moves the oldest `count` bytes into the chunks; count <= length. */
  take(into: Chunks, count: number): void {
    this.peek(into, count);
    this.length -= count;
    this.head = this.length === 0 ? 0 : (this.head + count) & (this.data.length - 1);
  }

  /** Copies the oldest `count` bytes into the chunks; count <= length. */
  peek(into: Chunks, count: number): void {
    const first = min(count, this.data.length - this.head);
    this.cursor.start(into);
    this.cursor.put(this.data, this.head, first);
    this.cursor.put(this.data, 0, count - first);
    this.cursor.end();
  }

  private grow(needed: number): void {
    let size = this.data.length || FIRST_SIZE;
    while (size < needed) size *= 2;
    const data = new Uint8Array(size);
    const { length } = this;
    if (length > 0) {
      this.take([data], length);
      this.length = length;
    }
    this.data = data;
    this.head = 0;
  }
}
