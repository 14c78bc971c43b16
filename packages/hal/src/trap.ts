/** Ways back from a running guest. */
import type { ContextId, Instructions } from '@veridian-os/abi';

export const TrapKind = {
  /** The instruction budget is spent. */
  Budget: 0,
  /** A system call; pc is past the instruction. */
  Syscall: 1,
  /** A guest error; pc is at the instruction. See `fault`, `access`, `address`. */
  Fault: 2,
  /** A breakpoint instruction, pc is at it; or a single step that the guest asked for, pc is at the next one. */
  Breakpoint: 3,
  /** A kick or a device interrupt; may be spurious. */
  Interrupt: 4,
  /** The CPU has nothing to run until the next deadline or interrupt. */
  Idle: 5,
  /** The machine was powered off or reset by its guest. */
  Halt: 6,
} as const;
export type TrapKind = (typeof TrapKind)[keyof typeof TrapKind];

export const FaultKind = {
  None: 0,
  /** No valid translation, or one that forbids the access. */
  Page: 1,
  /** Translation fine, but no memory or device answers there. */
  Bus: 2,
  /** Alignment that the machine cannot repair. */
  Alignment: 3,
  /** Undefined instruction, or a privileged one where the ISA does not tell them apart. */
  Illegal: 4,
  /** Integer or floating-point exception that traps on this ISA (never on RISC-V). */
  Arithmetic: 5,
  /** What x86 calls a general-protection, stack or segment fault: a privileged instruction, a non-canonical address. */
  Protection: 6,
} as const;
export type FaultKind = (typeof FaultKind)[keyof typeof FaultKind];

export const Access = { Read: 0, Write: 1, Execute: 2 } as const;
export type Access = (typeof Access)[keyof typeof Access];

/** Why a CPU came back. One record per CPU; the next `run` or `start` on it overwrites it. */
export interface Trap {
  readonly kind: TrapKind;
  /** Context that was running. */
  readonly context: ContextId;
  /** Instructions retired by this run; may pass the budget unless `features.exactBudget`. */
  readonly consumed: Instructions;
  /** Valid for Fault. */
  readonly fault: FaultKind;
  /** Valid for Fault of kind Page, Bus, Alignment. */
  readonly access: Access;
  /**
   * Faulting virtual address, low and high words. For Illegal: the instruction bits, or 0 where the ISA does not give
   * them. For Arithmetic, Protection and Breakpoint: the ISA's own number of the exception (x86: vector 0 divide,
   * 16 x87, 19 SIMD, 13 general protection, 3 int3, 1 single step; aarch64: exception class), 0 where it has one only.
   */
  readonly addressLo: number;
  readonly addressHi: number;
}
