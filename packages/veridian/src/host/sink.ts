/** Where a program's output goes: collected, to a callback, or to a stream that may be slow. */
import type { ByteSink } from '../api.js';

/** Bytes that may be under way to a stream before the program waits: as much as a Linux pipe holds. */
const STREAM_WINDOW = 65_536;

export interface Sink {
  /** Bytes that may be under way; `onTaken` reports what has arrived. Undefined: everything arrives at once. */
  readonly window: number | undefined;
  /** Set by whoever writes. */
  onTaken: (bytes: number) => void;
  /** Told when the target fails; nothing more can be written. */
  onFailure: (error: unknown) => void;
  /** Bytes are under way. */
  readonly isBusy: boolean;
  write(bytes: Uint8Array): void;
  /** Everything written has been taken. @throws what the target failed with */
  drain(): Promise<void>;
  /** Lets go of the target, which stays open. */
  release(): void;
  /** What was written, for a collecting sink; else empty. */
  collected(): Uint8Array;
}

export function openSink(target: ByteSink | undefined): Sink {
  if (target === undefined) return new Collector();
  return typeof target === 'function' ? new Callback(target) : new StreamSink(target.getWriter());
}

const NOTHING = new Uint8Array(0);

/** A target that takes everything at once. */
abstract class ImmediateSink {
  readonly window = undefined;
  readonly isBusy = false;
  onTaken = (): void => undefined;
  onFailure = (): void => undefined;

  drain(): Promise<void> {
    return Promise.resolve();
  }

  release(): void {
    // Nothing is held.
  }
}

class Callback extends ImmediateSink implements Sink {
  readonly write: (bytes: Uint8Array) => void;

  constructor(target: (bytes: Uint8Array) => void) {
    super();
    this.write = target;
  }

  collected(): Uint8Array {
    return NOTHING;
  }
}

class Collector extends ImmediateSink implements Sink {
  private readonly chunks: Uint8Array[] = [];
  private bytes = 0;

  write(bytes: Uint8Array): void {
    this.chunks.push(bytes);
    this.bytes += bytes.length;
  }

  collected(): Uint8Array {
    const all = new Uint8Array(this.bytes);
    let at = 0;
    for (const chunk of this.chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    return all;
  }
}

class StreamSink implements Sink {
  readonly window = STREAM_WINDOW;
  onTaken: (bytes: number) => void = () => undefined;
  onFailure: (error: unknown) => void = () => undefined;
  private readonly writer: WritableStreamDefaultWriter<Uint8Array>;
  private last: Promise<void> = Promise.resolve();
  private pending = 0;

  constructor(writer: WritableStreamDefaultWriter<Uint8Array>) {
    this.writer = writer;
    writer.closed.catch(() => undefined); // each write reports it
  }

  get isBusy(): boolean {
    return this.pending > 0;
  }

  write(bytes: Uint8Array): void {
    const { length } = bytes;
    this.pending++;
    this.last = this.writer.write(bytes);
    this.last.then(
      () => {
        this.pending--;
        this.onTaken(length);
      },
      (error: unknown) => {
        this.pending--;
        this.onFailure(error);
      },
    );
  }

  drain(): Promise<void> {
    return this.last;
  }

  release(): void {
    this.last.catch(() => undefined);
    this.writer.releaseLock();
  }

  collected(): Uint8Array {
    return NOTHING;
  }
}
