/** Exact execution of one F or D instruction, and mstatus.FS. */
import { F, FCSR, FP_TRAP, HART_HOSTED, HART_MSTATUS } from './layout';
import { CAUSE_ILLEGAL, FS } from './bits';
import { add, divide, fusedMultiplyAdd, multiply, negate, squareRoot } from './softfloat-arithmetic';
import {
  EQ, classify, compare, constant, convert, fromInteger, pick, roundToIntegral, toInteger, toWordModulo,
} from './softfloat-convert';
import { box, clearFlags, flags, unbox } from './softfloat';
import { DONE, TRAPPED } from './slow-step';
import { fault } from './walk';

export function floatEnabled(): bool {
  return load<u32>(HART_HOSTED) != 0 || (load<u64>(HART_MSTATUS) & FS) != 0;
}

/** FP_TRAP follows mstatus.FS: set unless Dirty. Must follow every write of mstatus. */
export function updateFloatTrap(regs: usize): void {
  const dirty = load<u32>(HART_HOSTED) != 0 || (load<u64>(HART_MSTATUS) & FS) == FS;
  const fcsr = load<u32>(regs, FCSR);
  store<u32>(regs, dirty ? fcsr & ~FP_TRAP : fcsr | FP_TRAP, FCSR);
}

/** Floating-point state changed. */
export function setDirty(regs: usize): void {
  if (load<u32>(HART_HOSTED)) return;
  store<u64>(HART_MSTATUS, load<u64>(HART_MSTATUS) | FS);
  updateFloatTrap(regs);
}

function illegal(bits: u32): i32 {
  fault(CAUSE_ILLEGAL, bits);
  return TRAPPED;
}

// @ts-ignore: decorator
@inline
function f(regs: usize, index: u32): u64 {
  return load<u64>(regs + (index << 3), F);
}

function setF(regs: usize, index: u32, value: u64): bool {
  store<u64>(regs + (index << 3), value, F);
  return true;
}

function setX(regs: usize, index: u32, value: u64): bool {
  if (index != 0) store<u64>(regs + (index << 3), value);
  return true;
}

function signInject(a: u64, b: u64, f3: u32, single: bool): u64 {
  const top: u64 = single ? 0x80000000 : 0x8000000000000000;
  const x = unbox(a, single);
  const y = unbox(b, single);
  const s = f3 == 0 ? y : f3 == 1 ? ~y : x ^ y;
  return box((x & (top - 1)) | (s & top), single);
}

function fused(regs: usize, raw: u32, rm: u32, single: bool): u64 {
  const kind = raw & 0x7f;
  let a = f(regs, (raw >> 15) & 31);
  const b = f(regs, (raw >> 20) & 31);
  let c = f(regs, raw >> 27);
  if (kind == 0x4b || kind == 0x4f) a = negate(a, single);
  if (kind == 0x47 || kind == 0x4f) c = negate(c, single);
  return fusedMultiplyAdd(a, b, c, rm, single);
}

/** Moves between files and fclass: funct7 0x70/0x71 and 0x78/0x79. */
function move(regs: usize, rd: u32, rs1: u32, f3: u32, single: bool, toX: bool): bool {
  if (!toX) {
    const x = load<u64>(regs + (rs1 << 3));
    return f3 == 0 && setF(regs, rd, single ? x | 0xffffffff00000000 : x);
  }
  const a = f(regs, rs1);
  if (f3 == 1) return setX(regs, rd, classify(a, single));
  return f3 == 0 && setX(regs, rd, single ? <u64>(<i64>(<i32>a)) : a);
}

/** Integer to floating point: rs2 selects W, WU, L, LU. */
function convertIn(x: u64, selector: u32, rm: u32, single: bool): u64 {
  const signed = (selector & 1) == 0;
  if (selector < 2) x = signed ? <u64>(<i64>(<i32>x)) : x & 0xffffffff;
  return fromInteger(x, signed, rm, single);
}

/** Operations without a rounding mode. @returns false when the encoding is none of them */
function unrounded(regs: usize, f5: u32, f3: u32, rd: u32, rs1: u32, rs2: u32, single: bool): bool {
  const a = f(regs, rs1);
  const b = f(regs, rs2);
  switch (f5) {
    case 0x04:
      return f3 <= 2 && setF(regs, rd, signInject(a, b, f3, single));
    case 0x05:
      return f3 <= 3 && setF(regs, rd, pick(a, b, (f3 & 1) != 0, single, f3 >= 2));
    case 0x14:
      // fle, flt, feq, and from 4 on the quiet fleq, fltq.
      if (f3 == 3 || f3 > 5) return false;
      return setX(regs, rd, compare(a, b, f3 & 3, single, f3 >= <u32>EQ));
    case 0x18:
      return !single && rs2 == 8 && f3 == 1 && setX(regs, rd, toWordModulo(a));
    case 0x1c:
    case 0x1e:
      if (f5 == 0x1e && rs2 == 1) return f3 == 0 && setF(regs, rd, box(constant(rs1, single), single));
      return rs2 == 0 && move(regs, rd, rs1, f3, single, f5 == 0x1c);
    default:
      return false;
  }
}

/** Operations with a rounding mode, which is valid. */
function rounded(regs: usize, f5: u32, rm: u32, rd: u32, rs1: u32, rs2: u32, single: bool): bool {
  const a = f(regs, rs1);
  const b = f(regs, rs2);
  switch (f5) {
    case 0x00:
      return setF(regs, rd, add(a, b, rm, single));
    case 0x01:
      return setF(regs, rd, add(a, negate(b, single), rm, single));
    case 0x02:
      return setF(regs, rd, multiply(a, b, rm, single));
    case 0x03:
      return setF(regs, rd, divide(a, b, rm, single));
    case 0x0b:
      return rs2 == 0 && setF(regs, rd, squareRoot(a, rm, single));
    case 0x08:
      if (rs2 >> 1 == 2) return setF(regs, rd, roundToIntegral(a, rm, single, rs2 == 5));
      return rs2 == <u32>single && setF(regs, rd, convert(a, rm, !single));
    case 0x18:
      return rs2 < 4 && setX(regs, rd, toInteger(a, rm, single, rs2 >= 2, (rs2 & 1) == 0));
    case 0x1a:
      return rs2 < 4 && setF(regs, rd, convertIn(load<u64>(regs + (rs1 << 3)), rs2, rm, single));
    default:
      return false;
  }
}

/** OP-FP and the fused multiply-adds. */
export function floatStep(regs: usize, raw: u32, bits: u32): i32 {
  const format = (raw >> 25) & 3;
  if (!floatEnabled() || format > 1) return illegal(bits);
  const single = format == 0;
  const f3 = (raw >> 12) & 7;
  const rd = (raw >> 7) & 31;
  const rs1 = (raw >> 15) & 31;
  const rs2 = (raw >> 20) & 31;
  const rm = f3 == 7 ? (load<u32>(regs, FCSR) >> 5) & 7 : f3;
  clearFlags();
  if ((raw & 0x7f) != 0x53) {
    if (rm > 4) return illegal(bits);
    setF(regs, rd, fused(regs, raw, rm, single));
  } else if (!unrounded(regs, raw >> 27, f3, rd, rs1, rs2, single)) {
    if (rm > 4 || !rounded(regs, raw >> 27, rm, rd, rs1, rs2, single)) return illegal(bits);
  }
  store<u32>(regs, load<u32>(regs, FCSR) | flags, FCSR);
  setDirty(regs);
  return DONE;
}
