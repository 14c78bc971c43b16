/**
 * CSR instructions that kernels execute all the time, where they can be done inside a region: what only the present privilege
 * must allow, the interrupt enable of sstatus, and `time`. Everything else ends a region.
 *
 * Setting sstatus.SIE leaves the region before the instruction when an interrupt waits for it: the exact path takes that
 * behind the instruction. Which interrupts wait cannot change in a region: devices, mip and mie are the exact path's, and
 * no run goes beyond a timer (assembly/run.ts).
 */
import { OP } from '../generated/ops.js';
import { HART } from '../internal/layout.js';
import type { Body, Operation } from './body.js';
import { A, LEFT, T } from './body.js';
import type { Instruction } from './instruction.js';
import type { Code } from './wasm.js';
import { W } from './wasm.js';

const SUPERVISOR = 1;
const MACHINE = 3;
const SSTATUS = 0x100;
const TIME = 0xc01;
const TIME_ENABLE = 2; // TM of the counter-enable registers

/** mstatus's bits. */
const SIE = 2;
const FS_SHIFT = 13;
const S_VISIBLE = 0x2 | 0x20 | 0x100 | (3 << FS_SHIFT) | (3 << 18); // SIE, SPIE, SPP, FS, SUM, MXR
/** Those of S_VISIBLE that nothing but traps depends on. */
const INERT = 0x2 | 0x20 | 0x100;
const UXL_64 = 0x200000000;

/** A register that is only stored and read back. */
interface Cell {
  readonly at: number;
  readonly privilege: number;
  /** Bits that a write changes; null: writes are the exact path's. */
  readonly mask: number | null;
}
const ALL = -1;
/** Of an address of an instruction. */
const EVEN = -2;

const cells = new Map<number, Cell>([
  [0x105, { at: HART.STVEC, privilege: SUPERVISOR, mask: null }],
  [0x140, { at: HART.SSCRATCH, privilege: SUPERVISOR, mask: ALL }],
  [0x141, { at: HART.SEPC, privilege: SUPERVISOR, mask: EVEN }],
  [0x142, { at: HART.SCAUSE, privilege: SUPERVISOR, mask: ALL }],
  [0x143, { at: HART.STVAL, privilege: SUPERVISOR, mask: ALL }],
  [0x305, { at: HART.MTVEC, privilege: MACHINE, mask: null }],
  [0x340, { at: HART.MSCRATCH, privilege: MACHINE, mask: ALL }],
  [0x341, { at: HART.MEPC, privilege: MACHINE, mask: EVEN }],
  [0x342, { at: HART.MCAUSE, privilege: MACHINE, mask: ALL }],
  [0x343, { at: HART.MTVAL, privilege: MACHINE, mask: ALL }],
]);

/** What a CSR instruction does (assembly/ops.ts). */
interface Access {
  readonly number: number;
  /** 1 write, 2 set, 3 clear. */
  readonly kind: number;
  readonly isImmediate: boolean;
  readonly writes: boolean;
}

function accessOf({ imm, rs1 }: { readonly imm: number; readonly rs1: number }): Access {
  const kind = (imm >> 12) & 3;
  return { number: imm & 0xfff, kind, isImmediate: (imm & 0x4000) !== 0, writes: kind === 1 || rs1 !== 0 };
}

/** Whether a region can go on through the CSR instruction with these fields. */
export function isTranslatedCsr(imm: number, rs1: number): boolean {
  const { number, writes } = accessOf({ imm, rs1 });
  if (number === SSTATUS) return true;
  if (number === TIME) return !writes;
  const cell = cells.get(number);
  return cell !== undefined && (!writes || cell.mask !== null);
}

function load64(code: Code, at: number): Code {
  return code.i32(0).memory(W.i64Load, 3, at);
}

function load32(code: Code, at: number): Code {
  return code.i32(0).memory(W.i32Load, 2, at);
}

/** Leaves unless the hart has this privilege or more. */
function requirePrivilege(b: Body, privilege: number): void {
  load32(b.mayLeave(), HART.PRIV).i32(privilege).byte(W.i32LtU);
  b.leaveIf();
}

