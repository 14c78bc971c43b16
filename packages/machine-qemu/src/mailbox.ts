/**
 * One CPU's mailbox, host side: publishes commands, sees when they are done, passes on what must be forgotten.
 *
 * A CPU that is parked (its last command done) forgets when it runs next, which costs nothing extra; one that runs is
 * rung and acknowledges between two instructions.
 */
import { CPU_BYTES, LIST_ENTRIES, MAILBOX, type Kick, type Opcode } from './layout.js';

const { and, load, or, store } = Atomics;
const SEQ = MAILBOX.SEQ / 4;
const DONE = MAILBOX.DONE / 4;
const SLEEPING = MAILBOX.SLEEPING / 4;
const WAITING = MAILBOX.WAITING / 4;
const KICK = MAILBOX.KICK / 4;
const FORGET = MAILBOX.FORGET / 4;
const FORGOTTEN = MAILBOX.FORGOTTEN / 4;
const SYNC_COUNT = MAILBOX.SYNC_COUNT / 4;
const FLUSH = MAILBOX.FLUSH / 4;
const SYNC_LIST = MAILBOX.SYNC_LIST / 4;
const ENTRY_WORDS = 4;
const TWO_32 = 4294967296;

export class Mailbox {
  readonly words: Uint32Array<ArrayBuffer>;
  /** What looking at `isDone` costs, in looks at shared memory: about 10 ns. */
  readonly lookCost: number = 1;
  private readonly monitorHi: number;
  private staged = false;

  /** @param words the CPU's area */
  constructor(words: Uint32Array<ArrayBuffer>, monitorHi: number) {
    this.words = words;
    this.monitorHi = monitorHi;
  }

  /** A context has run since the monitor last left its root table. */
  usesRoot = false;

  /** Number of the monitor's first command, which it reports when it has started: before the CPU exists. */
  prepare(cpus: number): void {
    this.words[SEQ] = 1;
    this.words[MAILBOX.CPUS / 4] = cpus;
    this.words[WAITING] = 1;
  }

  get isDone(): boolean {
    return load(this.words, DONE) === load(this.words, SEQ);
  }

  /** Whether the monitor rings when it is done. */
  set waiting(on: boolean) {
    store(this.words, WAITING, on ? 1 : 0);
  }

  /** Low word of the context whose floating-point state is in the registers; 0 = nobody's. */
  get fpOwner(): number {
    return load(this.words, MAILBOX.FP_OWNER / 4);
  }

  dropFp(): void {
    this.words.fill(0, MAILBOX.FP_OWNER / 4, MAILBOX.FP_OWNER / 4 + 2);
  }

  /** @returns true when the monitor sleeps: ring the bell */
  publish(opcode: Opcode): boolean {
    this.words[MAILBOX.OPCODE / 4] = opcode;
    store(this.words, SEQ, (this.words[SEQ] + 1) >>> 0);
    return load(this.words, SLEEPING) !== 0;
  }

  /** Makes the current or next run return. Idempotent. */
  kick(by: Kick): void {
    or(this.words, KICK, 1 << (8 * by));
  }

  /** Takes a kick back that no run has returned for. */
  unkick(by: Kick): void {
    and(this.words, KICK, ~(1 << (8 * by)));
  }

  /** Sets a field to a physical address as the monitor sees it. */
  setAddress(field: number, physical: number): void {
    this.words[field / 4] = physical >>> 0;
    this.words[field / 4 + 1] = (Math.floor(physical / TWO_32) + this.monitorHi) >>> 0;
  }

  /** All translations are to be forgotten. One by one would not be cheaper: QEMU flushes everything on most boards. */
  flush(): void {
    this.stage();
    this.words[FLUSH] = 1;
  }

  /** Adds memory whose code is to be forgotten. @returns false when there is no room: let the monitor work it off first */
  sync(physical: number, length: number): boolean {
    this.stage();
    const count = this.words[SYNC_COUNT];
    if (count === LIST_ENTRIES) return false;
    const at = SYNC_LIST + count * ENTRY_WORDS;
    this.setAddress(at * 4, physical);
    this.words[at + 2] = length;
    this.words[at + 3] = 0;
    this.words[SYNC_COUNT] = count + 1;
    return true;
  }

  /** Asks the monitor to work the list off: a parked one before it runs next, a running one when it is rung. */
  commit(): void {
    if (this.staged && this.isForgotten) store(this.words, FORGET, (this.words[FORGET] + 1) >>> 0);
    this.staged = false;
  }

  /** True when nothing is left that a running CPU would have to forget. */
  get isForgotten(): boolean {
    return load(this.words, FORGOTTEN) === load(this.words, FORGET);
  }

  /** The list is written only while nobody reads it: the CPU is parked, or has acknowledged everything. */
  private stage(): void {
    if (!this.staged && this.isForgotten) {
      this.words[FLUSH] = 0;
      this.words[SYNC_COUNT] = 0;
    }
    this.staged = true;
  }
}

export const MAILBOX_WORDS = CPU_BYTES / 4;
