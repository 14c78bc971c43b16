/**
 * Floating point by WebAssembly's own arithmetic where assembly/native-float.ts uses the host's, under stricter
 * conditions:
 * NX is set already, rounding is to nearest-even, and the result is normal away from the ends of the exponent range,
 * or a
 * zero that is exact. Everything else is a side exit. RANGE_D and RANGE_S are 0 while the state does not allow it, so
 * that the
 * test of the exponent is the test of the state too.
 */
import { OP } from '../generated/ops.js';
import { CONTEXT } from '../internal/layout.js';
import type { Body, Operation } from './body.js';
import { hasFusedMultiplyAdd, multiplyAdd, splat } from './fused.js';
import { Helper, R, RANGE_D, RANGE_S, REGS, S } from './body.js';
import type { Instruction } from './instruction.js';
import type { Code } from './wasm.js';
import { W } from './wasm.js';

type Emit = (b: Body, i: Instruction) => void;
const table = new Map<number, Operation>();
const BOX = 0xffffffff00000000n;
/** Twice the smallest exponent that is safe, as a double's bits shifted left by one. */
const LOWEST_D = 2n << 53n;
const LOWEST_S = 2 << 24;

function add(op: number, writes: 'x' | 'f', exits: boolean, emit: Emit): void {
  table.set(op, { emit, writes, exits, isFloat: true });
}

/** Pushes whether the double in R is not normal, or native arithmetic is not allowed. */
function pushUnusualD(b: Body): Code {
  b.code.get(R).byte(W.i64ReinterpretF64).i64(1).byte(W.i64Shl).long(LOWEST_D);
  return b.code.byte(W.i64Sub).get(RANGE_D).byte(W.i64GeU);
}

/** Leaves with what `zeroIsExact` pushes as 0, unless R is usual. */
function settleD(b: Body, i: Instruction, pushInexactZero?: () => void): void {
  pushUnusualD(b);
  if (pushInexactZero === undefined) {
    b.leaveIf();
  } else {
    b.code.if().get(R).f64(0).ops(W.f64Ne);
    b.code.get(RANGE_D).ops(W.i64Eqz, W.i32Or);
    pushInexactZero();
    b.leaveIf(1).end();
  }
  b.code.get(R);
  b.setF(i.rd);
}

function sumD(op: number, code: number): void {
  add(op, 'f', true, (b, i) => {
    b.mayLeave();
    b.f(i.rs1);
    b.f(i.rs2).byte(code).set(R);
    settleD(b, i, () => undefined);
  });
}
sumD(OP.FADD_D, W.f64Add);
sumD(OP.FSUB_D, W.f64Sub);

/** Ors whether no factor is zero: then a result of zero may be one that underflowed. */
function pushNonzeroFactors(b: Body, i: Instruction): void {
  b.f(i.rs1).f64(0).byte(W.f64Ne);
  b.f(i.rs2).f64(0).ops(W.f64Ne, W.i32And, W.i32Or);
}

add(OP.FMUL_D, 'f', true, (b, i) => {
  b.mayLeave();
  b.f(i.rs1);
  b.f(i.rs2).byte(W.f64Mul).set(R);
  settleD(b, i, () => pushNonzeroFactors(b, i));
});
add(OP.FDIV_D, 'f', true, (b, i) => {
  b.mayLeave();
  b.f(i.rs1);
  b.f(i.rs2).byte(W.f64Div).set(R);
  settleD(b, i);
});
add(OP.FSQRT_D, 'f', true, (b, i) => {
  b.mayLeave();
  b.f(i.rs1).byte(W.f64Sqrt).set(R);
  settleD(b, i);
});

/** The slot's imm holds rs3 * 8. Natively where the engine can; else a helper, which returns NaN for what it cannot do. */
function fused(op: number, negateProduct: boolean, negateAddend: boolean): void {
  add(op, 'f', true, (b, i) => {
    const isNative = hasFusedMultiplyAdd();
    b.mayLeave();
    b.f(i.rs1);
    if (negateProduct) b.code.byte(W.f64Neg);
    if (isNative) splat(b.code);
    b.f(i.rs2);
    if (isNative) splat(b.code);
    b.f(i.imm >> 3);
    if (negateAddend) b.code.byte(W.f64Neg);
    if (isNative) {
      multiplyAdd(splat(b.code)).set(R);
      settleD(b, i, () => pushNonzeroFactors(b, i));
    } else {
      b.callHelper(Helper.FusedD).set(R);
      settleD(b, i, () => undefined);
    }
  });
}
fused(OP.FMADD_D, false, false);
fused(OP.FMSUB_D, false, true);
fused(OP.FNMSUB_D, true, false);
fused(OP.FNMADD_D, true, true);

