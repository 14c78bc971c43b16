/**
 * x86_64: from reset to the monitor's loop, and the tables that the processor wants.
 *
 * The firmware image is one jump to the trampoline below 1 MiB, where the other CPUs start too: real mode, protected mode,
 * 64-bit mode, then the monitor at its high address.
 *
 * Source: Intel SDM volume 3A, sections 3.5, 6.14, 8.4, 9.8, 10.5; QEMU hw/i386/pc_q35.c
 */
import { CodeBuffer, addressOf, data16, data64, to, x86_64 as x86, type Code } from '@veridian-os/assembler';
import type { Piece } from '../isa.js';
import { CPU_AREAS, CPU_BYTES, EMPTY_ROOT, MAILBOX as M, TABLES } from '../layout.js';
import * as board from './x86-64-board.js';
import { APIC, CPU_GDT, CPU_GDTR, CPU_TSS, SELECTOR, TRAMPOLINE, VECTOR, onlyIf, virtual } from './x86-64-board.js';

const { RAX, RCX, RDX, RSP, R15, EAX, ECX, EDX, AL, AX, mem, mem32, mem64 } = x86;

const ROM_BYTES = 0x1_0000;
const RESET = 0xfff0;
const PDPT = TABLES + 0x1000;
const IDT = TABLES + 0x2000;
const PRESENT_WRITABLE = 3n;
const LARGE = 0x80n;

/** Boot selectors. */
const CODE32 = 0x08;
const CODE64 = 0x10;
const DATA32 = 0x18;
const BOOT_GDT = [0n, 0x00cf9a000000ffffn, 0x00af9a000000ffffn, 0x00cf92000000ffffn];

const CR0 = 0x8001_0033; // PG WP NE ET MP PE
const CR4 = (1 << 5) | (1 << 9) | (1 << 10) | (1 << 16) | (1 << 18); // PAE OSFXSR OSXMMEXCPT FSGSBASE OSXSAVE
const EFER = 0xc000_0080;
const EFER_BITS = (1 << 0) | (1 << 8) | (1 << 11); // SCE LME NXE
const STAR = 0xc000_0081;
const LSTAR = 0xc000_0082;
const SFMASK = 0xc000_0084;
const KERNEL_GS_BASE = 0xc000_0102;
/** All that user mode may set is cleared for ring 0. */
const SYSCALL_FLAGS = 0x25_7fd5;
/** x87, SSE, AVX, AVX-512: what the layout of the FP state has room for and a kernel switches without being asked. */
const XCR0_BITS = 0xe7;

/** 64 KiB below 4 GiB: a far jump at the reset address to 0800:0000. */
export function x86Firmware(): Uint8Array {
  const rom = new Uint8Array(ROM_BYTES);
  rom.set([0xea, 0, 0, 0, TRAMPOLINE >> 12], RESET);
  return rom;
}

/** Real mode at TRAMPOLINE:0 to the monitor's entry. */
export function x86Trampoline(entry: bigint): Uint8Array {
  const code = new CodeBuffer({ origin: TRAMPOLINE });
  const far = (label: string, make: (address: number) => Uint8Array): Code =>
    addressOf(label, (address) => make(Number(address)));
  code.emit(
    x86.cli(),
    far('gdtr', (address) => x86.lgdt16(address === 0 ? 0 : address - TRAMPOLINE)),
  );
  code.emit(x86.movFromControl(RAX, 0), x86.or(AL, 1), x86.movToControl(0, RAX));
  code.emit(far('protected', (address) => x86.jmpFar16To32(CODE32, address)));
  code.label('protected').emit(
    x86.mov(EAX, DATA32),
    x86.movToSegment('ds', AX),
    x86.movToSegment('ss', AX),
    x86.mov(EAX, CR4),
    x86.movToControl(4, RAX),
    x86.mov(EAX, TABLES),
    x86.movToControl(3, RAX),
    x86.mov(ECX, EFER),
    x86.rdmsr(),
    x86.or(EAX, EFER_BITS),
    x86.wrmsr(),
    x86.mov(EAX, CR0),
    x86.movToControl(0, RAX),
    far('long', (address) => x86.jmpFar32(CODE64, address)),
  );
  code.label('long').emit(x86.movabs(RAX, entry), x86.jmp(RAX));
  code
    .align(8)
    .label('gdt')
    .emit(data64(...BOOT_GDT));
  code.label('gdtr').emit(
    data16(BOOT_GDT.length * 8 - 1),
    far('gdt', (address) => data32of(address)),
  );
  return code.finish();
}

