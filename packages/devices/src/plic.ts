/**
 * Platform-level interrupt controller, level-triggered sources.
 *
 * Shapes     S = sources (1..S), C = contexts; one bit per source in `Uint32Array`s of ceil((S + 1) / 32) words
 * Invariant  a source is pending from a high level until it is claimed; while in service it is not pending again
 * Source     RISC-V Platform-Level Interrupt Controller Specification 1.0, chapters 3-9
 */
import type { Device } from './device.js';

const ENABLE_BASE = 0x2000;
const ENABLE_STRIDE = 0x80;
const CONTEXT_BASE = 0x20_0000;
const CONTEXT_STRIDE = 0x1000;
const PENDING_BASE = 0x1000;
const MAX_PRIORITY = 7;

export class Plic implements Device {
  readonly sources: number;
  readonly contexts: number;
  private readonly signal: (context: number, high: boolean) => void;
  private readonly words: number;
  private readonly priority: Uint8Array;
  private readonly level: Uint8Array;
  private readonly waiting: Uint8Array;
  private readonly serving: Uint8Array;
  private readonly enables: Uint32Array;
  private readonly threshold: Uint8Array;
  private readonly raised: Uint8Array;

  /** @param signal called when a context's interrupt line changes */
  constructor(sources: number, contexts: number, signal: (context: number, high: boolean) => void) {
    this.sources = sources;
    this.contexts = contexts;
    this.signal = signal;
    this.words = (sources + 32) >> 5;
    this.priority = new Uint8Array(sources + 1);
    this.level = new Uint8Array(sources + 1);
    this.waiting = new Uint8Array(sources + 1);
    this.serving = new Uint8Array(sources + 1);
    this.enables = new Uint32Array(this.words * contexts);
    this.threshold = new Uint8Array(contexts);
    this.raised = new Uint8Array(contexts);
  }

  /** A device's line. */
  setLevel(source: number, high: boolean): void {
    if (this.level[source] === (high ? 1 : 0)) return;
    this.level[source] = high ? 1 : 0;
    if (!high && !this.serving[source]) this.waiting[source] = 0;
    if (high && !this.serving[source]) this.waiting[source] = 1;
    this.update();
  }

  setPriority(source: number, priority: number): void {
    this.priority[source] = priority & MAX_PRIORITY;
    this.update();
  }

  setEnabled(context: number, source: number, enabled: boolean): void {
    const at = context * this.words + (source >> 5);
    const bit = 1 << (source & 31);
    this.enables[at] = enabled ? this.enables[at] | bit : this.enables[at] & ~bit;
    this.update();
  }

  /** Source that `claim` would return, or 0: highest priority, then lowest number. */
  best(context: number): number {
    let found = 0;
    let most = this.threshold[context];
    for (let source = 1; source <= this.sources; source++) {
      const priority = this.priority[source];
      if (this.waiting[source] && priority > most && this.isEnabled(context, source)) {
        found = source;
        most = priority;
      }
    }
    return found;
  }

  claim(context: number): number {
    const source = this.best(context);
    if (source === 0) return 0;
    this.waiting[source] = 0;
    this.serving[source] = 1;
    this.update();
    return source;
  }

  /** Ignored unless the source is enabled for the context, as the specification says. */
  complete(context: number, source: number): void {
    if (source < 1 || source > this.sources || !this.isEnabled(context, source)) return;
    this.serving[source] = 0;
    this.waiting[source] = this.level[source]!;
    this.update();
  }

  read(offset: number, size: number): number {
    return size === 4 ? this.readWord(offset) : 0;
  }

  private readWord(offset: number): number {
    if (offset < PENDING_BASE) return this.priority[offset >> 2] ?? 0;
    if (offset < ENABLE_BASE) return this.pendingWord((offset - PENDING_BASE) >> 2);
    if (offset < CONTEXT_BASE) return this.enables[this.enableIndex(offset)] ?? 0;
    const context = Math.floor((offset - CONTEXT_BASE) / CONTEXT_STRIDE);
    if (context >= this.contexts) return 0;
    const register = offset % CONTEXT_STRIDE;
    if (register === 0) return this.threshold[context];
    return register === 4 ? this.claim(context) : 0;
  }

  write(offset: number, size: number, value: number): void {
    if (size !== 4) return;
    if (offset < PENDING_BASE) {
      const source = offset >> 2;
      if (source >= 1 && source <= this.sources) this.setPriority(source, value);
    } else if (offset >= ENABLE_BASE && offset < CONTEXT_BASE) {
      this.writeEnables(offset, value);
    } else if (offset >= CONTEXT_BASE) {
      this.writeContext(offset, value);
    }
  }

  private writeEnables(offset: number, value: number): void {
    const at = this.enableIndex(offset);
    if (at < 0) return;
    const first = (at % this.words) * 32;
    const beyond = this.sources - first >= 31 ? 0 : -1 << (this.sources - first + 1);
    this.enables[at] = value & ~beyond & (first === 0 ? ~1 : -1);
    this.update();
  }

  private writeContext(offset: number, value: number): void {
    const context = Math.floor((offset - CONTEXT_BASE) / CONTEXT_STRIDE);
    if (context >= this.contexts) return;
    const register = offset % CONTEXT_STRIDE;
    if (register === 0) this.threshold[context] = value & MAX_PRIORITY;
    else if (register === 4) this.complete(context, value);
    this.update();
  }

  /** Index into `enables`, or -1. */
  private enableIndex(offset: number): number {
    const context = Math.floor((offset - ENABLE_BASE) / ENABLE_STRIDE);
    const word = ((offset - ENABLE_BASE) % ENABLE_STRIDE) >> 2;
    return context < this.contexts && word < this.words ? context * this.words + word : -1;
  }

  private isEnabled(context: number, source: number): boolean {
    return ((this.enables[context * this.words + (source >> 5)] >>> (source & 31)) & 1) !== 0;
  }

  private pendingWord(word: number): number {
    let bits = 0;
    for (let i = 0; i < 32; i++) if (this.waiting[word * 32 + i]) bits |= 1 << i;
    return bits >>> 0;
  }

  private update(): void {
    for (let context = 0; context < this.contexts; context++) {
      const high = this.best(context) !== 0 ? 1 : 0;
      if (high === this.raised[context]) continue;
      this.raised[context] = high;
      this.signal(context, high === 1);
    }
  }
}
