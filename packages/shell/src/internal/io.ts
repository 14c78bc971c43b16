/** Bytes and text in and out of descriptors, for vsh and the utilities. */
import { EINTR } from '@veridian-os/abi';
import type { Sys, SysOperation } from '@veridian-os/kernel';

/**
 * Part of a task: yields system calls, returns a value. Run it with `yield*`. What the kernel sends back is the business of
 * each system call's own iterator.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Step<T> = Generator<SysOperation<unknown>, T, any>;

type Bytes = Uint8Array<ArrayBufferLike>;

export const STDIN = 0;
export const STDOUT = 1;
export const STDERR = 2;
/** Bytes that one read asks for. */
export const CHUNK = 65_536;
const SMALL_CHUNK = 4096;

export const NEWLINE = 10;

/** Text that cannot be UTF-8 (lone surrogates) becomes U+FFFD. */
export function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Bytes that are not UTF-8 become U+FFFD. */
export function decode(bytes: Bytes): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

/** Writes everything: 0, or the Errno that stopped it. */
export function* writeBytes(sys: Sys, fd: number, bytes: Bytes): Step<number> {
  for (let at = 0; at < bytes.length;) {
    const count = yield* sys.write(fd, at === 0 ? bytes : bytes.subarray(at));
    if (count === EINTR) continue;
    if (count < 0) return count;
    at += count;
  }
  return 0;
}

export function* writeText(sys: Sys, fd: number, text: string): Step<number> {
  return text === '' ? 0 : yield* writeBytes(sys, fd, encode(text));
}

/** Everything up to the end of a descriptor, or an Errno. */
export function* readAll(sys: Sys, fd: number): Step<Bytes | number> {
  const chunks: Bytes[] = [];
  let total = 0;
  for (;;) {
    // Most inputs are small: the first read asks for little.
    const chunk = new Uint8Array(total === 0 ? SMALL_CHUNK : CHUNK);
    const count = yield* sys.read(fd, chunk);
    if (count < 0) return count;
    if (count === 0) return concatenate(chunks, total);
    chunks.push(chunk.subarray(0, count));
    total += count;
  }
}

export function concatenate(chunks: readonly Bytes[], total: number): Bytes {
  if (chunks.length === 1) return chunks[0];
  const all = new Uint8Array(total);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

/** Lines of a descriptor as bytes, each with its newline (the last one as it is). */
export class LineReader {
  private readonly sys: Sys;
  private readonly fd: number;
  private readonly chunk: number;
  private buffer: Bytes = new Uint8Array(0);
  /** Unread bytes are buffer[at, end); none of buffer[at, searched) is a newline. */
  private at = 0;
  private end = 0;
  private searched = 0;

  /** @param chunk bytes per read: 1 leaves everything after a line to other readers of the descriptor */
  constructor(sys: Sys, fd: number, chunk = CHUNK) {
    this.sys = sys;
    this.fd = fd;
    this.chunk = chunk;
  }

  /** True when the next line is there already, so that `next` will not wait. */
  get hasLine(): boolean {
    return this.find() >= 0;
  }

  /** The next line, undefined at the end, or an Errno. A line stays as it is when more are read. */
  *next(): Step<Bytes | undefined | number> {
    for (;;) {
      const newline = this.find();
      if (newline >= 0) return this.take(newline + 1);
      this.searched = this.end;
      this.makeRoom();
      const count = yield* this.sys.read(this.fd, this.buffer.subarray(this.end, this.end + this.chunk));
      if (count < 0) return count;
      if (count === 0) return this.at === this.end ? undefined : this.take(this.end);
      this.end += count;
    }
  }

  private find(): number {
    const newline = this.buffer.indexOf(NEWLINE, this.searched);
    return newline < this.end ? newline : -1;
  }

  private take(until: number): Bytes {
    const line = this.buffer.subarray(this.at, until);
    this.at = until;
    this.searched = until;
    return line;
  }

  /** Room for one more chunk behind `end`. Lines handed out stay as they are: a full buffer is replaced. */
  private makeRoom(): void {
    if (this.end + this.chunk <= this.buffer.length) return;
    const kept = this.end - this.at;
    const larger = new Uint8Array(Math.max(2 * (kept + this.chunk), 256));
    larger.set(this.buffer.subarray(this.at, this.end));
    this.buffer = larger;
    this.searched -= this.at;
    this.at = 0;
    this.end = kept;
  }
}
