/**
 * Scalar floating point, and the few vector instructions that move and combine whole registers.
 *
 * Source: Arm Architecture Reference Manual for A-profile (DDI 0487), section C4.1.96, chapter C7.
 */
import { zr, type Register, type VectorRegister } from './operands.js';

/** Type field: 0 single, 1 double. @throws RangeError for another size */
function type(...registers: readonly VectorRegister[]): number {
  const [{ bits }] = registers;
  if ((bits !== 32 && bits !== 64) || registers.some((each) => each.bits !== bits)) {
    throw new RangeError(
      `registers: expected s or d ones of one size, got ${registers.map((each) => each.bits).join()}`,
    );
  }
  return bits === 64 ? 1 : 0;
}

const arithmetic =
  (opcode: number) =>
  (rd: VectorRegister, rn: VectorRegister, rm: VectorRegister): number =>
    ((0x1e << 24) |
      (type(rd, rn, rm) << 22) |
      (1 << 21) |
      (rm.index << 16) |
      (opcode << 12) |
      (2 << 10) |
      (rn.index << 5) |
      rd.index) >>>
    0;

export const fmul = arithmetic(0);
export const fdiv = arithmetic(1);
export const fadd = arithmetic(2);
export const fsub = arithmetic(3);

/** Bits between a general and a floating-point register of one size, or between two of the latter. */
export function fmov(rd: VectorRegister | Register, rn: VectorRegister | Register): number {
  if (rd.bits !== rn.bits) throw new RangeError(`registers: expected one size, got ${rd.bits} and ${rn.bits} bits`);
  const tail = (zr('rn', rn) << 5) | zr('rd', rd);
  if (rd.kind === 'vector' && rn.kind === 'vector') return (0x1e204000 | (type(rd, rn) << 22) | tail) >>> 0;
  const wide = rd.bits === 64 ? 2 ** 31 + (1 << 22) : 0;
  const direction = rd.kind === 'vector' ? 7 : 6;
  return (wide + (0x1e200000 | (direction << 16) | tail)) >>> 0;
}

export const fcmp = (rn: VectorRegister, rm: VectorRegister): number =>
  (0x1e202000 | (type(rn, rm) << 22) | (rm.index << 16) | (rn.index << 5)) >>> 0;

const convert = (opcode: number, general: Register, float: VectorRegister, rn: number, rd: number): number =>
  ((general.bits === 64 ? 2 ** 31 : 0) + (0x1e200000 | (type(float) << 22) | (opcode << 16) | (rn << 5) | rd)) >>> 0;
/** Signed integer to floating point. */
export const scvtf = (rd: VectorRegister, rn: Register): number => convert(2, rn, rd, zr('rn', rn), rd.index);
/** Floating point to signed integer, towards zero. */
export const fcvtzs = (rd: Register, rn: VectorRegister): number => convert(0x18, rd, rn, rn.index, zr('rd', rd));

const whole =
  (opcode: number) =>
  (rd: VectorRegister, rn: VectorRegister, rm: VectorRegister): number =>
    (opcode | (rm.index << 16) | (rn.index << 5) | rd.index) >>> 0;
/** Two 64-bit lanes. */
export const add2d = whole(0x4ee08400);
/** Two doubles. */
export const fadd2d = whole(0x4e60d400);
/** Sixteen bytes. */
export const eor16b = whole(0x6e201c00);
export const orr16b = whole(0x4ea01c00);
