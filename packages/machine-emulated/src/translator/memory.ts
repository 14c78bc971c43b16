/**
 * Loads and stores. A hit in the translation buffer is one comparison (assembly/tlb.ts):
 *
 *   entry = table + (address >> 8 & 0x3ff0)
 *   entry.tag == (address & (-4096 | size - 1))  -> the page is there and the address is aligned
 *   host address = low word of address + entry.addend
 *
 * Anything else is a side exit, and the interpreter does the instruction.
 */
import { OP } from '../generated/ops.js';
import type { Body, Operation } from './body.js';
import { A, E, H, READS } from './body.js';
import type { Instruction } from './instruction.js';
import type { Code } from './wasm.js';
import { W } from './wasm.js';

const DATA_MASK = 0x3ff0;
const WRITE_TABLE = 0x4000;
const ADDEND = 8;

const table = new Map<number, Operation>();

/** Leaves unless the table at offset `at` from READS holds rs1 + imm; then pushes the host address. */
function probe(b: Body, i: Instruction, at: number, log: number): Code {
  b.mayLeave();
  b.x(i.rs1);
  if (i.imm !== 0) b.code.i64(i.imm).byte(W.i64Add);
  b.code.tee(A).byte(W.i32Wrap).tee(H).i32(8).byte(W.i32ShrU).i32(DATA_MASK).byte(W.i32And);
  b.code.get(READS).byte(W.i32Add).tee(E).memory(W.i64Load, 3, at);
  b.code
    .get(A)
    .i64(-4096 | ((1 << log) - 1))
    .ops(W.i64And, W.i64Ne);
  b.leaveIf();
  return b.code
    .get(H)
    .get(E)
    .memory(W.i32Load, 2, at + ADDEND)
    .byte(W.i32Add);
}

function load(op: number, code: number, log: number): void {
  const emit = (b: Body, i: Instruction): void => {
    probe(b, i, 0, log).memory(code, log);
    b.setX(i.rd);
  };
  table.set(op, { emit, writes: 'x', exits: true, isFloat: false });
}
load(OP.LB, W.i64Load8S, 0);
load(OP.LH, W.i64Load16S, 1);
load(OP.LW, W.i64Load32S, 2);
load(OP.LD, W.i64Load, 3);
load(OP.LBU, W.i64Load8U, 0);
load(OP.LHU, W.i64Load16U, 1);
load(OP.LWU, W.i64Load32U, 2);

function store(op: number, code: number, log: number): void {
  const emit = (b: Body, i: Instruction): void => {
    probe(b, i, WRITE_TABLE, log);
    b.x(i.rs2).memory(code, log);
  };
  table.set(op, { emit, writes: 'none', exits: true, isFloat: false });
}
store(OP.SB, W.i64Store8, 0);
store(OP.SH, W.i64Store16, 1);
store(OP.SW, W.i64Store32, 2);
store(OP.SD, W.i64Store, 3);

const float = { exits: true, isFloat: true } as const;
table.set(OP.FLD, {
  ...float,
  writes: 'f',
  emit: (b, i) => {
    probe(b, i, 0, 3).memory(W.f64Load, 3);
    b.setF(i.rd);
  },
});
table.set(OP.FLW, {
  ...float,
  writes: 'f',
  emit: (b, i) => {
    probe(b, i, 0, 2).memory(W.i64Load32U, 2).long(0xffffffff00000000n).ops(W.i64Or, W.f64ReinterpretI64);
    b.setF(i.rd);
  },
});
table.set(OP.FSD, {
  ...float,
  writes: 'none',
  emit: (b, i) => {
    probe(b, i, WRITE_TABLE, 3);
    b.f(i.rs2).memory(W.f64Store, 3);
  },
});
table.set(OP.FSW, {
  ...float,
  writes: 'none',
  emit: (b, i) => {
    probe(b, i, WRITE_TABLE, 2);
    b.f(i.rs2).byte(W.i64ReinterpretF64).memory(W.i64Store32, 2);
  },
});

export const MEMORY: ReadonlyMap<number, Operation> = table;
