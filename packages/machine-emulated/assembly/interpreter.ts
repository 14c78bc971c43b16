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
import { AT_BUDGET, AT_CROSS, AT_DECODE, AT_ENTER, AT_FETCH, AT_READ, AT_WRITE, DONE, leave, miss, slow } from './exits';
import { f2, host, imm, off, pc0, setF, setX, sx, x1, x2 } from './slot';
import { entryOf, execEntryOf } from './tlb';
import { misaligned } from './misaligned';
import { rareFloat } from './rare-float';
import { rare } from './rare';

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
      case op.SLOW:
      case op.CSR: return slow(regs, bias, ip, left);
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
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(reads, a);
        if (load<u64>(e) != (a & -4095)) { if (misaligned(regs, ip, e, a)) { ip += 16; continue; } return miss(regs, bias, ip, left, a, AT_READ); }
        setX(regs, ip, <u64><i64>load<i16>(host(e, a))); ip += 16; continue;
      }
      case op.LW: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(reads, a);
        if (load<u64>(e) != (a & -4093)) { if (misaligned(regs, ip, e, a)) { ip += 16; continue; } return miss(regs, bias, ip, left, a, AT_READ); }
        setX(regs, ip, <u64><i64>load<i32>(host(e, a))); ip += 16; continue;
      }
      case op.LW_C: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(reads, a);
        if (load<u64>(e) != (a & -4093)) { if (misaligned(regs, ip, e, a)) { ip += 8; continue; } return miss(regs, bias, ip, left, a, AT_READ); }
        setX(regs, ip, <u64><i64>load<i32>(host(e, a))); ip += 8; continue;
      }
      case op.LD: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(reads, a);
        if (load<u64>(e) != (a & -4089)) { if (misaligned(regs, ip, e, a)) { ip += 16; continue; } return miss(regs, bias, ip, left, a, AT_READ); }
        setX(regs, ip, load<u64>(host(e, a))); ip += 16; continue;
      }
      case op.LD_C: do {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(reads, a);
        if (load<u64>(e) != (a & -4089)) { if (misaligned(regs, ip, e, a)) { ip += 8; break; } return miss(regs, bias, ip, left, a, AT_READ); }
        setX(regs, ip, load<u64>(host(e, a))); ip += 8;
        if (load<u8>(ip) != op.LD_C) break;
        if (--left == 0) return leave(regs, pc0(bias, ip), 0, AT_BUDGET);
      } while (true); continue;
      case op.LBU: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(reads, a); if (load<u64>(e) != (a & -4096)) return miss(regs, bias, ip, left, a, AT_READ);
        setX(regs, ip, <u64>load<u8>(host(e, a))); ip += 16; continue;
      }
      case op.LHU: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(reads, a);
        if (load<u64>(e) != (a & -4095)) { if (misaligned(regs, ip, e, a)) { ip += 16; continue; } return miss(regs, bias, ip, left, a, AT_READ); }
        setX(regs, ip, <u64>load<u16>(host(e, a))); ip += 16; continue;
      }
      case op.LWU: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(reads, a);
        if (load<u64>(e) != (a & -4093)) { if (misaligned(regs, ip, e, a)) { ip += 16; continue; } return miss(regs, bias, ip, left, a, AT_READ); }
        setX(regs, ip, <u64>load<u32>(host(e, a))); ip += 16; continue;
      }
      case op.SB: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(writes, a); if (load<u64>(e) != (a & -4096)) return miss(regs, bias, ip, left, a, AT_WRITE);
        store<u8>(host(e, a), <u8>x2(regs, ip)); ip += 16; continue;
      }
      case op.SH: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(writes, a);
        if (load<u64>(e) != (a & -4095)) { if (misaligned(regs, ip, e, a)) { ip += 16; continue; } return miss(regs, bias, ip, left, a, AT_WRITE); }
        store<u16>(host(e, a), <u16>x2(regs, ip)); ip += 16; continue;
      }
      case op.SW: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(writes, a);
        if (load<u64>(e) != (a & -4093)) { if (misaligned(regs, ip, e, a)) { ip += 16; continue; } return miss(regs, bias, ip, left, a, AT_WRITE); }
        store<u32>(host(e, a), <u32>x2(regs, ip)); ip += 16; continue;
      }
      case op.SW_C: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(writes, a);
        if (load<u64>(e) != (a & -4093)) { if (misaligned(regs, ip, e, a)) { ip += 8; continue; } return miss(regs, bias, ip, left, a, AT_WRITE); }
        store<u32>(host(e, a), <u32>x2(regs, ip)); ip += 8; continue;
      }
      case op.SD: {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(writes, a);
        if (load<u64>(e) != (a & -4089)) { if (misaligned(regs, ip, e, a)) { ip += 16; continue; } return miss(regs, bias, ip, left, a, AT_WRITE); }
        store<u64>(host(e, a), x2(regs, ip)); ip += 16; continue;
      }
      case op.SD_C: do {
        const a = x1(regs, ip) + <u64>imm(ip); const e = entryOf(writes, a);
        if (load<u64>(e) != (a & -4089)) { if (misaligned(regs, ip, e, a)) { ip += 8; break; } return miss(regs, bias, ip, left, a, AT_WRITE); }
        store<u64>(host(e, a), x2(regs, ip)); ip += 8;
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
      case op.MULW: setX(regs, ip, sx(<i32>x1(regs, ip) * <i32>x2(regs, ip))); ip += 16; continue;
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
      case op.ENTER: return leave(regs, pc0(bias, ip), left, AT_ENTER);
      default: {
        const isFloat = <u32>load<u8>(ip) - op.FLW <= op.FCVT_D_S - op.FLW;
        const reason = isFloat ? rareFloat(regs, ip, reads) : rare(regs, ip, reads);
        if (reason == DONE) { ip += 16; continue; }
        return leave(regs, pc0(bias, ip), left, reason);
      }
    }
    const e = execEntryOf(execs, pc);
    if (load<u64>(e) != (pc & ~0xfff)) return leave(regs, pc, left - 1, AT_FETCH);
    ip = <usize>load<u32>(e, 8) + ((<u32>pc & 0xffe) << 2);
    bias = pc - <u64>(ip >> 2);
  }
  return 0;
}
