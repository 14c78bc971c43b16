/**
 * F and D: loads, stores, arithmetic in the rounding mode of fcsr, moves and conversions.
 *
 * Source: RISC-V Unprivileged ISA 20240411, chapters 20, 21.
 */
import { encodeR, formatI, formatR, formatS } from './formats.js';

/** Rounding mode 7: the one in fcsr. */
const DYNAMIC = 7;
const TRUNCATE = 1;
const OP_FP = 0x53;

export const flw = formatI(0x07, 2);
export const fld = formatI(0x07, 3);
export const fsw = formatS(0x27, 2);
export const fsd = formatS(0x27, 3);
export const faddS = formatR(OP_FP, DYNAMIC, 0x00);
export const faddD = formatR(OP_FP, DYNAMIC, 0x01);
export const fsubS = formatR(OP_FP, DYNAMIC, 0x04);
export const fsubD = formatR(OP_FP, DYNAMIC, 0x05);
export const fmulS = formatR(OP_FP, DYNAMIC, 0x08);
export const fmulD = formatR(OP_FP, DYNAMIC, 0x09);
export const fdivS = formatR(OP_FP, DYNAMIC, 0x0c);
export const fdivD = formatR(OP_FP, DYNAMIC, 0x0d);

const unary = (funct7: number, rs2: number, rounding: number) => (rd: number, rs1: number) =>
  encodeR(OP_FP, rounding, funct7, rd, rs1, rs2);

/** Bits of a floating-point register to an integer one. */
export const fmvXD = unary(0x71, 0, 0);
/** Bits of an integer register to a floating-point one. */
export const fmvDX = unary(0x79, 0, 0);
export const fmvXW = unary(0x70, 0, 0);
export const fmvWX = unary(0x78, 0, 0);
/** Double to 64-bit integer, towards zero. */
export const fcvtLD = unary(0x61, 2, TRUNCATE);
/** 64-bit integer to double. */
export const fcvtDL = unary(0x69, 2, DYNAMIC);
