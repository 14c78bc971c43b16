/**
 * A terminal: line discipline, window size, session and foreground process group, as an open file.
 *
 * Output goes to a ring that the console driver drains; a writer waits while it is full. Background processes that
 * read get SIGTTIN (and with TOSTOP, SIGTTOU when they write).
 */
import type { Errno, SpecialFile, WaitQueueId } from '@veridian-os/abi';
import { EAGAIN, EINVAL, EIO, ENOTTY, EPERM, POLLHUP, POLLIN, POLLOUT, RESTART } from '@veridian-os/abi';
import type { Process } from '../core/process.js';
import type { Kernel } from '../kernel.js';
import { SIGTTIN, SIGTTOU, SIGWINCH, SI_KERNEL } from '../signals/numbers.js';
import { signalInfo } from '../signals/signal-state.js';
import { LineDiscipline } from './line-discipline.js';
import { decodeTermios, encodeTermios, TERMIOS_BYTES, TOSTOP } from './termios.js';

/** Requests, asm-generic/ioctls.h. */
export const TCGETS = 0x5401;
export const TCSETS = 0x5402;
export const TCSETSW = 0x5403;
export const TCSETSF = 0x5404;
export const TCFLSH = 0x540b;
export const TIOCSCTTY = 0x540e;
export const TIOCGPGRP = 0x540f;
export const TIOCSPGRP = 0x5410;
export const TIOCGWINSZ = 0x5413;
export const TIOCSWINSZ = 0x5414;
export const FIONREAD = 0x541b;
export const TIOCNOTTY = 0x5422;
export const TIOCGSID = 0x5429;

/** Bytes of output that may wait for the driver. */
const OUTPUT_BYTES = 65_536;

type Bytes = Uint8Array<ArrayBufferLike>;

export class Terminal implements SpecialFile {
  readonly waitQueue: WaitQueueId;
  readonly seekable = false;
  readonly discipline: LineDiscipline;
  /** Process group that may read and gets keyboard signals; 0 = none. */
  foreground = 0;
  /** Session that this terminal controls; 0 = none. */
  session = 0;
  rows = 24;
  columns = 80;
  private readonly kernel: Kernel;
  private pending: Bytes[] = [];
  private pendingBytes = 0;
  private hungUp = false;
  private readonly outputReady: () => void;

  /** @param outputReady told when there is output to drain */
  constructor(kernel: Kernel, outputReady: () => void) {
    this.kernel = kernel;
    this.outputReady = outputReady;
    this.waitQueue = kernel.waits.create();
    this.discipline = new LineDiscipline({
      echo: (bytes) => this.emit(Uint8Array.from(bytes)),
      signal: (signal) => this.signalForeground(signal),
      readable: () => kernel.waits.wake(this.waitQueue, POLLIN),
    });
  }

  /** Keyboard input, from the driver. */
  receive(byte: number): void {
    this.discipline.input(byte);
  }

  /** The keyboard is gone: readers see the end. */
  hangUp(): void {
    this.hungUp = true;
    this.kernel.waits.wake(this.waitQueue, POLLIN | POLLHUP);
  }

  /** Output for the device, oldest first; undefined when there is none. */
  takeOutput(): Bytes | undefined {
    const chunk = this.pending.shift();
    if (chunk === undefined) return undefined;
    const wasFull = this.pendingBytes >= OUTPUT_BYTES;
    this.pendingBytes -= chunk.length;
    if (wasFull && this.pendingBytes < OUTPUT_BYTES) this.kernel.waits.wake(this.waitQueue, POLLOUT);
    return chunk;
  }

  get hasOutput(): boolean {
    return this.pending.length > 0;
  }

  setForeground(group: number): void {
    this.foreground = group;
  }

  detachSession(): void {
    this.session = 0;
  }

  resize(rows: number, columns: number): void {
    if (rows === this.rows && columns === this.columns) return;
    this.rows = rows;
    this.columns = columns;
    this.signalForeground(SIGWINCH);
  }

  read(into: readonly Bytes[]): number | Errno {
    const refused = this.background(SIGTTIN, false);
    if (refused !== 0) return refused;
    if (into.length === 0 || (into.length === 1 && into[0].length === 0)) return 0;
    if (!this.discipline.hasInput)
      return this.hungUp ? 0 : this.discipline.termios.characters[6] === 0 && !this.isCanonical() ? 0 : EAGAIN;
    let total = 0;
    for (const segment of into) {
      const count = this.discipline.read(segment);
      if (count <= 0) break;
      total += count;
      if (count < segment.length) break;
    }
    return total;
  }

  write(from: readonly Bytes[]): number | Errno {
    const refused = (this.discipline.termios.local & TOSTOP) === 0 ? 0 : this.background(SIGTTOU, true);
    if (refused !== 0) return refused;
    if (this.pendingBytes >= OUTPUT_BYTES) return EAGAIN;
    let total = 0;
    for (const segment of from) {
      this.emit(this.discipline.output(segment.slice()));
      total += segment.length;
    }
    return total;
  }

