/** x86_64: what QEMU's q35 board has that the monitor uses, selectors, vectors, the layout of a context, shorthand. */
import { to, x86_64 as x86, type Code } from '@veridian-os/assembler';

/** High word of the addresses at which ring 0 sees physical memory: entry 256 of every root table. */
export const MONITOR_HI = 0xffff_8000;
export const MONITOR_ROOT_ENTRY = 256;
export const virtual = (physical: number): bigint => (BigInt(MONITOR_HI) << 32n) + BigInt(physical);

export const UART = 0x3f8;
export const UART_LINE = 4;
export const LAPIC = 0xfee0_0000;
export const IOAPIC = 0xfec0_0000;
/** Registers of the local APIC. */
export const APIC = {
  ID: 0x20,
  TPR: 0x80,
  EOI: 0xb0,
  SPURIOUS: 0xf0,
  ICR_LOW: 0x300,
  ICR_HIGH: 0x310,
  TIMER: 0x320,
  LINT0: 0x350,
  COUNT: 0x380,
  DIVIDE: 0x3e0,
} as const;

/** Vectors of interrupts, above all exceptions. */
export const VECTOR = { BELL: 0xf0, TIMER: 0xf1, IPI: 0xf2, SPURIOUS: 0xff, FIRST: 0xf0 } as const;
export const EXCEPTIONS = 32;
/** Cause of a system call, beyond all vectors. */
export const SYSCALL_CAUSE = 0x100;
export const GENERAL_PROTECTION = 13;

/** Linux's selectors: programs see them. */
export const SELECTOR = { CODE: 0x10, DATA: 0x18, USER_DATA: 0x2b, USER_CODE: 0x33, TSS: 0x40 } as const;

/** Byte offsets in a context; the first twenty 64-bit words are its register view. FP state is aligned to 64. */
export const CONTEXT = {
  RSP: 32,
  RIP: 128,
  RFLAGS: 136,
  FS: 144,
  GS: 152,
  FP: 192,
  ROOT: 2888,
  CPU: 2896,
  BYTES: 2944,
} as const;

/** In a CPU's area: its descriptor table, the table's descriptor, its task state. */
export const CPU_GDT = 0x1900;
export const CPU_GDTR = 0x1960;
export const CPU_TSS = 0x1980;

/** Where real mode starts: the only thing below 1 MiB. */
export const TRAMPOLINE = 0x8000;

type Condition = x86.Condition;
export const jump = (label: string): Code => to(label, (offset) => x86.jmp(offset));
export const callTo = (label: string): Code => to(label, (offset) => x86.call(offset));
export const onlyIf = (condition: Condition, label: string): Code => to(label, (offset) => x86.jcc(condition, offset));
export const addressOfLabel = (register: x86.Register, label: string): Code =>
  to(label, (offset) => x86.lea(register, x86.relative(offset)));
/** The instruction with gs as its segment; its address may not be relative. */
export const gs = (instruction: Uint8Array): Uint8Array => Uint8Array.of(0x65, ...instruction);
