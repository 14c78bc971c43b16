/** Functions beside the regions of a module, for what is too long to repeat inline. By number in `Helper`. */
import { Code, F64, I64, W } from './wasm.js';
import type { WasmFunction } from './wasm.js';

/** High half of an unsigned 64 x 64 product, from four products of halves. */
function mulhu(): WasmFunction {
  const [a, b, mid, mid2] = [0, 1, 2, 3];
  const code = new Code();
  const low = (local: number): Code => code.get(local).long(0xffffffffn).byte(W.i64And);
  const high = (local: number): Code => code.get(local).i64(32).byte(W.i64ShrU);
  high(a);
  low(b).byte(W.i64Mul);
  low(a);
  low(b).byte(W.i64Mul).i64(32).ops(W.i64ShrU, W.i64Add).set(mid);
  low(a);
  high(b).byte(W.i64Mul);
  low(mid).byte(W.i64Add).set(mid2);
  high(a);
  high(b).byte(W.i64Mul);
  high(mid).byte(W.i64Add);
  high(mid2).byte(W.i64Add);
  return { type: { params: [I64, I64], result: I64 }, locals: [[2, I64]], code };
}

/**
 * a x b + c, rounded once, after Boldo and Melquiond (assembly/native-float.ts has the same, and says from where): with
 * vh + vl + tl the exact value, the sum of vh and z = vl + tl is right unless it is near a tie, which is so when z
 * scaled up
 * and down by 2^-50 give different sums; then z is rounded to odd first. NaN where intermediate results might
 * underflow or
 * overflow, except that a factor of zero gives an exact product.
 */
function fusedD(): WasmFunction {
  const code = new Code();
  op(code, P, A, W.f64Mul, B);
  checkFactors(code);
  split(code, A, AH, AL);
  split(code, B, BH, BL);
  code.get(AL).get(BL).byte(W.f64Mul).get(P).get(AH).get(BH).ops(W.f64Mul, W.f64Sub);
  code.get(AL).get(BH).ops(W.f64Mul, W.f64Sub).get(AH).get(BL).ops(W.f64Mul, W.f64Sub, W.f64Sub).set(LOW);
  op(code, TH, C, W.f64Add, LOW);
  sumError(code, TL, C, LOW, TH);
  op(code, VH, P, W.f64Add, TH);
  sumError(code, VL, P, TH, VH);
  op(code, Z, TL, W.f64Add, VL);
  const pushScaledSum = (scale: number): Code => code.get(VH).get(Z).f64(scale).ops(W.f64Mul, W.f64Add);
  pushScaledSum(1 + 2 ** -50).tee(U);
  pushScaledSum(1 - 2 ** -50)
    .byte(W.f64Eq)
    .if()
    .get(U)
    .byte(W.return)
    .end();
  sumError(code, U, TL, VL, Z);
  roundToOdd(code);
  code.get(VH).get(Z).byte(W.f64Add);
  return { type: { params: [F64, F64, F64], result: F64 }, locals: [[13, F64]], code };
}

/** Locals of `fusedD`; T and U are temporaries. */
const [A, B, C, P, AH, AL, BH, BL, LOW, TH, TL, VH, VL, Z, T, U] = Array.from({ length: 16 }, (_, i) => i);

function op(code: Code, to: number, x: number, operation: number, y: number): void {
  code.get(x).get(y).byte(operation).set(to);
}

/** high + low = x, each with half of the bits (Veltkamp). */
function split(code: Code, x: number, high: number, low: number): void {
  code
    .get(x)
    .f64(2 ** 27 + 1)
    .byte(W.f64Mul)
    .set(T);
  op(code, high, T, W.f64Sub, x);
  op(code, high, T, W.f64Sub, high);
  op(code, low, x, W.f64Sub, high);
}

/** error = x + y - sum, exactly (Knuth). */
function sumError(code: Code, error: number, x: number, y: number, sum: number): void {
  op(code, T, sum, W.f64Sub, x);
  op(code, error, sum, W.f64Sub, T);
  op(code, error, x, W.f64Sub, error);
  op(code, T, y, W.f64Sub, T);
  op(code, error, error, W.f64Add, T);
}

/** Returns p + c when a factor is zero, and NaN when an exponent is not in 600 .. 1399. */
function checkFactors(code: Code): void {
  [A, B, P].forEach((x, k) => {
    code.get(x).byte(W.i64ReinterpretF64).i64(52).ops(W.i64ShrU, W.i32Wrap).i32(0x7ff).byte(W.i32And);
    code.i32(600).byte(W.i32Sub).i32(800).byte(W.i32GeU);
    if (k > 0) code.byte(W.i32Or);
  });
  code.if().get(A).f64(0).byte(W.f64Eq).get(B).f64(0).ops(W.f64Eq, W.i32Or).get(P).f64(0).ops(W.f64Eq, W.i32And);
  code.if().get(P).get(C).ops(W.f64Add, W.return).end();
  code.f64(NaN).byte(W.return).end();
}

/** Z with error U: if it is inexact and even, one step towards the error. */
function roundToOdd(code: Code): void {
  code.get(U).f64(0).byte(W.f64Ne).get(Z).byte(W.i64ReinterpretF64).i64(1).ops(W.i64And, W.i64Eqz, W.i32And).if();
  code.get(Z).byte(W.i64ReinterpretF64).i64(1).i64(-1);
  code.get(U).f64(0).byte(W.f64Gt).get(Z).f64(0).ops(W.f64Gt, W.i32Eq, W.select);
  code.ops(W.i64Add, W.f64ReinterpretI64).set(Z).end();
}

export const HELPER_FUNCTIONS: readonly (() => WasmFunction)[] = [mulhu, fusedD];
