/**
 * The command's own standard streams. Node makes `process.stdin` and `process.stdout` when they are first asked for, which
 * takes 6 ms: a program's first instructions do not wait for them.
 */
import { fstatSync, writeSync } from 'node:fs';

let inputOpened = false;

/** Standard input as pieces of bytes; ends with it. Opened when the event loop has turned once. */
export async function* standardInput(): AsyncGenerator<Uint8Array> {
  await new Promise((resolve) => setImmediate(resolve));
  inputOpened = true;
  for await (const chunk of process.stdin) yield chunk as Buffer;
}

/** Lets the process end while standard input is still open. */
export function pauseInput(): void {
  if (inputOpened) process.stdin.pause();
}

/** 128 + SIGPIPE, as a shell shows it for a command whose reader has gone. */
export const BROKEN_PIPE_STATUS = 141;

const gone = new AbortController();

/** Aborted when nobody reads standard output or error any more (`veridian run ... | head`). */
export const readerGone: AbortSignal = gone.signal;

function onError(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  gone.abort();
}

/** Standard output or error: written at once, as Node does on POSIX for files, pipes and terminals too. */
class HostOutput {
  private readonly fd: number;
  private readonly open: () => NodeJS.WriteStream;
  /** Made for what cannot be written at once: a pipe that does not block is full, or it is Windows. */
  private stream: NodeJS.WriteStream | undefined;

  constructor(fd: number, open: () => NodeJS.WriteStream) {
    this.fd = fd;
    this.open = open;
  }

  /** Errors are `readerGone`'s (EPIPE) or thrown. The bytes may change once it returned. */
  write(data: Uint8Array | string): void {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    const done = this.stream === undefined && process.platform !== 'win32' ? this.writeNow(bytes) : 0;
    if (done === bytes.length) return;
    if (this.stream === undefined) {
      this.stream = this.open();
      this.stream.on('error', onError);
    }
    this.stream.write(bytes.slice(done));
  }

  /** Bytes that need not be written any more. */
  private writeNow(bytes: Uint8Array): number {
    let done = 0;
    try {
      while (done < bytes.length) done += writeSync(this.fd, bytes, done);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return done;
      onError(error as NodeJS.ErrnoException);
      return bytes.length;
    }
    return done;
  }
}

export const standardOutput = new HostOutput(1, () => process.stdout);
export const standardError = new HostOutput(2, () => process.stderr);

/** True when a person sits at both ends. A file or a pipe is seen without making a stream for it. */
export function isInteractive(): boolean {
  const isTerminal = [0, 1].every((fd) => fstatSync(fd).isCharacterDevice());
  return isTerminal && process.stdout.isTTY === true && process.stdin.isTTY === true;
}

/** The keyboard byte by byte: raw mode until `close`. */
export class Keyboard {
  private readonly onData: (chunk: Buffer) => void;
  private readonly onResize: (() => void) | undefined;

  constructor(receive: (bytes: Uint8Array) => void, resize?: (rows: number, columns: number) => void) {
    this.onData = receive;
    this.onResize = resize && ((): void => resize(process.stdout.rows, process.stdout.columns));
    process.stdin.setRawMode(true);
    process.stdin.on('data', this.onData);
    process.stdin.resume();
    if (this.onResize !== undefined) {
      this.onResize();
      process.stdout.on('resize', this.onResize);
    }
  }

  close(): void {
    process.stdin.off('data', this.onData);
    if (this.onResize !== undefined) process.stdout.off('resize', this.onResize);
    process.stdin.setRawMode(false);
    process.stdin.pause();
  }
}
