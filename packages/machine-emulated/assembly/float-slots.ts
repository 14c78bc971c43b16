/**
 * Moves, sign injections, comparisons and conversions of the interpreter's loop; like float-arithmetic-slots.ts, false
 * means that the exact path must do the instruction.
 */
import { FCSR } from './layout';
import { BOX, nativeDToS, nativeLongToD, nativeWordToS, notBoxed, truncates } from './native-float';
import { double, f1, f2, off, putD, putS, setF, setX, single, sx, unordered, x1 } from './slot';

// @ts-ignore: decorator
@inline
function orderedS(regs: usize, a: u64, b: u64): bool {
  return !notBoxed(a & b) && !unordered(<f64>single(a), <f64>single(b)) && !off(regs);
}

// @ts-ignore: decorator
@inline
function orderedD(regs: usize, a: f64, b: f64): bool {
  return !unordered(a, b) && !off(regs);
}

// @ts-ignore: decorator
@inline
export function fmvXW(regs: usize, ip: usize): bool {
  if (off(regs)) return false;
  setX(regs, ip, sx(<i32>f1(regs, ip)));
  return true;
}

// @ts-ignore: decorator
@inline
export function fmvWX(regs: usize, ip: usize): bool {
  if (off(regs)) return false;
  setF(regs, ip, BOX | (x1(regs, ip) & 0xffffffff));
  return true;
}

// @ts-ignore: decorator
@inline
export function fmvXD(regs: usize, ip: usize): bool {
  if (off(regs)) return false;
  setX(regs, ip, f1(regs, ip));
  return true;
}

// @ts-ignore: decorator
@inline
export function fmvDX(regs: usize, ip: usize): bool {
  if (off(regs)) return false;
  setF(regs, ip, x1(regs, ip));
  return true;
}

// @ts-ignore: decorator
@inline
export function fsgnjS(regs: usize, ip: usize): bool {
  const a = f1(regs, ip);
  const b = f2(regs, ip);
  if (notBoxed(a & b) || off(regs)) return false;
  setF(regs, ip, BOX | (a & 0x7fffffff) | (b & 0x80000000));
  return true;
}

// @ts-ignore: decorator
@inline
export function fsgnjnS(regs: usize, ip: usize): bool {
  const a = f1(regs, ip);
  const b = f2(regs, ip);
  if (notBoxed(a & b) || off(regs)) return false;
  setF(regs, ip, BOX | (a & 0x7fffffff) | (~b & 0x80000000));
  return true;
}

// @ts-ignore: decorator
@inline
export function fsgnjxS(regs: usize, ip: usize): bool {
  const a = f1(regs, ip);
  const b = f2(regs, ip);
  if (notBoxed(a & b) || off(regs)) return false;
  setF(regs, ip, BOX | (a & 0x7fffffff) | ((a ^ b) & 0x80000000));
  return true;
}

// @ts-ignore: decorator
@inline
export function fsgnjD(regs: usize, ip: usize): bool {
  if (off(regs)) return false;
  const a = f1(regs, ip);
  const b = f2(regs, ip);
  setF(regs, ip, (a & 0x7fffffffffffffff) | (b & 0x8000000000000000));
  return true;
}

// @ts-ignore: decorator
@inline
export function fsgnjnD(regs: usize, ip: usize): bool {
  if (off(regs)) return false;
  const a = f1(regs, ip);
  const b = f2(regs, ip);
  setF(regs, ip, (a & 0x7fffffffffffffff) | (~b & 0x8000000000000000));
  return true;
}

// @ts-ignore: decorator
@inline
export function fsgnjxD(regs: usize, ip: usize): bool {
  if (off(regs)) return false;
  const a = f1(regs, ip);
  const b = f2(regs, ip);
  setF(regs, ip, (a & 0x7fffffffffffffff) | ((a ^ b) & 0x8000000000000000));
  return true;
}

