/** Conversions, comparisons, minimum, maximum and classification (unprivileged specification, "F" and "D"). */
import {
  FINITE, INF, NV, NX, QNAN, RMM, RNE, RTZ, RUP, SNAN, ZERO, exponent, infinity, kind, nan, normRoundPack, raise, roundPack,
  shiftJam, sign, significand, unbox, unpack, zero,
} from './softfloat';

/** The last `magnitude` was not whole. */
let inexact: bool = false;

function roundsUp(rest: u64, odd: bool, rm: u32): bool {
  if (rm == RNE) return rest == 3 || (rest == 2 && odd);
  if (rm == RMM) return rest >= 2;
  return rest != 0 && rm != RTZ && (rm == RUP) == (sign == 0);
}

/** Magnitude of the unpacked number rounded to an integer; the exponent is below 64. Sets `inexact`. */
function magnitude(rm: u32): u64 {
  const e = exponent;
  inexact = false;
  if (e >= 62) return significand << (e - 62);
  if (e >= 52) return significand >> (62 - e); // 53 significant bits: whole
  const scaled = e < -2 ? 1 : shiftJam(significand, 60 - e); // two bits below the point, the last one sticky
  const whole = scaled >> 2;
  inexact = (scaled & 3) != 0;
  return roundsUp(scaled & 3, (whole & 1) != 0, rm) ? whole + 1 : whole;
}

/** To a 32- or 64-bit integer; out of range saturates and raises NV alone. Words come sign-extended. */
export function toInteger(x: u64, rm: u32, single: bool, wide: bool, signed: bool): u64 {
  unpack(x, single);
  if (kind == ZERO) return 0;
  const negative = sign != 0 && kind < QNAN;
  const bits = (wide ? 64 : 32) - <i32>signed;
  const most: u64 = bits == 64 ? 0xffffffffffffffff : (<u64>1 << bits) - 1;
  const least: u64 = signed ? most + 1 : 0; // magnitude of the lowest value
  let result = negative ? 0 - least : most;
  const m = kind == FINITE && exponent < 64 ? magnitude(rm) : 0;
  if (kind != FINITE || exponent > 63 || m > (negative ? least : most)) {
    raise(NV);
  } else {
    if (inexact) raise(NX);
    result = negative ? 0 - m : m;
  }
  return wide ? result : <u64>(<i64>(<i32>result));
}

/** From an integer of 64 bits (words extended by the caller). */
export function fromInteger(value: u64, signed: bool, rm: u32, single: bool): u64 {
  if (value == 0) return zero(0, single);
  const negative = signed && <i64>value < 0;
  return normRoundPack(<u32>negative, 62, negative ? 0 - value : value, rm, single);
}

/** Between the formats. */
export function convert(x: u64, rm: u32, fromSingle: bool): u64 {
  unpack(x, fromSingle);
  const single = !fromSingle;
  if (kind == SNAN) raise(NV);
  if (kind >= QNAN) return nan(single);
  if (kind == INF) return infinity(sign, single);
  if (kind == ZERO) return zero(sign, single);
  return roundPack(sign, exponent, significand, rm, single);
}

function isNan(bits: u64, single: bool): bool {
  return single ? (bits & 0x7fffffff) > 0x7f800000 : (bits & 0x7fffffffffffffff) > 0x7ff0000000000000;
}

function isSignalling(bits: u64, single: bool): bool {
  return isNan(bits, single) && (bits & (single ? 0x400000 : 0x8000000000000)) == 0;
}

/** Order of two numbers' bits as a signed key: monotone, both zeroes 0. */
function key(bits: u64, single: bool): i64 {
  const top: u64 = single ? 0x80000000 : 0x8000000000000000;
  const m = <i64>(bits & (top - 1));
  return bits & top ? -m : m;
}

export const EQ: i32 = 2;
export const LT: i32 = 1;
export const LE: i32 = 0;

/** feq is quiet, and so are Zfa's fltq and fleq; flt and fle raise NV on any NaN. */
export function compare(x: u64, y: u64, relation: i32, single: bool, quiet: bool): u64 {
  const a = unbox(x, single);
  const b = unbox(y, single);
  if (isNan(a, single) || isNan(b, single)) {
    if (!quiet || isSignalling(a, single) || isSignalling(b, single)) raise(NV);
    return 0;
  }
  const ka = key(a, single);
  const kb = key(b, single);
  return <u64>(relation == EQ ? ka == kb : relation == LT ? ka < kb : ka <= kb);
}

