/**
 * Kicks from other threads: one word of shared memory per CPU.
 *
 * A machine belongs to one thread, which may be inside `run` or `next` just when another thread wants a CPU back. So the
 * other thread gets a handle: plain data, to be posted to a worker of the same process, and `kick` turns it into what
 * `Cpu.interrupt` does. A machine that looks at its words from time to time needs no more; one that blocks in its host
 * listens to the bell on a thread of its own and wakes itself.
 *
 * Shapes     words[0]      the bell: counts kicks
 *            words[1 + n]  0, or CPU n is kicked and has not noticed: 1, or 2 once a listener has woken it
 * Invariant  a handle holds no address, descriptor, process or thread id, and its words are collected like any object:
 *            whenever a kick comes, also after `dispose`, it stores into memory that is there
 */
import type { CpuId } from '@veridian-os/abi';

// Bound, because some runners look globals up slowly; `kick` travels as text and cannot have it so.
const { exchange, load } = Atomics;

/** Kicks one CPU of one machine. Can be posted to other threads. */
export interface KickHandle {
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly cpu: number;
}

/**
 * Makes the current or next run of a CPU return Interrupt; callable from any thread that was given the handle. Sticky,
 * idempotent, never blocks; does nothing when the machine is disposed. Refers to nothing but `Atomics`, so its text works
 * in a worker without modules.
 */
export function kick({ words, cpu }: KickHandle): void {
  Atomics.compareExchange(words, 1 + cpu, 0, 1);
  // Rung even when the word was set: whoever set it may have been ended before it rang.
  Atomics.add(words, 0, 1);
  Atomics.notify(words, 0);
}

/** Something that waits for the bell, and then wakes CPUs. */
export interface KickListener {
  /** Why it does not listen any more. */
  readonly failure: string | undefined;
  /** When this returns it wakes nobody any more. */
  close(): void;
}

/** The machine's end: belongs to the machine's thread. Costs nothing until somebody asks for a handle. */
export class Kicks {
  private readonly cpus: number;
  private readonly listen: ((words: Int32Array<SharedArrayBuffer>) => KickListener) | undefined;
  private words: Int32Array<SharedArrayBuffer> | undefined;
  private listener: KickListener | undefined;
  private closed = false;

  /** @param listen called with the words when the first handle is made; absent: the machine looks often enough */
  constructor(cpus: number, listen?: (words: Int32Array<SharedArrayBuffer>) => KickListener) {
    this.cpus = cpus;
    this.listen = listen;
  }

  /** True when handles exist: the machine has to look. */
  get isOpen(): boolean {
    return this.words !== undefined;
  }

  /** @throws RangeError when there is no such CPU; Error where the host has no shared memory or the listener broke */
  handle(cpu: CpuId): KickHandle {
    if (!(Number.isInteger(cpu) && cpu >= 0 && cpu < this.cpus)) {
      throw new RangeError(`cpu: expected an integer 0 .. ${this.cpus - 1}, got ${cpu}`);
    }
    this.words ??= this.open();
    if (this.listener?.failure !== undefined) throw new Error(`kicks are not heard: ${this.listener.failure}`);
    return { words: this.words, cpu };
  }

  /** Whether a CPU is kicked. */
  isKicked(cpu: number): boolean {
    return this.words !== undefined && load(this.words, 1 + cpu) !== 0;
  }

  /** Whether a CPU is kicked; if so it is not any more. */
  take(cpu: number): boolean {
    return this.isKicked(cpu) && exchange(this.words!, 1 + cpu, 0) !== 0;
  }

  /** The machine is disposed: handles, old and new ones, do nothing. Idempotent. */
  close(): void {
    this.closed = true;
    this.listener?.close();
    this.listener = undefined;
  }

  private open(): Int32Array<SharedArrayBuffer> {
    if (typeof SharedArrayBuffer === 'undefined') {
      throw new Error('Kicks from other threads need SharedArrayBuffer: a page must be cross-origin isolated.');
    }
    const words = new Int32Array(new SharedArrayBuffer((1 + this.cpus) * 4));
    if (!this.closed) this.listener = this.listen?.(words);
    return words;
  }
}