/** Leaves unless the singles in the registers are NaN-boxed. */
function leaveUnlessBoxed(b: Body, ...registers: number[]): void {
  registers.forEach((r, k) => {
    b.f(r).byte(W.i64ReinterpretF64);
    if (k > 0) b.code.byte(W.i64And);
  });
  b.code.long(BOX).byte(W.i64LtU);
  b.leaveIf();
}

function pushS(b: Body, r: number): Code {
  return b.f(r).ops(W.i64ReinterpretF64, W.i32Wrap, W.f32ReinterpretI32);
}

/** Boxes the single in S. */
function setS(b: Body, r: number): void {
  b.code.get(S).ops(W.i32ReinterpretF32, W.i64ExtendI32U).long(BOX).ops(W.i64Or, W.f64ReinterpretI64);
  b.setF(r);
}

/** Like `settleD`, for S. */
function settleS(b: Body, i: Instruction): void {
  b.code.get(S).byte(W.i32ReinterpretF32).i32(1).byte(W.i32Shl).i32(LOWEST_S).byte(W.i32Sub);
  b.code.get(RANGE_S).byte(W.i32GeU);
  b.leaveIf();
  setS(b, i.rd);
}

function binaryS(op: number, code: number): void {
  add(op, 'f', true, (b, i) => {
    b.mayLeave();
    leaveUnlessBoxed(b, i.rs1, i.rs2);
    pushS(b, i.rs1);
    pushS(b, i.rs2).byte(code).set(S);
    settleS(b, i);
  });
}
binaryS(OP.FADD_S, W.f32Add);
binaryS(OP.FSUB_S, W.f32Sub);
binaryS(OP.FMUL_S, W.f32Mul);
binaryS(OP.FDIV_S, W.f32Div);
add(OP.FSQRT_S, 'f', true, (b, i) => {
  b.mayLeave();
  leaveUnlessBoxed(b, i.rs1);
  pushS(b, i.rs1).byte(W.f32Sqrt).set(S);
  settleS(b, i);
});

add(OP.FSGNJ_D, 'f', false, (b, i) => {
  b.f(i.rs1);
  if (i.rs1 !== i.rs2) b.f(i.rs2).byte(W.f64Copysign);
  b.setF(i.rd);
});
add(OP.FSGNJN_D, 'f', false, (b, i) => {
  b.f(i.rs1);
  if (i.rs1 === i.rs2) b.code.byte(W.f64Neg);
  else b.f(i.rs2).ops(W.f64Neg, W.f64Copysign);
  b.setF(i.rd);
});
add(OP.FSGNJX_D, 'f', false, (b, i) => {
  b.f(i.rs1).byte(W.i64ReinterpretF64);
  b.f(i.rs2).byte(W.i64ReinterpretF64).long(-0x8000000000000000n);
  b.code.ops(W.i64And, W.i64Xor, W.f64ReinterpretI64);
  b.setF(i.rd);
});

/** Sign injection on boxed singles: the sign bit is bit 31 of the doubles' bits. */
function signS(op: number, invert: boolean, exclusive: boolean): void {
  add(op, 'f', true, (b, i) => {
    b.mayLeave();
    leaveUnlessBoxed(b, i.rs1, i.rs2);
    b.f(i.rs1).byte(W.i64ReinterpretF64);
    if (!exclusive) b.code.long(0xffffffff7fffffffn).byte(W.i64And);
    b.f(i.rs2).byte(W.i64ReinterpretF64);
    if (invert) b.code.i64(-1).byte(W.i64Xor);
    b.code.long(0x80000000n).ops(W.i64And, exclusive ? W.i64Xor : W.i64Or, W.f64ReinterpretI64);
    b.setF(i.rd);
  });
}
signS(OP.FSGNJ_S, false, false);
signS(OP.FSGNJN_S, true, false);
signS(OP.FSGNJX_S, false, true);

/** Leaves when a double is a NaN. */
function leaveIfUnordered(b: Body, i: Instruction): void {
  b.f(i.rs1);
  b.f(i.rs1).byte(W.f64Ne);
  b.f(i.rs2);
  b.f(i.rs2).ops(W.f64Ne, W.i32Or);
  b.leaveIf();
}

function compareD(op: number, code: number): void {
  add(op, 'x', true, (b, i) => {
    b.mayLeave();
    leaveIfUnordered(b, i);
    b.f(i.rs1);
    b.f(i.rs2).ops(code, W.i64ExtendI32U);
    b.setX(i.rd);
  });
}
compareD(OP.FEQ_D, W.f64Eq);
compareD(OP.FLT_D, W.f64Lt);
compareD(OP.FLE_D, W.f64Le);

