/** Addition, multiplication, division, square root and fused multiply-add on unpacked numbers (softfloat.ts). */
import { mulhu } from './integer';
import {
  DZ, INF, NV, QNAN, RDN, SNAN, ZERO, exponent, infinity, kind, nan, normRoundPack, raise, roundPack, shiftJam, sign,
  significand, unpack, zero,
} from './softfloat';

/** Result of an operation with a NaN operand; signalling ones raise NV. */
function propagate(a: i32, b: i32, single: bool): u64 {
  if (a == SNAN || b == SNAN) raise(NV);
  return nan(single);
}

function invalid(single: bool): u64 {
  raise(NV);
  return nan(single);
}

export function add(x: u64, y: u64, rm: u32, single: bool): u64 {
  unpack(x, single);
  const as = sign;
  const ak = kind;
  const ae = exponent;
  const am = significand;
  unpack(y, single);
  if (ak >= QNAN || kind >= QNAN) return propagate(ak, kind, single);
  if (ak == INF) return kind == INF && as != sign ? invalid(single) : infinity(as, single);
  if (kind == INF) return infinity(sign, single);
  if (ak == ZERO && kind == ZERO) return zero(as == sign ? as : <u32>(rm == RDN), single);
  if (ak == ZERO) return roundPack(sign, exponent, significand, rm, single);
  if (kind == ZERO) return roundPack(as, ae, am, rm, single);
  return addFinite(as, ae, am, sign, exponent, significand, rm, single);
}

function addFinite(as: u32, ae: i32, am: u64, bs: u32, be: i32, bm: u64, rm: u32, single: bool): u64 {
  if (ae < be || (ae == be && am < bm)) return addFinite(bs, be, bm, as, ae, am, rm, single);
  const shifted = shiftJam(bm, ae - be);
  if (as == bs) return normRoundPack(as, ae, am + shifted, rm, single);
  const difference = am - shifted;
  if (difference == 0) return zero(<u32>(rm == RDN), single);
  return normRoundPack(as, ae, difference, rm, single);
}

/** Sign bit of the format flipped: subtraction is addition of the negative. */
export function negate(x: u64, single: bool): u64 {
  if (!single) return x ^ 0x8000000000000000;
  return x >> 32 == 0xffffffff ? x ^ 0x80000000 : x;
}

export function multiply(x: u64, y: u64, rm: u32, single: bool): u64 {
  unpack(x, single);
  const ak = kind;
  const ae = exponent;
  const am = significand;
  const as = sign;
  unpack(y, single);
  const s = as ^ sign;
  if (ak >= QNAN || kind >= QNAN) return propagate(ak, kind, single);
  if (ak == INF || kind == INF) return ak == ZERO || kind == ZERO ? invalid(single) : infinity(s, single);
  if (ak == ZERO || kind == ZERO) return zero(s, single);
  const low = am * significand;
  const high = mulhu(am, significand);
  return normRoundPack(s, ae + exponent, (high << 2) | (low >> 62) | <u64>(low << 2 != 0), rm, single);
}

export function divide(x: u64, y: u64, rm: u32, single: bool): u64 {
  unpack(x, single);
  const ak = kind;
  const ae = exponent;
  const as = sign;
  const am = significand >> 10;
  unpack(y, single);
  const s = as ^ sign;
  if (ak >= QNAN || kind >= QNAN) return propagate(ak, kind, single);
  if (ak == INF) return kind == INF ? invalid(single) : infinity(s, single);
  if (kind == INF) return zero(s, single);
  if (kind == ZERO) {
    if (ak == ZERO) return invalid(single);
    raise(DZ);
    return infinity(s, single);
  }
  if (ak == ZERO) return zero(s, single);
  return quotient(s, ae - exponent, am, significand >> 10, rm, single);
}

/** a / b for 53-bit significands: eleven quotient bits per step, so every remainder fits 64 bits. */
function quotient(s: u32, e: i32, a: u64, b: u64, rm: u32, single: bool): u64 {
  const small = a < b;
  let rest = small ? (a << 1) - b : a - b;
  let q: u64 = 1;
  for (let i = 0; i < 5; i++) {
    rest <<= 11;
    const digit = rest / b;
    rest -= digit * b;
    q = (q << 11) | digit;
  }
  return roundPack(s, small ? e - 1 : e, (q << 7) | <u64>(rest != 0), rm, single);
}

