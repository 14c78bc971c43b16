/**
 * aarch64: from reset to the monitor's loop. Starts at its physical address with translation off; every CPU but the first
 * is started through PSCI by the first.
 */
import { aarch64 as arm, type Code, type CodeBuffer } from '@veridian-os/assembler';
import { CPU_AREAS, CPU_BYTES, MAILBOX as M, MONITOR, TABLES } from '../layout.js';
import { GICC, GICD, RAM, TIMER_INTID, UART, UART_INTID, ifNot, ifZero, jump, set, virtual } from './aarch64-board.js';

const { X0, X1, X2, X3, X19, X20, X21, W1, W2, XZR, mem } = arm;
const PSCI_CPU_ON = 0xc400_0003;

/** Attribute 0: normal memory, write-back. Attribute 1: device, no gathering, reordering or early acknowledgement. */
const MAIR = 0x00ffn;
/** Reserved ones; translation, caches, stack alignment; EL0 may use dc zva, ctr, wfi, wfe, cache maintenance by address. */
const SCTLR = 0x30d0_0800 | 0x1 | 0x4 | 0x8 | 0x10 | 0x1000 | (1 << 14) | (1 << 15) | (1 << 16) | (1 << 18) | (1 << 26);
/** Both halves 48 bits, 4 KiB granule, inner shareable write-back; 48-bit physical addresses, 16-bit ASIDs in TTBR0. */
const TCR =
  16n |
  (1n << 8n) |
  (1n << 10n) |
  (3n << 12n) |
  (16n << 16n) |
  (1n << 24n) |
  (1n << 26n) |
  (3n << 28n) |
  (2n << 30n) |
  (5n << 32n) |
  (1n << 36n);
const TABLE = 3n;
const BLOCK = 1n;
const DEVICE = 1n << 2n;
const INNER_SHAREABLE = 3n << 8n;
const ACCESSED = 1n << 10n;
const USER_NEVER_EXECUTES = 1n << 54n;

/** The monitor's tables at RAM + TABLES: 512 GiB of physical memory in blocks of 1 GiB; the first is devices. */
export function aarch64Tables(): Uint8Array {
  const entries = new BigUint64Array(1024);
  entries[0] = BigInt(RAM + TABLES + 4096) | TABLE;
  for (let gibibyte = 0; gibibyte < 512; gibibyte++) {
    const isDevice = gibibyte === 0 || gibibyte >= 256;
    entries[512 + gibibyte] =
      (BigInt(gibibyte) << 30n) |
      BLOCK |
      ACCESSED |
      USER_NEVER_EXECUTES |
      (isDevice ? DEVICE | (1n << 53n) : INNER_SHAREABLE);
  }
  return new Uint8Array(entries.buffer);
}

export function boot(code: CodeBuffer): void {
  code.label('start').emit(
    // No instruction here may refer to its own address: it is not where it was assembled for.
    set(X0, MAIR),
    arm.msr('mair_el1', X0),
    set(X0, TCR),
    arm.msr('tcr_el1', X0),
    set(X0, RAM + TABLES),
    arm.msr('ttbr1_el1', X0),
    // The first table maps the first 512 GiB: in the lower half, too, until the jump below.
    arm.msr('ttbr0_el1', X0),
    arm.isb(),
    arm.tlbi('vmalle1'),
    arm.dsb('nsh'),
    set(X0, SCTLR),
    arm.msr('sctlr_el1', X0),
    arm.isb(),
  );
  code.emit({ label: 'high', byAddress: (address) => wide(X0, address) }, arm.br(X0));
  code
    .label('high')
    .emit(registers(), timerOff(), interruptController(), ifNot(X20, 'post'), arm.ldr(W2, mem(X19, M.CPUS)));
  code
    .label('startNext')
    .emit(
      arm.sub(W2, W2, 1),
      ifZero(W2, 'post'),
      set(X0, PSCI_CPU_ON),
      arm.mov(X1, X2),
      arm.mov(X20, X2),
      set(X2, RAM + MONITOR),
      arm.mov(X3, XZR),
      arm.hvc(0),
      arm.mov(X2, X20),
      jump('startNext'),
    );
}

/** Four instructions whatever the constant. */
const wide = (register: arm.Register, value: bigint): Code =>
  ([0, 16, 32, 48] as const).map((shift) =>
    (shift === 0 ? arm.movz : arm.movk)(register, Number((value >> BigInt(shift)) & 0xffffn), shift),
  );

/** x19 and x20: this CPU's mailbox and number. */
const registers = (): Code => [
  arm.mrs(X20, 'mpidr_el1'),
  arm.and(X20, X20, 0xff),
  set(X19, virtual(RAM + CPU_AREAS)),
  arm.add(X19, X19, X20, { lsl: Math.log2(CPU_BYTES) }),
  arm.mov(X21, XZR),
  { label: 'vectors', byOffset: (offset) => arm.adr(X0, offset) },
  arm.msr('vbar_el1', X0),
  // Floating point for everybody; EL0 may read both counters.
  set(X0, 3 << 20),
  arm.msr('cpacr_el1', X0),
  arm.movz(X0, 3),
  arm.msr('cntkctl_el1', X0),
  arm.isb(),
];

const timerOff = (): Code => [arm.msr('cntv_ctl_el0', XZR), arm.movn(X0, 0), arm.str(X0, mem(X19, M.ARMED))];

/** Software interrupts and the timer at every CPU; the UART, with FIFO and receive interrupt, at the first. */
const interruptController = (): Code => [
  set(X0, virtual(GICD)),
  arm.movz(W1, 1),
  arm.str(W1, mem(X0)),
  set(X1, (1 << TIMER_INTID) | 0xffff),
  arm.str(W1, mem(X0, 0x100)),
  arm.movz(W1, 1 << (UART_INTID - 32)),
  arm.str(W1, mem(X0, 0x104)),
  arm.movz(W1, 1),
  arm.strb(W1, mem(X0, 0x800 + UART_INTID)),
  set(X0, virtual(GICC)),
  arm.movz(W1, 0xff),
  arm.str(W1, mem(X0, 4)),
  arm.movz(W1, 1),
  arm.str(W1, mem(X0)),
  set(X0, virtual(UART)),
  arm.movz(W1, 1 << 4),
  arm.str(W1, mem(X0, 0x2c)),
  set(X1, 0x301),
  arm.str(W1, mem(X0, 0x30)),
  arm.movz(W1, 1 << 4),
  arm.str(W1, mem(X0, 0x38)),
];
