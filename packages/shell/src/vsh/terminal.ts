/** The shell's terminal: modes, size, foreground group. Source: termios(3), tty_ioctl(4). */
import {
  decodeTermios,
  defaultTermios,
  ECHO,
  encodeTermios,
  ICANON,
  ICRNL,
  IEXTEN,
  INLCR,
  ISIG,
  IXON,
  TCGETS,
  TCSETS,
  TERMIOS_BYTES,
  TIOCGWINSZ,
  TIOCSPGRP,
  VMIN,
  VTIME,
  FIONREAD,
  type Sys,
} from '@veridian-os/kernel';
import type { Step } from '../internal/io.js';

export interface WindowSize {
  readonly rows: number;
  readonly columns: number;
}

const DEFAULT_SIZE: WindowSize = { rows: 24, columns: 80 };

/** True when a descriptor is a terminal. */
export function* isTerminal(sys: Sys, fd: number): Step<boolean> {
  return (yield* sys.ioctl(fd, TCGETS, new Uint8Array(TERMIOS_BYTES))) >= 0;
}

/** Size of the terminal behind a descriptor; undefined when it is none. */
export function* windowSize(sys: Sys, fd: number): Step<WindowSize | undefined> {
  const bytes = new Uint8Array(8);
  if ((yield* sys.ioctl(fd, TIOCGWINSZ, bytes)) < 0) return undefined;
  const view = new DataView(bytes.buffer);
  const rows = view.getUint16(0, true);
  const columns = view.getUint16(2, true);
  return { rows: rows === 0 ? DEFAULT_SIZE.rows : rows, columns: columns === 0 ? DEFAULT_SIZE.columns : columns };
}

export class ShellTerminal {
  private readonly sys: Sys;
  private readonly fd: number;
  /** Modes that jobs start with: what the shell found. */
  private readonly cooked = new Uint8Array(TERMIOS_BYTES);
  private readonly raw = new Uint8Array(TERMIOS_BYTES);

  constructor(sys: Sys, fd: number) {
    this.sys = sys;
    this.fd = fd;
  }

  /** Learns the present modes; false when there is no terminal. */
  *prepare(): Step<boolean> {
    if ((yield* this.sys.ioctl(this.fd, TCGETS, this.cooked)) < 0) return false;
    const modes = defaultTermios();
    decodeTermios(this.cooked, modes);
    // Output stays processed, so that a newline begins a line. So do returns: what is typed ahead becomes lines for jobs.
    modes.input = (modes.input | ICRNL) & ~(INLCR | IXON);
    modes.local &= ~(ICANON | ECHO | ISIG | IEXTEN);
    modes.characters[VMIN] = 1;
    modes.characters[VTIME] = 0;
    encodeTermios(modes, this.raw);
    return true;
  }

  /** Each key arrives by itself and unseen. */
  *enterRaw(): Step<void> {
    yield* this.sys.ioctl(this.fd, TCSETS, this.raw);
  }

  /** Lines, echo, signals from keys: what jobs expect. */
  *enterCooked(): Step<void> {
    yield* this.sys.ioctl(this.fd, TCSETS, this.cooked);
  }

  *modes(): Step<Uint8Array> {
    const modes = new Uint8Array(TERMIOS_BYTES);
    yield* this.sys.ioctl(this.fd, TCGETS, modes);
    return modes;
  }

  *setModes(modes: Uint8Array): Step<void> {
    yield* this.sys.ioctl(this.fd, TCSETS, modes);
  }

  /** Makes a process group the one that keys signal and that may read. */
  *setForeground(group: number): Step<void> {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setInt32(0, group, true);
    yield* this.sys.ioctl(this.fd, TIOCSPGRP, bytes);
  }

  /** True when a read would not wait. */
  *hasInput(): Step<boolean> {
    const bytes = new Uint8Array(4);
    const result = yield* this.sys.ioctl(this.fd, FIONREAD, bytes);
    return result >= 0 && new DataView(bytes.buffer).getInt32(0, true) > 0;
  }

  *columns(): Step<number> {
    return (yield* windowSize(this.sys, this.fd))?.columns ?? DEFAULT_SIZE.columns;
  }
}
