/** Instruction formats of RISC-V. Source: RISC-V Unprivileged ISA 20240411, section 2.3. */
import { scaled, signed, unsigned } from '../internal/checks.js';

const register = (name: string, value: number): number => unsigned(name, value, 5);

/** funct7 | rs2 | rs1 | funct3 | rd | opcode. */
export function encodeR(opcode: number, funct3: number, funct7: number, rd: number, rs1: number, rs2: number): number {
  return (
    ((funct7 << 25) |
      (register('rs2', rs2) << 20) |
      (register('rs1', rs1) << 15) |
      (funct3 << 12) |
      (register('rd', rd) << 7) |
      opcode) >>>
    0
  );
}

/** imm[11:0] | rs1 | funct3 | rd | opcode. */
export function encodeI(opcode: number, funct3: number, rd: number, rs1: number, immediate: number): number {
  const high = signed('immediate', immediate, 12) << 20;
  return (high | (register('rs1', rs1) << 15) | (funct3 << 12) | (register('rd', rd) << 7) | opcode) >>> 0;
}

/** imm[11:5] | rs2 | rs1 | funct3 | imm[4:0] | opcode. */
export function encodeS(opcode: number, funct3: number, rs2: number, rs1: number, immediate: number): number {
  signed('immediate', immediate, 12);
  return (
    (((immediate >> 5) << 25) |
      (register('rs2', rs2) << 20) |
      (register('rs1', rs1) << 15) |
      (funct3 << 12) |
      ((immediate & 31) << 7) |
      opcode) >>>
    0
  );
}

/** imm[12|10:5] | rs2 | rs1 | funct3 | imm[4:1|11] | opcode. */
export function encodeB(funct3: number, rs1: number, rs2: number, offset: number): number {
  scaled('offset', offset, 12, 2);
  const high = (((offset >> 12) & 1) << 31) | (((offset >> 5) & 0x3f) << 25);
  const low = (((offset >> 1) & 0xf) << 8) | (((offset >> 11) & 1) << 7);
  return (high | (register('rs2', rs2) << 20) | (register('rs1', rs1) << 15) | (funct3 << 12) | low | 0x63) >>> 0;
}

/** imm[31:12] | rd | opcode; `upper` is the field itself, 20 bits signed or unsigned. */
export function encodeU(opcode: number, rd: number, upper: number): number {
  if (upper < 0) signed('upper', upper, 20);
  else unsigned('upper', upper, 20);
  return ((upper << 12) | (register('rd', rd) << 7) | opcode) >>> 0;
}

/** imm[20|10:1|11|19:12] | rd | opcode. */
export function encodeJ(opcode: number, rd: number, offset: number): number {
  scaled('offset', offset, 20, 2);
  const scattered =
    (((offset >> 20) & 1) << 31) | (((offset >> 1) & 0x3ff) << 21) | (((offset >> 11) & 1) << 20) | (offset & 0xff000);
  return (scattered | (register('rd', rd) << 7) | opcode) >>> 0;
}

/** (rd, rs1, rs2) => word */
export const formatR = (opcode: number, funct3: number, funct7: number) => (rd: number, rs1: number, rs2: number) =>
  encodeR(opcode, funct3, funct7, rd, rs1, rs2);

/** (rd, rs1, immediate) => word */
export const formatI = (opcode: number, funct3: number) => (rd: number, rs1: number, immediate: number) =>
  encodeI(opcode, funct3, rd, rs1, immediate);

/** (rs2, rs1, immediate) => word */
export const formatS = (opcode: number, funct3: number) => (rs2: number, rs1: number, immediate: number) =>
  encodeS(opcode, funct3, rs2, rs1, immediate);

/** (rs1, rs2, offset) => word */
export const formatB = (funct3: number) => (rs1: number, rs2: number, offset: number) =>
  encodeB(funct3, rs1, rs2, offset);

/** (rd, rs1, amount) => word; `bits` of amount, the bits above them are `funct` */
export const formatShift =
  (opcode: number, funct3: number, funct: number, bits: number) => (rd: number, rs1: number, amount: number) =>
    encodeI(opcode, funct3, rd, rs1, (((funct << bits) | unsigned('amount', amount, bits)) << 20) >> 20);
