/**
 * Environment calls, fences, CSRs, the privileged instructions, and atomics.
 *
 * Source: RISC-V Unprivileged ISA 20240411, chapters 2, 6, 7, 14; Privileged ISA 20240411, chapter 3.
 */
import { unsigned } from '../internal/checks.js';
import { encodeR } from './formats.js';

export const ecall = (): number => 0x00000073;
export const ebreak = (): number => 0x00100073;
export const sret = (): number => 0x10200073;
export const mret = (): number => 0x30200073;
export const wfi = (): number => 0x10500073;
/** Forgets translations of virtual address rs1 (x0: all) in address space rs2 (x0: all). */
export const sfenceVma = (rs1 = 0, rs2 = 0): number => encodeR(0x73, 0, 0x09, 0, rs1, rs2);
export const fenceI = (): number => 0x0000100f;
/** Orders everything before with everything after: `fence iorw, iorw`. */
export const fence = (): number => 0x0ff0000f;
/** All ones is reserved for instructions longer than any, so it is illegal as a 32-bit one. */
export const illegal = (): number => 0xffffffff;

const csr = (funct3: number) => (rd: number, number: number, rs1: number) =>
  (encodeR(0x73, funct3, 0, rd, rs1, 0) | (unsigned('csr', number, 12) << 20)) >>> 0;

/** (rd, csr, rs1): see `CSR` for numbers; the immediate forms take 0 to 31 instead of rs1. */
export const csrrw = csr(1);
export const csrrs = csr(2);
export const csrrc = csr(3);
export const csrrwi = csr(5);
export const csrrsi = csr(6);
export const csrrci = csr(7);
export const csrr = (rd: number, number: number): number => csrrs(rd, number, 0);
export const csrw = (number: number, rs: number): number => csrrw(0, number, rs);
export const csrs = (number: number, rs: number): number => csrrs(0, number, rs);
export const csrc = (number: number, rs: number): number => csrrc(0, number, rs);

/** Ordering of an atomic operation with what comes before (`rl`) and after it (`aq`). */
export type Ordering = '' | 'aq' | 'rl' | 'aqrl';
const ORDER: Readonly<Record<Ordering, number>> = { '': 0, rl: 1, aq: 2, aqrl: 3 };

/** (rd, rs2, rs1): rd = memory[rs1], memory[rs1] = rd op rs2. */
const amo =
  (funct5: number, funct3: number) =>
  (rd: number, rs2: number, rs1: number, ordering: Ordering = '') =>
    encodeR(0x2f, funct3, (funct5 << 2) | ORDER[ordering], rd, rs1, rs2);

const lr =
  (funct3: number) =>
  (rd: number, rs1: number, ordering: Ordering = '') =>
    encodeR(0x2f, funct3, (2 << 2) | ORDER[ordering], rd, rs1, 0);

export const lrW = lr(2);
export const lrD = lr(3);
export const scW = amo(0x03, 2);
export const scD = amo(0x03, 3);
export const amoswapW = amo(0x01, 2);
export const amoswapD = amo(0x01, 3);
export const amoaddW = amo(0x00, 2);
export const amoaddD = amo(0x00, 3);
export const amoxorW = amo(0x04, 2);
export const amoxorD = amo(0x04, 3);
export const amoandW = amo(0x0c, 2);
export const amoandD = amo(0x0c, 3);
export const amoorW = amo(0x08, 2);
export const amoorD = amo(0x08, 3);
export const amomaxuD = amo(0x1c, 3);
export const amominuD = amo(0x18, 3);