const data32of = (value: number): Uint8Array => data64(value).slice(0, 4);

/** Paging: 512 GiB of physical memory in pages of 1 GiB, at the bottom (for the trampoline) and at the monitor's place. */
function pageTables(): Piece[] {
  const root = new BigUint64Array(512);
  const next = BigInt(PDPT) | PRESENT_WRITABLE;
  root[0] = next;
  root[board.MONITOR_ROOT_ENTRY] = next;
  const memory = BigUint64Array.from({ length: 512 }, (_, i) => (BigInt(i) << 30n) | PRESENT_WRITABLE | LARGE);
  const empty = new BigUint64Array(512);
  empty[board.MONITOR_ROOT_ENTRY] = next;
  return [
    { offset: TABLES, bytes: new Uint8Array(root.buffer) },
    { offset: PDPT, bytes: new Uint8Array(memory.buffer) },
    { offset: EMPTY_ROOT, bytes: new Uint8Array(empty.buffer) },
  ];
}

/** The monitor's entry of a root table. */
export const ROOT_ENTRY = PDPT | Number(PRESENT_WRITABLE);

/** Interrupt gates; programs may use 3 and 4 themselves. */
function gates(entry: (vector: number) => bigint | undefined): Piece {
  const table = new DataView(new ArrayBuffer(4096));
  for (let vector = 0; vector < 256; vector++) {
    const address = entry(vector);
    if (address === undefined) continue;
    const level = vector === 3 || vector === 4 ? 0x60 : 0;
    table.setUint16(vector * 16, Number(address & 0xffffn), true);
    table.setUint16(vector * 16 + 2, SELECTOR.CODE, true);
    table.setUint16(vector * 16 + 4, (0x8e | level) << 8, true);
    table.setUint16(vector * 16 + 6, Number((address >> 16n) & 0xffffn), true);
    table.setUint32(vector * 16 + 8, Number(address >> 32n), true);
  }
  return { offset: IDT, bytes: new Uint8Array(table.buffer) };
}

/** Descriptors and task state of one CPU; its stack begins at the end of its area. */
function perCpu(cpu: number): Piece[] {
  const area = CPU_AREAS + cpu * CPU_BYTES;
  const tss = virtual(area + CPU_TSS);
  const low = tss & 0xffff_ffffn;
  const descriptor = 0x67n | ((low & 0xff_ffffn) << 16n) | (0x89n << 40n) | ((low >> 24n) << 56n);
  const user = [0x00cffa000000ffffn, 0x00cff2000000ffffn, 0x00affa000000ffffn, 0n];
  const gdt = data64(0n, 0n, 0x00af9a000000ffffn, 0x00cf92000000ffffn, ...user, descriptor, tss >> 32n);
  const task = new Uint8Array(0x68);
  task.set(data64(virtual(area + CPU_BYTES)), 4);
  task.set(data16(0x68), 0x66);
  return [
    { offset: area + CPU_GDT, bytes: gdt },
    { offset: area + CPU_GDTR, bytes: Uint8Array.of(...data16(gdt.length - 1), ...data64(virtual(area + CPU_GDT))) },
    { offset: area + CPU_TSS, bytes: task },
  ];
}

/** Everything but the monitor's code. */
export function x86Tables(cpus: number, entry: (vector: number) => bigint | undefined): Piece[] {
  return [...pageTables(), gates(entry), ...Array.from({ length: cpus }, (_, cpu) => perCpu(cpu)).flat()];
}

