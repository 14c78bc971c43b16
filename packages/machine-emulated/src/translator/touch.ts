/** Accesses that change no register: loads to x0 (Go looks for nil pointers so) and cbo.zero (kernels clear pages so). */
import { OP } from '../generated/ops.js';
import { HART } from '../internal/layout.js';
import type { Body, Operation } from './body.js';
import { A, E } from './body.js';
import type { Instruction } from './instruction.js';
import { probe, WRITE_TABLE } from './memory.js';
import { W } from './wasm.js';

/** Bytes of a cache block (assembly/cache-block.ts). */
const BLOCK = 64;
/** CBZE of menvcfg and senvcfg. */
const CBZE = 1 << 7;

function loadNothing(b: Body, i: Instruction): void {
  probe(b, i, 0, 1 << i.rd);
  b.code.byte(W.drop);
}

/** Leaves unless menvcfg and, in user mode, senvcfg allow cbo.zero; others who may do it are left to the interpreter. */
function zeroBlock(b: Body, i: Instruction): void {
  const { code } = b;
  b.mayLeave();
  code.i32(0).memory(W.i32Load, 2, HART.MENVCFG).i32(-1).i32(0).memory(W.i32Load, 2, HART.SENVCFG);
  code.i32(0).memory(W.i32Load, 2, HART.PRIV).ops(W.select, W.i32And).i32(CBZE).ops(W.i32And, W.i32Eqz);
  b.leaveIf();
  probe(b, { ...i, imm: 0 }, WRITE_TABLE, 1)
    .get(A)
    .byte(W.i32Wrap)
    .i32(BLOCK - 1)
    .ops(W.i32And, W.i32Sub)
    .set(E);
  for (let at = 0; at < BLOCK; at += 8) code.get(E).i64(0).memory(W.i64Store, 3, at);
}

/** By operation. */
export const TOUCH: ReadonlyMap<number, Operation> = new Map([
  [OP.LOAD_0, { emit: loadNothing, writes: 'none', exits: true, isFloat: false }],
  [OP.CBO_ZERO, { emit: zeroBlock, writes: 'none', exits: true, isFloat: false }],
]);