  poll(): number {
    const input = this.discipline.hasInput ? POLLIN : 0;
    const output = this.pendingBytes < OUTPUT_BYTES ? POLLOUT : 0;
    return input | output | (this.hungUp ? POLLHUP | POLLIN : 0);
  }

  ioctl(request: number, argument: Bytes): number | Errno {
    switch (request) {
      case TCGETS:
        return argument.length < TERMIOS_BYTES ? EINVAL : (encodeTermios(this.discipline.termios, argument), 0);
      case TCSETS:
      case TCSETSW:
      case TCSETSF:
        return this.setAttributes(request, argument);
      case TCFLSH:
        this.discipline.flush();
        return 0;
      case FIONREAD:
        return putWord(argument, this.discipline.available);
      case TIOCGWINSZ:
        return this.windowSize(argument);
      case TIOCSWINSZ: {
        if (argument.length < 4) return EINVAL;
        const view = new DataView(argument.buffer, argument.byteOffset);
        this.resize(view.getUint16(0, true), view.getUint16(2, true));
        return 0;
      }
      default:
        return this.jobControl(request, argument);
    }
  }

  /** The device outlives its open files. */
  close(): void {
    // Nothing of its own: the terminal lives as long as the kernel.
  }

  private isCanonical(): boolean {
    return (this.discipline.termios.local & 0o2) !== 0;
  }

  private emit(bytes: Bytes): void {
    if (bytes.length === 0) return;
    this.pending.push(bytes);
    this.pendingBytes += bytes.length;
    this.outputReady();
  }

  private setAttributes(request: number, argument: Bytes): number | Errno {
    if (argument.length < TERMIOS_BYTES) return EINVAL;
    const refused = this.background(SIGTTOU, true);
    if (refused !== 0) return refused;
    if (request === TCSETSF) this.discipline.flush();
    decodeTermios(argument, this.discipline.termios);
    this.discipline.attributesChanged();
    return 0;
  }

  private windowSize(argument: Bytes): number | Errno {
    if (argument.length < 8) return EINVAL;
    const view = new DataView(argument.buffer, argument.byteOffset);
    view.setUint16(0, this.rows, true);
    view.setUint16(2, this.columns, true);
    view.setUint32(4, 0, true);
    return 0;
  }

  private jobControl(request: number, argument: Bytes): number | Errno {
    const process = this.kernel.running?.process;
    if (process === undefined) return ENOTTY;
    switch (request) {
      case TIOCSCTTY:
        return this.attach(process);
      case TIOCNOTTY:
        if (process.session.terminal !== this) return ENOTTY;
        process.session.terminal = undefined;
        return 0;
      case TIOCGPGRP:
        return process.session.terminal === this ? putWord(argument, this.foreground) : ENOTTY;
      case TIOCGSID:
        return process.session.terminal === this ? putWord(argument, this.session) : ENOTTY;
      case TIOCSPGRP: {
        if (process.session.terminal !== this) return ENOTTY;
        if (argument.length < 4) return EINVAL;
        const group = new DataView(argument.buffer, argument.byteOffset).getInt32(0, true);
        const member = this.kernel.processes.group(group)[0];
        if (member === undefined || member.session !== process.session) return EPERM;
        const refused = this.background(SIGTTOU, true);
        if (refused !== 0) return refused;
        this.foreground = group;
        return 0;
      }
      default:
        return ENOTTY;
    }
  }

  /** Makes this the controlling terminal of a session leader that has none. */
  attach(process: Process): number | Errno {
    if (process.session.terminal === this) return 0;
    if (process.session.id !== process.pid || process.session.terminal !== undefined || this.session !== 0)
      return EPERM;
    process.session.terminal = this;
    this.session = process.session.id;
    this.foreground = process.group;
    return 0;
  }

  /** Job control: 0 when the caller may go on, else its group was signalled and the call restarts (or EIO when it cannot be). */
  private background(signal: number, ignoredMayPass: boolean): number {
    const thread = this.kernel.running;
    if (thread === undefined) return 0;
    const { process } = thread;
    if (process.session.terminal !== this || process.group === this.foreground || this.foreground === 0) return 0;
    if (process.actions.isIgnored(signal) || thread.blocked.has(signal)) return ignoredMayPass ? 0 : EIO;
    this.kernel.signals.sendGroup(process.group, signalInfo(signal, SI_KERNEL));
    return RESTART;
  }

  private signalForeground(signal: number): void {
    if (this.foreground !== 0) this.kernel.signals.sendGroup(this.foreground, signalInfo(signal, SI_KERNEL));
  }
}

function putWord(into: Bytes, value: number): number | Errno {
  if (into.length < 4) return EINVAL;
  new DataView(into.buffer, into.byteOffset).setInt32(0, value, true);
  return 0;
}
