/** Traps inside the guest: delegation, entry and return (privileged specification, sections 3.1.6-3.1.16 and 4.1). */
import {
  HART_LINES, HART_MCAUSE, HART_MEDELEG, HART_MEPC, HART_MIDELEG, HART_MIE, HART_MIP, HART_MSTATUS, HART_MTVAL, HART_MTVEC,
  HART_PRIV, HART_READY, HART_SCAUSE, HART_SEPC, HART_STEPS, HART_STVAL, HART_STVEC, HART_TIMER, PC,
} from './layout';
import {
  CAUSE_ECALL_U, IRQ_MEI, IRQ_MSI, IRQ_MTI, IRQ_SEI, IRQ_SSI, IRQ_STI, MIE, MPIE, MPP, MPRV, PRIV_M, PRIV_S, PRIV_U, SIE,
  SPIE, SPP,
} from './bits';
import { comparatorEnabled, comparatorStep } from './supervisor-timer';
import { selectSets } from './tlb';

const INTERRUPT: u64 = 0x8000000000000000;

/** mip as software reads it. */
export function pendingBits(): u32 {
  const steps = load<u64>(HART_STEPS);
  const timer = steps >= load<u64>(HART_TIMER) ? IRQ_MTI : 0;
  let software = load<u32>(HART_MIP);
  // With Sstc on, STIP is the comparator's alone (section "Sstc").
  if (comparatorEnabled()) software = (software & ~IRQ_STI) | (steps >= comparatorStep() ? IRQ_STI : 0);
  return load<u32>(HART_LINES) | software | timer;
}

function enter(regs: usize, cause: u64, value: u64, toS: bool): void {
  const status = load<u64>(HART_MSTATUS);
  const priv = load<u32>(HART_PRIV);
  const pc = load<u64>(regs, PC);
  let vector: u64;
  if (toS) {
    let next = status & ~(SIE | SPIE | SPP);
    if (status & SIE) next |= SPIE;
    if (priv != PRIV_U) next |= SPP;
    store<u64>(HART_MSTATUS, next);
    store<u64>(HART_SEPC, pc);
    store<u64>(HART_SCAUSE, cause);
    store<u64>(HART_STVAL, value);
    vector = load<u64>(HART_STVEC);
    store<u32>(HART_PRIV, PRIV_S);
  } else {
    let next = status & ~(MIE | MPIE | MPP);
    if (status & MIE) next |= MPIE;
    store<u64>(HART_MSTATUS, next | (<u64>priv << 11));
    store<u64>(HART_MEPC, pc);
    store<u64>(HART_MCAUSE, cause);
    store<u64>(HART_MTVAL, value);
    vector = load<u64>(HART_MTVEC);
    store<u32>(HART_PRIV, PRIV_M);
  }
  const base = vector & ~3;
  const vectored = (vector & 1) != 0 && (cause & INTERRUPT) != 0;
  store<u64>(regs, vectored ? base + 4 * (cause & 63) : base, PC);
  selectSets();
}

/** Delivers an exception; an environment call's cause depends on the privilege. */
export function deliver(regs: usize, cause: u32, value: u64): void {
  const priv = load<u32>(HART_PRIV);
  const code = cause == CAUSE_ECALL_U ? CAUSE_ECALL_U + priv : cause;
  const delegated = priv != PRIV_M && ((load<u64>(HART_MEDELEG) >> code) & 1) != 0;
  enter(regs, code, value, delegated);
}

/** Highest-priority interrupt of a set, as its code: MEI, MSI, MTI, SEI, SSI, STI. */
function first(set: u32): u32 {
  if (set & IRQ_MEI) return 11;
  if (set & IRQ_MSI) return 3;
  if (set & IRQ_MTI) return 7;
  if (set & IRQ_SEI) return 9;
  if (set & IRQ_SSI) return 1;
  return 5;
}

/** Delivers a pending, enabled interrupt. @returns whether there was one */
export function deliverInterrupt(regs: usize): bool {
  const ready = pendingBits() & <u32>load<u64>(HART_MIE);
  store<u32>(HART_READY, ready);
  if (ready == 0) return false;
  const status = load<u64>(HART_MSTATUS);
  const priv = load<u32>(HART_PRIV);
  const delegated = <u32>load<u64>(HART_MIDELEG);
  const forM = ready & ~delegated;
  if (forM != 0 && (priv != PRIV_M || (status & MIE) != 0)) {
    enter(regs, INTERRUPT | <u64>first(forM), 0, false);
    return true;
  }
  const forS = ready & delegated;
  if (forS != 0 && (priv == PRIV_U || (priv == PRIV_S && (status & SIE) != 0))) {
    enter(regs, INTERRUPT | <u64>first(forS), 0, true);
    return true;
  }
  return false;
}

/** MRET (`fromM`) and SRET. */
export function trapReturn(regs: usize, fromM: bool): void {
  const status = load<u64>(HART_MSTATUS);
  let next: u64;
  let priv: u32;
  if (fromM) {
    priv = <u32>(status >> 11) & 3;
    next = (status & ~(MIE | MPP)) | MPIE;
    if (status & MPIE) next |= MIE;
    store<u64>(regs, load<u64>(HART_MEPC), PC);
  } else {
    priv = status & SPP ? PRIV_S : PRIV_U;
    next = (status & ~(SIE | SPP)) | SPIE;
    if (status & SPIE) next |= SIE;
    store<u64>(regs, load<u64>(HART_SEPC), PC);
  }
  if (priv != PRIV_M) next &= ~MPRV;
  store<u64>(HART_MSTATUS, next);
  store<u32>(HART_PRIV, priv);
  selectSets();
}

/** Whether WFI has something to wake for: pending and enabled, whatever the global enables say. */
export function wakes(): bool {
  return (pendingBits() & <u32>load<u64>(HART_MIE)) != 0;
}