/** Pushes what is to be written where the old value is in A. */
function pushValue(b: Body, i: Instruction, { kind, isImmediate }: Access): Code {
  const operand = (): Code => (isImmediate ? b.code.i64(i.rs1) : b.x(i.rs1));
  if (kind === 1) return operand();
  b.code.get(A);
  operand();
  if (kind === 3) b.code.i64(-1).byte(W.i64Xor);
  return b.code.byte(kind === 2 ? W.i64Or : W.i64And);
}

function emitCell(b: Body, i: Instruction, access: Access, { at, privilege, mask }: Cell): void {
  requirePrivilege(b, privilege);
  load64(b.code, at).set(A);
  if (access.writes) {
    b.code.i32(0);
    pushValue(b, i, access);
    if (mask !== ALL) b.code.i64(mask!).byte(W.i64And);
    b.code.memory(W.i64Store, 3, at);
  }
  if (i.rd === 0) return;
  b.code.get(A);
  b.setX(i.rd);
}

/** Changes mstatus to what is written, unless that changes more than INERT or lets a waiting interrupt in. */
function writeStatus(b: Body, i: Instruction, access: Access): void {
  const { code } = b;
  pushValue(b, i, access).get(A).byte(W.i64Xor).i64(S_VISIBLE).byte(W.i64And).tee(T);
  code.i64(~INERT).ops(W.i64And, W.i64Eqz, W.i32Eqz);
  b.leaveIf();
  const mayEnable = access.kind !== 3 && (!access.isImmediate || (i.rs1 & SIE) !== 0);
  if (mayEnable) {
    code.get(T).get(A).i64(-1).ops(W.i64Xor, W.i64And).i64(SIE).ops(W.i64And, W.i64Eqz, W.i32Eqz);
    load32(code, HART.READY).i32(0).ops(W.i32Ne, W.i32And);
    b.leaveIf();
  }
  code.i32(0).get(A).get(T).byte(W.i64Xor).memory(W.i64Store, 3, HART.MSTATUS);
}

/** A is mstatus; its view: SD says that FS is Dirty. */
function pushStatus(code: Code): Code {
  code.get(A).i64(S_VISIBLE).byte(W.i64And).i64(UXL_64).byte(W.i64Or);
  code
    .get(A)
    .get(A)
    .i64(1)
    .ops(W.i64Shl, W.i64And)
    .i64(62 - FS_SHIFT);
  return code
    .byte(W.i64Shl)
    .long(1n << 63n)
    .ops(W.i64And, W.i64Or);
}

function emitStatus(b: Body, i: Instruction, access: Access): void {
  requirePrivilege(b, SUPERVISOR);
  load64(b.code, HART.MSTATUS).set(A);
  if (access.writes) writeStatus(b, i, access);
  if (i.rd === 0) return;
  pushStatus(b.code);
  b.setX(i.rd);
}

/** assembly/supervisor-timer.ts's `ticks`, at the steps that precede this instruction. Machine mode is left to the exact path. */
function emitTime(b: Body, i: Instruction): void {
  const { code } = b;
  b.mayLeave();
  load64(code, HART.MCOUNTEREN).byte(W.i32Wrap);
  code.i32(-1);
  load64(code, HART.SCOUNTEREN).byte(W.i32Wrap);
  load32(code, HART.PRIV).ops(W.select, W.i32And).i32(TIME_ENABLE).ops(W.i32And, W.i32Eqz);
  b.leaveIf();
  if (i.rd === 0) return;
  load64(code, HART.TIME_OFFSET);
  load64(code, HART.SLICE_END).get(LEFT).byte(W.i64ExtendI32S).byte(W.i64Sub).i64(b.pending).byte(W.i64Add);
  code.i32(0).memory(W.i64Load32U, 2, HART.PS_PER_STEP).byte(W.i64Mul).i64(1000).ops(W.i64DivU, W.i64Add);
  load64(code.i64(100).byte(W.i64DivU), HART.TICK_SHIFT).byte(W.i64Add);
  b.setX(i.rd);
}

function emit(b: Body, i: Instruction): void {
  const access = accessOf(i);
  if (access.number === SSTATUS) emitStatus(b, i, access);
  else if (access.number === TIME) emitTime(b, i);
  else emitCell(b, i, access, cells.get(access.number)!);
}

/** By operation; only for instructions that `isTranslatedCsr` admits. */
export const CSR: ReadonlyMap<number, Operation> = new Map([
  [OP.CSR, { emit, writes: 'x', exits: true, isFloat: false }],
]);
