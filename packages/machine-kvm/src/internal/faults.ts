/** Exceptions of the processor as ways back of the hal. Source: Intel SDM volume 3A, chapter 6. */
import { FaultKind } from '@veridian-os/hal';

export const VECTOR = { DEBUG: 1, NMI: 2, BREAKPOINT: 3, PAGE: 14 } as const;

/** Bits of a page fault's error code. */
export const PAGE_ERROR = { WRITE: 2, FETCH: 16 } as const;

/** Vector to the hal's fault; None = not the guest's error. */
export const FAULTS: readonly FaultKind[] = [
  FaultKind.Arithmetic, // 0 divide error
  FaultKind.None, // 1 debug
  FaultKind.None, // 2 NMI
  FaultKind.None, // 3 breakpoint
  FaultKind.Protection, // 4 overflow, asked for by INT 4
  FaultKind.Protection, // 5 bound range
  FaultKind.Illegal, // 6 undefined instruction
  FaultKind.None, // 7 no coprocessor
  FaultKind.None, // 8 double fault
  FaultKind.None, // 9 reserved
  FaultKind.Protection, // 10 task-state segment
  FaultKind.Protection, // 11 segment not present
  FaultKind.Protection, // 12 stack
  FaultKind.Protection, // 13 general protection
  FaultKind.Page, // 14
  FaultKind.None, // 15 reserved
  FaultKind.Arithmetic, // 16 x87
  FaultKind.Alignment, // 17
  FaultKind.None, // 18 machine check
  FaultKind.Arithmetic, // 19 SIMD
  FaultKind.None, // 20 virtualization
  FaultKind.Protection, // 21 control protection
];
