/**
 * A thread that makes one system call for each word of shared memory that somebody sets: how threads without any binding
 * of the C library, and without the right to any descriptor or thread id, wake one that is blocked in a system call.
 *
 * Shapes     words[0]      the bell: whoever sets a word adds 1 here and notifies
 *            words[1 + n]  1 = line n is asked for; the relay makes it 2 with the call, its owner 0 afterwards
 *            gates[i]      written by the owner: line n's call is made only while gates[line.gate] = line.open
 * Invariant  a call is made only between IDLE -> BUSY and BUSY -> IDLE of `control`; CLOSED is final. So after `close`
 *            descriptors and thread ids may become somebody else's
 */
import { panic } from '@veridian-os/abi';
import { hostProcess } from './host.js';
import { koffiPath } from './koffi.js';
import { syscallNumbers } from './numbers.js';
import { startThread, type ThreadHost } from './thread.js';

/** What wakes: a signal to a thread of this process, or a byte to a socket that never blocks for it. */
export type RelayCall =
  | { readonly thread: number; readonly signal: number; readonly socket?: undefined }
  | { readonly socket: number; readonly byte: number };

export interface RelayLine {
  readonly call: RelayCall;
  readonly gate: number;
  readonly open: number;
}

export interface RelayOptions {
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly gates: Int32Array<SharedArrayBuffer>;
  readonly lines: readonly RelayLine[];
}

/** Values of `control`. */
const IDLE = 0;
const BUSY = 1;
const CLOSED = 2;
/** Milliseconds of one wait for a call to end; and waits: ten seconds, for a call that takes microseconds. */
const NAP_MS = 10;
const MAX_NAPS = 1000;

interface ServeInput extends RelayOptions {
  readonly koffi: string;
  readonly tgkill: number;
  readonly control: Int32Array<SharedArrayBuffer>;
}

type CFunction = (...values: unknown[]) => number;
interface Foreign {
  load(path: null): { func(name: string, result: string, parameters: string[]): CFunction };
  errno(): number;
}

function serveRelay(input: ServeInput, host: ThreadHost): void {
  const { words, gates, control, lines } = input;
  const koffi = host.load(input.koffi) as Foreign;
  const library = koffi.load(null);
  const tgkill = library.func('syscall', 'intptr_t', ['long', 'long', 'long', 'long']);
  const send = library.func('send', 'intptr_t', ['int', 'void *', 'size_t', 'int']);
  const byte = new Uint8Array(1);
  const isAsked = (line: number): boolean =>
    Atomics.load(words, 1 + line) === 1 &&
    Atomics.load(gates, lines[line].gate) === lines[line].open &&
    Atomics.compareExchange(words, 1 + line, 1, 2) === 1;
  const make = (call: RelayCall): number => {
    if (call.socket === undefined) return tgkill(input.tgkill, host.process, call.thread, call.signal);
    byte[0] = call.byte;
    return send(call.socket, byte, 1, 0x4040); // MSG_NOSIGNAL | MSG_DONTWAIT
  };
  for (;;) {
    const rung = Atomics.load(words, 0);
    if (Atomics.compareExchange(control, 0, 0, 1) === 2) return;
    let isFull = false;
    for (let i = 0; i < lines.length; i++) {
      if (!isAsked(i) || make(lines[i].call) >= 0 || koffi.errno() !== 11) continue;
      Atomics.compareExchange(words, 1 + i, 2, 1);
      isFull = true; // EAGAIN: again in a while
    }
    Atomics.store(control, 0, 0);
    Atomics.notify(control, 0);
    Atomics.wait(words, 0, rung, isFull ? 5 : Infinity);
  }
}

export class Relay {
  /** Why the thread broke; known when the event loop has turned. */
  failure: string | undefined;
  private readonly words: Int32Array<SharedArrayBuffer>;
  private readonly control = new Int32Array(new SharedArrayBuffer(4));

  /** Starts the thread; words that are set before it is there are served then. @throws Error where koffi is not */
  constructor(options: RelayOptions) {
    this.words = options.words;
    const tgkill = syscallNumbers(hostProcess()?.arch ?? '')?.tgkill;
    if (tgkill === undefined) throw new Error('relay: expected a host whose C library can be called');
    const input: ServeInput = { ...options, koffi: koffiPath(), tgkill, control: this.control };
    startThread(serveRelay, input, (error) => void (this.failure = String(error)));
  }

  /**
   * When this returns the thread makes no call any more; it ends by itself. Idempotent.
   * @throws KernelPanic `libc/relay` when a call does not end
   */
  close(): void {
    const { control } = this;
    for (let naps = 0; ; naps++) {
      if (Atomics.compareExchange(control, 0, IDLE, CLOSED) !== BUSY) break;
      if (naps === MAX_NAPS) panic('libc/relay', 'a system call that never blocks does not end');
      Atomics.wait(control, 0, BUSY, NAP_MS);
    }
    Atomics.add(this.words, 0, 1);
    Atomics.notify(this.words, 0);
  }
}
