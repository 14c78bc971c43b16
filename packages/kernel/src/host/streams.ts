/** Standard streams that lead to the host: byte queues behind the SpecialFile interface. */
import type { Errno, SpecialFile, WaitQueueId } from '@veridian-os/abi';
import { EAGAIN, EBADF, POLLHUP, POLLIN, POLLOUT } from '@veridian-os/abi';
import type { Kernel } from '../kernel.js';
import type { Input } from './inputs.js';

type Bytes = Uint8Array<ArrayBufferLike>;

/** Input from the host. `push` and `end` may only be called between steps. */
export class HostInput implements SpecialFile {
  readonly waitQueue: WaitQueueId;
  readonly seekable = false;
  /** Told when the program took bytes or closed its end; called inside a step, so it may only record. */
  onTaken: (() => void) | undefined = undefined;
  private readonly kernel: Kernel;
  private readonly chunks: Bytes[] = [];
  private readonly port: string;
  private queued = 0;
  private ended = false;
  private closed = false;

  /** @param name of this input in recordings */
  constructor(kernel: Kernel, name = 'stdin') {
    this.kernel = kernel;
    this.waitQueue = kernel.waits.create();
    this.port = kernel.inputs.register(name, (input) => this.accept(input));
  }

  /** Bytes pushed and not yet read. */
  get buffered(): number {
    return this.queued;
  }

  /** Nobody can read any more: what is pushed is dropped. */
  get isClosed(): boolean {
    return this.closed;
  }

  push(bytes: Bytes): void {
    if (bytes.length === 0 || this.closed) return;
    this.kernel.inputs.deliver(this.port, { kind: 'bytes', bytes: bytes.slice() });
  }

  end(): void {
    if (!this.ended && !this.closed) this.kernel.inputs.deliver(this.port, { kind: 'end' });
  }

  private accept(input: Input): void {
    if (input.kind === 'bytes') {
      this.chunks.push(input.bytes);
      this.queued += input.bytes.length;
    } else this.ended = true;
    this.kernel.waits.wake(this.waitQueue, this.ended ? POLLIN | POLLHUP : POLLIN);
  }

  read(into: readonly Bytes[]): number | Errno {
    let total = 0;
    for (const segment of into) {
      let at = 0;
      while (at < segment.length && this.chunks.length > 0) at += this.take(segment.subarray(at));
      total += at;
    }
    if (total > 0) this.onTaken?.();
    if (total > 0 || this.ended || into.every((segment) => segment.length === 0)) return total;
    return EAGAIN;
  }

  write(): number | Errno {
    return EBADF;
  }

  poll(): number {
    if (this.chunks.length > 0) return POLLIN;
    return this.ended ? POLLIN | POLLHUP : 0;
  }

  close(): void {
    this.closed = true;
    this.chunks.length = 0;
    this.queued = 0;
    this.kernel.inputs.unregister(this.port);
    this.kernel.waits.destroy(this.waitQueue);
    this.onTaken?.();
  }

  private take(into: Bytes): number {
    const chunk = this.chunks[0];
    const count = Math.min(into.length, chunk.length);
    into.set(chunk.subarray(0, count));
    if (count === chunk.length) this.chunks.shift();
    else this.chunks[0] = chunk.subarray(count);
    this.queued -= count;
    return count;
  }
}

/** Output to the host; counts bytes against a limit that all outputs of a run share. */
export interface OutputBudget {
  left: number;
}

export interface OutputOptions {
  readonly name: string;
  /** Gets a copy of each write, in order. */
  readonly sink: (bytes: Uint8Array) => void;
  readonly budget?: OutputBudget;
  /** Bytes that may be on their way to the consumer before the program waits; it reports with `taken`. Default unlimited. */
  readonly window?: number;
}

export class HostOutput implements SpecialFile {
  readonly waitQueue: WaitQueueId;
  readonly seekable = false;
  private readonly kernel: Kernel;
  private readonly sink: (bytes: Uint8Array) => void;
  private readonly budget: OutputBudget;
  private readonly window: number;
  private readonly port: string;
  /** Bytes that the consumer has not reported as taken; only counted with a window. */
  private outstanding = 0;
  private closed = false;

  constructor(kernel: Kernel, options: OutputOptions) {
    this.kernel = kernel;
    this.sink = options.sink;
    this.budget = options.budget ?? { left: Infinity };
    this.window = options.window ?? Infinity;
    this.waitQueue = kernel.waits.create();
    this.port = kernel.inputs.register(options.name, (input) => this.accept(input));
  }

  /** The consumer is done with `bytes`; between steps. Part of the input log: when a writer waits depends on it. */
  taken(bytes: number): void {
    if (!this.closed) this.kernel.inputs.deliver(this.port, { kind: 'taken', bytes });
  }

  private accept(input: Input): void {
    if (input.kind !== 'taken') return;
    this.outstanding -= input.bytes;
    if (this.outstanding < this.window) this.kernel.waits.wake(this.waitQueue, POLLOUT);
  }

  read(): number | Errno {
    return EBADF;
  }

  write(from: readonly Bytes[]): number | Errno {
    let total = 0;
    for (const segment of from) {
      const room = Math.min(segment.length, this.window - this.outstanding);
      const count = Math.min(room, this.budget.left);
      if (count > 0) this.pass(segment.slice(0, count));
      total += count;
      if (count < room) {
        this.kernel.limitReached('output');
        return total;
      }
      if (count < segment.length) return total > 0 ? total : EAGAIN;
    }
    return total;
  }

  poll(): number {
    return this.outstanding < this.window ? POLLOUT : 0;
  }

  close(): void {
    this.closed = true;
    this.kernel.inputs.unregister(this.port);
    this.kernel.waits.destroy(this.waitQueue);
  }

  private pass(bytes: Uint8Array): void {
    this.budget.left -= bytes.length;
    if (this.window !== Infinity) this.outstanding += bytes.length;
    this.sink(bytes);
  }
}
