/**
 * Terminal attributes: the bits that the line discipline honours. Source: Linux asm-generic/termbits.h, POSIX.1-2017 11.
 */
export const ICRNL = 0o000400;
export const INLCR = 0o000100;
export const IGNCR = 0o000200;
export const ISTRIP = 0o000040;
export const IXON = 0o002000;
export const OPOST = 0o000001;
export const ONLCR = 0o000004;
export const ISIG = 0o000001;
export const ICANON = 0o000002;
export const ECHO = 0o000010;
export const ECHOE = 0o000020;
export const ECHOK = 0o000040;
export const ECHONL = 0o000100;
export const NOFLSH = 0o000200;
export const TOSTOP = 0o000400;
export const ECHOCTL = 0o001000;
export const ECHOKE = 0o004000;
export const IEXTEN = 0o100000;

/** Indices into the control characters. */
export const VINTR = 0;
export const VQUIT = 1;
export const VERASE = 2;
export const VKILL = 3;
export const VEOF = 4;
export const VTIME = 5;
export const VMIN = 6;
export const VSTART = 8;
export const VSTOP = 9;
export const VSUSP = 10;
export const VEOL = 11;
export const VREPRINT = 12;
export const VWERASE = 14;
export const VLNEXT = 15;
export const CC_COUNT = 19;

export interface Termios {
  input: number;
  output: number;
  control: number;
  local: number;
  readonly characters: Uint8Array;
}

/** Bytes of the kernel's struct termios: four words, line discipline, 19 control characters. */
export const TERMIOS_BYTES = 36;

export function defaultTermios(): Termios {
  const characters = new Uint8Array(CC_COUNT);
  characters.set([3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22]);
  return {
    input: ICRNL | IXON,
    output: OPOST | ONLCR,
    control: 0o277, // B38400, CS8, CREAD
    local: ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
    characters,
  };
}

export function encodeTermios(termios: Termios, into: Uint8Array): void {
  const view = new DataView(into.buffer, into.byteOffset);
  view.setUint32(0, termios.input, true);
  view.setUint32(4, termios.output, true);
  view.setUint32(8, termios.control, true);
  view.setUint32(12, termios.local, true);
  into[16] = 0;
  into.set(termios.characters, 17);
}

export function decodeTermios(from: Uint8Array, termios: Termios): void {
  const view = new DataView(from.buffer, from.byteOffset);
  termios.input = view.getUint32(0, true);
  termios.output = view.getUint32(4, true);
  termios.control = view.getUint32(8, true);
  termios.local = view.getUint32(12, true);
  termios.characters.set(from.subarray(17, 17 + CC_COUNT));
}
