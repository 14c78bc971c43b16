/** Integer operations that WebAssembly has no single instruction for, with RISC-V's results for the edge cases. */

/** High half of an unsigned 64 x 64 product. */
export function mulhu(a: u64, b: u64): u64 {
  const al = a & 0xffffffff;
  const ah = a >> 32;
  const bl = b & 0xffffffff;
  const bh = b >> 32;
  const low = al * bl;
  const mid = ah * bl + (low >> 32);
  const mid2 = al * bh + (mid & 0xffffffff);
  return ah * bh + (mid >> 32) + (mid2 >> 32);
}

export function mulh(a: u64, b: u64): u64 {
  return mulhu(a, b) - (<u64>(<i64>a >> 63) & b) - (<u64>(<i64>b >> 63) & a);
}

export function mulhsu(a: u64, b: u64): u64 {
  return mulhu(a, b) - (<u64>(<i64>a >> 63) & b);
}

// @ts-ignore: decorator
@inline
function sext(a: i32): u64 {
  return <u64>(<i64>a);
}

// Division by zero gives all ones (quotient) or the dividend (remainder); overflow gives the dividend or 0.

// @ts-ignore: decorator
@inline
export function div(a: u64, b: u64): u64 {
  if (b + 1 <= 1) return b == 0 ? <u64>-1 : 0 - a;
  return <u64>(<i64>a / <i64>b);
}

// @ts-ignore: decorator
@inline
export function divu(a: u64, b: u64): u64 {
  return b == 0 ? <u64>-1 : a / b;
}

// @ts-ignore: decorator
@inline
export function rem(a: u64, b: u64): u64 {
  if (b + 1 <= 1) return b == 0 ? a : 0;
  return <u64>(<i64>a % <i64>b);
}

// @ts-ignore: decorator
@inline
export function remu(a: u64, b: u64): u64 {
  return b == 0 ? a : a % b;
}

// @ts-ignore: decorator
@inline
export function divw(a: i32, b: i32): u64 {
  if (<u32>(b + 1) <= 1) return b == 0 ? <u64>-1 : sext(0 - a);
  return <u64>(<i64>(a / b));
}

// @ts-ignore: decorator
@inline
export function divuw(a: u32, b: u32): u64 {
  return <u64>(<i64>(<i32>(b == 0 ? 0xffffffff : a / b)));
}

// @ts-ignore: decorator
@inline
export function remw(a: i32, b: i32): u64 {
  if (<u32>(b + 1) <= 1) return b == 0 ? sext(a) : 0;
  return <u64>(<i64>(a % b));
}

// @ts-ignore: decorator
@inline
export function remuw(a: u32, b: u32): u64 {
  return <u64>(<i64>(<i32>(b == 0 ? a : a % b)));
}

/** Every byte that is not zero becomes 0xff. */
export function orcB(a: u64): u64 {
  const low = a & 0x7f7f7f7f7f7f7f7f;
  const set = (((low + 0x7f7f7f7f7f7f7f7f) | a) >> 7) & 0x0101010101010101;
  return set * 0xff;
}
