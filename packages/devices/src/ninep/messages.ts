/** 9P2000.L on the wire: little-endian fields, strings with a length. Source: diod's protocol description, Plan 9's intro(5). */

/** Message types of requests; the answer is the next number. */
export const Message = {
  Lerror: 6,
  Statfs: 8,
  Lopen: 12,
  Lcreate: 14,
  Symlink: 16,
  Mknod: 18,
  Rename: 20,
  Readlink: 22,
  Getattr: 24,
  Setattr: 26,
  Xattrwalk: 30,
  Xattrcreate: 32,
  Readdir: 40,
  Fsync: 50,
  Lock: 52,
  Getlock: 54,
  Link: 70,
  Mkdir: 72,
  Renameat: 74,
  Unlinkat: 76,
  Version: 100,
  Auth: 102,
  Attach: 104,
  Flush: 108,
  Walk: 110,
  Read: 116,
  Write: 118,
  Clunk: 120,
  Remove: 122,
} as const;

/** Bytes of size, type and tag. */
export const HEADER_BYTES = 7;
export const QID_BYTES = 13;
export const NO_FID = 0xffffffff;
const TWO_32 = 4294967296;
/** Making one takes longer than most messages. Neither keeps anything between two strings. */
const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const ENCODER = new TextEncoder();

/** A request's fields, one after the other. Behind the end it reads zeroes and remembers that. */
export class Reader {
  /** A field lay outside of the message, or a string was no UTF-8. */
  bad = false;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.at = at;
  }

  private take(length: number): number {
    const at = this.at;
    if (at + length > this.bytes.length) {
      this.bad = true;
      return -1;
    }
    this.at += length;
    return at;
  }

  u8(): number {
    const at = this.take(1);
    return at < 0 ? 0 : this.view.getUint8(at);
  }

  u16(): number {
    const at = this.take(2);
    return at < 0 ? 0 : this.view.getUint16(at, true);
  }

  u32(): number {
    const at = this.take(4);
    return at < 0 ? 0 : this.view.getUint32(at, true);
  }

  /** Inexact above 2^53. */
  u64(): number {
    const low = this.u32();
    return this.u32() * TWO_32 + low;
  }

  string(): string {
    const bytes = this.data(this.u16());
    try {
      return DECODER.decode(bytes);
    } catch {
      this.bad = true;
      return '';
    }
  }

  /** A view, not a copy. */
  data(length: number): Uint8Array {
    const at = this.take(length);
    return at < 0 ? new Uint8Array(0) : this.bytes.subarray(at, at + length);
  }
}

/** An answer in a buffer of fixed size. Whoever writes more than a few fields checks `room` before. */
export class Writer {
  readonly bytes: Uint8Array;
  length = HEADER_BYTES;
  private readonly view: DataView;

  private readonly limit: number;

  /** @param limit bytes that the answer may have, at most `size` or little more than an error has */
  constructor(size: number, limit = size) {
    this.limit = limit;
    this.bytes = new Uint8Array(size);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Bytes left, or how many there are too many, below 0. */
  get room(): number {
    return this.limit - this.length;
  }

  /** Starts again, with nothing behind the header. */
  clear(): void {
    this.length = HEADER_BYTES;
  }

  /** @returns the message with its header filled in */
  finish(type: number, tag: number): Uint8Array {
    this.view.setUint32(0, this.length, true);
    this.view.setUint8(4, type);
    this.view.setUint16(5, tag, true);
    return this.bytes.subarray(0, this.length);
  }

  u8(value: number): void {
    this.view.setUint8(this.length, value);
    this.length += 1;
  }

  u16(value: number): void {
    this.view.setUint16(this.length, value, true);
    this.length += 2;
  }

  u32(value: number): void {
    this.view.setUint32(this.length, value, true);
    this.length += 4;
  }

  u64(value: number): void {
    this.u32(value >>> 0); // modulo 2^32, for any whole number
    this.u32(Math.floor(value / TWO_32));
  }

  /** At most 65535 bytes of UTF-8. */
  string(text: string): void {
    const bytes = ENCODER.encode(text);
    this.u16(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** What `readdir` has to know before it writes an entry. */
  stringBytes(text: string): number {
    return 2 + ENCODER.encode(text).length;
  }

  qid(mode: number, version: number, ino: number): void {
    this.u8(qidType(mode));
    this.u32(version);
    this.u64(ino);
  }
}

const TYPE_MASK = 0o170000;
const DIRECTORY = 0o040000;
const SYMLINK = 0o120000;

function qidType(mode: number): number {
  const type = mode & TYPE_MASK;
  return type === DIRECTORY ? 0x80 : type === SYMLINK ? 0x02 : 0;
}

export function isDirectory(mode: number): boolean {
  return (mode & TYPE_MASK) === DIRECTORY;
}
