/** Integer operations: one stack expression each. Results of edge cases are assembly/integer.ts's. */
import { OP } from '../generated/ops.js';
import type { Body, Operation } from './body.js';
import { A, BASE, Helper, T } from './body.js';
import type { Instruction } from './instruction.js';
import { W } from './wasm.js';

type Emit = (b: Body, i: Instruction) => void;
const table = new Map<number, Operation>();

function add(op: number, emit: Emit): void {
  table.set(op, { emit, writes: 'x', exits: false, isFloat: false });
}

/** rd = rs1 op rs2. */
function binary(op: number, ...codes: number[]): void {
  add(op, (b, i) => {
    b.x(i.rs1);
    b.x(i.rs2).ops(...codes);
    b.setX(i.rd);
  });
}

/**
 * rd = rs1 op rs2, bit by bit. Of sign-extended words the result is one, so that WebAssembly's compiler need not extend
 * what is only an operand of word operations, like the halves of a rotation.
 */
function bitwise(op: number, code: number, wordCode: number): void {
  add(op, (b, i) => {
    if (b.isWord(i.rs1) && b.isWord(i.rs2)) {
      b.word(i.rs1);
      b.word(i.rs2).byte(wordCode);
      b.setWord(i.rd);
    } else {
      b.x(i.rs1);
      b.x(i.rs2).byte(code);
      b.setX(i.rd);
    }
  });
}

function bitwiseImmediate(op: number, code: number, wordCode: number): void {
  add(op, (b, i) => {
    if (b.isWord(i.rs1)) {
      b.word(i.rs1).i32(i.imm).byte(wordCode);
      b.setWord(i.rd);
    } else {
      b.x(i.rs1).i64(i.imm).byte(code);
      b.setX(i.rd);
    }
  });
}

/** rd = rs1 op imm. */
function immediate(op: number, ...codes: number[]): void {
  add(op, (b, i) => {
    b.x(i.rs1)
      .i64(i.imm)
      .ops(...codes);
    b.setX(i.rd);
  });
}

/** rd = op of rs1. */
function unary(op: number, ...codes: number[]): void {
  add(op, (b, i) => {
    b.x(i.rs1).ops(...codes);
    b.setX(i.rd);
  });
}

/** Words: rd = sext(rs1 op rs2). */
function binaryW(op: number, code: number): void {
  add(op, (b, i) => {
    b.word(i.rs1);
    b.word(i.rs2).byte(code);
    b.setWord(i.rd);
  });
}

function immediateW(op: number, code: number): void {
  add(op, (b, i) => {
    b.word(i.rs1).i32(i.imm).byte(code);
    b.setWord(i.rd);
  });
}

add(OP.NOP, () => undefined);
add(OP.LI, (b, i) => {
  b.code.i64(i.imm);
  b.setX(i.rd);
  b.markWord(i.rd);
});
add(OP.AUIPC, (b, i) => {
  b.code
    .get(BASE)
    .i64(i.off + i.imm)
    .byte(W.i64Add);
  b.setX(i.rd);
});
add(OP.MV, (b, i) => {
  const isWord = b.isWord(i.rs1);
  b.x(i.rs1);
  b.setX(i.rd);
  if (isWord) b.markWord(i.rd);
});

immediate(OP.ADDI, W.i64Add);
immediate(OP.SLTI, W.i64LtS, W.i64ExtendI32U);
immediate(OP.SLTIU, W.i64LtU, W.i64ExtendI32U);
bitwiseImmediate(OP.XORI, W.i64Xor, W.i32Xor);
bitwiseImmediate(OP.ORI, W.i64Or, W.i32Or);
bitwiseImmediate(OP.ANDI, W.i64And, W.i32And);
immediate(OP.SLLI, W.i64Shl);
immediate(OP.SRLI, W.i64ShrU);
immediate(OP.SRAI, W.i64ShrS);
immediate(OP.RORI, W.i64Rotr);
immediateW(OP.ADDIW, W.i32Add);
immediateW(OP.SLLIW, W.i32Shl);
immediateW(OP.SRLIW, W.i32ShrU);
immediateW(OP.SRAIW, W.i32ShrS);
immediateW(OP.RORIW, W.i32Rotr);

