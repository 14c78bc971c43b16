/**
 * The predecoded interpreter: one loop, one `br_table`, one case per operation of ops.ts.
 *
 * Locals   ip    address of the current slot
 *          bias  pc = bias + ip / 4, so straight-line code and near jumps keep no pc
 *          left  instructions still allowed, the current one included; 0 = budget spent (V8 tests that for free)
 *          pc    target of a jump that may leave the page
 * A case either finishes its instruction and continues, or `break`s with `pc` set to be resolved through the execute
 * table, or leaves the function *before* the instruction with the reason. Nothing in the loop calls out with live state
 * it could not spill cheaply: misses, devices, CSRs, unusual floating point all leave and are done by slow-step.ts.
 * Function prologues and epilogues are runs of c.sd and c.ld, 14 % of all pairs in busybox: those two repeat without
 * going back to the `br_table`, which made busybox's shell 10 % faster.
 */
import * as op from './ops';
import { EXEC_TABLE, FCSR, HART_CODE_SET, HART_DATA_SET, PC, WRITE_TABLE } from './layout';
import { loadLinked, modify, storeLinked } from './atomic';
import { double, f1, f2, f3, host, imm, off, pc0, setF, setX, single, sx, unordered, x1, x2 } from './slot';
import { entryOf, execEntryOf } from './tlb';
import { div, divu, divuw, divw, mulh, mulhsu, mulhu, orcB, rem, remu, remuw, remw } from './integer';
import {
  BOX, NO, nativeAddD, nativeAddS, nativeDToS, nativeDivD, nativeDivS, nativeFmaD, nativeFmaS, nativeLongToD, nativeMulD,
  nativeMulS, nativeSqrtD, nativeSqrtS, nativeSubD, nativeSubS, nativeWordToS, notBoxed, truncates,
} from './native-float';

/** Reasons to leave the loop. */
export const AT_BUDGET: i32 = 0;
/** No translation for the pc. */
export const AT_FETCH: i32 = 1;
/** The slot is not decoded yet. */
export const AT_DECODE: i32 = 2;
/** The exact path must do this instruction. */
export const AT_SLOW: i32 = 3;
/** The instruction's second half is in the next page. */
export const AT_CROSS: i32 = 4;

/** The page of `missAddress` is not in the read table, or the access is misaligned. */
export const AT_READ: i32 = 5;
/** The same for the write table. */
export const AT_WRITE: i32 = 6;

/** Address of the access that ended the last `interpret` with AT_READ or AT_WRITE. */
export let missAddress: u64 = 0;

/** Instructions not used of the count given to `interpret`; valid after it returned. */
export let leftOver: i32 = 0;

const SIGN_D: u64 = 0x8000000000000000;
const SIGN_S: u64 = 0x80000000;

function leave(regs: usize, pc: u64, left: i32, reason: i32): i32 {
  store<u64>(regs, pc, PC);
  leftOver = left;
  return reason;
}

/** Leaves before the instruction at `ip`, which `left` has already counted. */
// @ts-ignore: decorator
@inline
function slow(regs: usize, bias: u64, ip: usize, left: i32): i32 {
  return leave(regs, pc0(bias, ip), left, AT_SLOW);
}

/** Leaves before a load or store that its table did not hold. */
// @ts-ignore: decorator
@inline
function miss(regs: usize, bias: u64, ip: usize, left: i32, address: u64, reason: i32): i32 {
  missAddress = address;
  return leave(regs, pc0(bias, ip), left, reason);
}

/**
 * Runs from `at` (a slot whose instruction is at the context's pc), or from the context's pc when `at` is 0, for at most
 * `count` instructions.
 * @returns why it stopped; the context's pc and `leftOver` say where
 */
