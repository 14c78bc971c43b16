/**
 * IEEE 754 binary32 and binary64 in integer arithmetic: representation, unpacking, rounding.
 *
 * A number is unpacked to sign, exponent and significand: value = M / 2^62 x 2^E with M in [2^62, 2^63), so both formats
 * share all arithmetic; bit 0 of M is sticky. Only `roundPack` knows the format. Flags accumulate in `flags` with
 * RISC-V's bit positions. Tininess is detected after rounding, NaN results are canonical (unprivileged specification,
 * "F" sections 11.2-11.3).
 */
export const NX: u32 = 1;
export const UF: u32 = 2;
export const OF: u32 = 4;
export const DZ: u32 = 8;
export const NV: u32 = 16;

export const RNE: u32 = 0;
export const RTZ: u32 = 1;
export const RDN: u32 = 2;
export const RUP: u32 = 3;
export const RMM: u32 = 4;

export const ZERO: i32 = 0;
export const FINITE: i32 = 1;
export const INF: i32 = 2;
export const QNAN: i32 = 3;
export const SNAN: i32 = 4;

/** Exceptions raised since the caller cleared it. */
export let flags: u32 = 0;

export function clearFlags(): void {
  flags = 0;
}

export function raise(bits: u32): void {
  flags |= bits;
}

/** What `unpack` found: sign (0 or 1), class, exponent, significand. */
export let sign: u32 = 0;
export let kind: i32 = 0;
export let exponent: i32 = 0;
export let significand: u64 = 0;

const SINGLE_NAN: u64 = 0xffffffff7fc00000;
const DOUBLE_NAN: u64 = 0x7ff8000000000000;
const BOX: u64 = 0xffffffff00000000;

export function nan(single: bool): u64 {
  return single ? SINGLE_NAN : DOUBLE_NAN;
}

/** A register's value as bits of the format; a single that is not NaN-boxed reads as the canonical NaN. */
export function unbox(bits: u64, single: bool): u64 {
  if (!single) return bits;
  return bits >> 32 == 0xffffffff ? bits & 0xffffffff : 0x7fc00000;
}

export function box(bits: u64, single: bool): u64 {
  return single ? BOX | bits : bits;
}

/** Unpacks a register into `sign`, `kind`, `exponent`, `significand`. */
export function unpack(register: u64, single: bool): void {
  const bits = unbox(register, single);
  const fractionBits = single ? 23 : 52;
  const top = single ? 255 : 2047;
  const fraction = bits & ((<u64>1 << fractionBits) - 1);
  const field = <i32>(bits >> fractionBits) & top;
  sign = <u32>(bits >> (single ? 31 : 63)) & 1;
  significand = fraction << (62 - fractionBits);
  exponent = field - (single ? 127 : 1023);
  if (field == top) {
    kind = fraction == 0 ? INF : (fraction >> (fractionBits - 1)) != 0 ? QNAN : SNAN;
  } else if (field != 0) {
    kind = FINITE;
    significand |= <u64>1 << 62;
  } else if (fraction == 0) {
    kind = ZERO;
  } else {
    kind = FINITE;
    const shift = <i32>clz<u64>(significand) - 1;
    significand <<= shift;
    exponent += 1 - shift;
  }
}

/** m >> n with the bits shifted out or-ed into bit 0. */
export function shiftJam(m: u64, n: i32): u64 {
  if (n <= 0) return m;
  if (n > 63) return <u64>(m != 0);
  return (m >> n) | <u64>((m << (64 - n)) != 0);
}

export function infinity(s: u32, single: bool): u64 {
  return single ? BOX | (<u64>s << 31) | 0x7f800000 : (<u64>s << 63) | 0x7ff0000000000000;
}

export function zero(s: u32, single: bool): u64 {
  return single ? BOX | (<u64>s << 31) : <u64>s << 63;
}

/** What a rounding mode adds below the last kept bit, whose weight is `half` x 2. */
function increment(s: u32, rm: u32, half: u64): u64 {
  if (rm == RNE || rm == RMM) return half;
  if (rm == RTZ) return 0;
  return (rm == RUP) == (s == 0) ? 2 * half - 1 : 0;
}

function overflow(s: u32, rm: u32, single: bool): u64 {
  raise(OF | NX);
  const away = rm == RNE || rm == RMM || (rm != RTZ && (rm == RUP) == (s == 0));
  return away ? infinity(s, single) : infinity(s, single) - 1;
}

/** Rounds a finite non-zero value (M in [2^62, 2^63)) into the format. */
export function roundPack(s: u32, e: i32, m: u64, rm: u32, single: bool): u64 {
  const drop = single ? 39 : 10;
  const lowest = single ? -126 : -1022;
  const half = <u64>1 << (drop - 1);
  const add = increment(s, rm, half);
  let tiny = false;
  if (e < lowest) {
    tiny = e < lowest - 1 || m + add < <u64>1 << 63;
    m = shiftJam(m, lowest - e);
    e = lowest;
  }
  const rest = m & (2 * half - 1);
  let kept = (m + add) >> drop;
  if (rm == RNE && rest == half) kept &= ~1;
  if (e > 1 - lowest || (e == 1 - lowest && kept >> (63 - drop) != 0)) return overflow(s, rm, single);
  if (rest != 0) raise(tiny ? NX | UF : NX);
  // `kept` includes the hidden bit, which carries into the exponent field; a subnormal has neither.
  const field = <u64>(e - lowest);
  const bits = (field << (single ? 23 : 52)) + kept;
  return box(bits | (<u64>s << (single ? 31 : 63)), single);
}

/** Like `roundPack` for any M != 0 below 2^64. */
export function normRoundPack(s: u32, e: i32, m: u64, rm: u32, single: bool): u64 {
  if (m >> 63) return roundPack(s, e + 1, shiftJam(m, 1), rm, single);
  const shift = <i32>clz<u64>(m) - 1;
  return roundPack(s, e - shift, m << shift, rm, single);
}
