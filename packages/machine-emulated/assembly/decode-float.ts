/** Decoder of floating-point arithmetic; like decode.ts, and `floatImm` is what the slot's imm must be. */
import * as op from './ops';
import { constant } from './softfloat-convert';

/** Valid after each call. */
export let floatImm: i32 = 0;

/** The four fused multiply-adds. */
export function decodeFused(raw: u32): u32 {
  const major = raw & 0x7f;
  const rm = (raw >> 12) & 7;
  if (rm != 0 && rm != 7) return op.SLOW;
  floatImm = (raw >> 27) << 3;
  const kind = (major - 0x43) >> 2; // MADD, MSUB, NMSUB, NMADD
  switch ((raw >> 25) & 3) {
    case 0: return op.FMADD_S + kind;
    case 1: return op.FMADD_D + kind;
    default: return op.SLOW;
  }
}

/** Operations whose rounding mode is dynamic or nearest-even; the loop checks frm. */
function rounded(f7: u32, rs2: u32): u32 {
  switch (f7) {
    case 0x00: return op.FADD_S;
    case 0x04: return op.FSUB_S;
    case 0x08: return op.FMUL_S;
    case 0x0c: return op.FDIV_S;
    case 0x2c: return rs2 == 0 ? op.FSQRT_S : op.SLOW;
    case 0x01: return op.FADD_D;
    case 0x05: return op.FSUB_D;
    case 0x09: return op.FMUL_D;
    case 0x0d: return op.FDIV_D;
    case 0x2d: return rs2 == 0 ? op.FSQRT_D : op.SLOW;
    case 0x20: return rs2 == 1 ? op.FCVT_S_D : op.SLOW;
    case 0x69: return rs2 == 2 ? op.FCVT_D_L : op.SLOW;
    case 0x68: return rs2 == 0 ? op.FCVT_S_W : op.SLOW;
    default: return op.SLOW;
  }
}

/** Operations selected by funct3, which is no rounding mode, and conversions that never round. */
function exact(f7: u32, f3: u32, rd: u32, rs2: u32): u32 {
  switch ((f7 << 3) | f3) {
    case 0x080: return op.FSGNJ_S;
    case 0x081: return op.FSGNJN_S;
    case 0x082: return op.FSGNJX_S;
    case 0x088: return op.FSGNJ_D;
    case 0x089: return op.FSGNJN_D;
    case 0x08a: return op.FSGNJX_D;
    // Zfa's fminm and fmaxm differ from fmin and fmax, and fleq and fltq from fle and flt, only where an operand is a
    // NaN, and there the fast paths decline; the exact path looks at the instruction again. Likewise fcvtmod.w.d.
    case 0x0a0:
    case 0x0a2: return op.FMIN_S;
    case 0x0a1:
    case 0x0a3: return op.FMAX_S;
    case 0x0a8:
    case 0x0aa: return op.FMIN_D;
    case 0x0a9:
    case 0x0ab: return op.FMAX_D;
    case 0x380: return rs2 == 0 && rd != 0 ? op.FMV_X_W : op.SLOW;
    case 0x388: return rs2 == 0 && rd != 0 ? op.FMV_X_D : op.SLOW;
    case 0x3c0: return rs2 == 0 ? op.FMV_W_X : op.SLOW;
    case 0x3c8: return rs2 == 0 ? op.FMV_D_X : op.SLOW;
  }
  if (rd == 0) return op.SLOW;
  switch ((f7 << 3) | f3) {
    case 0x280:
    case 0x284: return op.FLE_S;
    case 0x281:
    case 0x285: return op.FLT_S;
    case 0x282: return op.FEQ_S;
    case 0x288:
    case 0x28c: return op.FLE_D;
    case 0x289:
    case 0x28d: return op.FLT_D;
    case 0x28a: return op.FEQ_D;
    case 0x301: // fcvt.*.s with rm = RTZ
      return rs2 == 0 ? op.FCVT_W_S : rs2 == 2 ? op.FCVT_L_S : op.SLOW;
    case 0x309:
      return rs2 == 0 || rs2 == 8 ? op.FCVT_W_D : rs2 == 2 ? op.FCVT_L_D : op.SLOW;
    default: return op.SLOW;
  }
}

/** Zfa: fround and froundnx hold the rounding mode and whether NX is raised. */
function roundToInteger(f7: u32, f3: u32, rs2: u32): u32 {
  floatImm = f3 | ((rs2 & 1) << 3);
  return f7 == 0x20 ? op.FROUND_S : op.FROUND_D;
}

/** Zfa: fli holds the constant's upper bits. */
function loadImmediate(index: u32, single: bool): u32 {
  const value = constant(index, single);
  floatImm = <i32>(single ? value : value >> 32);
  return single ? op.FLI_S : op.FLI_D;
}

/** OP-FP. */
export function decodeFloat(raw: u32): u32 {
  const f3 = (raw >> 12) & 7;
  const f7 = raw >> 25;
  const rd = (raw >> 7) & 31;
  const rs2 = (raw >> 20) & 31;
  if (f7 == 0x69 && rs2 <= 1 && (f3 <= 4 || f3 == 7)) return rs2 == 0 ? op.FCVT_D_W : op.FCVT_D_WU;
  if (f7 == 0x21 && rs2 == 0 && (f3 <= 4 || f3 == 7)) return op.FCVT_D_S;
  if (f7 >> 1 == 0x10 && rs2 >> 1 == 2) return roundToInteger(f7, f3, rs2);
  if (f7 >> 1 == 0x3c && rs2 == 1 && f3 == 0) return loadImmediate((raw >> 15) & 31, f7 == 0x78);
  const operation = exact(f7, f3, rd, rs2);
  if (operation != op.SLOW) return operation;
  return f3 == 0 || f3 == 7 ? rounded(f7, rs2) : op.SLOW;
}
