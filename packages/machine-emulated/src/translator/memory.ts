/**
 * Loads and stores. A hit in the translation buffer is one comparison (assembly/tlb.ts):
 *
 *   entry = table + (address >> 8 & 0x3ff0)
 *   entry.tag == (address & (-4096 | size - 1))  -> the page is there and the address is aligned
 *   host address = low word of address + entry.addend
 *
 * Anything else is a side exit, and the interpreter does the instruction. Accesses near each other share the look-up (spans.ts);
 * in loops a copy of the entry is asked first (micro-tlb.ts).
 */
import { OP } from '../generated/ops.js';
import type { Body, Operation } from './body.js';
import { A, E, H, READS, SPAN0, T } from './body.js';
import type { Instruction } from './instruction.js';
import { MICRO_ADDEND } from './micro-tlb.js';
import type { Reach } from './spans.js';
import type { Code } from './wasm.js';
import { W } from './wasm.js';

const DATA_MASK = 0x3ff0;
/** Offset of the write table from READS. */
export const WRITE_TABLE = 0x4000;
const ADDEND = 8;

const table = new Map<number, Operation>();
const accesses = new Map<number, Access>();

/** What a load or store accesses. */
export interface Access {
  readonly bytes: number;
  readonly isStore: boolean;
}

/** What a look-up must find at an address. */
interface Wanted {
  /** Offset of the table from READS. */
  readonly table: number;
  /** Bits of the address of the first byte that must equal the tag's: page, and alignment. */
  readonly mask: number;
  /** Distance of the last aligned piece, which must be in the same page; 0 = there is one only. */
  readonly last: number;
}

/** Leaves, with `depth` blocks open inside the operation, unless the tables have what is wanted at A; its addend is in H then. */
function lookUp(b: Body, { table: at, mask, last }: Wanted, depth: number): void {
  const { code } = b;
  code.get(A).byte(W.i32Wrap).i32(8).byte(W.i32ShrU).i32(DATA_MASK).byte(W.i32And);
  code.get(READS).byte(W.i32Add).tee(E).memory(W.i64Load, 3, at);
  // Before the comparison: V8 from 13 would fold the tag's load into that, and do it a second time besides, as it may trap.
  code
    .get(E)
    .memory(W.i32Load, 2, at + ADDEND)
    .set(H);
  if (last === 0) {
    code.get(A).i64(mask).ops(W.i64And, W.i64Ne);
  } else {
    code.tee(T).get(A).byte(W.i64Xor).get(T).get(A).i64(last).ops(W.i64Add, W.i64Xor, W.i64Or);
    code.i64(mask).byte(W.i64And).i64(0).byte(W.i64Ne);
  }
  b.leaveIf(depth);
}

/** The same through the entry of the micro-TLB at `micro`, which has the addend then. */
function lookUpNear(b: Body, wanted: Wanted, micro: number): void {
  const { code } = b;
  const { mask, last } = wanted;
  code.get(A).i64(mask).byte(W.i64And).i32(0).memory(W.i64Load, 3, micro);
  if (last === 0) {
    code.byte(W.i64Ne);
  } else {
    code.tee(T).byte(W.i64Xor).get(A).i64(last).byte(W.i64Add).i64(-4096).byte(W.i64And);
    code.get(T).ops(W.i64Xor, W.i64Or).i64(0).byte(W.i64Ne);
  }
  code.if();
  lookUp(b, wanted, 1);
  code
    .i32(0)
    .get(H)
    .memory(W.i32Store, 2, micro + MICRO_ADDEND);
  code.i32(0).get(A).i64(-4096).byte(W.i64And).memory(W.i64Store, 3, micro).end();
}

/** Leaves unless what is wanted is at rs1 + imm; then pushes the host address of that. */
function findHost(b: Body, i: Instruction, imm: number, wanted: Wanted): Code {
  b.mayLeave();
  b.x(i.rs1);
  if (imm !== 0) b.code.i64(imm).byte(W.i64Add);
  b.code.set(A);
  const micro = b.micro.entryFor(b.loop, i.rs1, wanted.table !== 0);
  if (micro === 0) lookUp(b, wanted, 0);
  else lookUpNear(b, wanted, micro);
  b.code.get(A).byte(W.i32Wrap);
  if (micro === 0) b.code.get(H);
  else b.code.i32(0).memory(W.i32Load, 2, micro + MICRO_ADDEND);
  return b.code.byte(W.i32Add);
}

