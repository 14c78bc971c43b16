/** Bytes in the order of arrival, in the pieces that they came in. */
export class ByteQueue {
  private readonly pieces: Uint8Array[] = [];
  /** Bytes of the first piece that are gone. */
  private taken = 0;
  length = 0;

  /** Keeps the array. */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.pieces.push(bytes);
    this.length += bytes.length;
  }

  /** A copy of up to `length` bytes from `offset` on. */
  peek(offset: number, length: number): Uint8Array {
    const out = new Uint8Array(Math.max(0, Math.min(length, this.length - offset)));
    let skip = offset + this.taken;
    let copied = 0;
    for (const piece of this.pieces) {
      if (copied === out.length) break;
      if (skip >= piece.length) {
        skip -= piece.length;
        continue;
      }
      const part = piece.subarray(skip, skip + out.length - copied);
      out.set(part, copied);
      copied += part.length;
      skip = 0;
    }
    return out;
  }

  /** Drops bytes from the front, at most `length` of them all. */
  discard(count: number): void {
    this.length -= count;
    this.taken += count;
    while (this.pieces.length > 0 && this.taken >= this.pieces[0].length) {
      this.taken -= this.pieces[0].length;
      this.pieces.shift();
    }
  }
}