/**
 * minimumNumber and maximumNumber: a NaN loses against a number, -0 is below +0. With `propagate`, Zfa's minimum and
 * maximum: a NaN wins.
 */
export function pick(x: u64, y: u64, largest: bool, single: bool, propagate: bool): u64 {
  const a = unbox(x, single);
  const b = unbox(y, single);
  if (isSignalling(a, single) || isSignalling(b, single)) raise(NV);
  if (propagate && (isNan(a, single) || isNan(b, single))) return nan(single);
  const boxed = single ? 0xffffffff00000000 : 0;
  if (isNan(a, single)) return isNan(b, single) ? nan(single) : b | boxed;
  if (isNan(b, single)) return a | boxed;
  const ka = key(a, single);
  const kb = key(b, single);
  const aNegative = (a >> (single ? 31 : 63)) != 0;
  const aFirst = ka < kb || (ka == kb && aNegative);
  return (aFirst != largest ? a : b) | boxed;
}

/** The ten-bit class mask of fclass. */
export function classify(x: u64, single: bool): u64 {
  unpack(x, single);
  if (kind == SNAN) return 1 << 8;
  if (kind == QNAN) return 1 << 9;
  const lowest = single ? -126 : -1022;
  const subnormal = exponent < lowest;
  const rank = kind == INF ? 0 : kind == ZERO ? 3 : subnormal ? 2 : 1;
  return <u64>1 << (sign != 0 ? rank : 7 - rank);
}

/** Zfa's fround (silent) and froundnx: rounded to an integer, which keeps the sign when it is zero. */
export function roundToIntegral(x: u64, rm: u32, single: bool, raisesNx: bool): u64 {
  unpack(x, single);
  if (kind == SNAN) raise(NV);
  if (kind >= QNAN) return nan(single);
  if (kind != FINITE || exponent >= (single ? 23 : 52)) return x;
  const m = magnitude(rm);
  if (inexact && raisesNx) raise(NX);
  return m == 0 ? zero(sign, single) : normRoundPack(sign, 62, m, rm, single);
}

/** Zfa's fcvtmod.w.d: toward zero, then the low 32 bits, whatever the size; out of range raises NV (section "Zfa"). */
export function toWordModulo(x: u64): u64 {
  unpack(x, false);
  if (kind == ZERO) return 0;
  if (kind != FINITE) {
    raise(NV);
    return 0;
  }
  // Beyond 2^84 every one of the low 32 bits is zero; below 2^63 the whole magnitude is at hand.
  let m: u64 = 0;
  if (exponent < 63) m = magnitude(RTZ);
  else if (exponent < 126) m = significand << (exponent - 62);
  const word = sign != 0 ? 0 - m : m;
  if (exponent > 31 || m > (sign != 0 ? 0x80000000 : 0x7fffffff)) raise(NV);
  else if (inexact) raise(NX);
  return <u64>(<i64>(<i32>word));
}

/** Upper twelve bits of the singles that fli.s loads, from -1 to NaN (section "Zfa", table of the constants). */
const CONSTANTS: usize = memory.data<u16>([
  0xbf8, 0x008, 0x378, 0x380, 0x3b8, 0x3c0, 0x3d8, 0x3e0, 0x3e8, 0x3ea, 0x3ec, 0x3ee, 0x3f0, 0x3f2, 0x3f4, 0x3f6,
  0x3f8, 0x3fa, 0x3fc, 0x3fe, 0x400, 0x402, 0x404, 0x408, 0x410, 0x418, 0x430, 0x438, 0x470, 0x478, 0x7f8, 0x7fc,
]);

/** fli's constant in the format, not boxed: the second is the format's smallest normal number, the last its NaN. */
export function constant(index: u32, single: bool): u64 {
  const bits = <u32>load<u16>(CONSTANTS + (index << 1)) << 20;
  if (single) return bits;
  if (index == 1) return 0x0010000000000000;
  return index == 31 ? nan(false) : reinterpret<u64>(<f64>reinterpret<f32>(bits));
}
