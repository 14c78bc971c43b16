/** Operand fields of the 32-bit formats, and the compressed formats (unprivileged specification, chapters 2 and "C"). */
import type { Instruction } from './instructions.js';

/** Operands by role; a format uses those it has. Registers are numbers 0..31. */
export interface Operands {
  readonly rd?: number;
  readonly rs1?: number;
  readonly rs2?: number;
  readonly rs3?: number;
  /** Immediate, offset in bytes, shift amount, or the U format's upper 20 bits. */
  readonly imm?: number;
  /** Rounding mode, default 7 (dynamic). */
  readonly rm?: number;
  readonly csr?: number;
  /** aq << 1 | rl of atomics. */
  readonly order?: number;
}

function storeImmediate(imm: number): number {
  return (((imm >> 5) & 0x7f) << 25) | ((imm & 31) << 7);
}

function branchOffset(offset: number): number {
  return (
    (((offset >> 12) & 1) << 31) |
    (((offset >> 5) & 63) << 25) |
    (((offset >> 1) & 15) << 8) |
    (((offset >> 11) & 1) << 7)
  );
}

function jumpOffset(offset: number): number {
  return (
    (((offset >> 20) & 1) << 31) | (((offset >> 1) & 0x3ff) << 21) | (((offset >> 11) & 1) << 20) | (offset & 0xff000)
  );
}

/** @returns the instruction word, unsigned */
export function encode(instruction: Instruction, o: Operands): number {
  const rd = (o.rd ?? 0) << 7;
  const rs1 = (o.rs1 ?? 0) << 15;
  const rs2 = (o.rs2 ?? 0) << 20;
  const imm = o.imm ?? 0;
  const rm = (o.rm ?? 7) << 12;
  const fields = (): number => {
    switch (instruction.format) {
      case 'R':
      case 'FR':
      case 'FRx':
      case 'fence-vma':
        return rd | rs1 | rs2;
      case 'I':
      case 'load':
      case 'fload':
        return rd | rs1 | (imm << 20);
      case 'S':
      case 'FS':
        return rs1 | rs2 | storeImmediate(imm);
      case 'B':
        return rs1 | rs2 | branchOffset(imm);
      case 'U':
        return rd | (imm << 12);
      case 'J':
        return rd | jumpOffset(imm);
      case 'shift64':
        return rd | rs1 | ((imm & 63) << 20);
      case 'shift32':
        return rd | rs1 | ((imm & 31) << 20);
      case 'unary':
      case 'Fx':
      case 'xF':
        return rd | rs1;
      case 'cbo':
        return rs1;
      case 'fli':
        return rd | ((imm & 31) << 15);
      case 'lr':
        return rd | rs1 | ((o.order ?? 0) << 25);
      case 'amo':
        return rd | rs1 | rs2 | ((o.order ?? 0) << 25);
      case 'csr':
      case 'csri':
        return rd | rs1 | ((o.csr ?? 0) << 20);
      case 'FRrm':
        return rd | rs1 | rs2 | rm;
      case 'F1rm':
      case 'Fxrm':
      case 'xFrm':
        return rd | rs1 | rm;
      case 'F4rm':
        return rd | rs1 | rs2 | ((o.rs3 ?? 0) << 27) | rm;
      case 'none':
        return 0;
    }
  };
  return (instruction.bits | fields()) >>> 0;
}
