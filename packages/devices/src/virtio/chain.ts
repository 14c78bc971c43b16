/**
 * A descriptor chain: one request of the driver, as views over guest RAM. First what the device reads, then what it
 * writes. Both sides are streams of bytes to the device: how the driver cut them means nothing (section 2.7.4).
 */
export class Chain {
  /** Index of the first descriptor: how the driver recognises the request. */
  readonly head: number;
  /** The queue's reset count when the chain was taken: a completion after a reset changes nothing. */
  readonly epoch: number;
  readonly readable: readonly Uint8Array[];
  readonly writable: readonly Uint8Array[];
  readonly readableLength: number;
  readonly writableLength: number;

  constructor(head: number, epoch: number, readable: readonly Uint8Array[], writable: readonly Uint8Array[]) {
    this.head = head;
    this.epoch = epoch;
    this.readable = readable;
    this.writable = writable;
    this.readableLength = lengthOf(readable);
    this.writableLength = lengthOf(writable);
  }

  /** Copies from the readable side, from `offset` on, as much as there is for `target`. @returns bytes copied */
  read(offset: number, target: Uint8Array): number {
    let copied = 0;
    let skip = offset;
    for (const part of this.readable) {
      if (copied === target.length) break;
      if (skip >= part.length) {
        skip -= part.length;
        continue;
      }
      const bytes = part.subarray(skip, skip + target.length - copied);
      target.set(bytes, copied);
      copied += bytes.length;
      skip = 0;
    }
    return copied;
  }

  /** Copies to the writable side, from `offset` on, as much of `source` as fits. @returns bytes copied */
  write(offset: number, source: Uint8Array): number {
    let copied = 0;
    let skip = offset;
    for (const part of this.writable) {
      if (copied === source.length) break;
      if (skip >= part.length) {
        skip -= part.length;
        continue;
      }
      const bytes = source.subarray(copied, copied + part.length - skip);
      part.set(bytes, skip);
      copied += bytes.length;
      skip = 0;
    }
    return copied;
  }
}

function lengthOf(parts: readonly Uint8Array[]): number {
  let length = 0;
  for (const part of parts) length += part.length;
  return length;
}
