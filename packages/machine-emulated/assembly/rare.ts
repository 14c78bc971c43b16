/**
 * Operations that are rare or long anyway, apart from the interpreter's loop: what is in the loop takes V8's optimising compiler
 * longer than linear time at every start, 28 ms with all of this and a third without. Regions do most of these themselves.
 */
import * as op from './ops';
import { WRITE_TABLE } from './layout';
import { compareSwap, loadLinked, modify, storeLinked } from './atomic';
import { zeroBlock } from './cache-block';
import { AT_READ, AT_SLOW, AT_WRITE, DONE, missed } from './exits';
import { host, imm, setX, sx, x0, x1, x2 } from './slot';
import { rareFloat } from './rare-float';
import { entryOf } from './tlb';
import { clmul, clmulr } from './carryless';
import { div, divu, divuw, divw, mulh, mulhsu, mulhu, orcB, rem, remu, remuw, remw } from './integer';

/** Does the instruction of the slot `ip`, with the read table at `reads`. @returns DONE or a reason to leave before it */
// prettier-ignore
export function rare(regs: usize, ip: usize, reads: usize): i32 {
  const writes: usize = reads + WRITE_TABLE;
  switch (<u32>load<u8>(ip)) {
    case op.MULH: setX(regs, ip, mulh(x1(regs, ip), x2(regs, ip))); return DONE;
    case op.MULHSU: setX(regs, ip, mulhsu(x1(regs, ip), x2(regs, ip))); return DONE;
    case op.MULHU: setX(regs, ip, mulhu(x1(regs, ip), x2(regs, ip))); return DONE;
    case op.DIV: setX(regs, ip, div(x1(regs, ip), x2(regs, ip))); return DONE;
    case op.DIVU: setX(regs, ip, divu(x1(regs, ip), x2(regs, ip))); return DONE;
    case op.REM: setX(regs, ip, rem(x1(regs, ip), x2(regs, ip))); return DONE;
    case op.REMU: setX(regs, ip, remu(x1(regs, ip), x2(regs, ip))); return DONE;
    case op.DIVW: setX(regs, ip, divw(<i32>x1(regs, ip), <i32>x2(regs, ip))); return DONE;
    case op.DIVUW: setX(regs, ip, divuw(<u32>x1(regs, ip), <u32>x2(regs, ip))); return DONE;
    case op.REMW: setX(regs, ip, remw(<i32>x1(regs, ip), <i32>x2(regs, ip))); return DONE;
    case op.REMUW: setX(regs, ip, remuw(<u32>x1(regs, ip), <u32>x2(regs, ip))); return DONE;
    case op.ADD_UW: setX(regs, ip, ((x1(regs, ip)) & 0xffffffff) + x2(regs, ip)); return DONE;
    case op.SH1ADD: setX(regs, ip, (x1(regs, ip) << 1) + x2(regs, ip)); return DONE;
    case op.SH2ADD: setX(regs, ip, (x1(regs, ip) << 2) + x2(regs, ip)); return DONE;
    case op.SH3ADD: setX(regs, ip, (x1(regs, ip) << 3) + x2(regs, ip)); return DONE;
    case op.SH1ADD_UW: setX(regs, ip, (((x1(regs, ip)) & 0xffffffff) << 1) + x2(regs, ip)); return DONE;
    case op.SH2ADD_UW: setX(regs, ip, (((x1(regs, ip)) & 0xffffffff) << 2) + x2(regs, ip)); return DONE;
    case op.SH3ADD_UW: setX(regs, ip, (((x1(regs, ip)) & 0xffffffff) << 3) + x2(regs, ip)); return DONE;
    case op.SLLI_UW: setX(regs, ip, ((x1(regs, ip)) & 0xffffffff) << <u64>imm(ip)); return DONE;
    case op.ANDN: setX(regs, ip, x1(regs, ip) & ~x2(regs, ip)); return DONE;
    case op.ORN: setX(regs, ip, x1(regs, ip) | ~x2(regs, ip)); return DONE;
    case op.XNOR: setX(regs, ip, ~(x1(regs, ip) ^ x2(regs, ip))); return DONE;
    case op.CLZ: setX(regs, ip, clz<u64>(x1(regs, ip))); return DONE;
    case op.CLZW: setX(regs, ip, <u64>clz<u32>(<u32>x1(regs, ip))); return DONE;
    case op.CTZ: setX(regs, ip, ctz<u64>(x1(regs, ip))); return DONE;
    case op.CTZW: setX(regs, ip, <u64>ctz<u32>(<u32>x1(regs, ip))); return DONE;
    case op.CPOP: setX(regs, ip, popcnt<u64>(x1(regs, ip))); return DONE;
    case op.CPOPW: setX(regs, ip, <u64>popcnt<u32>(<u32>x1(regs, ip))); return DONE;
    case op.MAX:
      setX(regs, ip, select<u64>(x1(regs, ip), x2(regs, ip), <i64>x1(regs, ip) > <i64>x2(regs, ip))); return DONE;
    case op.MAXU:
      setX(regs, ip, select<u64>(x1(regs, ip), x2(regs, ip), <u64>x1(regs, ip) > <u64>x2(regs, ip))); return DONE;
    case op.MIN:
      setX(regs, ip, select<u64>(x1(regs, ip), x2(regs, ip), <i64>x1(regs, ip) < <i64>x2(regs, ip))); return DONE;
    case op.MINU:
      setX(regs, ip, select<u64>(x1(regs, ip), x2(regs, ip), <u64>x1(regs, ip) < <u64>x2(regs, ip))); return DONE;
    case op.SEXT_B: setX(regs, ip, <u64><i64><i8>x1(regs, ip)); return DONE;
    case op.SEXT_H: setX(regs, ip, <u64><i64><i16>x1(regs, ip)); return DONE;
    case op.ZEXT_H: setX(regs, ip, x1(regs, ip) & 0xffff); return DONE;
    case op.ROL: setX(regs, ip, rotl<u64>(x1(regs, ip), x2(regs, ip))); return DONE;
    case op.ROLW: setX(regs, ip, sx(rotl<u32>(<u32>x1(regs, ip), <u32>x2(regs, ip)))); return DONE;
    case op.ROR: setX(regs, ip, rotr<u64>(x1(regs, ip), x2(regs, ip))); return DONE;
    case op.RORI: setX(regs, ip, rotr<u64>(x1(regs, ip), <u64>imm(ip))); return DONE;
    case op.RORIW: setX(regs, ip, sx(rotr<u32>(<u32>x1(regs, ip), load<u32>(ip, 4)))); return DONE;
    case op.RORW: setX(regs, ip, sx(rotr<u32>(<u32>x1(regs, ip), <u32>x2(regs, ip)))); return DONE;
    case op.ORC_B: setX(regs, ip, orcB(x1(regs, ip))); return DONE;
    case op.REV8: setX(regs, ip, bswap<u64>(x1(regs, ip))); return DONE;
    case op.BCLR: setX(regs, ip, x1(regs, ip) & ~(<u64>1 << x2(regs, ip))); return DONE;
    case op.BCLRI: setX(regs, ip, x1(regs, ip) & ~(<u64>1 << <u64>imm(ip))); return DONE;
    case op.BEXT: setX(regs, ip, (x1(regs, ip) >> x2(regs, ip)) & 1); return DONE;
    case op.BEXTI: setX(regs, ip, (x1(regs, ip) >> <u64>imm(ip)) & 1); return DONE;
    case op.BINV: setX(regs, ip, x1(regs, ip) ^ (<u64>1 << x2(regs, ip))); return DONE;
    case op.BINVI: setX(regs, ip, x1(regs, ip) ^ (<u64>1 << <u64>imm(ip))); return DONE;
    case op.BSET: setX(regs, ip, x1(regs, ip) | (<u64>1 << x2(regs, ip))); return DONE;
    case op.BSETI: setX(regs, ip, x1(regs, ip) | (<u64>1 << <u64>imm(ip))); return DONE;
    case op.CZERO_EQZ: setX(regs, ip, select<u64>(0, x1(regs, ip), x2(regs, ip) == 0)); return DONE;
    case op.CZERO_NEZ: setX(regs, ip, select<u64>(0, x1(regs, ip), x2(regs, ip) != 0)); return DONE;
    case op.CBO_ZERO: return zeroBlock(regs, ip, writes) ? DONE : AT_SLOW;
    case op.LOAD_0: {
      const a = x1(regs, ip) + <u64>imm(ip); const size = <u64>1 << (load<u8>(ip, 1) >> 3);
      return load<u64>(entryOf(reads, a)) == (a & (-4096 | (size - 1))) ? DONE : missed(a, AT_READ);
    }
    case op.LR_W: {
      const a = x1(regs, ip); const e = entryOf(reads, a); if (load<u64>(e) != (a & -4093)) return missed(a, AT_READ);
      setX(regs, ip, loadLinked<i32>(regs, host(e, a))); store<u64>(regs, 0); return DONE;
    }
    case op.SC_W: {
      const a = x1(regs, ip); const e = entryOf(writes, a); if (load<u64>(e) != (a & -4093)) return missed(a, AT_WRITE);
      const held = storeLinked<i32>(host(e, a), x2(regs, ip)); setX(regs, ip, <u64>!held); store<u64>(regs, 0); return DONE;
    }
    case op.AMO_W: {
      const a = x1(regs, ip); const e = entryOf(writes, a); if (load<u64>(e) != (a & -4093)) return missed(a, AT_WRITE);
      setX(regs, ip, modify<i32>(host(e, a), load<u32>(ip, 4), sx(<i32>x2(regs, ip)))); store<u64>(regs, 0); return DONE;
    }
    case op.LR_D: {
      const a = x1(regs, ip); const e = entryOf(reads, a); if (load<u64>(e) != (a & -4089)) return missed(a, AT_READ);
      setX(regs, ip, loadLinked<i64>(regs, host(e, a))); store<u64>(regs, 0); return DONE;
    }
    case op.SC_D: {
      const a = x1(regs, ip); const e = entryOf(writes, a); if (load<u64>(e) != (a & -4089)) return missed(a, AT_WRITE);
      const held = storeLinked<i64>(host(e, a), x2(regs, ip)); setX(regs, ip, <u64>!held); store<u64>(regs, 0); return DONE;
    }
    case op.AMO_D: {
      const a = x1(regs, ip); const e = entryOf(writes, a); if (load<u64>(e) != (a & -4089)) return missed(a, AT_WRITE);
      setX(regs, ip, modify<i64>(host(e, a), load<u32>(ip, 4), x2(regs, ip))); store<u64>(regs, 0); return DONE;
    }
    case op.AMOCAS_W: {
      const a = x1(regs, ip); const e = entryOf(writes, a); if (load<u64>(e) != (a & -4093)) return missed(a, AT_WRITE);
      setX(regs, ip, compareSwap<i32>(host(e, a), x0(regs, ip), x2(regs, ip))); store<u64>(regs, 0); return DONE;
    }
    case op.AMOCAS_D: {
      const a = x1(regs, ip); const e = entryOf(writes, a); if (load<u64>(e) != (a & -4089)) return missed(a, AT_WRITE);
      setX(regs, ip, compareSwap<i64>(host(e, a), x0(regs, ip), x2(regs, ip))); store<u64>(regs, 0); return DONE;
    }
    case op.CLMUL: setX(regs, ip, clmul(x1(regs, ip), x2(regs, ip))); return DONE;
    case op.CLMULH: setX(regs, ip, clmulr(x1(regs, ip), x2(regs, ip)) >> 1); return DONE;
    case op.CLMULR: setX(regs, ip, clmulr(x1(regs, ip), x2(regs, ip))); return DONE;
    default:
      return rareFloat(regs, ip, reads);
  }
}