// prettier-ignore
export function interpret(regs: usize, count: i32, at: usize): i32 {
  const reads: usize = <usize>load<u32>(HART_DATA_SET);
  const writes: usize = reads + WRITE_TABLE;
  const execs: usize = <usize>load<u32>(HART_CODE_SET) + EXEC_TABLE;
  let pc: u64 = load<u64>(regs, PC);
  let left: i32 = count + 1;
  let ip: usize = at;
  if (at == 0) {
    const e = execEntryOf(execs, pc);
    if (load<u64>(e) != (pc & ~0xfff)) return leave(regs, pc, count, AT_FETCH);
    ip = <usize>load<u32>(e, 8) + ((<u32>pc & 0xffe) << 2);
  }
  let bias: u64 = pc - <u64>(ip >> 2);
  while (true) {
    if (--left == 0) return leave(regs, pc0(bias, ip), 0, AT_BUDGET);
    switch (<u32>load<u8>(ip)) {
      case op.DECODE: return leave(regs, pc0(bias, ip), left, AT_DECODE);
      case op.SLOW: return slow(regs, bias, ip, left);
      case op.PAGE_END: left++; pc = pc0(bias, ip); break;
      case op.CROSS: return leave(regs, pc0(bias, ip), left, AT_CROSS);
      case op.NOP: ip += 16; continue;
      case op.NOP_C: ip += 8; continue;
      case op.LI: setX(regs, ip, <u64>imm(ip)); ip += 16; continue;
      case op.LI_C: setX(regs, ip, <u64>imm(ip)); ip += 8; continue;
      case op.AUIPC: setX(regs, ip, pc0(bias, ip) + <u64>imm(ip)); ip += 16; continue;
      case op.JAL: pc = pc0(bias, ip); setX(regs, ip, pc + 4); pc += <u64>imm(ip); break;
      case op.JAL_NEAR: setX(regs, ip, pc0(bias, ip) + 4); ip += <usize>load<i32>(ip, 4); continue;
      case op.J: pc = pc0(bias, ip) + <u64>imm(ip); break;
      case op.J_NEAR: ip += <usize>load<i32>(ip, 4); continue;
      case op.JALR: pc = (x1(regs, ip) + <u64>imm(ip)) & ~1; setX(regs, ip, pc0(bias, ip) + 4); break;
      case op.JR: pc = (x1(regs, ip) + <u64>imm(ip)) & ~1; break;
      case op.J_C: pc = pc0(bias, ip) + <u64>imm(ip); break;
      case op.J_NEAR_C: ip += <usize>load<i32>(ip, 4); continue;
      case op.JALR_C: pc = (x1(regs, ip) + <u64>imm(ip)) & ~1; setX(regs, ip, pc0(bias, ip) + 2); break;
      case op.JR_C: pc = (x1(regs, ip) + <u64>imm(ip)) & ~1; break;
      case op.BEQ: if (x1(regs, ip) != x2(regs, ip)) { ip += 16; continue; } pc = pc0(bias, ip) + <u64>imm(ip); break;
      case op.BNE: if (x1(regs, ip) == x2(regs, ip)) { ip += 16; continue; } pc = pc0(bias, ip) + <u64>imm(ip); break;
      case op.BLT: if (<i64>x1(regs, ip) >= <i64>x2(regs, ip)) { ip += 16; continue; } pc = pc0(bias, ip) + <u64>imm(ip); break;
      case op.BGE: if (<i64>x1(regs, ip) < <i64>x2(regs, ip)) { ip += 16; continue; } pc = pc0(bias, ip) + <u64>imm(ip); break;
      case op.BLTU: if (x1(regs, ip) >= x2(regs, ip)) { ip += 16; continue; } pc = pc0(bias, ip) + <u64>imm(ip); break;
      case op.BGEU: if (x1(regs, ip) < x2(regs, ip)) { ip += 16; continue; } pc = pc0(bias, ip) + <u64>imm(ip); break;
      case op.BEQ_NEAR: ip += x1(regs, ip) == x2(regs, ip) ? <usize>load<i32>(ip, 4) : 16; continue;
      case op.BNE_NEAR: ip += x1(regs, ip) != x2(regs, ip) ? <usize>load<i32>(ip, 4) : 16; continue;
      case op.BLT_NEAR: ip += <i64>x1(regs, ip) < <i64>x2(regs, ip) ? <usize>load<i32>(ip, 4) : 16; continue;
      case op.BGE_NEAR: ip += <i64>x1(regs, ip) >= <i64>x2(regs, ip) ? <usize>load<i32>(ip, 4) : 16; continue;
      case op.BLTU_NEAR: ip += x1(regs, ip) < x2(regs, ip) ? <usize>load<i32>(ip, 4) : 16; continue;
      case op.BGEU_NEAR: ip += x1(regs, ip) >= x2(regs, ip) ? <usize>load<i32>(ip, 4) : 16; continue;
      case op.BEQ_C: if (x1(regs, ip) != x2(regs, ip)) { ip += 8; continue; } pc = pc0(bias, ip) + <u64>imm(ip); break;
      case op.BEQ_NEAR_C: ip += x1(regs, ip) == x2(regs, ip) ? <usize>load<i32>(ip, 4) : 8; continue;
      case op.BNE_C: if (x1(regs, ip) == x2(regs, ip)) { ip += 8; continue; } pc = pc0(bias, ip) + <u64>imm(ip); break;
      case op.BNE_NEAR_C: ip += x1(regs, ip) != x2(regs, ip) ? <usize>load<i32>(ip, 4) : 8; continue;
      case op.LB: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(reads, a);
        if (load<u64>(e) != (a & -4096)) return miss(regs, bias, ip, left, a, AT_READ); setX(regs, ip, <u64><i64>load<i8>(host(e, a)));
        ip += 16; continue;
      }
      case op.LH: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(reads, a);
        if (load<u64>(e) != (a & -4095)) return miss(regs, bias, ip, left, a, AT_READ); setX(regs, ip, <u64><i64>load<i16>(host(e, a)));
        ip += 16; continue;
      }
      case op.LW: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(reads, a);
        if (load<u64>(e) != (a & -4093)) return miss(regs, bias, ip, left, a, AT_READ); setX(regs, ip, <u64><i64>load<i32>(host(e, a)));
        ip += 16; continue;
      }
      case op.LW_C: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(reads, a);
        if (load<u64>(e) != (a & -4093)) return miss(regs, bias, ip, left, a, AT_READ); setX(regs, ip, <u64><i64>load<i32>(host(e, a)));
        ip += 8; continue;
      }
      case op.LD: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(reads, a);
        if (load<u64>(e) != (a & -4089)) return miss(regs, bias, ip, left, a, AT_READ); setX(regs, ip, load<u64>(host(e, a))); ip += 16;
        continue;
      }
      case op.LD_C: do {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(reads, a);
        if (load<u64>(e) != (a & -4089)) return miss(regs, bias, ip, left, a, AT_READ); setX(regs, ip, load<u64>(host(e, a))); ip += 8;
        if (load<u8>(ip) != op.LD_C) break;
        if (--left == 0) return leave(regs, pc0(bias, ip), 0, AT_BUDGET);
      } while (true); continue;
      case op.LBU: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(reads, a);
        if (load<u64>(e) != (a & -4096)) return miss(regs, bias, ip, left, a, AT_READ); setX(regs, ip, <u64>load<u8>(host(e, a))); ip += 16;
        continue;
      }
      case op.LHU: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(reads, a);
        if (load<u64>(e) != (a & -4095)) return miss(regs, bias, ip, left, a, AT_READ); setX(regs, ip, <u64>load<u16>(host(e, a))); ip += 16;
        continue;
      }
      case op.LWU: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(reads, a);
        if (load<u64>(e) != (a & -4093)) return miss(regs, bias, ip, left, a, AT_READ); setX(regs, ip, <u64>load<u32>(host(e, a))); ip += 16;
        continue;
      }
      case op.SB: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(writes, a);
        if (load<u64>(e) != (a & -4096)) return miss(regs, bias, ip, left, a, AT_WRITE); store<u8>(host(e, a), <u8>x2(regs, ip)); ip += 16;
        continue;
      }
      case op.SH: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(writes, a);
        if (load<u64>(e) != (a & -4095)) return miss(regs, bias, ip, left, a, AT_WRITE); store<u16>(host(e, a), <u16>x2(regs, ip)); ip += 16;
        continue;
      }
      case op.SW: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(writes, a);
        if (load<u64>(e) != (a & -4093)) return miss(regs, bias, ip, left, a, AT_WRITE); store<u32>(host(e, a), <u32>x2(regs, ip)); ip += 16;
        continue;
      }
      case op.SW_C: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(writes, a);
        if (load<u64>(e) != (a & -4093)) return miss(regs, bias, ip, left, a, AT_WRITE); store<u32>(host(e, a), <u32>x2(regs, ip)); ip += 8;
        continue;
      }
      case op.SD: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(writes, a);
        if (load<u64>(e) != (a & -4089)) return miss(regs, bias, ip, left, a, AT_WRITE); store<u64>(host(e, a), x2(regs, ip)); ip += 16;
        continue;
      }
      case op.SD_C: do {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(writes, a);
        if (load<u64>(e) != (a & -4089)) return miss(regs, bias, ip, left, a, AT_WRITE); store<u64>(host(e, a), x2(regs, ip)); ip += 8;
        if (load<u8>(ip) != op.SD_C) break;
        if (--left == 0) return leave(regs, pc0(bias, ip), 0, AT_BUDGET);
      } while (true); continue;
      case op.ADDI: setX(regs, ip, x1(regs, ip) + <u64>imm(ip)); ip += 16; continue;
      case op.ADDI_C: setX(regs, ip, x1(regs, ip) + <u64>imm(ip)); ip += 8; continue;
      case op.SLTI: setX(regs, ip, <u64>(<i64>x1(regs, ip) < imm(ip))); ip += 16; continue;
      case op.SLTIU: setX(regs, ip, <u64>(x1(regs, ip) < <u64>imm(ip))); ip += 16; continue;
      case op.XORI: setX(regs, ip, x1(regs, ip) ^ <u64>imm(ip)); ip += 16; continue;
      case op.ORI: setX(regs, ip, x1(regs, ip) | <u64>imm(ip)); ip += 16; continue;
      case op.ANDI: setX(regs, ip, x1(regs, ip) & <u64>imm(ip)); ip += 16; continue;
      case op.ANDI_C: setX(regs, ip, x1(regs, ip) & <u64>imm(ip)); ip += 8; continue;
      case op.SLLI: setX(regs, ip, x1(regs, ip) << <u64>imm(ip)); ip += 16; continue;
      case op.SLLI_C: setX(regs, ip, x1(regs, ip) << <u64>imm(ip)); ip += 8; continue;
      case op.SRLI: setX(regs, ip, x1(regs, ip) >> <u64>imm(ip)); ip += 16; continue;
      case op.SRLI_C: setX(regs, ip, x1(regs, ip) >> <u64>imm(ip)); ip += 8; continue;
      case op.SRAI: setX(regs, ip, <u64>(<i64>x1(regs, ip) >> imm(ip))); ip += 16; continue;
      case op.SRAI_C: setX(regs, ip, <u64>(<i64>x1(regs, ip) >> imm(ip))); ip += 8; continue;
      case op.ADDIW: setX(regs, ip, sx(<i32>x1(regs, ip) + load<i32>(ip, 4))); ip += 16; continue;
      case op.ADDIW_C: setX(regs, ip, sx(<i32>x1(regs, ip) + load<i32>(ip, 4))); ip += 8; continue;
      case op.SLLIW: setX(regs, ip, sx(<i32>x1(regs, ip) << load<i32>(ip, 4))); ip += 16; continue;
      case op.SRLIW: setX(regs, ip, sx(<i32>(<u32>x1(regs, ip) >> load<u32>(ip, 4)))); ip += 16; continue;
      case op.SRAIW: setX(regs, ip, sx(<i32>x1(regs, ip) >> load<i32>(ip, 4))); ip += 16; continue;
      case op.MV: setX(regs, ip, x1(regs, ip)); ip += 16; continue;
      case op.MV_C: setX(regs, ip, x1(regs, ip)); ip += 8; continue;
      case op.ADD: setX(regs, ip, x1(regs, ip) + x2(regs, ip)); ip += 16; continue;
      case op.ADD_C: setX(regs, ip, x1(regs, ip) + x2(regs, ip)); ip += 8; continue;
      case op.SUB: setX(regs, ip, x1(regs, ip) - x2(regs, ip)); ip += 16; continue;
      case op.SUB_C: setX(regs, ip, x1(regs, ip) - x2(regs, ip)); ip += 8; continue;
      case op.SLL: setX(regs, ip, x1(regs, ip) << x2(regs, ip)); ip += 16; continue;
      case op.SLT: setX(regs, ip, <u64>(<i64>x1(regs, ip) < <i64>x2(regs, ip))); ip += 16; continue;
      case op.SLTU: setX(regs, ip, <u64>(x1(regs, ip) < x2(regs, ip))); ip += 16; continue;
      case op.XOR: setX(regs, ip, x1(regs, ip) ^ x2(regs, ip)); ip += 16; continue;
      case op.XOR_C: setX(regs, ip, x1(regs, ip) ^ x2(regs, ip)); ip += 8; continue;
      case op.SRL: setX(regs, ip, x1(regs, ip) >> x2(regs, ip)); ip += 16; continue;
      case op.SRA: setX(regs, ip, <u64>(<i64>x1(regs, ip) >> <i64>x2(regs, ip))); ip += 16; continue;
      case op.OR: setX(regs, ip, x1(regs, ip) | x2(regs, ip)); ip += 16; continue;
      case op.OR_C: setX(regs, ip, x1(regs, ip) | x2(regs, ip)); ip += 8; continue;
      case op.AND: setX(regs, ip, x1(regs, ip) & x2(regs, ip)); ip += 16; continue;
      case op.AND_C: setX(regs, ip, x1(regs, ip) & x2(regs, ip)); ip += 8; continue;
      case op.ADDW: setX(regs, ip, sx(<i32>x1(regs, ip) + <i32>x2(regs, ip))); ip += 16; continue;
      case op.ADDW_C: setX(regs, ip, sx(<i32>x1(regs, ip) + <i32>x2(regs, ip))); ip += 8; continue;
      case op.SUBW: setX(regs, ip, sx(<i32>x1(regs, ip) - <i32>x2(regs, ip))); ip += 16; continue;
      case op.SUBW_C: setX(regs, ip, sx(<i32>x1(regs, ip) - <i32>x2(regs, ip))); ip += 8; continue;
      case op.SLLW: setX(regs, ip, sx(<i32>x1(regs, ip) << <i32>x2(regs, ip))); ip += 16; continue;
      case op.SRLW: setX(regs, ip, sx(<i32>(<u32>x1(regs, ip) >> <u32>x2(regs, ip)))); ip += 16; continue;
      case op.SRAW: setX(regs, ip, sx(<i32>x1(regs, ip) >> <i32>x2(regs, ip))); ip += 16; continue;
      case op.MUL: setX(regs, ip, x1(regs, ip) * x2(regs, ip)); ip += 16; continue;
      case op.MULH: setX(regs, ip, mulh(x1(regs, ip), x2(regs, ip))); ip += 16; continue;
      case op.MULHSU: setX(regs, ip, mulhsu(x1(regs, ip), x2(regs, ip))); ip += 16; continue;
      case op.MULHU: setX(regs, ip, mulhu(x1(regs, ip), x2(regs, ip))); ip += 16; continue;
      case op.DIV: setX(regs, ip, div(x1(regs, ip), x2(regs, ip))); ip += 16; continue;
      case op.DIVU: setX(regs, ip, divu(x1(regs, ip), x2(regs, ip))); ip += 16; continue;
      case op.REM: setX(regs, ip, rem(x1(regs, ip), x2(regs, ip))); ip += 16; continue;
      case op.REMU: setX(regs, ip, remu(x1(regs, ip), x2(regs, ip))); ip += 16; continue;
      case op.MULW: setX(regs, ip, sx(<i32>x1(regs, ip) * <i32>x2(regs, ip))); ip += 16; continue;
      case op.DIVW: setX(regs, ip, divw(<i32>x1(regs, ip), <i32>x2(regs, ip))); ip += 16; continue;
      case op.DIVUW: setX(regs, ip, divuw(<u32>x1(regs, ip), <u32>x2(regs, ip))); ip += 16; continue;
      case op.REMW: setX(regs, ip, remw(<i32>x1(regs, ip), <i32>x2(regs, ip))); ip += 16; continue;
      case op.REMUW: setX(regs, ip, remuw(<u32>x1(regs, ip), <u32>x2(regs, ip))); ip += 16; continue;
      case op.ADD_UW: setX(regs, ip, ((x1(regs, ip)) & 0xffffffff) + x2(regs, ip)); ip += 16; continue;
      case op.SH1ADD: setX(regs, ip, (x1(regs, ip) << 1) + x2(regs, ip)); ip += 16; continue;
      case op.SH2ADD: setX(regs, ip, (x1(regs, ip) << 2) + x2(regs, ip)); ip += 16; continue;
      case op.SH3ADD: setX(regs, ip, (x1(regs, ip) << 3) + x2(regs, ip)); ip += 16; continue;
      case op.SH1ADD_UW: setX(regs, ip, (((x1(regs, ip)) & 0xffffffff) << 1) + x2(regs, ip)); ip += 16; continue;
      case op.SH2ADD_UW: setX(regs, ip, (((x1(regs, ip)) & 0xffffffff) << 2) + x2(regs, ip)); ip += 16; continue;
      case op.SH3ADD_UW: setX(regs, ip, (((x1(regs, ip)) & 0xffffffff) << 3) + x2(regs, ip)); ip += 16; continue;
      case op.SLLI_UW: setX(regs, ip, ((x1(regs, ip)) & 0xffffffff) << <u64>imm(ip)); ip += 16; continue;
      case op.ANDN: setX(regs, ip, x1(regs, ip) & ~x2(regs, ip)); ip += 16; continue;
      case op.ORN: setX(regs, ip, x1(regs, ip) | ~x2(regs, ip)); ip += 16; continue;
      case op.XNOR: setX(regs, ip, ~(x1(regs, ip) ^ x2(regs, ip))); ip += 16; continue;
      case op.CLZ: setX(regs, ip, clz<u64>(x1(regs, ip))); ip += 16; continue;
      case op.CLZW: setX(regs, ip, <u64>clz<u32>(<u32>x1(regs, ip))); ip += 16; continue;
      case op.CTZ: setX(regs, ip, ctz<u64>(x1(regs, ip))); ip += 16; continue;
      case op.CTZW: setX(regs, ip, <u64>ctz<u32>(<u32>x1(regs, ip))); ip += 16; continue;
      case op.CPOP: setX(regs, ip, popcnt<u64>(x1(regs, ip))); ip += 16; continue;
      case op.CPOPW: setX(regs, ip, <u64>popcnt<u32>(<u32>x1(regs, ip))); ip += 16; continue;
      case op.MAX:
        setX(regs, ip, select<u64>(x1(regs, ip), x2(regs, ip), <i64>x1(regs, ip) > <i64>x2(regs, ip))); ip += 16; continue;
      case op.MAXU:
        setX(regs, ip, select<u64>(x1(regs, ip), x2(regs, ip), <u64>x1(regs, ip) > <u64>x2(regs, ip))); ip += 16; continue;
      case op.MIN:
        setX(regs, ip, select<u64>(x1(regs, ip), x2(regs, ip), <i64>x1(regs, ip) < <i64>x2(regs, ip))); ip += 16; continue;
      case op.MINU:
        setX(regs, ip, select<u64>(x1(regs, ip), x2(regs, ip), <u64>x1(regs, ip) < <u64>x2(regs, ip))); ip += 16; continue;
      case op.SEXT_B: setX(regs, ip, <u64><i64><i8>x1(regs, ip)); ip += 16; continue;
      case op.SEXT_H: setX(regs, ip, <u64><i64><i16>x1(regs, ip)); ip += 16; continue;
      case op.ZEXT_H: setX(regs, ip, x1(regs, ip) & 0xffff); ip += 16; continue;
      case op.ROL: setX(regs, ip, rotl<u64>(x1(regs, ip), x2(regs, ip))); ip += 16; continue;
      case op.ROLW: setX(regs, ip, sx(rotl<u32>(<u32>x1(regs, ip), <u32>x2(regs, ip)))); ip += 16; continue;
      case op.ROR: setX(regs, ip, rotr<u64>(x1(regs, ip), x2(regs, ip))); ip += 16; continue;
      case op.RORI: setX(regs, ip, rotr<u64>(x1(regs, ip), <u64>imm(ip))); ip += 16; continue;
      case op.RORIW: setX(regs, ip, sx(rotr<u32>(<u32>x1(regs, ip), load<u32>(ip, 4)))); ip += 16; continue;
      case op.RORW: setX(regs, ip, sx(rotr<u32>(<u32>x1(regs, ip), <u32>x2(regs, ip)))); ip += 16; continue;
      case op.ORC_B: setX(regs, ip, orcB(x1(regs, ip))); ip += 16; continue;
      case op.REV8: setX(regs, ip, bswap<u64>(x1(regs, ip))); ip += 16; continue;
      case op.BCLR: setX(regs, ip, x1(regs, ip) & ~(<u64>1 << x2(regs, ip))); ip += 16; continue;
      case op.BCLRI: setX(regs, ip, x1(regs, ip) & ~(<u64>1 << <u64>imm(ip))); ip += 16; continue;
      case op.BEXT: setX(regs, ip, (x1(regs, ip) >> x2(regs, ip)) & 1); ip += 16; continue;
      case op.BEXTI: setX(regs, ip, (x1(regs, ip) >> <u64>imm(ip)) & 1); ip += 16; continue;
      case op.BINV: setX(regs, ip, x1(regs, ip) ^ (<u64>1 << x2(regs, ip))); ip += 16; continue;
      case op.BINVI: setX(regs, ip, x1(regs, ip) ^ (<u64>1 << <u64>imm(ip))); ip += 16; continue;
      case op.BSET: setX(regs, ip, x1(regs, ip) | (<u64>1 << x2(regs, ip))); ip += 16; continue;
      case op.BSETI: setX(regs, ip, x1(regs, ip) | (<u64>1 << <u64>imm(ip))); ip += 16; continue;
      case op.CZERO_EQZ: setX(regs, ip, select<u64>(0, x1(regs, ip), x2(regs, ip) == 0)); ip += 16; continue;
      case op.CZERO_NEZ: setX(regs, ip, select<u64>(0, x1(regs, ip), x2(regs, ip) != 0)); ip += 16; continue;
      case op.FLW: {
        if (off(regs)) return slow(regs, bias, ip, left); const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(reads, a);
        if (load<u64>(e) != (a & -4093)) return miss(regs, bias, ip, left, a, AT_READ); setF(regs, ip, BOX | <u64>load<u32>(host(e, a)));
        ip += 16; continue;
      }
      case op.FLD: {
        if (off(regs)) return slow(regs, bias, ip, left); const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(reads, a);
        if (load<u64>(e) != (a & -4089)) return miss(regs, bias, ip, left, a, AT_READ); setF(regs, ip, load<u64>(host(e, a))); ip += 16;
        continue;
      }
      case op.FLD_C: {
        if (off(regs)) return slow(regs, bias, ip, left); const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(reads, a);
        if (load<u64>(e) != (a & -4089)) return miss(regs, bias, ip, left, a, AT_READ); setF(regs, ip, load<u64>(host(e, a))); ip += 8;
        continue;
      }
      case op.FSW: {
        if (off(regs)) return slow(regs, bias, ip, left); const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(writes, a);
        if (load<u64>(e) != (a & -4093)) return miss(regs, bias, ip, left, a, AT_WRITE); store<u32>(host(e, a), <u32>f2(regs, ip)); ip += 16;
        continue;
      }
      case op.FSD: {
        if (off(regs)) return slow(regs, bias, ip, left); const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(writes, a);
        if (load<u64>(e) != (a & -4089)) return miss(regs, bias, ip, left, a, AT_WRITE); store<u64>(host(e, a), f2(regs, ip)); ip += 16;
        continue;
      }
      case op.FSD_C: {
        if (off(regs)) return slow(regs, bias, ip, left); const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(writes, a);
        if (load<u64>(e) != (a & -4089)) return miss(regs, bias, ip, left, a, AT_WRITE); store<u64>(host(e, a), f2(regs, ip)); ip += 8; continue;
      }
      case op.FMV_X_W: if (off(regs)) return slow(regs, bias, ip, left); setX(regs, ip, sx(<i32>f1(regs, ip))); ip += 16; continue;
      case op.FMV_W_X:
        if (off(regs)) return slow(regs, bias, ip, left); setF(regs, ip, BOX | (x1(regs, ip) & 0xffffffff)); ip += 16; continue;
      case op.FMV_X_D: if (off(regs)) return slow(regs, bias, ip, left); setX(regs, ip, f1(regs, ip)); ip += 16; continue;
      case op.FMV_D_X: if (off(regs)) return slow(regs, bias, ip, left); setF(regs, ip, x1(regs, ip)); ip += 16; continue;
      case op.FSGNJ_S: {
        const a = f1(regs, ip); const b = f2(regs, ip); if (notBoxed(a & b) || off(regs)) return slow(regs, bias, ip, left);
        setF(regs, ip, BOX | (a & 0x7fffffff) | (b & 0x80000000)); ip += 16; continue;
      }
      case op.FSGNJN_S: {
        const a = f1(regs, ip); const b = f2(regs, ip); if (notBoxed(a & b) || off(regs)) return slow(regs, bias, ip, left);
        setF(regs, ip, BOX | (a & 0x7fffffff) | (~b & 0x80000000)); ip += 16; continue;
      }
      case op.FSGNJX_S: {
        const a = f1(regs, ip); const b = f2(regs, ip); if (notBoxed(a & b) || off(regs)) return slow(regs, bias, ip, left);
        setF(regs, ip, BOX | (a & 0x7fffffff) | ((a ^ b) & 0x80000000)); ip += 16; continue;
      }
      case op.FSGNJ_D: {
        if (off(regs)) return slow(regs, bias, ip, left); const a = f1(regs, ip); const b = f2(regs, ip);
        setF(regs, ip, (a & 0x7fffffffffffffff) | (b & 0x8000000000000000)); ip += 16; continue;
      }
      case op.FSGNJN_D: {
        if (off(regs)) return slow(regs, bias, ip, left); const a = f1(regs, ip); const b = f2(regs, ip);
        setF(regs, ip, (a & 0x7fffffffffffffff) | (~b & 0x8000000000000000)); ip += 16; continue;
      }
      case op.FSGNJX_D: {
        if (off(regs)) return slow(regs, bias, ip, left); const a = f1(regs, ip); const b = f2(regs, ip);
        setF(regs, ip, (a & 0x7fffffffffffffff) | ((a ^ b) & 0x8000000000000000)); ip += 16; continue;
      }
      case op.FADD_S: {
        const r = nativeAddS(load<u32>(regs, FCSR), f1(regs, ip), f2(regs, ip)); if (r == 0) return slow(regs, bias, ip, left);
        setF(regs, ip, r); ip += 16; continue;
      }
      case op.FADD_D: {
        const r = nativeAddD(load<u32>(regs, FCSR), f1(regs, ip), f2(regs, ip)); if (r == NO) return slow(regs, bias, ip, left);
        setF(regs, ip, r); ip += 16; continue;
      }
      case op.FSUB_S: {
        const r = nativeSubS(load<u32>(regs, FCSR), f1(regs, ip), f2(regs, ip)); if (r == 0) return slow(regs, bias, ip, left);
        setF(regs, ip, r); ip += 16; continue;
      }
      case op.FSUB_D: {
        const r = nativeSubD(load<u32>(regs, FCSR), f1(regs, ip), f2(regs, ip)); if (r == NO) return slow(regs, bias, ip, left);
        setF(regs, ip, r); ip += 16; continue;
      }
      case op.FMUL_S: {
        const r = nativeMulS(load<u32>(regs, FCSR), f1(regs, ip), f2(regs, ip)); if (r == 0) return slow(regs, bias, ip, left);
        setF(regs, ip, r); ip += 16; continue;
      }
      case op.FMUL_D: {
        const r = nativeMulD(load<u32>(regs, FCSR), f1(regs, ip), f2(regs, ip)); if (r == NO) return slow(regs, bias, ip, left);
        setF(regs, ip, r); ip += 16; continue;
      }
      case op.FDIV_S: {
        const r = nativeDivS(load<u32>(regs, FCSR), f1(regs, ip), f2(regs, ip)); if (r == 0) return slow(regs, bias, ip, left);
        setF(regs, ip, r); ip += 16; continue;
      }
      case op.FDIV_D: {
        const r = nativeDivD(load<u32>(regs, FCSR), f1(regs, ip), f2(regs, ip)); if (r == NO) return slow(regs, bias, ip, left);
        setF(regs, ip, r); ip += 16; continue;
      }
      case op.FSQRT_S: {
        const r = nativeSqrtS(load<u32>(regs, FCSR), f1(regs, ip)); if (r == 0) return slow(regs, bias, ip, left);
        setF(regs, ip, r); ip += 16; continue;
      }
      case op.FSQRT_D: {
        const r = nativeSqrtD(load<u32>(regs, FCSR), f1(regs, ip)); if (r == NO) return slow(regs, bias, ip, left);
        setF(regs, ip, r); ip += 16; continue;
      }
      case op.FMADD_S: {
        const r = nativeFmaS(load<u32>(regs, FCSR), f1(regs, ip), f2(regs, ip), f3(regs, ip));
        if (r == 0) return slow(regs, bias, ip, left); setF(regs, ip, r); ip += 16; continue;
      }
      case op.FMADD_D: {
        const r = nativeFmaD(load<u32>(regs, FCSR), f1(regs, ip), f2(regs, ip), f3(regs, ip));
        if (r == NO) return slow(regs, bias, ip, left); setF(regs, ip, r); ip += 16; continue;
      }
      case op.FMSUB_S: {
        const r = nativeFmaS(load<u32>(regs, FCSR), f1(regs, ip), f2(regs, ip), f3(regs, ip) ^ SIGN_S);
        if (r == 0) return slow(regs, bias, ip, left); setF(regs, ip, r); ip += 16; continue;
      }
      case op.FMSUB_D: {
        const r = nativeFmaD(load<u32>(regs, FCSR), f1(regs, ip), f2(regs, ip), f3(regs, ip) ^ SIGN_D);
        if (r == NO) return slow(regs, bias, ip, left); setF(regs, ip, r); ip += 16; continue;
      }
      case op.FNMSUB_S: {
        const r = nativeFmaS(load<u32>(regs, FCSR), f1(regs, ip) ^ SIGN_S, f2(regs, ip), f3(regs, ip));
        if (r == 0) return slow(regs, bias, ip, left); setF(regs, ip, r); ip += 16; continue;
      }
      case op.FNMSUB_D: {
        const r = nativeFmaD(load<u32>(regs, FCSR), f1(regs, ip) ^ SIGN_D, f2(regs, ip), f3(regs, ip));
        if (r == NO) return slow(regs, bias, ip, left); setF(regs, ip, r); ip += 16; continue;
      }
      case op.FNMADD_S: {
        const r = nativeFmaS(load<u32>(regs, FCSR), f1(regs, ip) ^ SIGN_S, f2(regs, ip), f3(regs, ip) ^ SIGN_S);
        if (r == 0) return slow(regs, bias, ip, left); setF(regs, ip, r); ip += 16; continue;
      }
      case op.FNMADD_D: {
        const r = nativeFmaD(load<u32>(regs, FCSR), f1(regs, ip) ^ SIGN_D, f2(regs, ip), f3(regs, ip) ^ SIGN_D);
        if (r == NO) return slow(regs, bias, ip, left); setF(regs, ip, r); ip += 16; continue;
      }
      case op.FMIN_S: {
        const a = f1(regs, ip); const b = f2(regs, ip);
        if (notBoxed(a & b) || unordered(<f64>single(a), <f64>single(b)) || off(regs)) return slow(regs, bias, ip, left);
        setF(regs, ip, BOX | <u64>reinterpret<u32>(min<f32>(single(a), single(b)))); ip += 16; continue;
      }
      case op.FMIN_D: {
        const a = double(f1(regs, ip)); const b = double(f2(regs, ip));
        if (unordered(a, b) || off(regs)) return slow(regs, bias, ip, left); setF(regs, ip, reinterpret<u64>(min<f64>(a, b)));
        ip += 16; continue;
      }
      case op.FMAX_S: {
        const a = f1(regs, ip); const b = f2(regs, ip);
        if (notBoxed(a & b) || unordered(<f64>single(a), <f64>single(b)) || off(regs)) return slow(regs, bias, ip, left);
        setF(regs, ip, BOX | <u64>reinterpret<u32>(max<f32>(single(a), single(b)))); ip += 16; continue;
      }
      case op.FMAX_D: {
        const a = double(f1(regs, ip)); const b = double(f2(regs, ip));
        if (unordered(a, b) || off(regs)) return slow(regs, bias, ip, left); setF(regs, ip, reinterpret<u64>(max<f64>(a, b)));
        ip += 16; continue;
      }
      case op.FEQ_S: {
        const a = f1(regs, ip); const b = f2(regs, ip);
        if (notBoxed(a & b) || unordered(<f64>single(a), <f64>single(b)) || off(regs)) return slow(regs, bias, ip, left);
        setX(regs, ip, <u64>(single(a) == single(b))); ip += 16; continue;
      }
      case op.FEQ_D: {
        const a = double(f1(regs, ip)); const b = double(f2(regs, ip));
        if (unordered(a, b) || off(regs)) return slow(regs, bias, ip, left); setX(regs, ip, <u64>(a == b)); ip += 16; continue;
      }
      case op.FLT_S: {
        const a = f1(regs, ip); const b = f2(regs, ip);
        if (notBoxed(a & b) || unordered(<f64>single(a), <f64>single(b)) || off(regs)) return slow(regs, bias, ip, left);
        setX(regs, ip, <u64>(single(a) < single(b))); ip += 16; continue;
      }
      case op.FLT_D: {
        const a = double(f1(regs, ip)); const b = double(f2(regs, ip));
        if (unordered(a, b) || off(regs)) return slow(regs, bias, ip, left); setX(regs, ip, <u64>(a < b)); ip += 16; continue;
      }
      case op.FLE_S: {
        const a = f1(regs, ip); const b = f2(regs, ip);
        if (notBoxed(a & b) || unordered(<f64>single(a), <f64>single(b)) || off(regs)) return slow(regs, bias, ip, left);
        setX(regs, ip, <u64>(single(a) <= single(b))); ip += 16; continue;
      }
      case op.FLE_D: {
        const a = double(f1(regs, ip)); const b = double(f2(regs, ip));
        if (unordered(a, b) || off(regs)) return slow(regs, bias, ip, left); setX(regs, ip, <u64>(a <= b)); ip += 16; continue;
      }
      case op.FCVT_W_D: {
        const a = double(f1(regs, ip)); if (!truncates(load<u32>(regs, FCSR), a, 2147483648.0)) return slow(regs, bias, ip, left);
        setX(regs, ip, <u64>(<i64>(<i32>a))); ip += 16; continue;
      }
      case op.FCVT_L_D: {
        const a = double(f1(regs, ip));
        if (!truncates(load<u32>(regs, FCSR), a, 9223372036854775808.0)) return slow(regs, bias, ip, left);
        setX(regs, ip, <u64>(<i64>a)); ip += 16; continue;
      }
      case op.FCVT_W_S: {
        const a = f1(regs, ip);
        if (notBoxed(a) || !truncates(load<u32>(regs, FCSR), <f64>single(a), 2147483648.0)) return slow(regs, bias, ip, left);
        setX(regs, ip, <u64>(<i64>(<i32>single(a)))); ip += 16; continue;
      }
      case op.FCVT_L_S: {
        const a = f1(regs, ip);
        if (notBoxed(a) || !truncates(load<u32>(regs, FCSR), <f64>single(a), 9223372036854775808.0)) return slow(regs, bias, ip, left);
        setX(regs, ip, <u64>(<i64>single(a))); ip += 16; continue;
      }
      case op.FCVT_D_W:
        if (off(regs)) return slow(regs, bias, ip, left); setF(regs, ip, reinterpret<u64>(<f64>(<i32>x1(regs, ip)))); ip += 16;
        continue;
      case op.FCVT_D_WU:
        if (off(regs)) return slow(regs, bias, ip, left); setF(regs, ip, reinterpret<u64>(<f64>(<u32>x1(regs, ip)))); ip += 16;
        continue;
      case op.FCVT_D_L: {
        const r = nativeLongToD(load<u32>(regs, FCSR), <i64>x1(regs, ip)); if (r == NO) return slow(regs, bias, ip, left);
        setF(regs, ip, r); ip += 16; continue;
      }
      case op.FCVT_S_W: {
        const r = nativeWordToS(load<u32>(regs, FCSR), <i32>x1(regs, ip)); if (r == 0) return slow(regs, bias, ip, left);
        setF(regs, ip, r); ip += 16; continue;
      }
      case op.FCVT_S_D: {
        const r = nativeDToS(load<u32>(regs, FCSR), f1(regs, ip)); if (r == 0) return slow(regs, bias, ip, left); setF(regs, ip, r);
        ip += 16; continue;
      }
      case op.FCVT_D_S: {
        const a = f1(regs, ip); if (notBoxed(a) || single(a) != single(a) || off(regs)) return slow(regs, bias, ip, left);
        setF(regs, ip, reinterpret<u64>(<f64>single(a))); ip += 16; continue;
      }
      case op.LR_W: {
        const a = x1(regs, ip); const e = entryOf(reads, a);
        if (load<u64>(e) != (a & -4093)) return miss(regs, bias, ip, left, a, AT_READ); 
        setX(regs, ip, loadLinked<i32>(regs, host(e, a))); store<u64>(regs, 0); ip += 16; continue;
      }
      case op.SC_W: {
        const a = x1(regs, ip); const e = entryOf(writes, a);
        if (load<u64>(e) != (a & -4093)) return miss(regs, bias, ip, left, a, AT_WRITE);
        const held = storeLinked<i32>(host(e, a), x2(regs, ip));
        setX(regs, ip, <u64>!held); store<u64>(regs, 0); ip += 16; continue;
      }
      case op.AMO_W: {
        const a = x1(regs, ip); const e = entryOf(writes, a);
        if (load<u64>(e) != (a & -4093)) return miss(regs, bias, ip, left, a, AT_WRITE);
        setX(regs, ip, modify<i32>(host(e, a), load<u32>(ip, 4), sx(<i32>x2(regs, ip))));
        store<u64>(regs, 0); ip += 16; continue;
      }
      case op.LR_D: {
        const a = x1(regs, ip); const e = entryOf(reads, a);
        if (load<u64>(e) != (a & -4089)) return miss(regs, bias, ip, left, a, AT_READ); 
        setX(regs, ip, loadLinked<i64>(regs, host(e, a))); store<u64>(regs, 0); ip += 16; continue;
      }
      case op.SC_D: {
        const a = x1(regs, ip); const e = entryOf(writes, a);
        if (load<u64>(e) != (a & -4089)) return miss(regs, bias, ip, left, a, AT_WRITE);
        const held = storeLinked<i64>(host(e, a), x2(regs, ip));
        setX(regs, ip, <u64>!held); store<u64>(regs, 0); ip += 16; continue;
      }
      case op.AMO_D: {
        const a = x1(regs, ip); const e = entryOf(writes, a);
        if (load<u64>(e) != (a & -4089)) return miss(regs, bias, ip, left, a, AT_WRITE);
        setX(regs, ip, modify<i64>(host(e, a), load<u32>(ip, 4), x2(regs, ip)));
        store<u64>(regs, 0); ip += 16; continue;
      }
      default:
        return slow(regs, bias, ip, left);
    }
    const e = execEntryOf(execs, pc);
    if (load<u64>(e) != (pc & ~0xfff)) return leave(regs, pc, left - 1, AT_FETCH);
    ip = <usize>load<u32>(e, 8) + ((<u32>pc & 0xffe) << 2);
    bias = pc - <u64>(ip >> 2);
  }
  return 0;
}
