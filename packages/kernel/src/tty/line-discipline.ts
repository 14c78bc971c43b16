/**
 * The terminal's line discipline, pure: bytes from the keyboard become lines, echo and signals; program output is
 * post-processed.
 *
 * Shapes: `line` is the line being edited (canonical mode), `ready` what readers may take, as chunks; a chunk never
 * spans the end of a line, so a canonical read returns at most one line. An end-of-file mark is an empty chunk.
 * Source: POSIX.1-2017 chapter 11, Linux n_tty.
 */
import { SIGINT, SIGQUIT, SIGTSTP } from '../signals/numbers.js';
import * as t from './termios.js';

/** What the discipline does to the world. */
export interface LineSink {
  /** Bytes for the screen. */
  echo(bytes: readonly number[]): void;
  /** Signal for the foreground process group. */
  signal(signal: number): void;
  /** There is something to read. */
  readable(): void;
}

/** Longest line in canonical mode, as Linux's N_TTY_BUF_SIZE. */
const MAX_LINE = 4096;
const NEWLINE = 10;
const RETURN = 13;

export class LineDiscipline {
  readonly termios = t.defaultTermios();
  private readonly sink: LineSink;
  private line: number[] = [];
  private readonly ready: number[][] = [];
  private readyBytes = 0;
  private literal = false;

  constructor(sink: LineSink) {
    this.sink = sink;
  }

  /** Bytes that a read would get now, counting no more than the first line in canonical mode. */
  get available(): number {
    return this.readyBytes;
  }

  /** True when a read would not wait (also at an end-of-file mark). */
  get hasInput(): boolean {
    if (this.ready.length === 0) return false;
    return (
      this.isCanonical ||
      this.readyBytes >= Math.max(1, this.termios.characters[t.VMIN]) ||
      this.termios.characters[t.VMIN] === 0
    );
  }

  private get isCanonical(): boolean {
    return (this.termios.local & t.ICANON) !== 0;
  }

  /** A byte from the keyboard. */
  input(byte: number): void {
    const { termios } = this;
    let code = (termios.input & t.ISTRIP) !== 0 ? byte & 0x7f : byte;
    if (this.literal) {
      this.literal = false;
      this.accept(code);
      return;
    }
    if (code === RETURN) {
      if ((termios.input & t.IGNCR) !== 0) return;
      if ((termios.input & t.ICRNL) !== 0) code = NEWLINE;
    } else if (code === NEWLINE && (termios.input & t.INLCR) !== 0) code = RETURN;
    if ((termios.local & t.ISIG) !== 0 && this.signal(code)) return;
    if (this.isCanonical) this.edit(code);
    else this.accept(code);
  }

  /** Takes up to `into.length` bytes; 0 at an end-of-file mark; -1 when there is nothing. */
  read(into: Uint8Array): number {
    const chunk = this.ready[0];
    if (chunk === undefined) return -1;
    const count = Math.min(into.length, chunk.length);
    for (let index = 0; index < count; index++) into[index] = chunk[index];
    if (count === chunk.length) this.ready.shift();
    else chunk.splice(0, count);
    this.readyBytes -= count;
    return count;
  }

  /** Program output as the screen gets it. */
  output(bytes: Uint8Array): Uint8Array {
    const both = t.OPOST | t.ONLCR;
    if ((this.termios.output & both) !== both || !bytes.includes(NEWLINE)) return bytes;
    const result: number[] = [];
    for (const byte of bytes) {
      if (byte === NEWLINE) result.push(RETURN);
      result.push(byte);
    }
    return Uint8Array.from(result);
  }

  /** Discards typed input (TCFLSH, signals). */
  flush(): void {
    this.line = [];
    this.ready.length = 0;
    this.readyBytes = 0;
  }

  /** After a change of attributes: what was half typed becomes readable in raw mode. */
  attributesChanged(): void {
    if (!this.isCanonical && this.line.length > 0) this.commit();
  }

  private signal(code: number): boolean {
    const { characters } = this.termios;
    if (code === 0) return false;
    const signal =
      code === characters[t.VINTR]
        ? SIGINT
        : code === characters[t.VQUIT]
          ? SIGQUIT
          : code === characters[t.VSUSP]
            ? SIGTSTP
            : 0;
    if (signal === 0) return false;
    this.echoByte(code);
    if ((this.termios.local & t.NOFLSH) === 0) this.flush();
    this.sink.signal(signal);
    return true;
  }

  private edit(code: number): void {
    const { characters, local } = this.termios;
    if (code === NEWLINE || (code !== 0 && code === characters[t.VEOL])) {
      if ((local & (t.ECHO | t.ECHONL)) !== 0) this.sink.echo([RETURN, NEWLINE]);
      this.line.push(code);
      this.commit();
    } else if (code !== 0 && code === characters[t.VEOF]) this.commit();
    else if (code === characters[t.VERASE] || code === 8) this.erase(1);
    else if (code === characters[t.VKILL]) this.erase(this.line.length);
    else if ((local & t.IEXTEN) !== 0 && code === characters[t.VWERASE]) this.erase(this.wordLength());
    else if ((local & t.IEXTEN) !== 0 && code === characters[t.VLNEXT]) this.literal = true;
    else this.accept(code);
  }

  private accept(code: number): void {
    this.echoByte(code);
    if (this.isCanonical) {
      if (this.line.length < MAX_LINE - 1) this.line.push(code);
      return;
    }
    const last = this.ready[this.ready.length - 1];
    if (last === undefined) this.ready.push([code]);
    else if (this.readyBytes < MAX_LINE) last.push(code);
    else return;
    this.readyBytes++;
    this.sink.readable();
  }

  private commit(): void {
    this.ready.push(this.line);
    this.readyBytes += this.line.length;
    this.line = [];
    this.sink.readable();
  }

  /** Removes characters (not bytes of UTF-8) from the line's end. */
  private erase(bytes: number): void {
    let left = Math.min(bytes, this.line.length);
    while (left > 0) {
      let byte = this.line.pop() ?? 0;
      left--;
      while ((byte & 0xc0) === 0x80 && this.line.length > 0) {
        byte = this.line.pop() ?? 0;
        left--;
      }
      if ((this.termios.local & t.ECHO) === 0) continue;
      const cells = byte < 32 && byte !== 9 ? 2 : 1;
      for (let cell = 0; cell < cells; cell++) this.sink.echo([8, 32, 8]);
    }
  }

  private wordLength(): number {
    let at = this.line.length;
    while (at > 0 && this.line[at - 1] === 32) at--;
    while (at > 0 && this.line[at - 1] !== 32) at--;
    return this.line.length - at;
  }

  private echoByte(code: number): void {
    if ((this.termios.local & t.ECHO) === 0) return;
    if (code === NEWLINE) this.sink.echo([RETURN, NEWLINE]);
    else if (code < 32 && code !== 9 && (this.termios.local & t.ECHOCTL) !== 0) this.sink.echo([94, code + 64]);
    else this.sink.echo([code]);
  }
}