export function squareRoot(x: u64, rm: u32, single: bool): u64 {
  unpack(x, single);
  if (kind >= QNAN) return propagate(kind, QNAN, single);
  if (kind == ZERO) return zero(sign, single);
  if (sign != 0) return invalid(single);
  if (kind == INF) return infinity(0, single);
  // An even exponent leaves a radicand in [1, 4): two bits before the point, 52 after it.
  let radicand = significand >> 10 << (10 + (exponent & 1));
  let root: u64 = 0;
  let rest: u64 = 0;
  for (let i = 0; i < 56; i++) {
    rest = (rest << 2) | (radicand >> 62);
    radicand <<= 2;
    const trial = (root << 2) | 1;
    root <<= 1;
    if (rest >= trial) {
      rest -= trial;
      root |= 1;
    }
  }
  return roundPack(0, exponent >> 1, (root << 7) | <u64>(rest != 0), rm, single);
}

/** x * y + z with one rounding. */
export function fusedMultiplyAdd(x: u64, y: u64, z: u64, rm: u32, single: bool): u64 {
  unpack(x, single);
  const ak = kind;
  const ae = exponent;
  const am = significand;
  const as = sign;
  unpack(y, single);
  const bk = kind;
  const e = ae + exponent;
  const bm = significand;
  const s = as ^ sign;
  unpack(z, single);
  if ((ak == INF && bk == ZERO) || (ak == ZERO && bk == INF)) return invalid(single);
  if (ak >= QNAN || bk >= QNAN || kind >= QNAN) {
    return propagate(ak == SNAN || bk == SNAN ? SNAN : QNAN, kind, single);
  }
  if (ak == INF || bk == INF) return kind == INF && sign != s ? invalid(single) : infinity(s, single);
  if (kind == INF) return infinity(sign, single);
  if (ak == ZERO || bk == ZERO) {
    if (kind == ZERO) return zero(s == sign ? s : <u32>(rm == RDN), single);
    return roundPack(sign, exponent, significand, rm, single);
  }
  return fuseFinite(s, e, am, bm, rm, single);
}

/** High and low half of the last 128-bit shift. */
let high: u64 = 0;
let low: u64 = 0;

function shiftJam128(h: u64, l: u64, n: i32): void {
  if (n == 0) {
    high = h;
    low = l;
  } else if (n < 64) {
    high = h >> n;
    low = (h << (64 - n)) | (l >> n) | <u64>(l << (64 - n) != 0);
  } else {
    high = 0;
    low = n == 64 ? h | <u64>(l != 0) : shiftJam(h, n - 64) | <u64>(l != 0);
  }
}

/** The product am x bm x 2^(e - 124) with sign `s`, plus the unpacked addend. */
function fuseFinite(s: u32, e: i32, am: u64, bm: u64, rm: u32, single: bool): u64 {
  // 128-bit numbers P / 2^126: the product of two M is in [2^124, 2^126), so shift it up.
  let pl = am * bm;
  let ph = mulhu(am, bm);
  const shift = <i32>clz<u64>(ph) - 1;
  ph = (ph << shift) | (pl >> (64 - shift));
  pl <<= shift;
  e += 2 - shift;
  if (kind == ZERO) return roundPack(s, e, ph | <u64>(pl != 0), rm, single);
  let ch = significand;
  let cl: u64 = 0;
  if (e >= exponent) {
    shiftJam128(ch, cl, e - exponent);
    ch = high;
    cl = low;
  } else {
    shiftJam128(ph, pl, exponent - e);
    ph = high;
    pl = low;
    e = exponent;
  }
  if (s == sign) {
    const sum = pl + cl;
    return normRoundPack(s, e, (ph + ch + <u64>(sum < pl)) | <u64>(sum != 0), rm, single);
  }
  const negative = ph < ch || (ph == ch && pl < cl);
  const difference = negative ? cl - pl : pl - cl;
  const borrow = <u64>(negative ? cl < pl : pl < cl);
  const top = negative ? ch - ph - borrow : ph - ch - borrow;
  if ((top | difference) == 0) return zero(<u32>(rm == RDN), single);
  return normalise128(negative ? sign : s, e, top, difference, rm, single);
}

function normalise128(s: u32, e: i32, h: u64, l: u64, rm: u32, single: bool): u64 {
  if (h == 0) return normRoundPack(s, e - 64, l, rm, single);
  const shift = <i32>clz<u64>(h) - 1;
  if (shift > 0) {
    h = (h << shift) | (l >> (64 - shift));
    l <<= shift;
  }
  return roundPack(s, e - shift, h | <u64>(l != 0), rm, single);
}
