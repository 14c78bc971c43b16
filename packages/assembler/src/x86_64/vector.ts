/**
 * Floating-point and vector state: saving it, SSE2 scalars, and moves of xmm, ymm and zmm.
 *
 * Source: Intel SDM volume 1, chapter 13; volume 2, sections 2.3 (VEX) and 2.7 (EVEX).
 */
import { encode, modrm } from './encode.js';
import type { Memory, Register, VectorRegister } from './operands.js';

const state =
  (extension: number, bits: number) =>
  (area: Memory): Uint8Array =>
    encode({ bits, opcode: [0x0f, 0xae], reg: extension, rm: area });

/** 512 bytes, aligned to 16. */
export const fxsave64 = state(0, 64);
export const fxrstor64 = state(1, 64);
/** Components in edx:eax; the area is aligned to 64. */
export const xsave64 = state(4, 64);
export const xrstor64 = state(5, 64);
export const xsaveopt64 = state(6, 64);
export const ldmxcsr = state(2, 32);
export const stmxcsr = state(3, 32);
export const fninit = (): Uint8Array => Uint8Array.of(0xdb, 0xe3);
export const fwait = (): Uint8Array => Uint8Array.of(0x9b);
/** Loads the x87 control word, 16 bits. */
export const fldcw = (from: Memory): Uint8Array => encode({ opcode: [0xd9], reg: 5, rm: from });
export const fldz = (): Uint8Array => Uint8Array.of(0xd9, 0xee);
export const fld1 = (): Uint8Array => Uint8Array.of(0xd9, 0xe8);
/** st(1) = st(1) / st(0), popped. */
export const fdivp = (): Uint8Array => Uint8Array.of(0xde, 0xf9);

const sse =
  (prefix: number | undefined, opcode: number) =>
  (to: VectorRegister, from: VectorRegister | Memory): Uint8Array =>
    encode({ prefix, opcode: [0x0f, opcode], reg: to, rm: from });

export const addsd = sse(0xf2, 0x58);
export const mulsd = sse(0xf2, 0x59);
export const subsd = sse(0xf2, 0x5c);
export const divsd = sse(0xf2, 0x5e);
export const pxor = sse(0x66, 0xef);
export const paddq = sse(0x66, 0xd4);

/** A move between a vector register and memory (or another register): loads by one opcode, stores by another. */
const move =
  (prefix: number, load: number, store: number) =>
  (to: VectorRegister | Memory, from: VectorRegister | Memory): Uint8Array => {
    if (to.kind === 'vector') return encode({ prefix, opcode: [0x0f, load], reg: to, rm: from });
    if (from.kind === 'vector') return encode({ prefix, opcode: [0x0f, store], reg: from, rm: to });
    throw new RangeError('operands: expected at most one in memory, got two');
  };

export const movsd = move(0xf2, 0x10, 0x11);
export const movdqu = move(0xf3, 0x6f, 0x7f);

/** Bits between an xmm register and a general one, 64. */
export const movqToVector = (to: VectorRegister, from: Register): Uint8Array =>
  encode({ prefix: 0x66, bits: 64, opcode: [0x0f, 0x6e], reg: to, rm: from });
export const movqFromVector = (to: Register, from: VectorRegister): Uint8Array =>
  encode({ prefix: 0x66, bits: 64, opcode: [0x0f, 0x7e], reg: from, rm: to });

/** Unaligned moves of a whole ymm (VEX) or zmm (EVEX) register. */
export function vmovdqu(to: VectorRegister | Memory, from: VectorRegister | Memory): Uint8Array {
  const store = to.kind === 'memory';
  const reg = store ? from : to;
  const rm = store ? to : from;
  if (reg.kind !== 'vector') throw new RangeError('operands: expected at most one in memory, got two');
  return reg.bits === 512 ? evex(store ? 0x7f : 0x6f, reg, rm) : vex(store ? 0x7f : 0x6f, reg, rm);
}

/** Bits that a prefix inverts: R, X, B. */
function extensions(reg: VectorRegister, rm: VectorRegister | Memory): number {
  const base = rm.kind === 'memory' ? (rm.base?.index ?? 0) : rm.index;
  const index = rm.kind === 'memory' ? (rm.index?.index ?? 0) : 0;
  return ((~reg.index & 8) << 4) | ((~index & 8) << 3) | ((~base & 8) << 2);
}

/** VEX.F3.0F.WIG; `vvvv` unused (all ones). */
function vex(opcode: number, reg: VectorRegister, rm: VectorRegister | Memory): Uint8Array {
  const length = reg.bits === 256 ? 4 : 0;
  const head = [0xc4, extensions(reg, rm) | 1, 0x78 | length | 2, opcode];
  return Uint8Array.from([...head, ...modrm(reg.index & 7, rm, head.length, 0)]);
}

/** EVEX.512.F3.0F.W1; displacements stay 32 bits wide (the short ones would be scaled by 64). */
function evex(opcode: number, reg: VectorRegister, rm: VectorRegister | Memory): Uint8Array {
  const head = [0x62, extensions(reg, rm) | 0x10 | 1, 0x80 | 0x78 | 4 | 2, 0x48, opcode];
  return Uint8Array.from([...head, ...modrm(reg.index & 7, rm, head.length, 0, false)]);
}

/** Zeroes the upper halves of all ymm and zmm registers. */
export const vzeroupper = (): Uint8Array => Uint8Array.of(0xc5, 0xf8, 0x77);
