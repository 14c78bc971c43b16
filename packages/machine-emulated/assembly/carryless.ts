/**
 * Carry-less multiplication (unprivileged specification, "Zbc").
 *
 * Each operand is split into four with a bit in every fourth place. Their ordinary products then keep carries in the three
 * empty places above each bit: at most 16 ones meet in one place, and 16 only in the topmost, whose carry is lost.
 */
const FOURTH: u64 = 0x1111111111111111;

// @ts-ignore: decorator
@inline
function part(a: u64, place: u64): u64 {
  return a & (FOURTH << place);
}

/** Low half of the product. */
export function clmul(a: u64, b: u64): u64 {
  const a0 = part(a, 0);
  const a1 = part(a, 1);
  const a2 = part(a, 2);
  const a3 = part(a, 3);
  const b0 = part(b, 0);
  const b1 = part(b, 1);
  const b2 = part(b, 2);
  const b3 = part(b, 3);
  const r0 = (a0 * b0) ^ (a1 * b3) ^ (a2 * b2) ^ (a3 * b1);
  const r1 = (a0 * b1) ^ (a1 * b0) ^ (a2 * b3) ^ (a3 * b2);
  const r2 = (a0 * b2) ^ (a1 * b1) ^ (a2 * b0) ^ (a3 * b3);
  const r3 = (a0 * b3) ^ (a1 * b2) ^ (a2 * b1) ^ (a3 * b0);
  return part(r0, 0) | part(r1, 1) | part(r2, 2) | part(r3, 3);
}

function reversed(a: u64): u64 {
  a = ((a >> 1) & 0x5555555555555555) | ((a & 0x5555555555555555) << 1);
  a = ((a >> 2) & 0x3333333333333333) | ((a & 0x3333333333333333) << 2);
  a = ((a >> 4) & 0x0f0f0f0f0f0f0f0f) | ((a & 0x0f0f0f0f0f0f0f0f) << 4);
  return bswap<u64>(a);
}

/** Bits 126 to 63 of the product; clmulh is this shifted right by one. */
export function clmulr(a: u64, b: u64): u64 {
  return reversed(clmul(reversed(a), reversed(b)));
}
