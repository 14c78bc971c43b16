/**
 * x86_64 exceptions as signals. Source: Linux arch/x86/kernel/traps.c, kernel/fpu/core.c (fpu__exception_code),
 * mm/fault.c; Intel SDM volume 3, chapter 6.
 */
import { toNumber } from '@veridian-os/abi';
import { Access, FaultKind, TrapKind, X86, type Trap } from '@veridian-os/hal';
import * as k from '@veridian-os/kernel';
import { FaultResult } from '@veridian-os/memory';
import * as f from '../signals/fault.js';
import type { FaultingThread } from './isa.js';
import { setRegister } from './words.js';

const Vector = { Divide: 0, Debug: 1, Breakpoint: 3, Undefined: 6, NotPresent: 11, Stack: 12, Protection: 13 } as const;
const VECTOR_PAGE = 14;
const VECTOR_X87 = 16;
const VECTOR_ALIGNMENT = 17;
const VECTOR_SIMD = 19;

/** Page-fault error code: the page was there, a write, from user mode, an instruction fetch. */
const PF_PROTECTION = 1;
const PF_WRITE = 2;
const PF_USER = 4;
const PF_FETCH = 16;
/** From here on addresses are the kernel's. */
const USER_END = 2 ** 47 - 4096;

/** INT 3 in two bytes: its first one. */
const INT_IMMEDIATE = 0xcd;

const NOWHERE = { valueLo: 0, valueHi: 0 };

export function signalOfFault(trap: Trap, result: FaultResult, thread: FaultingThread): k.SignalInfo {
  const { registers, fault } = thread;
  const atPc = { valueLo: registers[X86.RIP * 2], valueHi: registers[X86.RIP * 2 + 1] };
  fault.code = 0;
  if (trap.kind === TrapKind.Breakpoint) return breakpoint(trap, thread);
  switch (trap.fault) {
    case FaultKind.Illegal:
      fault.number = Vector.Undefined;
      return k.signalInfo(k.SIGILL, f.ILL_ILLOPN, atPc);
    case FaultKind.Arithmetic:
      fault.number = trap.addressLo;
      return k.signalInfo(k.SIGFPE, arithmeticCode(trap.addressLo, thread), atPc);
    case FaultKind.Alignment:
      fault.number = VECTOR_ALIGNMENT;
      return k.signalInfo(k.SIGBUS, k.BUS_ADRALN, NOWHERE);
    case FaultKind.Protection:
      return protection(trap.addressLo, thread);
    case FaultKind.Page:
      return pageFault(trap, result, thread);
    default:
      return f.signalOfFault(trap, result, { lo: atPc.valueLo, hi: atPc.valueHi });
  }
}

function breakpoint(trap: Trap, thread: FaultingThread): k.SignalInfo {
  const { registers, fault } = thread;
  const pc = toNumber(registers[X86.RIP * 2], registers[X86.RIP * 2 + 1]);
  if (trap.addressLo === Vector.Debug) {
    fault.number = Vector.Debug;
    const at = { valueLo: registers[X86.RIP * 2], valueHi: registers[X86.RIP * 2 + 1] };
    return k.signalInfo(k.SIGTRAP, f.TRAP_TRACE, at);
  }
  // A trap, not a fault: the processor has passed the instruction, the machine has not.
  fault.number = Vector.Breakpoint;
  setRegister(registers, X86.RIP, pc + (thread.readByte(pc) === INT_IMMEDIATE ? 2 : 1));
  return k.signalInfo(k.SIGTRAP, k.SI_KERNEL);
}

/** General protection is SIGSEGV, a missing segment or a stack that is no address SIGBUS. */
function protection(vector: number, { fault }: FaultingThread): k.SignalInfo {
  fault.number = vector === 0 ? Vector.Protection : vector;
  const isBus = vector === Vector.NotPresent || vector === Vector.Stack;
  return k.signalInfo(isBus ? k.SIGBUS : k.SIGSEGV, k.SI_KERNEL, NOWHERE);
}

function pageFault(trap: Trap, result: FaultResult, { fault }: FaultingThread): k.SignalInfo {
  const isKernels = toNumber(trap.addressLo, trap.addressHi) >= USER_END;
  const present = result === FaultResult.Forbidden || isKernels ? PF_PROTECTION : 0;
  const access = trap.access === Access.Write ? PF_WRITE : trap.access === Access.Execute ? PF_FETCH : 0;
  fault.number = VECTOR_PAGE;
  fault.code = PF_USER | present | access;
  fault.addressLo = trap.addressLo;
  fault.addressHi = trap.addressHi;
  return f.pageFault(result, { valueLo: trap.addressLo, valueHi: trap.addressHi });
}

/** Offsets in the XSAVE area: control and status words of x87, MXCSR. */
const FCW = 0;
const FSW = 2;
const MXCSR = 24;
/** Exceptions in the order in which they are looked for: invalid, divide, overflow, denormal or underflow, inexact. */
const EXCEPTIONS: readonly (readonly [bits: number, code: number])[] = [
  [0x01, f.FPE_FLTINV],
  [0x04, f.FPE_FLTDIV],
  [0x08, f.FPE_FLTOVF],
  [0x12, f.FPE_FLTUND],
  [0x20, f.FPE_FLTRES],
];

/** si_code of an arithmetic exception; of the floating-point ones the first that is raised and not masked. */
function arithmeticCode(vector: number, thread: FaultingThread): number {
  if (vector !== VECTOR_X87 && vector !== VECTOR_SIMD) return k.FPE_INTDIV;
  const fp = thread.saveFp();
  const view = new DataView(fp.buffer, fp.byteOffset);
  const mxcsr = view.getUint32(MXCSR, true);
  const raised =
    vector === VECTOR_X87 ? view.getUint16(FSW, true) & ~view.getUint16(FCW, true) : mxcsr & ~(mxcsr >>> 7);
  return EXCEPTIONS.find(([bits]) => (raised & bits) !== 0)?.[1] ?? 0;
}