binary(OP.ADD, W.i64Add);
binary(OP.SUB, W.i64Sub);
binary(OP.SLL, W.i64Shl);
binary(OP.SLT, W.i64LtS, W.i64ExtendI32U);
binary(OP.SLTU, W.i64LtU, W.i64ExtendI32U);
bitwise(OP.XOR, W.i64Xor, W.i32Xor);
binary(OP.SRL, W.i64ShrU);
binary(OP.SRA, W.i64ShrS);
bitwise(OP.OR, W.i64Or, W.i32Or);
bitwise(OP.AND, W.i64And, W.i32And);
binary(OP.MUL, W.i64Mul);
binary(OP.ROL, W.i64Rotl);
binary(OP.ROR, W.i64Rotr);
binaryW(OP.ADDW, W.i32Add);
binaryW(OP.SUBW, W.i32Sub);
binaryW(OP.SLLW, W.i32Shl);
binaryW(OP.SRLW, W.i32ShrU);
binaryW(OP.SRAW, W.i32ShrS);
binaryW(OP.MULW, W.i32Mul);
binaryW(OP.ROLW, W.i32Rotl);
binaryW(OP.RORW, W.i32Rotr);

/** Zba: rd = (rs1 << n) + rs2. */
function shiftAdd(op: number, shift: number, zeroExtend: boolean): void {
  add(op, (b, i) => {
    if (zeroExtend) b.word(i.rs1).byte(W.i64ExtendI32U);
    else b.x(i.rs1);
    if (shift > 0) b.code.i64(shift).byte(W.i64Shl);
    b.x(i.rs2).byte(W.i64Add);
    b.setX(i.rd);
  });
}
shiftAdd(OP.SH1ADD, 1, false);
shiftAdd(OP.SH2ADD, 2, false);
shiftAdd(OP.SH3ADD, 3, false);
shiftAdd(OP.ADD_UW, 0, true);
shiftAdd(OP.SH1ADD_UW, 1, true);
shiftAdd(OP.SH2ADD_UW, 2, true);
shiftAdd(OP.SH3ADD_UW, 3, true);
add(OP.SLLI_UW, (b, i) => {
  b.word(i.rs1).byte(W.i64ExtendI32U).i64(i.imm).byte(W.i64Shl);
  b.setX(i.rd);
});

/** rd = rs1 op ~rs2. */
function inverted(op: number, code: number): void {
  add(op, (b, i) => {
    b.x(i.rs1);
    b.x(i.rs2).i64(-1).ops(W.i64Xor, code);
    b.setX(i.rd);
  });
}
inverted(OP.ANDN, W.i64And);
inverted(OP.ORN, W.i64Or);
inverted(OP.XNOR, W.i64Xor);

unary(OP.CLZ, W.i64Clz);
unary(OP.CTZ, W.i64Ctz);
unary(OP.CPOP, W.i64Popcnt);
unary(OP.CLZW, W.i32Wrap, W.i32Clz, W.i64ExtendI32U);
unary(OP.CTZW, W.i32Wrap, W.i32Ctz, W.i64ExtendI32U);
unary(OP.CPOPW, W.i32Wrap, W.i32Popcnt, W.i64ExtendI32U);
unary(OP.SEXT_B, W.i64Extend8S);
unary(OP.SEXT_H, W.i64Extend16S);
add(OP.ZEXT_H, (b, i) => {
  b.x(i.rs1).i64(0xffff).byte(W.i64And);
  b.setX(i.rd);
});

/** rd = rs1 where it compares with rs2, else rs2. */
function pick(op: number, compare: number): void {
  add(op, (b, i) => {
    b.x(i.rs1);
    b.x(i.rs2);
    b.x(i.rs1);
    b.x(i.rs2).ops(compare, W.select);
    b.setX(i.rd);
  });
}
pick(OP.MAX, W.i64GtS);
pick(OP.MAXU, W.i64GtU);
pick(OP.MIN, W.i64LtS);
pick(OP.MINU, W.i64LtU);

/** Zbs: the bit that rs2 or imm selects; `codes` combine it with rs1. */
function singleBit(op: number, withImmediate: boolean, ...codes: number[]): void {
  add(op, (b, i) => {
    b.x(i.rs1).i64(1);
    if (withImmediate) b.code.i64(i.imm);
    else b.x(i.rs2);
    b.code.byte(W.i64Shl);
    if (codes[0] === W.i64And) b.code.i64(-1).byte(W.i64Xor);
    b.code.ops(...codes);
    b.setX(i.rd);
  });
}
singleBit(OP.BCLR, false, W.i64And);
singleBit(OP.BCLRI, true, W.i64And);
singleBit(OP.BINV, false, W.i64Xor);
singleBit(OP.BINVI, true, W.i64Xor);
singleBit(OP.BSET, false, W.i64Or);
singleBit(OP.BSETI, true, W.i64Or);
add(OP.BEXT, (b, i) => {
  b.x(i.rs1);
  b.x(i.rs2).byte(W.i64ShrU).i64(1).byte(W.i64And);
  b.setX(i.rd);
});
add(OP.BEXTI, (b, i) => {
  b.x(i.rs1).i64(i.imm).byte(W.i64ShrU).i64(1).byte(W.i64And);
  b.setX(i.rd);
});

