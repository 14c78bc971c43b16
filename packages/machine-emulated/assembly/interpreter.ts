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
import { EXEC_TABLE, HART_CODE_SET, HART_DATA_SET, PC, WRITE_TABLE } from './layout';
import { compareSwap, loadLinked, modify, storeLinked } from './atomic';
import * as fp from './float-slots';
import * as fpa from './float-arithmetic-slots';
import { BOX } from './native-float';
import { AT_BUDGET, AT_CROSS, AT_DECODE, AT_ENTER, AT_FETCH, AT_READ, AT_WRITE, leave, miss, slow } from './exits';
import { f2, host, imm, off, pc0, setF, setX, sx, x0, x1, x2 } from './slot';
import { entryOf, execEntryOf } from './tlb';
import { clmul, clmulr } from './carryless';
import { div, divu, divuw, divw, mulh, mulhsu, mulhu, orcB, rem, remu, remuw, remw } from './integer';

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
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(reads, a); if (load<u64>(e) != (a & -4096)) return miss(regs, bias, ip, left, a, AT_READ);
        setX(regs, ip, <u64><i64>load<i8>(host(e, a))); ip += 16; continue;
      }
      case op.LH: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(reads, a); if (load<u64>(e) != (a & -4095)) return miss(regs, bias, ip, left, a, AT_READ);
        setX(regs, ip, <u64><i64>load<i16>(host(e, a))); ip += 16; continue;
      }
      case op.LW: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(reads, a); if (load<u64>(e) != (a & -4093)) return miss(regs, bias, ip, left, a, AT_READ);
        setX(regs, ip, <u64><i64>load<i32>(host(e, a))); ip += 16; continue;
      }
      case op.LW_C: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(reads, a); if (load<u64>(e) != (a & -4093)) return miss(regs, bias, ip, left, a, AT_READ);
        setX(regs, ip, <u64><i64>load<i32>(host(e, a))); ip += 8; continue;
      }
      case op.LD: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(reads, a); if (load<u64>(e) != (a & -4089)) return miss(regs, bias, ip, left, a, AT_READ);
        setX(regs, ip, load<u64>(host(e, a))); ip += 16; continue;
      }
      case op.LD_C: do {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(reads, a);
        if (load<u64>(e) != (a & -4089)) return miss(regs, bias, ip, left, a, AT_READ); setX(regs, ip, load<u64>(host(e, a))); ip += 8;
        if (load<u8>(ip) != op.LD_C) break;
        if (--left == 0) return leave(regs, pc0(bias, ip), 0, AT_BUDGET);
      } while (true); continue;
      case op.LBU: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(reads, a); if (load<u64>(e) != (a & -4096)) return miss(regs, bias, ip, left, a, AT_READ);
        setX(regs, ip, <u64>load<u8>(host(e, a))); ip += 16; continue;
      }
      case op.LHU: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(reads, a); if (load<u64>(e) != (a & -4095)) return miss(regs, bias, ip, left, a, AT_READ);
        setX(regs, ip, <u64>load<u16>(host(e, a))); ip += 16; continue;
      }
      case op.LWU: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(reads, a); if (load<u64>(e) != (a & -4093)) return miss(regs, bias, ip, left, a, AT_READ);
        setX(regs, ip, <u64>load<u32>(host(e, a))); ip += 16; continue;
      }
      case op.SB: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(writes, a); if (load<u64>(e) != (a & -4096)) return miss(regs, bias, ip, left, a, AT_WRITE);
        store<u8>(host(e, a), <u8>x2(regs, ip)); ip += 16; continue;
      }
      case op.SH: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(writes, a); if (load<u64>(e) != (a & -4095)) return miss(regs, bias, ip, left, a, AT_WRITE);
        store<u16>(host(e, a), <u16>x2(regs, ip)); ip += 16; continue;
      }
      case op.SW: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(writes, a); if (load<u64>(e) != (a & -4093)) return miss(regs, bias, ip, left, a, AT_WRITE);
        store<u32>(host(e, a), <u32>x2(regs, ip)); ip += 16; continue;
      }
      case op.SW_C: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(writes, a); if (load<u64>(e) != (a & -4093)) return miss(regs, bias, ip, left, a, AT_WRITE);
        store<u32>(host(e, a), <u32>x2(regs, ip)); ip += 8; continue;
      }
      case op.SD: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(writes, a); if (load<u64>(e) != (a & -4089)) return miss(regs, bias, ip, left, a, AT_WRITE);
        store<u64>(host(e, a), x2(regs, ip)); ip += 16; continue;
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
        if (off(regs)) return slow(regs, bias, ip, left);
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(reads, a); if (load<u64>(e) != (a & -4093)) return miss(regs, bias, ip, left, a, AT_READ);
        setF(regs, ip, BOX | <u64>load<u32>(host(e, a))); ip += 16; continue;
      }
      case op.FLD: {
        if (off(regs)) return slow(regs, bias, ip, left);
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(reads, a); if (load<u64>(e) != (a & -4089)) return miss(regs, bias, ip, left, a, AT_READ);
        setF(regs, ip, load<u64>(host(e, a))); ip += 16; continue;
      }
      case op.FLD_C: {
        if (off(regs)) return slow(regs, bias, ip, left);
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(reads, a); if (load<u64>(e) != (a & -4089)) return miss(regs, bias, ip, left, a, AT_READ);
        setF(regs, ip, load<u64>(host(e, a))); ip += 8; continue;
      }
      case op.FSW: {
        if (off(regs)) return slow(regs, bias, ip, left);
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(writes, a); if (load<u64>(e) != (a & -4093)) return miss(regs, bias, ip, left, a, AT_WRITE);
        store<u32>(host(e, a), <u32>f2(regs, ip)); ip += 16; continue;
      }
      case op.FSD: {
        if (off(regs)) return slow(regs, bias, ip, left);
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(writes, a); if (load<u64>(e) != (a & -4089)) return miss(regs, bias, ip, left, a, AT_WRITE);
        store<u64>(host(e, a), f2(regs, ip)); ip += 16; continue;
      }
      case op.FSD_C: {
        if (off(regs)) return slow(regs, bias, ip, left);
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(writes, a); if (load<u64>(e) != (a & -4089)) return miss(regs, bias, ip, left, a, AT_WRITE);
        store<u64>(host(e, a), f2(regs, ip)); ip += 8; continue;
      }
      case op.FMV_X_W: if (fp.fmvXW(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FMV_W_X: if (fp.fmvWX(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FMV_X_D: if (fp.fmvXD(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FMV_D_X: if (fp.fmvDX(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FSGNJ_S: if (fp.fsgnjS(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FSGNJN_S: if (fp.fsgnjnS(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FSGNJX_S: if (fp.fsgnjxS(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FSGNJ_D: if (fp.fsgnjD(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FSGNJN_D: if (fp.fsgnjnD(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FSGNJX_D: if (fp.fsgnjxD(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FADD_S: if (fpa.faddS(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FADD_D: if (fpa.faddD(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FSUB_S: if (fpa.fsubS(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FSUB_D: if (fpa.fsubD(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FMUL_S: if (fpa.fmulS(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FMUL_D: if (fpa.fmulD(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FDIV_S: if (fpa.fdivS(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FDIV_D: if (fpa.fdivD(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FSQRT_S: if (fpa.fsqrtS(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FSQRT_D: if (fpa.fsqrtD(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FMADD_S: if (fpa.fmaddS(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FMADD_D: if (fpa.fmaddD(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FMSUB_S: if (fpa.fmsubS(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FMSUB_D: if (fpa.fmsubD(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FNMSUB_S: if (fpa.fnmsubS(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FNMSUB_D: if (fpa.fnmsubD(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FNMADD_S: if (fpa.fnmaddS(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FNMADD_D: if (fpa.fnmaddD(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FMIN_S: if (fp.fminS(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FMIN_D: if (fp.fminD(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FMAX_S: if (fp.fmaxS(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FMAX_D: if (fp.fmaxD(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FEQ_S: if (fp.feqS(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FEQ_D: if (fp.feqD(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FLT_S: if (fp.fltS(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FLT_D: if (fp.fltD(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FLE_S: if (fp.fleS(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FLE_D: if (fp.fleD(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FCVT_W_D: if (fp.fcvtWD(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FCVT_L_D: if (fp.fcvtLD(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FCVT_W_S: if (fp.fcvtWS(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FCVT_L_S: if (fp.fcvtLS(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FCVT_D_W: if (fp.fcvtDW(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FCVT_D_WU: if (fp.fcvtDWu(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FCVT_D_L: if (fp.fcvtDL(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FCVT_S_W: if (fp.fcvtSW(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FCVT_S_D: if (fp.fcvtSD(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FCVT_D_S: if (fp.fcvtDS(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.LR_W: {
        const a = x1(regs, ip); const e = entryOf(reads, a); if (load<u64>(e) != (a & -4093)) return miss(regs, bias, ip, left, a, AT_READ);
        setX(regs, ip, loadLinked<i32>(regs, host(e, a))); store<u64>(regs, 0); ip += 16; continue;
      }
      case op.SC_W: {
        const a = x1(regs, ip); const e = entryOf(writes, a); if (load<u64>(e) != (a & -4093)) return miss(regs, bias, ip, left, a, AT_WRITE);
        const held = storeLinked<i32>(host(e, a), x2(regs, ip)); setX(regs, ip, <u64>!held); store<u64>(regs, 0); ip += 16; continue;
      }
      case op.AMO_W: {
        const a = x1(regs, ip); const e = entryOf(writes, a); if (load<u64>(e) != (a & -4093)) return miss(regs, bias, ip, left, a, AT_WRITE);
        setX(regs, ip, modify<i32>(host(e, a), load<u32>(ip, 4), sx(<i32>x2(regs, ip)))); store<u64>(regs, 0); ip += 16; continue;
      }
      case op.LR_D: {
        const a = x1(regs, ip); const e = entryOf(reads, a); if (load<u64>(e) != (a & -4089)) return miss(regs, bias, ip, left, a, AT_READ);
        setX(regs, ip, loadLinked<i64>(regs, host(e, a))); store<u64>(regs, 0); ip += 16; continue;
      }
      case op.SC_D: {
        const a = x1(regs, ip); const e = entryOf(writes, a); if (load<u64>(e) != (a & -4089)) return miss(regs, bias, ip, left, a, AT_WRITE);
        const held = storeLinked<i64>(host(e, a), x2(regs, ip)); setX(regs, ip, <u64>!held); store<u64>(regs, 0); ip += 16; continue;
      }
      case op.AMO_D: {
        const a = x1(regs, ip); const e = entryOf(writes, a); if (load<u64>(e) != (a & -4089)) return miss(regs, bias, ip, left, a, AT_WRITE);
        setX(regs, ip, modify<i64>(host(e, a), load<u32>(ip, 4), x2(regs, ip))); store<u64>(regs, 0); ip += 16; continue;
      }
      case op.AMOCAS_W: {
        const a = x1(regs, ip); const e = entryOf(writes, a); if (load<u64>(e) != (a & -4093)) return miss(regs, bias, ip, left, a, AT_WRITE);
        setX(regs, ip, compareSwap<i32>(host(e, a), x0(regs, ip), x2(regs, ip))); store<u64>(regs, 0); ip += 16; continue;
      }
      case op.AMOCAS_D: {
        const a = x1(regs, ip); const e = entryOf(writes, a); if (load<u64>(e) != (a & -4089)) return miss(regs, bias, ip, left, a, AT_WRITE);
        setX(regs, ip, compareSwap<i64>(host(e, a), x0(regs, ip), x2(regs, ip))); store<u64>(regs, 0); ip += 16; continue;
      }
      case op.CLMUL: setX(regs, ip, clmul(x1(regs, ip), x2(regs, ip))); ip += 16; continue;
      case op.CLMULH: setX(regs, ip, clmulr(x1(regs, ip), x2(regs, ip)) >> 1); ip += 16; continue;
      case op.CLMULR: setX(regs, ip, clmulr(x1(regs, ip), x2(regs, ip))); ip += 16; continue;
      case op.FLI_S: if (off(regs)) return slow(regs, bias, ip, left); setF(regs, ip, BOX | <u64>load<u32>(ip, 4)); ip += 16; continue;
      case op.FLI_D: if (off(regs)) return slow(regs, bias, ip, left); setF(regs, ip, <u64>load<u32>(ip, 4) << 32); ip += 16; continue;
      case op.FROUND_S: if (fp.froundS(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.FROUND_D: if (fp.froundD(regs, ip)) { ip += 16; continue; } return slow(regs, bias, ip, left);
      case op.ENTER: return leave(regs, pc0(bias, ip), left, AT_ENTER);
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
