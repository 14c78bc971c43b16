/**
 * Floating point by the host's own arithmetic, where that is provably the same.
 *
 * WebAssembly rounds to nearest-even and reports no flags. So each function returns a result only if
 *   - frm is nearest-even and FP_TRAP is clear,
 *   - the result is a normal number away from the smallest and largest exponent (then only NX can be raised), or an
 *     exact zero, and
 *   - NX is already set, or the operation is shown to be exact.
 * Otherwise it returns NO (doubles) or 0 (singles, which are NaN-boxed and so never 0), and the integer
 * implementation in softfloat.ts decides.
 *
 * Sources: TwoSum (Knuth), Veltkamp splitting and Dekker's product; fused multiply-add after Boldo and Melquiond,
 * "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd", IEEE ToC 57(4), 2008.
 */

/** "Not here": a signalling NaN pattern that no function below returns as a result. */
export const NO: u64 = 0x7ff4000000000001;
export const BOX: u64 = 0xffffffff00000000;
const RESERVED: u32 = 0x800000e0; // FP_TRAP and frm
const GATE: u32 = 0x80000000;
const NX: u32 = 1;
const HIDDEN: u64 = 1 << 52;

// @ts-ignore: decorator
@inline
function isNormalD(bits: u64): bool {
  return ((<u32>(bits >> 52)) & 0x7ff) - 2 < 2045;
}

// @ts-ignore: decorator
@inline
function isNormalS(bits: u32): bool {
  return ((bits >> 23) & 0xff) - 2 < 253;
}

// @ts-ignore: decorator
@inline
export function notBoxed(a: u64): bool {
  return <u32>(a >> 32) != 0xffffffff;
}

// @ts-ignore: decorator
@inline
function d(a: u64): f64 {
  return reinterpret<f64>(a);
}

// @ts-ignore: decorator
@inline
function s(a: u64): f32 {
  return reinterpret<f32>(<u32>a);
}

// @ts-ignore: decorator
@inline
function box(r: f32): u64 {
  return BOX | <u64>reinterpret<u32>(r);
}

/** a + b - r for r = RN(a + b), exactly. */
// @ts-ignore: decorator
@inline
function sumError(a: f64, b: f64, r: f64): f64 {
  const t = r - a;
  return a - (r - t) + (b - t);
}

/** The product of two significands fits in 53 bits. */
function productExact(a: u64, b: u64): bool {
  return ctz<u64>(a | HIDDEN) + ctz<u64>(b | HIDDEN) >= 53;
}

function addSlow(fcsr: u32, a: f64, b: f64, r: f64): u64 {
  const bits = reinterpret<u64>(r);
  if (fcsr & RESERVED) return NO;
  if (isNormalD(bits)) return (fcsr & NX) != 0 || sumError(a, b, r) == 0 ? bits : NO;
  return r == 0 ? bits : NO;
}

// @ts-ignore: decorator
@inline
export function nativeAddD(fcsr: u32, a: u64, b: u64): u64 {
  const r = d(a) + d(b);
  if ((fcsr & (RESERVED | NX)) == NX && isNormalD(reinterpret<u64>(r))) return reinterpret<u64>(r);
  return addSlow(fcsr, d(a), d(b), r);
}

// @ts-ignore: decorator
@inline
export function nativeSubD(fcsr: u32, a: u64, b: u64): u64 {
  const r = d(a) - d(b);
  if ((fcsr & (RESERVED | NX)) == NX && isNormalD(reinterpret<u64>(r))) return reinterpret<u64>(r);
  return addSlow(fcsr, d(a), -d(b), r);
}

function mulSlow(fcsr: u32, a: u64, b: u64, r: f64): u64 {
  const bits = reinterpret<u64>(r);
  if (fcsr & RESERVED) return NO;
  if (isNormalD(bits)) return productExact(a, b) ? bits : NO;
  return r == 0 && (d(a) == 0 || d(b) == 0) ? bits : NO;
}

// @ts-ignore: decorator
@inline
export function nativeMulD(fcsr: u32, a: u64, b: u64): u64 {
  const r = d(a) * d(b);
  if ((fcsr & (RESERVED | NX)) == NX && isNormalD(reinterpret<u64>(r))) return reinterpret<u64>(r);
  return mulSlow(fcsr, a, b, r);
}

export function nativeDivD(fcsr: u32, a: u64, b: u64): u64 {
  const r = d(a) / d(b);
  const bits = reinterpret<u64>(r);
  if (fcsr & RESERVED) return NO;
  if (isNormalD(bits)) return (fcsr & NX) != 0 || (productExact(bits, b) && r * d(b) == d(a)) ? bits : NO;
  return d(a) == 0 && r == 0 && abs(d(b)) != Infinity ? bits : NO;
}

export function nativeSqrtD(fcsr: u32, a: u64): u64 {
  const r = sqrt(d(a));
  const bits = reinterpret<u64>(r);
  if ((fcsr & RESERVED) || !isNormalD(bits)) return NO;
  return (fcsr & NX) != 0 || (productExact(bits, bits) && r * r == d(a)) ? bits : NO;
}

export function nativeAddS(fcsr: u32, a: u64, b: u64): u64 {
  if ((fcsr & RESERVED) || notBoxed(a & b)) return 0;
  const r = s(a) + s(b);
  if (!isNormalS(reinterpret<u32>(r))) return r == 0 ? box(r) : 0;
  if (fcsr & NX) return box(r);
  const t = r - s(a);
  return s(a) - (r - t) + (s(b) - t) == 0 ? box(r) : 0;
}

