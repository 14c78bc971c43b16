/** Standard input from bytes, text, an async iterable or a stream. */
import type { HostInput } from '@veridian-os/kernel';
import type { ByteSource } from '../api.js';

/** Bytes read ahead of the program before the source waits. */
const READ_AHEAD = 65_536;

/** A source on its way into a program. */
export interface Feed {
  /** More may come. */
  readonly isOpen: boolean;
  /** Stops reading the source. */
  stop(): void;
}

/**
 * Feeds a program's input; each piece enters between kernel steps, and the source is read only as fast as the program
 * takes it.
 * @param kick wakes a kernel that waits for input
 */
export function feed(source: ByteSource | undefined, input: HostInput, kick: () => void): Feed {
  if (source === undefined || typeof source === 'string' || ArrayBuffer.isView(source)) {
    if (source !== undefined) input.push(typeof source === 'string' ? new TextEncoder().encode(source) : source);
    input.end();
    return { isOpen: false, stop: () => undefined };
  }
  return new Pump(iteratorOf(source), input, kick);
}

class Pump implements Feed {
  isOpen = true;
  private readonly iterator: AsyncIterator<Uint8Array>;
  private readonly input: HostInput;
  private readonly kick: () => void;

  constructor(iterator: AsyncIterator<Uint8Array>, input: HostInput, kick: () => void) {
    this.iterator = iterator;
    this.input = input;
    this.kick = kick;
    void this.run();
  }

  stop(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.input.onTaken?.();
    // Not awaited: a source in the middle of a read answers when it can.
    this.iterator.return?.(undefined).catch(() => undefined);
  }

  private async run(): Promise<void> {
    try {
      while (await this.room()) {
        const piece = await this.iterator.next();
        if (!this.isOpen || piece.done === true) break;
        this.input.push(piece.value);
        this.kick();
      }
    } catch {
      // A source that fails ends the input; the program sees end of file.
    }
    this.finish();
  }

  private finish(): void {
    if (!this.isOpen) return;
    if (this.input.isClosed) this.stop();
    this.isOpen = false;
    this.input.end();
    this.kick();
  }

  /** Waits until the program has taken enough; false when nobody reads any more. */
  private async room(): Promise<boolean> {
    const { input } = this;
    const isEnough = (): boolean => !this.isOpen || input.isClosed || input.buffered < READ_AHEAD;
    if (!isEnough()) {
      await new Promise<void>((resolve) => {
        input.onTaken = () => {
          if (isEnough()) resolve();
        };
      });
      input.onTaken = undefined;
    }
    return this.isOpen && !input.isClosed;
  }
}

function iteratorOf(source: AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>): AsyncIterator<Uint8Array> {
  return 'getReader' in source ? streamIterator(source) : source[Symbol.asyncIterator]();
}

/**
 * Not the stream's own iterator: that one's `return` waits for a read that is under way, so a program that has ended would
 * keep the stream until its next piece.
 */
function streamIterator(stream: ReadableStream<Uint8Array>): AsyncIterator<Uint8Array> {
  const reader = stream.getReader();
  return {
    next: () => reader.read() as Promise<IteratorResult<Uint8Array>>,
    async return() {
      await reader.cancel();
      reader.releaseLock();
      return { done: true, value: undefined };
    },
  };
}
