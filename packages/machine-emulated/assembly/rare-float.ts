/** Floating point of the interpreter, apart from its loop as rare.ts says. */
import * as op from './ops';
import { FCSR, WRITE_TABLE } from './layout';
import * as fp from './float-slots';
import * as fpa from './float-arithmetic-slots';
import { BOX } from './native-float';
import { AT_READ, AT_SLOW, AT_WRITE, DONE, missed } from './exits';
import { f2, host, imm, off, setF, setX, x1 } from './slot';
import { entryOf } from './tlb';

/** Does the instruction of the slot `ip`, with the read table at `reads`. @returns DONE or a reason to leave before it */
// prettier-ignore
export function rareFloat(regs: usize, ip: usize, reads: usize): i32 {
  const writes: usize = reads + WRITE_TABLE;
  switch (<u32>load<u8>(ip)) {
    case op.FLW: {
      if (off(regs)) return AT_SLOW;
      const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(reads, a); if (load<u64>(e) != (a & -4093)) return missed(a, AT_READ);
      setF(regs, ip, BOX | <u64>load<u32>(host(e, a))); return DONE;
    }
    case op.FSW: {
      if (off(regs)) return AT_SLOW;
      const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(writes, a); if (load<u64>(e) != (a & -4093)) return missed(a, AT_WRITE);
      store<u32>(host(e, a), <u32>f2(regs, ip)); return DONE;
    }
    case op.FMV_X_W: return fp.fmvXW(regs, ip) ? DONE : AT_SLOW;
    case op.FMV_W_X: return fp.fmvWX(regs, ip) ? DONE : AT_SLOW;
    case op.FMV_X_D: return fp.fmvXD(regs, ip) ? DONE : AT_SLOW;
    case op.FMV_D_X: return fp.fmvDX(regs, ip) ? DONE : AT_SLOW;
    case op.FSGNJ_S: return fp.fsgnjS(regs, ip) ? DONE : AT_SLOW;
    case op.FSGNJN_S: return fp.fsgnjnS(regs, ip) ? DONE : AT_SLOW;
    case op.FSGNJX_S: return fp.fsgnjxS(regs, ip) ? DONE : AT_SLOW;
    case op.FSGNJ_D: return fp.fsgnjD(regs, ip) ? DONE : AT_SLOW;
    case op.FSGNJN_D: return fp.fsgnjnD(regs, ip) ? DONE : AT_SLOW;
    case op.FSGNJX_D: return fp.fsgnjxD(regs, ip) ? DONE : AT_SLOW;
    case op.FADD_S: return fpa.faddS(regs, ip) ? DONE : AT_SLOW;
    case op.FADD_D: return fpa.faddD(regs, ip) ? DONE : AT_SLOW;
    case op.FSUB_S: return fpa.fsubS(regs, ip) ? DONE : AT_SLOW;
    case op.FSUB_D: return fpa.fsubD(regs, ip) ? DONE : AT_SLOW;
    case op.FMUL_S: return fpa.fmulS(regs, ip) ? DONE : AT_SLOW;
    case op.FMUL_D: return fpa.fmulD(regs, ip) ? DONE : AT_SLOW;
    case op.FDIV_S: return fpa.fdivS(regs, ip) ? DONE : AT_SLOW;
    case op.FDIV_D: return fpa.fdivD(regs, ip) ? DONE : AT_SLOW;
    case op.FSQRT_S: return fpa.fsqrtS(regs, ip) ? DONE : AT_SLOW;
    case op.FSQRT_D: return fpa.fsqrtD(regs, ip) ? DONE : AT_SLOW;
    case op.FMADD_S: return fpa.fmaddS(regs, ip) ? DONE : AT_SLOW;
    case op.FMADD_D: return fpa.fmaddD(regs, ip) ? DONE : AT_SLOW;
    case op.FMSUB_S: return fpa.fmsubS(regs, ip) ? DONE : AT_SLOW;
    case op.FMSUB_D: return fpa.fmsubD(regs, ip) ? DONE : AT_SLOW;
    case op.FNMSUB_S: return fpa.fnmsubS(regs, ip) ? DONE : AT_SLOW;
    case op.FNMSUB_D: return fpa.fnmsubD(regs, ip) ? DONE : AT_SLOW;
    case op.FNMADD_S: return fpa.fnmaddS(regs, ip) ? DONE : AT_SLOW;
    case op.FNMADD_D: return fpa.fnmaddD(regs, ip) ? DONE : AT_SLOW;
    case op.FMIN_S: return fp.fminS(regs, ip) ? DONE : AT_SLOW;
    case op.FMIN_D: return fp.fminD(regs, ip) ? DONE : AT_SLOW;
    case op.FMAX_S: return fp.fmaxS(regs, ip) ? DONE : AT_SLOW;
    case op.FMAX_D: return fp.fmaxD(regs, ip) ? DONE : AT_SLOW;
    case op.FEQ_S: return fp.feqS(regs, ip) ? DONE : AT_SLOW;
    case op.FEQ_D: return fp.feqD(regs, ip) ? DONE : AT_SLOW;
    case op.FLT_S: return fp.fltS(regs, ip) ? DONE : AT_SLOW;
    case op.FLT_D: return fp.fltD(regs, ip) ? DONE : AT_SLOW;
    case op.FLE_S: return fp.fleS(regs, ip) ? DONE : AT_SLOW;
    case op.FLE_D: return fp.fleD(regs, ip) ? DONE : AT_SLOW;
    case op.FCVT_W_D: return fp.fcvtWD(regs, ip) ? DONE : AT_SLOW;
    case op.FCVT_L_D: return fp.fcvtLD(regs, ip) ? DONE : AT_SLOW;
    case op.FCVT_W_S: return fp.fcvtWS(regs, ip) ? DONE : AT_SLOW;
    case op.FCVT_L_S: return fp.fcvtLS(regs, ip) ? DONE : AT_SLOW;
    case op.FCVT_D_W: return fp.fcvtDW(regs, ip) ? DONE : AT_SLOW;
    case op.FCVT_D_WU: return fp.fcvtDWu(regs, ip) ? DONE : AT_SLOW;
    case op.FCVT_D_L: return fp.fcvtDL(regs, ip) ? DONE : AT_SLOW;
    case op.FCVT_S_W: return fp.fcvtSW(regs, ip) ? DONE : AT_SLOW;
    case op.FCVT_S_D: return fp.fcvtSD(regs, ip) ? DONE : AT_SLOW;
    case op.FCVT_D_S: return fp.fcvtDS(regs, ip) ? DONE : AT_SLOW;
    case op.FLI_S: if (off(regs)) return AT_SLOW; setF(regs, ip, BOX | <u64>load<u32>(ip, 4)); return DONE;
    case op.FLI_D: if (off(regs)) return AT_SLOW; setF(regs, ip, <u64>load<u32>(ip, 4) << 32); return DONE;
    case op.FROUND_S: return fp.froundS(regs, ip) ? DONE : AT_SLOW;
    case op.FROUND_D: return fp.froundD(regs, ip) ? DONE : AT_SLOW;
    case op.FRRM: if (off(regs)) return AT_SLOW; setX(regs, ip, <u64>(load<u32>(regs, FCSR) >> 5)); return DONE;
    case op.FRFLAGS: if (off(regs)) return AT_SLOW; setX(regs, ip, <u64>(load<u32>(regs, FCSR) & 31)); return DONE;
    default:
      return AT_SLOW;
  }
}