// @ts-ignore: decorator
@inline
export function fminS(regs: usize, ip: usize): bool {
  const a = f1(regs, ip);
  const b = f2(regs, ip);
  if (!orderedS(regs, a, b)) return false;
  setF(regs, ip, BOX | <u64>reinterpret<u32>(min<f32>(single(a), single(b))));
  return true;
}

// @ts-ignore: decorator
@inline
export function fminD(regs: usize, ip: usize): bool {
  const a = double(f1(regs, ip));
  const b = double(f2(regs, ip));
  if (!orderedD(regs, a, b)) return false;
  setF(regs, ip, reinterpret<u64>(min<f64>(a, b)));
  return true;
}

// @ts-ignore: decorator
@inline
export function fmaxS(regs: usize, ip: usize): bool {
  const a = f1(regs, ip);
  const b = f2(regs, ip);
  if (!orderedS(regs, a, b)) return false;
  setF(regs, ip, BOX | <u64>reinterpret<u32>(max<f32>(single(a), single(b))));
  return true;
}

// @ts-ignore: decorator
@inline
export function fmaxD(regs: usize, ip: usize): bool {
  const a = double(f1(regs, ip));
  const b = double(f2(regs, ip));
  if (!orderedD(regs, a, b)) return false;
  setF(regs, ip, reinterpret<u64>(max<f64>(a, b)));
  return true;
}

// @ts-ignore: decorator
@inline
export function feqS(regs: usize, ip: usize): bool {
  const a = f1(regs, ip);
  const b = f2(regs, ip);
  if (!orderedS(regs, a, b)) return false;
  setX(regs, ip, <u64>(single(a) == single(b)));
  return true;
}

// @ts-ignore: decorator
@inline
export function feqD(regs: usize, ip: usize): bool {
  const a = double(f1(regs, ip));
  const b = double(f2(regs, ip));
  if (!orderedD(regs, a, b)) return false;
  setX(regs, ip, <u64>(a == b));
  return true;
}

// @ts-ignore: decorator
@inline
export function fltS(regs: usize, ip: usize): bool {
  const a = f1(regs, ip);
  const b = f2(regs, ip);
  if (!orderedS(regs, a, b)) return false;
  setX(regs, ip, <u64>(single(a) < single(b)));
  return true;
}

// @ts-ignore: decorator
@inline
export function fltD(regs: usize, ip: usize): bool {
  const a = double(f1(regs, ip));
  const b = double(f2(regs, ip));
  if (!orderedD(regs, a, b)) return false;
  setX(regs, ip, <u64>(a < b));
  return true;
}

// @ts-ignore: decorator
@inline
export function fleS(regs: usize, ip: usize): bool {
  const a = f1(regs, ip);
  const b = f2(regs, ip);
  if (!orderedS(regs, a, b)) return false;
  setX(regs, ip, <u64>(single(a) <= single(b)));
  return true;
}

// @ts-ignore: decorator
@inline
export function fleD(regs: usize, ip: usize): bool {
  const a = double(f1(regs, ip));
  const b = double(f2(regs, ip));
  if (!orderedD(regs, a, b)) return false;
  setX(regs, ip, <u64>(a <= b));
  return true;
}

// @ts-ignore: decorator
@inline
export function fcvtWD(regs: usize, ip: usize): bool {
  const a = double(f1(regs, ip));
  if (!truncates(load<u32>(regs, FCSR), a, 2147483648.0)) return false;
  setX(regs, ip, <u64>(<i64>(<i32>a)));
  return true;
}

// @ts-ignore: decorator
@inline
export function fcvtLD(regs: usize, ip: usize): bool {
  const a = double(f1(regs, ip));
  if (!truncates(load<u32>(regs, FCSR), a, 9223372036854775808.0)) return false;
  setX(regs, ip, <u64>(<i64>a));
  return true;
}