function compareS(op: number, code: number): void {
  add(op, 'x', true, (b, i) => {
    b.mayLeave();
    leaveUnlessBoxed(b, i.rs1, i.rs2);
    for (const r of [i.rs1, i.rs2]) {
      pushS(b, r);
      pushS(b, r).byte(W.f32Ne);
    }
    b.code.byte(W.i32Or);
    b.leaveIf();
    pushS(b, i.rs1);
    pushS(b, i.rs2).ops(code, W.i64ExtendI32U);
    b.setX(i.rd);
  });
}
compareS(OP.FEQ_S, W.f32Eq);
compareS(OP.FLT_S, W.f32Lt);
compareS(OP.FLE_S, W.f32Le);

function extremeD(op: number, code: number): void {
  add(op, 'f', true, (b, i) => {
    b.mayLeave();
    leaveIfUnordered(b, i);
    b.f(i.rs1);
    b.f(i.rs2).byte(code);
    b.setF(i.rd);
  });
}
extremeD(OP.FMIN_D, W.f64Min);
extremeD(OP.FMAX_D, W.f64Max);

/** Moves between the files. */
add(OP.FMV_X_D, 'x', false, (b, i) => {
  b.f(i.rs1).byte(W.i64ReinterpretF64);
  b.setX(i.rd);
});
add(OP.FMV_D_X, 'f', false, (b, i) => {
  b.x(i.rs1).byte(W.f64ReinterpretI64);
  b.setF(i.rd);
});
add(OP.FMV_X_W, 'x', false, (b, i) => {
  b.f(i.rs1).ops(W.i64ReinterpretF64, W.i64Extend32S);
  b.setX(i.rd);
});
add(OP.FMV_W_X, 'f', false, (b, i) => {
  b.x(i.rs1).long(BOX).ops(W.i64Or, W.f64ReinterpretI64);
  b.setF(i.rd);
});

/** Toward zero; inexact ones only while NX is set. */
function truncate(op: number, limit: number, codes: readonly number[]): void {
  add(op, 'x', true, (b, i) => {
    b.mayLeave();
    b.f(i.rs1).byte(W.f64Abs).f64(limit).ops(W.f64Lt, W.i32Eqz);
    b.leaveIf();
    b.code.get(RANGE_D).byte(W.i64Eqz).if();
    b.f(i.rs1).byte(W.f64Trunc);
    b.f(i.rs1).byte(W.f64Ne);
    b.leaveIf(1).end();
    b.f(i.rs1).ops(...codes);
    b.setX(i.rd);
  });
}
truncate(OP.FCVT_W_D, 2 ** 31, [W.i32TruncF64S, W.i64ExtendI32S]);
truncate(OP.FCVT_L_D, 2 ** 63, [W.i64TruncF64S]);

add(OP.FCVT_D_W, 'f', false, (b, i) => {
  b.word(i.rs1).byte(W.f64ConvertI32S);
  b.setF(i.rd);
});
add(OP.FCVT_D_WU, 'f', false, (b, i) => {
  b.word(i.rs1).byte(W.f64ConvertI32U);
  b.setF(i.rd);
});
add(OP.FCVT_D_L, 'f', true, (b, i) => {
  b.mayLeave();
  b.code.get(RANGE_D).byte(W.i64Eqz);
  b.leaveIf();
  b.x(i.rs1).byte(W.f64ConvertI64S);
  b.setF(i.rd);
});
add(OP.FCVT_D_S, 'f', true, (b, i) => {
  b.mayLeave();
  leaveUnlessBoxed(b, i.rs1);
  pushS(b, i.rs1).tee(S).get(S).byte(W.f32Ne);
  b.leaveIf();
  b.code.get(S).byte(W.f64PromoteF32);
  b.setF(i.rd);
});
add(OP.FCVT_S_D, 'f', true, (b, i) => {
  b.mayLeave();
  b.f(i.rs1).byte(W.f32DemoteF64).set(S);
  settleS(b, i);
});

/** A region changes neither, so that what the prologue found is still in memory. */
function state(op: number, shift: number, mask: number): void {
  add(op, 'x', false, (b, i) => {
    b.code.get(REGS).memory(W.i64Load32U, 2, CONTEXT.FCSR).i64(shift).byte(W.i64ShrU).i64(mask).byte(W.i64And);
    b.setX(i.rd);
    b.markWord(i.rd);
  });
}
state(OP.FRRM, 5, 7);
state(OP.FRFLAGS, 0, 31);

export const FLOAT: ReadonlyMap<number, Operation> = table;
