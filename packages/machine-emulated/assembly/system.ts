/** SYSTEM opcode: environment calls, breakpoints, returns, WFI, fences of translations, CSR instructions. */
import { HART_MSTATUS, HART_PRIV, PC } from './layout';
import { CAUSE_BREAKPOINT, CAUSE_ECALL_U, CAUSE_ILLEGAL, PRIV_M, PRIV_S, PRIV_U, TSR, TVM, TW } from './bits';
import { csrRead, csrValue, csrWrite, writablePending } from './csr';
import { DONE, JUMPED, TRAPPED, WAITING } from './slow-step';
import { fault } from './walk';
import { flushMatching } from './tlb';
import { trapReturn } from './trap';

function trap(cause: u32, value: u64): i32 {
  fault(cause, value);
  return TRAPPED;
}

/** Forbidden in S mode by a trap bit of mstatus, and in U mode always. */
function forbidden(bit: u64): bool {
  const priv = load<u32>(HART_PRIV);
  return priv == PRIV_U || (priv == PRIV_S && (load<u64>(HART_MSTATUS) & bit) != 0);
}

function fenceTranslations(regs: usize, raw: u32): i32 {
  if (forbidden(TVM)) return trap(CAUSE_ILLEGAL, raw);
  const rs1 = (raw >> 15) & 31;
  const rs2 = (raw >> 20) & 31;
  const asid = load<u64>(regs + (rs2 << 3)) & 0xffff;
  flushMatching(asid << 44, rs2 == 0 ? 0 : <u64>0xffff << 44, load<u64>(regs + (rs1 << 3)), rs1 == 0);
  return DONE;
}

function privileged(regs: usize, raw: u32, bits: u32): i32 {
  switch (raw) {
    case 0x00000073:
      return trap(CAUSE_ECALL_U, 0);
    case 0x00100073:
      return trap(CAUSE_BREAKPOINT, load<u64>(regs, PC));
    case 0x10200073:
      if (forbidden(TSR)) return trap(CAUSE_ILLEGAL, bits);
      trapReturn(regs, false);
      return JUMPED;
    case 0x30200073:
      if (load<u32>(HART_PRIV) != PRIV_M) return trap(CAUSE_ILLEGAL, bits);
      trapReturn(regs, true);
      return JUMPED;
    case 0x10500073:
      return forbidden(TW) ? trap(CAUSE_ILLEGAL, bits) : WAITING;
  }
  const top = raw & 0xfe007fff;
  // SINVAL.VMA, which may act at once, and the fences that would order it.
  if (top == 0x12000073 || top == 0x16000073) return fenceTranslations(regs, raw);
  const isOrder = raw == 0x18000073 || raw == 0x18100073;
  return isOrder && load<u32>(HART_PRIV) != PRIV_U ? DONE : trap(CAUSE_ILLEGAL, bits);
}

export function system(regs: usize, raw: u32, bits: u32): i32 {
  const f3 = (raw >> 12) & 7;
  if (f3 == 0) return privileged(regs, raw, bits);
  if (f3 == 4) return trap(CAUSE_ILLEGAL, bits);
  const source = (raw >> 15) & 31;
  const operand = f3 & 4 ? <u64>source : load<u64>(regs + (source << 3));
  const number = raw >> 20;
  const rd = (raw >> 7) & 31;
  const kind = f3 & 3;
  const writes = kind == 1 || source != 0;
  // A CSRRW to x0 does not read, but every CSR here reads without side effects.
  if (!csrRead(regs, number) || (writes && number >> 10 == 3)) return trap(CAUSE_ILLEGAL, bits);
  const old = csrValue;
  if (writes) {
    const base = number == 0x344 ? writablePending() : old;
    const value = kind == 1 ? operand : kind == 2 ? base | operand : base & ~operand;
    if (!csrWrite(regs, number, value)) return trap(CAUSE_ILLEGAL, bits);
  }
  if (rd != 0) store<u64>(regs + (rd << 3), old);
  return DONE;
}
