/**
 * Traps that memory could not handle, as signals: what is the same on every ISA, which is all there is to riscv64.
 * Source: Linux arch/riscv/kernel/traps.c, mm/fault.c; asm-generic/siginfo.h.
 */
import { FaultKind, TrapKind, type Trap } from '@veridian-os/hal';
import * as k from '@veridian-os/kernel';
import { FaultResult } from '@veridian-os/memory';

/** si_code values beyond those that the kernel knows. */
export const ILL_ILLOPN = 2;
export const FPE_FLTDIV = 3;
export const FPE_FLTOVF = 4;
export const FPE_FLTUND = 5;
export const FPE_FLTRES = 6;
export const FPE_FLTINV = 7;
export const TRAP_TRACE = 2;

/** Word pair of the program counter. */
export interface Pc {
  readonly lo: number;
  readonly hi: number;
}

export function signalOfFault(trap: Trap, result: FaultResult, pc: Pc): k.SignalInfo {
  const atPc = { valueLo: pc.lo, valueHi: pc.hi };
  const atAddress = { valueLo: trap.addressLo, valueHi: trap.addressHi };
  if (trap.kind === TrapKind.Breakpoint) return k.signalInfo(k.SIGTRAP, k.TRAP_BRKPT, atPc);
  switch (trap.fault) {
    case FaultKind.Illegal:
      return k.signalInfo(k.SIGILL, k.ILL_ILLOPC, atPc);
    case FaultKind.Arithmetic:
      return k.signalInfo(k.SIGFPE, k.FPE_INTDIV, atPc);
    case FaultKind.Protection:
      return k.signalInfo(k.SIGSEGV, k.SI_KERNEL, { valueLo: 0, valueHi: 0 });
    case FaultKind.Alignment:
      return k.signalInfo(k.SIGBUS, k.BUS_ADRALN, atAddress);
    case FaultKind.Bus:
      return k.signalInfo(k.SIGBUS, k.BUS_ADRERR, atAddress);
    default:
      return pageFault(result, atAddress);
  }
}

export function pageFault(result: FaultResult, at: { valueLo: number; valueHi: number }): k.SignalInfo {
  if (result === FaultResult.BeyondEnd || result === FaultResult.IoError)
    return k.signalInfo(k.SIGBUS, k.BUS_ADRERR, at);
  const code = result === FaultResult.Forbidden ? k.SEGV_ACCERR : k.SEGV_MAPERR;
  return k.signalInfo(k.SIGSEGV, code, at);
}
