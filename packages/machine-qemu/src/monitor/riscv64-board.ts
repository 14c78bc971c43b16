/** riscv64: where QEMU's `virt` board has what the monitor uses, the layout of a context, and shorthand for jumps. */
import { riscv64 as rv, to, type Code } from '@veridian-os/assembler';

export const RAM = 0x8000_0000;
export const UART = 0x1000_0000;
export const UART_SOURCE = 10;
export const PLIC = 0xc00_0000;
export const PLIC_ENABLE = PLIC + 0x2000;
export const PLIC_THRESHOLD = PLIC + 0x20_0000;
export const PLIC_CLAIM = PLIC + 0x20_0004;
export const CLINT = 0x200_0000;
export const MTIMECMP = CLINT + 0x4000;
/** mie and mip: machine software, timer and external interrupts. */
export const LINES = (1 << 3) | (1 << 7) | (1 << 11);
export const MSTATUS_MPP = 3 << 11;
export const MSTATUS_FS = 3 << 13;
export const ECALL_FROM_USER = 8;

/** Byte offsets in a context: x0..x31 and pc are its register view. */
export const CONTEXT = { PC: 256, F: 264, FCSR: 520, ROOT: 528, CPU: 536, BYTES: 576 } as const;

export const branch = (label: string, make: (offset: number) => number): Code => to(label, make);
export const jump = (label: string): Code => branch(label, (offset) => rv.j(offset));
export const callTo = (label: string): Code => to(label, (offset) => rv.jal(rv.RA, offset));
export const ifZero = (register: number, label: string): Code => branch(label, (offset) => rv.beqz(register, offset));
export const ifNot = (register: number, label: string): Code => branch(label, (offset) => rv.bnez(register, offset));
export const ifSame = (a: number, b: number, label: string): Code => branch(label, (offset) => rv.beq(a, b, offset));
