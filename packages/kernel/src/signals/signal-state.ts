/** Signal state of threads and processes: what is pending, what is blocked, what to do. */
import { SignalSet } from './signal-set.js';
import { SIGNAL_COUNT } from './numbers.js';

/** What arrives with a signal (siginfo_t's fields). */
export interface SignalInfo {
  readonly signal: number;
  readonly code: number;
  /** Sender or child. */
  readonly pid: number;
  readonly uid: number;
  /** Child's exit status or signal. */
  readonly status: number;
  /** Fault address or sigqueue value, low and high words. */
  readonly valueLo: number;
  readonly valueHi: number;
}

/** The usual siginfo; absent fields are zero. */
export function signalInfo(signal: number, code: number, fields: Partial<SignalInfo> = {}): SignalInfo {
  return { signal, code, pid: 0, uid: 0, status: 0, valueLo: 0, valueHi: 0, ...fields };
}

export const HANDLER_DEFAULT = 0;
export const HANDLER_IGNORE = 1;

/** sigaction(2). A handler is a user address as two words, or DEFAULT or IGNORE (with a zero high word). */
export interface SignalAction {
  handlerLo: number;
  handlerHi: number;
  flags: number;
  restorerLo: number;
  restorerHi: number;
  maskLo: number;
  maskHi: number;
}

export function defaultSignalAction(): SignalAction {
  return { handlerLo: 0, handlerHi: 0, flags: 0, restorerLo: 0, restorerHi: 0, maskLo: 0, maskHi: 0 };
}

/** Dispositions shared by all threads of a process. */
export class SignalActions {
  private readonly actions: SignalAction[] = [];

  constructor() {
    for (let signal = 0; signal <= SIGNAL_COUNT; signal++) this.actions.push(defaultSignalAction());
  }

  get(signal: number): SignalAction {
    return this.actions[signal];
  }

  set(signal: number, action: SignalAction): void {
    Object.assign(this.actions[signal], action);
  }

  isIgnored(signal: number): boolean {
    const { handlerLo, handlerHi } = this.actions[signal];
    return handlerLo === HANDLER_IGNORE && handlerHi === 0;
  }

  isDefault(signal: number): boolean {
    const { handlerLo, handlerHi } = this.actions[signal];
    return handlerLo === HANDLER_DEFAULT && handlerHi === 0;
  }

  copyFrom(other: SignalActions): void {
    for (let signal = 1; signal <= SIGNAL_COUNT; signal++) this.set(signal, other.actions[signal]);
  }

  /** execve: handlers become default, ignored signals stay ignored. */
  resetForExec(): void {
    for (let signal = 1; signal <= SIGNAL_COUNT; signal++) {
      const ignored = this.isIgnored(signal);
      this.actions[signal] = defaultSignalAction();
      if (ignored) this.actions[signal].handlerLo = HANDLER_IGNORE;
    }
  }
}

/** Pending signals of a thread or of a process: standard ones once, real-time ones (>= 32) queued, bounded. */
export class PendingSignals {
  readonly set = new SignalSet();
  private readonly queue: SignalInfo[] = [];
  /** RLIMIT_SIGPENDING of a small system. */
  static readonly MAX_QUEUED = 1024;

  /** False when the signal was merged with a pending one or the queue is full. */
  add(info: SignalInfo): boolean {
    if (info.signal < 32 && this.set.has(info.signal)) return false;
    // Only real-time signals count: a full queue of them must not swallow a SIGTERM.
    if (info.signal >= 32 && this.queue.length >= PendingSignals.MAX_QUEUED) return false;
    this.set.add(info.signal);
    this.queue.push(info);
    return true;
  }

  /** Oldest pending instance of `signal`. */
  take(signal: number): SignalInfo | undefined {
    const index = this.queue.findIndex((info) => info.signal === signal);
    if (index < 0) return undefined;
    const [info] = this.queue.splice(index, 1);
    if (!this.queue.some((other) => other.signal === signal)) this.set.delete(signal);
    return info;
  }

  /** Forgets every pending instance (SIGCONT discards stops and the other way round). */
  discard(signal: number): void {
    while (this.take(signal) !== undefined);
  }

  clear(): void {
    this.queue.length = 0;
    this.set.set(0, 0);
  }
}