/** Leaves unless the table at offset `table` from READS holds rs1 + imm; then pushes the host address. */
export function probe(b: Body, i: Instruction, table: number, bytes: number): Code {
  return findHost(b, i, i.imm, { table, mask: -4096 | (bytes - 1), last: 0 });
}

/** The same for a span, `offset` bytes into which rs1 + imm is: its ends must be in the page, its first byte aligned. */
function probeSpan(b: Body, i: Instruction, { span, offset }: Reach): Code {
  // Where the last aligned piece begins.
  const last = Math.floor((span.hi - span.lo - 1) / span.align) * span.align;
  const wanted = { table: span.isWritten ? WRITE_TABLE : 0, mask: -4096 | (span.align - 1), last };
  return findHost(b, i, i.imm - offset, wanted).tee(SPAN0 + span.local);
}

/** Pushes the host address of an access; a constant remains to be added, which it returns. */
function reach(b: Body, i: Instruction, at: number, bytes: number): number {
  const shared = b.reaches.get(i);
  if (shared === undefined) probe(b, i, at, bytes);
  else if (shared.isFirst) probeSpan(b, i, shared);
  else b.code.get(SPAN0 + shared.span.local);
  return shared?.offset ?? 0;
}

function load(op: number, code: number, log: number, isWord = true): void {
  const emit = (b: Body, i: Instruction): void => {
    const offset = reach(b, i, 0, 1 << log);
    b.code.memory(code, log, offset);
    b.setX(i.rd);
    if (isWord) b.markWord(i.rd);
  };
  table.set(op, { emit, writes: 'x', exits: true, isFloat: false });
  accesses.set(op, { bytes: 1 << log, isStore: false });
}
load(OP.LB, W.i64Load8S, 0);
load(OP.LH, W.i64Load16S, 1);
load(OP.LW, W.i64Load32S, 2);
load(OP.LD, W.i64Load, 3, false);
load(OP.LBU, W.i64Load8U, 0);
load(OP.LHU, W.i64Load16U, 1);
load(OP.LWU, W.i64Load32U, 2, false);

function store(op: number, code: number, log: number): void {
  const emit = (b: Body, i: Instruction): void => {
    const offset = reach(b, i, WRITE_TABLE, 1 << log);
    b.x(i.rs2).memory(code, log, offset);
  };
  table.set(op, { emit, writes: 'none', exits: true, isFloat: false });
  accesses.set(op, { bytes: 1 << log, isStore: true });
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
    const offset = reach(b, i, 0, 8);
    b.code.memory(W.f64Load, 3, offset);
    b.setF(i.rd);
  },
});
table.set(OP.FLW, {
  ...float,
  writes: 'f',
  emit: (b, i) => {
    const offset = reach(b, i, 0, 4);
    b.code.memory(W.i64Load32U, 2, offset).long(0xffffffff00000000n).ops(W.i64Or, W.f64ReinterpretI64);
    b.setF(i.rd);
  },
});
table.set(OP.FSD, {
  ...float,
  writes: 'none',
  emit: (b, i) => {
    const offset = reach(b, i, WRITE_TABLE, 8);
    b.f(i.rs2).memory(W.f64Store, 3, offset);
  },
});
table.set(OP.FSW, {
  ...float,
  writes: 'none',
  emit: (b, i) => {
    const offset = reach(b, i, WRITE_TABLE, 4);
    b.f(i.rs2).byte(W.i64ReinterpretF64).memory(W.i64Store32, 2, offset);
  },
});

accesses.set(OP.FLD, { bytes: 8, isStore: false });
accesses.set(OP.FLW, { bytes: 4, isStore: false });
accesses.set(OP.FSD, { bytes: 8, isStore: true });
accesses.set(OP.FSW, { bytes: 4, isStore: true });

/** By operation. */
export const ACCESSES: ReadonlyMap<number, Access> = accesses;
export const MEMORY: ReadonlyMap<number, Operation> = table;
