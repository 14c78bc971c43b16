/** riscv64: QEMU's `virt` board without firmware, the monitor in machine mode. */
import { Access, FaultKind, RISCV64, TrapKind } from '@veridian-os/hal';
import type { MonitorCause, QemuIsa, WritableTrap } from '../isa.js';
import { MAX_CPUS, MONITOR } from '../layout.js';
import { riscv64Monitor, riscv64Reset } from '../monitor/riscv64.js';
import { CONTEXT } from '../monitor/riscv64-board.js';

const RAM = 0x8000_0000;
const SV39 = 8;
const ECALL = 8;
const BREAKPOINT = 3;
const FCSR = 256;
const { Read, Write, Execute } = Access;

/** Exception code to fault and access. Source: RISC-V Privileged ISA 20240411, table 14. */
const FAULTS: Readonly<Record<number, readonly [FaultKind, Access]>> = {
  0: [FaultKind.Alignment, Execute],
  1: [FaultKind.Bus, Execute],
  2: [FaultKind.Illegal, Execute],
  4: [FaultKind.Alignment, Read],
  5: [FaultKind.Bus, Read],
  6: [FaultKind.Alignment, Write],
  7: [FaultKind.Bus, Write],
  12: [FaultKind.Page, Execute],
  13: [FaultKind.Page, Read],
  15: [FaultKind.Page, Write],
};

function decode(trap: WritableTrap, cause: MonitorCause): void {
  if (cause.causeLo === ECALL) {
    trap.kind = TrapKind.Syscall;
    return;
  }
  if (cause.causeLo === BREAKPOINT) {
    trap.kind = TrapKind.Breakpoint;
    return;
  }
  trap.kind = TrapKind.Fault;
  [trap.fault, trap.access] = FAULTS[cause.causeLo] ?? [FaultKind.Illegal, Execute];
  trap.addressLo = cause.addressLo;
  trap.addressHi = cause.addressHi;
}

export const riscv64: QemuIsa = {
  layout: RISCV64,
  pageTables: 'sv39',
  hardwareAccessedDirty: true,
  ramBase: RAM,
  monitorHi: 0,
  context: { bytes: CONTEXT.BYTES, fp: CONTEXT.F, root: CONTEXT.ROOT },
  mostCpus: MAX_CPUS,
  ticksPerSecond: 10_000_000,
  args: ({ accelerator }) => ['-M', 'virt,memory-backend=ram', '-cpu', 'rv64', '-accel', accelerator, '-bios', 'none'],
  parts: (length) => [{ base: RAM, length }],
  image: () => [
    { offset: 0, bytes: riscv64Reset() },
    { offset: MONITOR, bytes: riscv64Monitor() },
  ],
  setRoot(words, root, asid) {
    const frame = root / 4096;
    words[0] = frame >>> 0;
    words[1] = ((SV39 << 28) | (asid << 12) | (Math.floor(frame / 4294967296) & 0xfff)) >>> 0;
  },
  rootOf: (lo, hi) => (lo + (hi & 0xfff) * 4294967296) * 4096,
  // Neither read nor execute is a table; written is writable and dirty.
  pageFormat: {
    ...{ levels: 3, present: 0x01, tableMask: 0x0e, table: 0, writtenMask: 0x84, written: 0x84 },
    ...{ frameShift: 10, frameHigh: 0x3f_ffff },
  },
  cleanFp(state) {
    // Only fflags and frm exist.
    state.fill(0, FCSR + 1, RISCV64.fpBytes);
  },
  decode,
};
