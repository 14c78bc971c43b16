/**
 * Operands of a predecoded slot (ops.ts) and the registers they name, for the interpreter's loop. Everything here is
 * inlined.
 */
import { F, FCSR } from './layout';
import { NO } from './native-float';

// @ts-ignore: decorator
@inline
export function pc0(bias: u64, ip: usize): u64 {
  return bias + <u64>(ip >> 2);
}

// @ts-ignore: decorator
@inline
export function imm(ip: usize): i64 {
  return <i64>load<i32>(ip, 4);
}

/** The target register's old value. */
// @ts-ignore: decorator
@inline
export function x0(regs: usize, ip: usize): u64 {
  return load<u64>(regs + <usize>load<u8>(ip, 1));
}

// @ts-ignore: decorator
@inline
export function x1(regs: usize, ip: usize): u64 {
  return load<u64>(regs + <usize>load<u8>(ip, 2));
}

// @ts-ignore: decorator
@inline
export function x2(regs: usize, ip: usize): u64 {
  return load<u64>(regs + <usize>load<u8>(ip, 3));
}

// @ts-ignore: decorator
@inline
export function setX(regs: usize, ip: usize, value: u64): void {
  store<u64>(regs + <usize>load<u8>(ip, 1), value);
}

// @ts-ignore: decorator
@inline
export function f1(regs: usize, ip: usize): u64 {
  return load<u64>(regs + <usize>load<u8>(ip, 2), F);
}

// @ts-ignore: decorator
@inline
export function f2(regs: usize, ip: usize): u64 {
  return load<u64>(regs + <usize>load<u8>(ip, 3), F);
}

// @ts-ignore: decorator
@inline
export function f3(regs: usize, ip: usize): u64 {
  return load<u64>(regs + <usize>load<u8>(ip, 4), F);
}

// @ts-ignore: decorator
@inline
export function setF(regs: usize, ip: usize, value: u64): void {
  store<u64>(regs + <usize>load<u8>(ip, 1), value, F);
}

// @ts-ignore: decorator
@inline
export function sx(value: i32): u64 {
  return <u64>(<i64>value);
}

/** Address in this memory of `a`, by a matching table entry. */
// @ts-ignore: decorator
@inline
export function host(entry: usize, a: u64): usize {
  return <usize>(<u32>a + load<u32>(entry, 8));
}

// @ts-ignore: decorator
@inline
export function off(regs: usize): bool {
  return load<i32>(regs, FCSR) < 0;
}

// @ts-ignore: decorator
@inline
export function single(a: u64): f32 {
  return reinterpret<f32>(<u32>a);
}

// @ts-ignore: decorator
@inline
export function double(a: u64): f64 {
  return reinterpret<f64>(a);
}

// @ts-ignore: decorator
@inline
export function unordered(a: f64, b: f64): bool {
  return a != a || b != b;
}

/** Writes a native result in single precision, unless it is "not here". */
// @ts-ignore: decorator
@inline
export function putS(regs: usize, ip: usize, r: u64): bool {
  if (r == 0) return false;
  setF(regs, ip, r);
  return true;
}

/** The same in double precision. */
// @ts-ignore: decorator
@inline
export function putD(regs: usize, ip: usize, r: u64): bool {
  if (r == NO) return false;
  setF(regs, ip, r);
  return true;
}