/** The monitor's first code, at its high address. */
export function boot(code: CodeBuffer): void {
  code.label('start').emit(
    x86.movabs(RAX, virtual(board.LAPIC)),
    x86.mov(EAX, mem32(RAX, APIC.ID)),
    x86.shr(EAX, 24),
    x86.shl(EAX, Math.log2(CPU_BYTES)),
    x86.movabs(R15, virtual(CPU_AREAS)),
    x86.add(R15, RAX),
    x86.lea(RSP, mem(R15, CPU_BYTES)),
    x86.mov(mem64(R15, M.SELF), R15),
    x86.lgdt(mem(R15, CPU_GDTR)),
    to('idtr', (offset) => x86.lidt(x86.relative(offset))),
    x86.mov(EAX, SELECTOR.TSS),
    x86.ltr(AX),
    x86.push(SELECTOR.CODE),
    board.addressOfLabel(RAX, 'segments'),
    x86.push(RAX),
    x86.retfq(),
  );
  code.label('segments').emit(
    x86.mov(EAX, SELECTOR.DATA),
    x86.movToSegment('ss', AX),
    x86.xor(EAX, EAX),
    x86.movToSegment('ds', AX),
    x86.movToSegment('es', AX),
    modelRegisters(),
    extendedState(),
    localApic(),
    x86.movabs(RAX, virtual(CPU_AREAS)),
    x86.cmp(R15, RAX),
    onlyIf('ne', 'post'),
    doorbell(),
    // The others wait for this; without others nobody hears it.
    lapicWrite(APIC.ICR_LOW, 0xc4500),
    lapicWrite(APIC.ICR_LOW, 0xc4600 | (TRAMPOLINE >> 12)),
    board.jump('post'),
  );
  code
    .align(8)
    .label('idtr')
    .emit(data16(4095), data64(virtual(IDT)));
}

const writeModelRegister = (register: number, low: number, high: number): Code => [
  x86.mov(ECX, register),
  x86.mov(EAX, low),
  x86.mov(EDX, high),
  x86.wrmsr(),
];

const modelRegisters = (): Code => [
  writeModelRegister(STAR, 0, ((SELECTOR.DATA | 8 | 3) << 16) | SELECTOR.CODE),
  writeModelRegister(SFMASK, SYSCALL_FLAGS, 0),
  x86.mov(ECX, LSTAR),
  board.addressOfLabel(RAX, 'systemCall'),
  x86.mov(RDX, RAX),
  x86.shr(RDX, 32),
  x86.wrmsr(),
  x86.mov(ECX, KERNEL_GS_BASE),
  x86.mov(RAX, R15),
  x86.mov(RDX, R15),
  x86.shr(RDX, 32),
  x86.wrmsr(),
];

/** XCR0: what there is of what we switch; reported to the host. */
const extendedState = (): Code => [
  x86.mov(EAX, 0xd),
  x86.xor(ECX, ECX),
  x86.push(x86.RBX),
  x86.cpuid(),
  x86.pop(x86.RBX),
  x86.and(EAX, XCR0_BITS),
  x86.mov(mem32(R15, M.BOOT), EAX),
  x86.xor(ECX, ECX),
  x86.xor(EDX, EDX),
  x86.xsetbv(),
];

const lapicWrite = (register: number, value: number): Code => [
  x86.movabs(RCX, virtual(board.LAPIC)),
  x86.mov(mem32(RCX, register), value),
];

const localApic = (): Code => [
  lapicWrite(APIC.TPR, 0),
  lapicWrite(APIC.SPURIOUS, 0x100 | VECTOR.SPURIOUS),
  lapicWrite(APIC.LINT0, 0x1_0000),
  lapicWrite(APIC.DIVIDE, 0xb),
  lapicWrite(APIC.TIMER, VECTOR.TIMER),
  x86.mov(mem64(R15, M.ARMED), -1),
];

const outTo = (portNumber: number, value: number): Code => [
  x86.mov(EDX, portNumber),
  x86.mov(AL, value),
  x86.outPort(AL),
];

/** The old interrupt controllers are masked; the UART, with FIFO and receive interrupt, goes to the first CPU. */
const doorbell = (): Code => [
  outTo(0x21, 0xff),
  outTo(0xa1, 0xff),
  outTo(board.UART + 2, 7),
  outTo(board.UART + 4, 8),
  outTo(board.UART + 1, 1),
  x86.movabs(RCX, virtual(board.IOAPIC)),
  x86.mov(mem32(RCX), 0x11 + 2 * board.UART_LINE),
  x86.mov(mem32(RCX, 0x10), 0),
  x86.mov(mem32(RCX), 0x10 + 2 * board.UART_LINE),
  x86.mov(mem32(RCX, 0x10), VECTOR.BELL),
];
