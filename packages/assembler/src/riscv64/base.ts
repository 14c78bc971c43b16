/**
 * RV64I and M: arithmetic, loads, stores, branches. Operands in the manual's order; offsets of branches are bytes from
 * the instruction itself; loads and stores are (register, base, offset).
 *
 * Source: RISC-V Unprivileged ISA 20240411, chapters 2, 4, 13; pseudo-instructions as in the assembly manual.
 */
import { encodeB, encodeJ, encodeU, formatB, formatI, formatR, formatS, formatShift } from './formats.js';

const OP = 0x33;
const OP_IMM = 0x13;
const OP_32 = 0x3b;
const OP_IMM_32 = 0x1b;
const MULDIV = 1;

export const addi = formatI(OP_IMM, 0);
export const slti = formatI(OP_IMM, 2);
export const sltiu = formatI(OP_IMM, 3);
export const xori = formatI(OP_IMM, 4);
export const ori = formatI(OP_IMM, 6);
export const andi = formatI(OP_IMM, 7);
export const slli = formatShift(OP_IMM, 1, 0x00, 6);
export const srli = formatShift(OP_IMM, 5, 0x00, 6);
export const srai = formatShift(OP_IMM, 5, 0x10, 6);
export const addiw = formatI(OP_IMM_32, 0);
export const slliw = formatShift(OP_IMM_32, 1, 0x00, 5);
export const srliw = formatShift(OP_IMM_32, 5, 0x00, 5);
export const sraiw = formatShift(OP_IMM_32, 5, 0x20, 5);

export const add = formatR(OP, 0, 0);
export const sub = formatR(OP, 0, 0x20);
export const sll = formatR(OP, 1, 0);
export const slt = formatR(OP, 2, 0);
export const sltu = formatR(OP, 3, 0);
export const xor = formatR(OP, 4, 0);
export const srl = formatR(OP, 5, 0);
export const sra = formatR(OP, 5, 0x20);
export const or = formatR(OP, 6, 0);
export const and = formatR(OP, 7, 0);
export const addw = formatR(OP_32, 0, 0);
export const subw = formatR(OP_32, 0, 0x20);
export const sllw = formatR(OP_32, 1, 0);
export const srlw = formatR(OP_32, 5, 0);
export const sraw = formatR(OP_32, 5, 0x20);

export const mul = formatR(OP, 0, MULDIV);
export const mulh = formatR(OP, 1, MULDIV);
export const mulhsu = formatR(OP, 2, MULDIV);
export const mulhu = formatR(OP, 3, MULDIV);
export const div = formatR(OP, 4, MULDIV);
export const divu = formatR(OP, 5, MULDIV);
export const rem = formatR(OP, 6, MULDIV);
export const remu = formatR(OP, 7, MULDIV);
export const mulw = formatR(OP_32, 0, MULDIV);
export const divw = formatR(OP_32, 4, MULDIV);
export const divuw = formatR(OP_32, 5, MULDIV);
export const remw = formatR(OP_32, 6, MULDIV);
export const remuw = formatR(OP_32, 7, MULDIV);

export const lb = formatI(0x03, 0);
export const lh = formatI(0x03, 1);
export const lw = formatI(0x03, 2);
export const ld = formatI(0x03, 3);
export const lbu = formatI(0x03, 4);
export const lhu = formatI(0x03, 5);
export const lwu = formatI(0x03, 6);
export const sb = formatS(0x23, 0);
export const sh = formatS(0x23, 1);
export const sw = formatS(0x23, 2);
export const sd = formatS(0x23, 3);

export const beq = formatB(0);
export const bne = formatB(1);
export const blt = formatB(4);
export const bge = formatB(5);
export const bltu = formatB(6);
export const bgeu = formatB(7);
export const jal = (rd: number, offset: number): number => encodeJ(0x6f, rd, offset);
export const jalr = formatI(0x67, 0);
/** rd = upper x 4096, sign-extended from 32 bits. */
export const lui = (rd: number, upper: number): number => encodeU(0x37, rd, upper);
/** rd = pc + upper x 4096. */
export const auipc = (rd: number, upper: number): number => encodeU(0x17, rd, upper);

export const nop = (): number => addi(0, 0, 0);
export const mv = (rd: number, rs: number): number => addi(rd, rs, 0);
export const neg = (rd: number, rs: number): number => sub(rd, 0, rs);
export const not = (rd: number, rs: number): number => xori(rd, rs, -1);
export const seqz = (rd: number, rs: number): number => sltiu(rd, rs, 1);
export const snez = (rd: number, rs: number): number => sltu(rd, 0, rs);
export const j = (offset: number): number => jal(0, offset);
export const jr = (rs: number): number => jalr(0, rs, 0);
export const ret = (): number => jalr(0, 1, 0);
export const beqz = (rs: number, offset: number): number => encodeB(0, rs, 0, offset);
export const bnez = (rs: number, offset: number): number => encodeB(1, rs, 0, offset);
export const bltz = (rs: number, offset: number): number => encodeB(4, rs, 0, offset);
export const bgez = (rs: number, offset: number): number => encodeB(5, rs, 0, offset);

/** rd = pc + offset, two instructions whatever the offset; |offset| < 2^31 - 2^11. */
export function la(rd: number, offset: number): readonly number[] {
  const low = (offset << 20) >> 20;
  return [auipc(rd, (offset - low) / 4096), addi(rd, rd, low)];
}

/** Calls `offset` away, two instructions, through ra. */
export function call(offset: number): readonly number[] {
  const low = (offset << 20) >> 20;
  return [auipc(1, (offset - low) / 4096), jalr(1, 1, low)];
}

/** Loads any 64-bit constant, signed or unsigned; one to eight instructions. */
export function li(rd: number, constant: bigint | number): readonly number[] {
  const value = BigInt.asIntN(64, BigInt(constant));
  if (value >= -2048n && value < 2048n) return [addi(rd, 0, Number(value))];
  const low = BigInt.asIntN(12, value);
  if (value >= -0x80000000n && value < 0x80000000n) {
    const upper = Number(BigInt.asIntN(20, (value - low) >> 12n));
    return low === 0n ? [lui(rd, upper)] : [lui(rd, upper), addiw(rd, rd, Number(low))];
  }
  // The upper part by the same means, then shifted behind its own trailing zeroes, then the low twelve bits.
  let upper = BigInt.asIntN(52, (value - low) >> 12n);
  let shift = 12;
  while ((upper & 1n) === 0n) {
    upper >>= 1n;
    shift++;
  }
  const head = [...li(rd, upper), slli(rd, rd, shift)];
  return low === 0n ? head : [...head, addi(rd, rd, Number(low))];
}
