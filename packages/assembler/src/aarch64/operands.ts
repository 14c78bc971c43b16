/** Registers and addresses of AArch64. */
import { unsigned } from '../internal/checks.js';

/**
 * A register of one size. Number 31 is the zero register or the stack pointer, depending on the instruction: here they
 * are two, and the encoders refuse the wrong one.
 */
export interface Register {
  readonly kind: 'general' | 'zero' | 'stack';
  readonly index: number;
  readonly bits: 32 | 64;
}

export interface VectorRegister {
  readonly kind: 'vector';
  readonly index: number;
  readonly bits: 8 | 16 | 32 | 64 | 128;
}

export interface Address {
  readonly kind: 'offset' | 'pre' | 'post';
  readonly base: Register;
  readonly offset: number;
}

const general =
  (bits: 32 | 64) =>
  (index: number): Register => {
    unsigned('register', index, 5);
    return { kind: index === 31 ? 'zero' : 'general', index, bits };
  };

/** x0..x30; 31 is xzr. */
export const x = general(64);
/** w0..w30; 31 is wzr. */
export const w = general(32);

const vector =
  (bits: VectorRegister['bits']) =>
  (index: number): VectorRegister => ({
    kind: 'vector',
    index: unsigned('register', index, 5),
    bits,
  });
/** Parts of v0..v31: 8, 16, 32, 64 and 128 bits. */
export const b = vector(8);
export const h = vector(16);
export const s = vector(32);
export const d = vector(64);
export const q = vector(128);

export const [X0, X1, X2, X3, X4, X5, X6, X7] = [0, 1, 2, 3, 4, 5, 6, 7].map(x);
export const [X8, X9, X10, X11, X12, X13, X14, X15] = [8, 9, 10, 11, 12, 13, 14, 15].map(x);
export const [X16, X17, X18, X19, X20, X21, X22, X23] = [16, 17, 18, 19, 20, 21, 22, 23].map(x);
export const [X24, X25, X26, X27, X28, X29, X30] = [24, 25, 26, 27, 28, 29, 30].map(x);
export const [W0, W1, W2, W3, W4, W5, W6, W7] = [0, 1, 2, 3, 4, 5, 6, 7].map(w);
export const XZR = x(31);
export const WZR = w(31);
export const SP: Register = { kind: 'stack', index: 31, bits: 64 };
export const LR = X30;

/** [base, #offset] */
export const mem = (base: Register, offset = 0): Address => ({ kind: 'offset', base, offset });
/** [base, #offset]!: the base moves first. */
export const pre = (base: Register, offset: number): Address => ({ kind: 'pre', base, offset });
/** [base], #offset: the base moves afterwards. */
export const post = (base: Register, offset: number): Address => ({ kind: 'post', base, offset });

/** Field of a register where 31 is zero. @throws RangeError for sp */
export function zr(name: string, register: Register | VectorRegister): number {
  if (register.kind !== 'stack') return register.index;
  throw new RangeError(`${name}: expected a register other than sp, got sp`);
}

/** Field of a register where 31 is sp. @throws RangeError for the zero register */
export function sp(name: string, register: Register): number {
  if (register.kind !== 'zero') return register.index;
  throw new RangeError(`${name}: expected a register other than the zero register, got it`);
}

/** Size bit of general registers. @throws RangeError when they differ */
export function sf(...registers: readonly Register[]): number {
  const [first] = registers;
  const other = registers.find(({ bits }) => bits !== first.bits);
  if (other !== undefined)
    throw new RangeError(`registers: expected one size, got ${first.bits} and ${other.bits} bits`);
  return first.bits === 64 ? 1 : 0;
}
