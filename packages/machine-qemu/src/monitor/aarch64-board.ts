/** aarch64: where QEMU's `virt` board has what the monitor uses, the layout of a context, and shorthand for jumps. */
import { aarch64 as arm, to, type Code } from '@veridian-os/assembler';

export const RAM = 0x4000_0000;
/** High word of the addresses at which EL1 sees physical memory, through TTBR1. */
export const MONITOR_HI = 0xffff_0000;
export const virtual = (physical: number): bigint => (BigInt(MONITOR_HI) << 32n) + BigInt(physical);

export const UART = 0x900_0000;
export const UART_FLAGS = 0x18;
export const UART_RECEIVE_EMPTY_BIT = 4;
/** Interrupt numbers at the GIC: the UART is shared interrupt 1, the virtual timer private interrupt 11. */
export const UART_INTID = 33;
export const TIMER_INTID = 27;
export const NO_INTID = 1020;
export const GICD = 0x800_0000;
export const GICC = 0x801_0000;
export const GICD_SGIR = 0xf00;
export const GICC_IAR = 0x0c;
export const GICC_EOIR = 0x10;

/** Byte offsets in a context: x0..x30, sp, pc, pstate, tpidr are its register view. 16-byte aligned. */
export const CONTEXT = {
  SP: 248,
  PC: 256,
  PSTATE: 264,
  TPIDR: 272,
  V: 288,
  FPSR: 800,
  FPCR: 804,
  ROOT: 808,
  CPU: 816,
  BYTES: 832,
} as const;

type Register = arm.Register;
export const jump = (label: string): Code => to(label, (offset) => arm.branch(offset));
export const callTo = (label: string): Code => to(label, (offset) => arm.bl(offset));
export const ifZero = (register: Register, label: string): Code => to(label, (offset) => arm.cbz(register, offset));
export const ifNot = (register: Register, label: string): Code => to(label, (offset) => arm.cbnz(register, offset));
export const onlyIf = (condition: Parameters<typeof arm.bCond>[0], label: string): Code =>
  to(label, (offset) => arm.bCond(condition, offset));
export const set = (register: Register, constant: bigint | number): Code => arm.movConstant(register, constant);
