/** x86_64: QEMU's q35 board with a firmware of one jump, the monitor in ring 0. */
import { Access, FaultKind, TrapKind, X86, X86_64 } from '@veridian-os/hal';
import type { MonitorCause, QemuIsa, WritableTrap } from '../isa.js';
import { MAX_CPUS, MONITOR } from '../layout.js';
import { CONTEXT, MONITOR_HI, MONITOR_ROOT_ENTRY, SYSCALL_CAUSE, TRAMPOLINE } from '../monitor/x86-64-board.js';
import { ROOT_ENTRY, x86Firmware, x86Tables, x86Trampoline } from '../monitor/x86-64-boot.js';
import { x86Monitor } from '../monitor/x86-64.js';

/** Where q35 splits RAM, and from how much on. */
const LOW_RAM = 0x8000_0000;
const SPLIT_FROM = 0xb000_0000;
const HIGH_RAM = 0x1_0000_0000;

const Vector = {
  DIVIDE: 0,
  DEBUG: 1,
  INT3: 3,
  UNDEFINED: 6,
  NO_FPU: 7,
  PAGE: 14,
  X87: 16,
  ALIGNMENT: 17,
  MACHINE: 18,
  SIMD: 19,
};
const FETCH = 1 << 4;
const WRITE = 1 << 1;
/** FP state: control words, then the header of the XSAVE area. */
const MXCSR = 24;
const XSTATE_BV = 512;
const XCOMP_BV = 520;
const AREAS = 576;

function faultOf(vector: number): FaultKind {
  switch (vector) {
    case Vector.PAGE:
      return FaultKind.Page;
    case Vector.DIVIDE:
    case Vector.X87:
    case Vector.SIMD:
      return FaultKind.Arithmetic;
    case Vector.UNDEFINED:
    case Vector.NO_FPU:
      return FaultKind.Illegal;
    case Vector.ALIGNMENT:
      return FaultKind.Alignment;
    case Vector.MACHINE:
      return FaultKind.Bus;
    default:
      return FaultKind.Protection;
  }
}

/** int3 is one byte, and its trap is behind it. */
function stepBack(registers: Uint32Array): void {
  const lo = registers[X86.RIP * 2];
  registers[X86.RIP * 2] = lo - 1;
  if (lo === 0) registers[X86.RIP * 2 + 1]--;
}

function decode(trap: WritableTrap, cause: MonitorCause, registers: Uint32Array): void {
  const vector = cause.causeLo;
  if (vector === SYSCALL_CAUSE) {
    trap.kind = TrapKind.Syscall;
    return;
  }
  if (vector === Vector.INT3 || vector === Vector.DEBUG) {
    trap.kind = TrapKind.Breakpoint;
    trap.addressLo = vector;
    if (vector === Vector.INT3) stepBack(registers);
    return;
  }
  trap.kind = TrapKind.Fault;
  trap.fault = faultOf(vector);
  trap.access = Access.Execute;
  if (trap.fault === FaultKind.Arithmetic || trap.fault === FaultKind.Protection) trap.addressLo = vector;
  if (vector !== Vector.PAGE) return;
  if ((cause.detail & FETCH) === 0) trap.access = (cause.detail & WRITE) !== 0 ? Access.Write : Access.Read;
  trap.addressLo = cause.addressLo;
  trap.addressHi = cause.addressHi;
}

function initialFp(): Uint8Array {
  const state = new Uint8Array(X86_64.fpBytes);
  state.set([0x7f, 0x03]);
  state.set([0x80, 0x1f], MXCSR);
  return state;
}

export const x86_64: QemuIsa = {
  counter: 'time stamp',
  layout: X86_64,
  pageTables: 'x86_64',
  hardwareAccessedDirty: true,
  busFaults: false,
  ports: true,
  ramBase: 0,
  monitorHi: MONITOR_HI,
  context: { bytes: CONTEXT.BYTES, fp: CONTEXT.FP, root: CONTEXT.ROOT },
  mostCpus: MAX_CPUS,
  args: ({ accelerator }) => [
    ...['-M', 'q35,memory-backend=ram', '-cpu', accelerator === 'kvm' ? 'host' : 'max', '-accel', accelerator],
  ],
  firmware: x86Firmware,
  parts: (length) =>
    length < SPLIT_FROM
      ? [{ base: 0, length }]
      : [
          { base: 0, length: LOW_RAM },
          { base: HIGH_RAM, length: length - LOW_RAM },
        ],
  image({ cpus }) {
    const monitor = x86Monitor();
    return [
      { offset: TRAMPOLINE, bytes: x86Trampoline(monitor.entry) },
      { offset: MONITOR, bytes: monitor.bytes },
      ...x86Tables(cpus, (vector) => monitor.vector(vector)),
    ];
  },
  setRoot(words, root) {
    words[0] = root >>> 0;
    words[1] = Math.floor(root / 4294967296);
  },
  rootOf: (lo, hi) => ((lo & ~0xfff) >>> 0) + hi * 4294967296,
  // The monitor's own entry is not a program's. A table has no PS bit; written is writable and dirty.
  pageFormat: {
    ...{ levels: 4, present: 0x05, tableMask: 0x80, table: 0, writtenMask: 0x42, written: 0x42 },
    ...{ frameShift: 12, frameHigh: 0xf_ffff },
  },
  prepareRoot(words) {
    words[MONITOR_ROOT_ENTRY * 2] = ROOT_ENTRY;
    words[MONITOR_ROOT_ENTRY * 2 + 1] = 0;
  },
  initialFp: initialFp(),
  cleanFp(state, features) {
    const view = new DataView(state.buffer, state.byteOffset, state.length);
    view.setUint32(MXCSR, view.getUint32(MXCSR, true) & 0xffff, true);
    view.setUint32(XSTATE_BV, view.getUint32(XSTATE_BV, true) & features, true);
    view.setUint32(XSTATE_BV + 4, 0, true);
    state.fill(0, XCOMP_BV, AREAS);
  },
  decode,
};
