/**
 * A extension and Zacas, on the one hart that regions are for (assembly/atomic.ts): an AMO is a load and a store, and the
 * reservation lives in the hart's state. A misaligned address does not match its table's tag, and so is left to the interpreter.
 */
import { OP } from '../generated/ops.js';
import { HART } from '../internal/layout.js';
import type { Body, Operation } from './body.js';
import { A, E, REGS, T } from './body.js';
import type { Instruction } from './instruction.js';
import { probe, WRITE_TABLE } from './memory.js';
import type { Code } from './wasm.js';
import { W } from './wasm.js';

interface Width {
  readonly bytes: number;
  /** Loads, sign-extending. */
  readonly load: number;
  readonly store: number;
  readonly log: number;
}
const WORD: Width = { bytes: 4, load: W.i64Load32S, store: W.i64Store32, log: 2 };
const DOUBLE: Width = { bytes: 8, load: W.i64Load, store: W.i64Store, log: 3 };

const table = new Map<number, Operation>();

function add(op: number, emit: (b: Body, i: Instruction) => void): void {
  table.set(op, { emit, writes: 'x', exits: true, isFloat: false });
}

/** Leaves the host address of rs1 in E, unless table `at` does not hold it. */
function locate(b: Body, i: Instruction, at: number, { bytes }: Width): Code {
  probe(b, { ...i, imm: 0 }, at, bytes);
  return b.code.set(E);
}

/** Pushes rs2 as the operation sees it. */
function operand(b: Body, i: Instruction, { bytes }: Width): Code {
  if (bytes === 8) return b.x(i.rs2);
  return b.word(i.rs2).byte(W.i64ExtendI32S);
}

/** rd = what is on the stack; x0 takes it away. */
function result(b: Body, rd: number): void {
  if (rd === 0) b.code.byte(W.drop);
  else b.setX(rd);
}

/** By funct5: what combines the old value with the operand. */
const COMBINE = new Map<number, number>([
  [0x00, W.i64Add],
  [0x04, W.i64Xor],
  [0x08, W.i64Or],
  [0x0c, W.i64And],
]);
/** By funct5: comparisons that keep the old value. */
const KEEP = new Map<number, number>([
  [0x10, W.i64LtS],
  [0x14, W.i64GtS],
  [0x18, W.i64LtU],
  [0x1c, W.i64GtU],
]);

/** Pushes what the AMO of funct5 `operation` stores, the old value in A and the operand in T. */
function combine(code: Code, operation: number): void {
  const plain = COMBINE.get(operation);
  const keep = KEEP.get(operation);
  if (plain !== undefined) code.get(A).get(T).byte(plain);
  else if (keep === undefined) code.get(T);
  else code.get(A).get(T).get(A).get(T).ops(keep, W.select);
}

function modify(op: number, width: Width): void {
  add(op, (b, i) => {
    locate(b, i, WRITE_TABLE, width).get(E).memory(width.load, width.log).set(A);
    operand(b, i, width).set(T);
    combine(b.code.get(E), i.imm);
    b.code.memory(width.store, width.log).get(A);
    result(b, i.rd);
  });
}
modify(OP.AMO_W, WORD);
modify(OP.AMO_D, DOUBLE);

/** Stores rs2 where memory holds rd. */
function compareSwap(op: number, width: Width): void {
  add(op, (b, i) => {
    locate(b, i, WRITE_TABLE, width).get(E).memory(width.load, width.log).tee(A);
    operand(b, { ...i, rs2: i.rd }, width)
      .byte(W.i64Eq)
      .if()
      .get(E);
    b.x(i.rs2).memory(width.store, width.log).end().get(A);
    result(b, i.rd);
  });
}
compareSwap(OP.AMOCAS_W, WORD);
compareSwap(OP.AMOCAS_D, DOUBLE);

function loadReserved(op: number, width: Width): void {
  add(op, (b, i) => {
    locate(b, i, 0, width);
    b.code.i32(0).get(E).memory(W.i32Store, 2, HART.RES_ADDR);
    b.code.i32(0).get(REGS).memory(W.i32Store, 2, HART.RES_CTX);
    b.code.i32(0).i32(1).memory(W.i32Store, 2, HART.RES_VALID);
    b.code.get(E).memory(width.load, width.log);
    result(b, i.rd);
  });
}
loadReserved(OP.LR_W, WORD);
loadReserved(OP.LR_D, DOUBLE);

/** rd = 1 when there is no reservation at the address; else stores, and rd = 0. */
function storeConditional(op: number, width: Width): void {
  add(op, (b, i) => {
    locate(b, i, WRITE_TABLE, width).i32(0).memory(W.i32Load, 2, HART.RES_VALID).byte(W.i32Eqz);
    b.code.i32(0).memory(W.i32Load, 2, HART.RES_ADDR).get(E).ops(W.i32Ne, W.i32Or, W.i64ExtendI32U).tee(A);
    b.code.i32(0).i32(0).memory(W.i32Store, 2, HART.RES_VALID);
    b.code.byte(W.i64Eqz).if().get(E);
    b.x(i.rs2).memory(width.store, width.log).end().get(A);
    result(b, i.rd);
  });
}
storeConditional(OP.SC_W, WORD);
storeConditional(OP.SC_D, DOUBLE);

/** By operation. */
export const ATOMIC: ReadonlyMap<number, Operation> = table;