/** Every byte that is not zero becomes 255: its top bit is set by what it is, or by adding 127 to the others. */
add(OP.ORC_B, (b, i) => {
  const low = 0x7f7f7f7f7f7f7f7fn;
  b.x(i.rs1).tee(A).long(low).byte(W.i64And).long(low).byte(W.i64Add).get(A).byte(W.i64Or);
  b.code.long(~low).byte(W.i64And).tee(T).i64(1).byte(W.i64Shl).get(T).i64(7).ops(W.i64ShrU, W.i64Sub);
  b.setX(i.rd);
});

/** Bytes in reverse: neighbours change places, then pairs of them, then halves. */
add(OP.REV8, (b, i) => {
  const swap = (mask: bigint, shift: number): void => {
    b.code.tee(A).long(mask).byte(W.i64And).i64(shift).byte(W.i64Shl);
    b.code.get(A).i64(shift).byte(W.i64ShrU).long(mask).ops(W.i64And, W.i64Or);
  };
  b.x(i.rs1);
  swap(0x00ff00ff00ff00ffn, 8);
  swap(0x0000ffff0000ffffn, 16);
  b.code.i64(32).byte(W.i64Rotl);
  b.setX(i.rd);
});

add(OP.CZERO_EQZ, (b, i) => {
  b.code.i64(0);
  b.x(i.rs1);
  b.x(i.rs2).ops(W.i64Eqz, W.select);
  b.setX(i.rd);
});
add(OP.CZERO_NEZ, (b, i) => {
  b.x(i.rs1).i64(0);
  b.x(i.rs2).ops(W.i64Eqz, W.select);
  b.setX(i.rd);
});

/** High halves of products: the unsigned one, less the factors that a sign stands for. */
function highProduct(op: number, firstSigned: boolean, secondSigned: boolean): void {
  const correct = (b: Body, sign: number, other: number): void => {
    b.x(sign).i64(63).byte(W.i64ShrS);
    b.x(other).ops(W.i64And, W.i64Sub);
  };
  add(op, (b, i) => {
    b.x(i.rs1);
    b.x(i.rs2);
    b.callHelper(Helper.Mulhu);
    if (firstSigned) correct(b, i.rs1, i.rs2);
    if (secondSigned) correct(b, i.rs2, i.rs1);
    b.setX(i.rd);
  });
}
highProduct(OP.MULHU, false, false);
highProduct(OP.MULHSU, true, false);
highProduct(OP.MULH, true, true);

/**
 * Division, where WebAssembly traps: by zero, and signed by -1 (the smallest number). Both divisors are b + 1 <= 1
 * unsigned.
 * `isRemainder`: a and 0; else all ones and -a.
 */
function divide(op: number, code: number, isRemainder: boolean, isSigned: boolean): void {
  add(op, (b, i) => {
    b.x(i.rs1).set(A);
    b.x(i.rs2).tee(T);
    if (isSigned) b.code.i64(1).ops(W.i64Add).i64(1).byte(W.i64LeU);
    else b.code.byte(W.i64Eqz);
    b.code.ops(W.if, 0x7e);
    if (isRemainder) b.code.get(A).i64(0);
    else b.code.i64(-1).i64(0).get(A).byte(W.i64Sub);
    b.code.get(T).ops(W.i64Eqz, W.select, W.else);
    b.code.get(A).get(T).ops(code, W.end);
    b.setX(i.rd);
  });
}
divide(OP.DIV, W.i64DivS, false, true);
divide(OP.DIVU, W.i64DivU, false, false);
divide(OP.REM, W.i64RemS, true, true);
divide(OP.REMU, W.i64RemU, true, false);

/** The same on words: operands extended to 64 bits never overflow; the quotient of -2^31 and -1 wraps by itself. */
function divideW(op: number, code: number, extend: number, isRemainder: boolean): void {
  add(op, (b, i) => {
    b.word(i.rs1).byte(extend).set(A);
    b.word(i.rs2).byte(extend).tee(T).byte(W.i64Eqz);
    b.code.ops(W.if, 0x7e);
    if (isRemainder) b.code.get(A);
    else b.code.i64(-1);
    b.code.byte(W.else).get(A).get(T).ops(code, W.end, W.i64Extend32S);
    b.setX(i.rd);
  });
}
divideW(OP.DIVW, W.i64DivS, W.i64ExtendI32S, false);
divideW(OP.DIVUW, W.i64DivU, W.i64ExtendI32U, false);
divideW(OP.REMW, W.i64RemS, W.i64ExtendI32S, true);
divideW(OP.REMUW, W.i64RemU, W.i64ExtendI32U, true);

export const INTEGER: ReadonlyMap<number, Operation> = table;
