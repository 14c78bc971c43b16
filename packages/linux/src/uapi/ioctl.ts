/** Device-control requests and the shape of their arguments. Source: asm-generic/ioctls.h, asm-generic/ioctl.h. */
export const FIONBIO = 0x5421;
export const FIONCLEX = 0x5450;
export const FIOCLEX = 0x5451;
export const FIOASYNC = 0x5452;

/** `value`: the argument is the number itself. */
export interface IoctlArgument {
  readonly bytes: number;
  readonly direction: 'none' | 'in' | 'out' | 'both' | 'value';
}

const TERMIOS = 36;
const TERMIO = 18;
const TERMIOS2 = 44;

/** Terminal and socket requests from before sizes were encoded in the number. */
const LEGACY: Readonly<Record<number, IoctlArgument & { readonly name: string }>> = {
  0x5401: { name: 'TCGETS', bytes: TERMIOS, direction: 'out' },
  0x5402: { name: 'TCSETS', bytes: TERMIOS, direction: 'in' },
  0x5403: { name: 'TCSETSW', bytes: TERMIOS, direction: 'in' },
  0x5404: { name: 'TCSETSF', bytes: TERMIOS, direction: 'in' },
  0x5405: { name: 'TCGETA', bytes: TERMIO, direction: 'out' },
  0x5406: { name: 'TCSETA', bytes: TERMIO, direction: 'in' },
  0x5407: { name: 'TCSETAW', bytes: TERMIO, direction: 'in' },
  0x5408: { name: 'TCSETAF', bytes: TERMIO, direction: 'in' },
  0x5409: { name: 'TCSBRK', bytes: 8, direction: 'value' },
  0x540a: { name: 'TCXONC', bytes: 8, direction: 'value' },
  0x540b: { name: 'TCFLSH', bytes: 8, direction: 'value' },
  0x540c: { name: 'TIOCEXCL', bytes: 0, direction: 'none' },
  0x540d: { name: 'TIOCNXCL', bytes: 0, direction: 'none' },
  0x540e: { name: 'TIOCSCTTY', bytes: 8, direction: 'value' },
  0x540f: { name: 'TIOCGPGRP', bytes: 4, direction: 'out' },
  0x5410: { name: 'TIOCSPGRP', bytes: 4, direction: 'in' },
  0x5411: { name: 'TIOCOUTQ', bytes: 4, direction: 'out' },
  0x5412: { name: 'TIOCSTI', bytes: 1, direction: 'in' },
  0x5413: { name: 'TIOCGWINSZ', bytes: 8, direction: 'out' },
  0x5414: { name: 'TIOCSWINSZ', bytes: 8, direction: 'in' },
  0x541b: { name: 'FIONREAD', bytes: 4, direction: 'out' },
  0x5422: { name: 'TIOCNOTTY', bytes: 0, direction: 'none' },
  0x5423: { name: 'TIOCSETD', bytes: 4, direction: 'in' },
  0x5424: { name: 'TIOCGETD', bytes: 4, direction: 'out' },
  0x5425: { name: 'TCSBRKP', bytes: 8, direction: 'value' },
  0x5429: { name: 'TIOCGSID', bytes: 4, direction: 'out' },
  0x802c542a: { name: 'TCGETS2', bytes: TERMIOS2, direction: 'out' },
  [FIONBIO]: { name: 'FIONBIO', bytes: 4, direction: 'in' },
  [FIONCLEX]: { name: 'FIONCLEX', bytes: 0, direction: 'none' },
  [FIOCLEX]: { name: 'FIOCLEX', bytes: 0, direction: 'none' },
  [FIOASYNC]: { name: 'FIOASYNC', bytes: 4, direction: 'in' },
};

/** Largest argument that the generic encoding is trusted with. */
const MAX_ARGUMENT = 4096;

/** Size and direction of a request's argument; undefined when nobody could know. */
export function ioctlArgument(request: number): IoctlArgument | undefined {
  const legacy = LEGACY[request];
  if (legacy !== undefined) return legacy;
  const bytes = (request >>> 16) & 0x3fff;
  const direction = (['none', 'in', 'out', 'both'] as const)[request >>> 30];
  return direction === 'none' || bytes === 0 || bytes > MAX_ARGUMENT ? undefined : { bytes, direction };
}

export function ioctlName(request: number): string | undefined {
  return LEGACY[request]?.name;
}