export function nativeSubS(fcsr: u32, a: u64, b: u64): u64 {
  return notBoxed(b) ? 0 : nativeAddS(fcsr, a, b ^ 0x80000000);
}

export function nativeMulS(fcsr: u32, a: u64, b: u64): u64 {
  if ((fcsr & RESERVED) || notBoxed(a & b)) return 0;
  const exact = <f64>s(a) * <f64>s(b);
  const r = <f32>exact;
  if (!isNormalS(reinterpret<u32>(r))) return exact == 0 ? box(r) : 0;
  return (fcsr & NX) != 0 || <f64>r == exact ? box(r) : 0;
}

export function nativeDivS(fcsr: u32, a: u64, b: u64): u64 {
  if ((fcsr & RESERVED) || notBoxed(a & b)) return 0;
  const r = s(a) / s(b);
  if (!isNormalS(reinterpret<u32>(r))) return 0;
  return (fcsr & NX) != 0 || <f64>r * <f64>s(b) == <f64>s(a) ? box(r) : 0;
}

export function nativeSqrtS(fcsr: u32, a: u64): u64 {
  if ((fcsr & RESERVED) || notBoxed(a)) return 0;
  const r = sqrt<f32>(s(a));
  if (!isNormalS(reinterpret<u32>(r))) return 0;
  return (fcsr & NX) != 0 || <f64>r * <f64>r == <f64>s(a) ? box(r) : 0;
}

/** Rounds x + e (|e| < ulp(x)) to odd: if inexact and even, one step towards the error. */
// @ts-ignore: decorator
@inline
function toOdd(x: f64, e: f64): f64 {
  const bits = reinterpret<u64>(x);
  if (e == 0 || (bits & 1) != 0) return x;
  return reinterpret<f64>(e > 0 == x > 0 ? bits + 1 : bits - 1);
}

/**
 * The exponent keeps every product of `fusedD` far from overflow and underflow. The addend needs no such check: sums
 * never lose anything to underflow, and one that overflows gives no normal result.
 */
// @ts-ignore: decorator
@inline
function isMiddling(bits: u64): bool {
  return ((<u32>(bits >> 52)) & 0x7ff) - 600 < 800;
}

function fusedD(a: f64, b: f64, c: f64, p: f64): f64 {
  const ca = a * 134217729.0;
  const ah = ca - (ca - a);
  const al = a - ah;
  const cb = b * 134217729.0;
  const bh = cb - (cb - b);
  const bl = b - bh;
  const low = al * bl - (p - ah * bh - al * bh - ah * bl);
  const th = c + low;
  const tl = sumError(c, low, th);
  const vh = p + th;
  const vl = sumError(p, th, vh);
  const z = tl + vl;
  return vh + toOdd(z, sumError(tl, vl, z));
}

/** a x b + c. */
export function nativeFmaD(fcsr: u32, a: u64, b: u64, c: u64): u64 {
  if (fcsr & RESERVED) return NO;
  const p = d(a) * d(b);
  const pBits = reinterpret<u64>(p);
  if (fcsr & NX) {
    if (isMiddling(a) && isMiddling(b) && isMiddling(pBits)) {
      const bits = reinterpret<u64>(fusedD(d(a), d(b), d(c), p));
      return isNormalD(bits) ? bits : NO;
    }
  }
  const exact = isNormalD(pBits) ? productExact(a, b) : p == 0 && (d(a) == 0 || d(b) == 0);
  return exact ? addSlow(fcsr, p, d(c), p + d(c)) : NO;
}

export function nativeFmaS(fcsr: u32, a: u64, b: u64, c: u64): u64 {
  if ((fcsr & RESERVED) || notBoxed(a & b & c)) return 0;
  const p = <f64>s(a) * <f64>s(b);
  const sum = p + <f64>s(c);
  const e = sumError(p, <f64>s(c), sum);
  const r = <f32>toOdd(sum, e);
  if (!isNormalS(reinterpret<u32>(r))) return sum == 0 && e == 0 ? box(r) : 0;
  return (fcsr & NX) != 0 || (e == 0 && <f64>r == sum) ? box(r) : 0;
}

/** fcvt.w.d and fcvt.l.d toward zero (`limit` = 2^31 or 2^63); the caller converts when this says yes. */
// @ts-ignore: decorator
@inline
export function truncates(fcsr: u32, x: f64, limit: f64): bool {
  if ((fcsr & GATE) || !(abs(x) < limit)) return false;
  return (fcsr & NX) != 0 || trunc(x) == x;
}

export function nativeLongToD(fcsr: u32, x: i64): u64 {
  if (fcsr & RESERVED) return NO;
  const r = <f64>x;
  return (fcsr & NX) != 0 || abs(x) <= 0x20000000000000 ? reinterpret<u64>(r) : NO;
}

export function nativeWordToS(fcsr: u32, x: i32): u64 {
  if (fcsr & RESERVED) return 0;
  const r = <f32>x;
  return (fcsr & NX) != 0 || <f64>r == <f64>x ? box(r) : 0;
}

export function nativeDToS(fcsr: u32, a: u64): u64 {
  if (fcsr & RESERVED) return 0;
  const r = <f32>d(a);
  if (!isNormalS(reinterpret<u32>(r))) return d(a) == 0 ? box(r) : 0;
  return (fcsr & NX) != 0 || <f64>r == d(a) ? box(r) : 0;
}