// @ts-ignore: decorator
@inline
export function fcvtWS(regs: usize, ip: usize): bool {
  const a = f1(regs, ip);
  if (notBoxed(a) || !truncates(load<u32>(regs, FCSR), <f64>single(a), 2147483648.0)) return false;
  setX(regs, ip, <u64>(<i64>(<i32>single(a))));
  return true;
}

// @ts-ignore: decorator
@inline
export function fcvtLS(regs: usize, ip: usize): bool {
  const a = f1(regs, ip);
  if (notBoxed(a) || !truncates(load<u32>(regs, FCSR), <f64>single(a), 9223372036854775808.0)) return false;
  setX(regs, ip, <u64>(<i64>single(a)));
  return true;
}

// @ts-ignore: decorator
@inline
export function fcvtDW(regs: usize, ip: usize): bool {
  if (off(regs)) return false;
  setF(regs, ip, reinterpret<u64>(<f64>(<i32>x1(regs, ip))));
  return true;
}

// @ts-ignore: decorator
@inline
export function fcvtDWu(regs: usize, ip: usize): bool {
  if (off(regs)) return false;
  setF(regs, ip, reinterpret<u64>(<f64>(<u32>x1(regs, ip))));
  return true;
}

// @ts-ignore: decorator
@inline
export function fcvtDL(regs: usize, ip: usize): bool {
  return putD(regs, ip, nativeLongToD(load<u32>(regs, FCSR), <i64>x1(regs, ip)));
}

// @ts-ignore: decorator
@inline
export function fcvtSW(regs: usize, ip: usize): bool {
  return putS(regs, ip, nativeWordToS(load<u32>(regs, FCSR), <i32>x1(regs, ip)));
}

// @ts-ignore: decorator
@inline
export function fcvtSD(regs: usize, ip: usize): bool {
  return putS(regs, ip, nativeDToS(load<u32>(regs, FCSR), f1(regs, ip)));
}

// @ts-ignore: decorator
@inline
export function fcvtDS(regs: usize, ip: usize): bool {
  const a = f1(regs, ip);
  if (notBoxed(a) || single(a) != single(a) || off(regs)) return false;
  setF(regs, ip, reinterpret<u64>(<f64>single(a)));
  return true;
}

/** Rounding mode of FROUND_*: the instruction's, or frm. */
// @ts-ignore: decorator
@inline
function modeOf(regs: usize, ip: usize): u32 {
  const rm = load<u32>(ip, 4) & 7;
  return rm == 7 ? (load<u32>(regs, FCSR) >> 5) & 7 : rm;
}

/** Whether a change may pass unseen: fround raises nothing, froundnx NX, which may be set already. */
// @ts-ignore: decorator
@inline
function silent(regs: usize, ip: usize): bool {
  return (load<u32>(ip, 4) & 8) == 0 || (load<u32>(regs, FCSR) & 1) != 0;
}

/** `a` rounded in a mode that WebAssembly has; `a` a number. NaN = it has not. */
function roundNative(a: f64, rm: u32): f64 {
  if (rm == 0) return nearest(a);
  if (rm == 1) return trunc(a);
  if (rm == 2) return floor(a);
  return rm == 3 ? ceil(a) : NaN;
}

export function froundS(regs: usize, ip: usize): bool {
  const bits = f1(regs, ip);
  const a = single(bits);
  if (notBoxed(bits) || off(regs)) return false;
  const r = <f32>roundNative(<f64>a, modeOf(regs, ip));
  if (r != a && (r != r || !silent(regs, ip))) return false;
  setF(regs, ip, BOX | <u64>reinterpret<u32>(r));
  return true;
}

export function froundD(regs: usize, ip: usize): bool {
  const a = double(f1(regs, ip));
  if (off(regs)) return false;
  const r = roundNative(a, modeOf(regs, ip));
  if (r != a && (r != r || !silent(regs, ip))) return false;
  setF(regs, ip, reinterpret<u64>(r));
  return true;
}
