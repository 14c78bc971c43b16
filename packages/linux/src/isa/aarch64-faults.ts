/**
 * aarch64 exceptions as signals. Source: Linux arch/arm64/kernel/{traps,debug-monitors}.c, mm/fault.c; Arm Architecture
 * Reference Manual (DDI 0487), "ESR_EL1".
 */
import { Access, ARM, FaultKind, TrapKind, type Trap } from '@veridian-os/hal';
import * as k from '@veridian-os/kernel';
import { FaultResult } from '@veridian-os/memory';
import { TRAP_TRACE, signalOfFault as generic } from '../signals/fault.js';
import type { FaultingThread } from './isa.js';

/** Exception classes of EL0: single step, aborts. */
const EC_SINGLE_STEP = 0x32;
const EC_INSTRUCTION_ABORT = 0x20;
const EC_DATA_ABORT = 0x24;
const EC_SHIFT = 26;
/** 32-bit instruction. */
const IL = 1 << 25;
/** The abort was a write. */
const WRITE = 1 << 6;
/** Fault status: translation and permission faults of the last level, alignment, external abort. */
const TRANSLATION = 0x07;
const PERMISSION = 0x0f;
const ALIGNMENT = 0x21;
const EXTERNAL = 0x10;

export function signalOfFault(trap: Trap, result: FaultResult, thread: FaultingThread): k.SignalInfo {
  const { registers, fault } = thread;
  const pc = { lo: registers[ARM.PC * 2], hi: registers[ARM.PC * 2 + 1] };
  const atPc = { valueLo: pc.lo, valueHi: pc.hi };
  if (trap.kind === TrapKind.Breakpoint) {
    const code = trap.addressLo === EC_SINGLE_STEP ? TRAP_TRACE : k.TRAP_BRKPT;
    return k.signalInfo(k.SIGTRAP, code, atPc);
  }
  const status = abortStatus(trap, result);
  fault.code = status === 0 ? 0 : syndrome(trap, status);
  fault.addressLo = status === 0 ? 0 : trap.addressLo;
  fault.addressHi = status === 0 ? 0 : trap.addressHi;
  // An instruction that EL0 may not execute is undefined to it.
  if (trap.fault === FaultKind.Protection) return k.signalInfo(k.SIGILL, k.ILL_ILLOPC, atPc);
  return generic(trap, result, pc);
}

/** Fault status code, 0 for exceptions that are no aborts. */
function abortStatus(trap: Trap, result: FaultResult): number {
  switch (trap.fault) {
    case FaultKind.Page:
      return result === FaultResult.Forbidden ? PERMISSION : TRANSLATION;
    case FaultKind.Alignment:
      return ALIGNMENT;
    case FaultKind.Bus:
      return EXTERNAL;
    default:
      return 0;
  }
}

function syndrome(trap: Trap, status: number): number {
  const isFetch = trap.access === Access.Execute;
  const write = trap.access === Access.Write ? WRITE : 0;
  return (((isFetch ? EC_INSTRUCTION_ABORT : EC_DATA_ABORT) << EC_SHIFT) | IL | write | status) >>> 0;
}
