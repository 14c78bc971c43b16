/** aarch64: QEMU's `virt` board with a GICv2 and without firmware, the monitor at EL1. */
import { AARCH64, Access, FaultKind, TrapKind } from '@veridian-os/hal';
import type { MonitorCause, QemuIsa, WritableTrap } from '../isa.js';
import { MONITOR, TABLES } from '../layout.js';
import { CONTEXT, MONITOR_HI, RAM } from '../monitor/aarch64-board.js';
import { aarch64Tables } from '../monitor/aarch64-boot.js';
import { aarch64Monitor } from '../monitor/aarch64.js';

/** A GICv2 has eight interfaces. */
const MOST_CPUS = 8;
/** Exception classes. Source: DDI 0487, ESR_EL1. */
const EC = {
  SVC: 0x15,
  FETCH: 0x20,
  PC_ALIGNMENT: 0x22,
  DATA: 0x24,
  SP_ALIGNMENT: 0x26,
  FLOAT: 0x2c,
  STEP: 0x32,
  BREAKPOINT: 0x30,
  WATCHPOINT: 0x34,
  BRK: 0x3c,
} as const;
const WRITE_NOT_READ = 1 << 6;
/** Fault status: what bits 5..2 say, whatever the level. */
const STATUS_ALIGNMENT = 0x21;
const STATUS_TRANSLATION = 0x04 >> 2;
const STATUS_ACCESS_FLAG = 0x08 >> 2;
const STATUS_PERMISSION = 0x0c >> 2;
const FPSR_BITS = 0x0800_009f;
const FPCR_BITS = 0x07f7_9f00;
const FPSR = 512;

function faultOf(syndrome: number): FaultKind {
  const status = syndrome & 0x3f;
  if (status === STATUS_ALIGNMENT) return FaultKind.Alignment;
  const group = status >> 2;
  const page = group === STATUS_TRANSLATION || group === STATUS_ACCESS_FLAG || group === STATUS_PERMISSION;
  return page || status < 4 ? FaultKind.Page : FaultKind.Bus;
}

function decode(trap: WritableTrap, cause: MonitorCause): void {
  const syndrome = cause.causeLo;
  const ec = syndrome >>> 26;
  if (ec === EC.SVC) {
    trap.kind = TrapKind.Syscall;
    return;
  }
  if (ec === EC.BRK || ec === EC.STEP || ec === EC.BREAKPOINT || ec === EC.WATCHPOINT) {
    trap.kind = TrapKind.Breakpoint;
    trap.addressLo = ec;
    return;
  }
  trap.kind = TrapKind.Fault;
  trap.fault = FaultKind.Illegal;
  trap.access = Access.Execute;
  if (ec === EC.FLOAT) {
    trap.fault = FaultKind.Arithmetic;
    trap.addressLo = ec;
  }
  if (ec === EC.FETCH || ec === EC.DATA) trap.fault = faultOf(syndrome);
  if (ec === EC.PC_ALIGNMENT || ec === EC.SP_ALIGNMENT) trap.fault = FaultKind.Alignment;
  if (ec === EC.DATA || ec === EC.SP_ALIGNMENT) trap.access = Access.Read;
  if (ec === EC.DATA && (syndrome & WRITE_NOT_READ) !== 0) trap.access = Access.Write;
  if (ec !== EC.FETCH && ec !== EC.DATA && ec !== EC.PC_ALIGNMENT) return;
  trap.addressLo = cause.addressLo;
  trap.addressHi = cause.addressHi;
}

export const aarch64: QemuIsa = {
  layout: AARCH64,
  pageTables: 'aarch64',
  hardwareAccessedDirty: false,
  ramBase: RAM,
  monitorHi: MONITOR_HI,
  context: { bytes: CONTEXT.BYTES, fp: CONTEXT.V, root: CONTEXT.ROOT },
  mostCpus: MOST_CPUS,
  ticksPerSecond: 62_500_000,
  counter: 'monotonic',
  args: ({ accelerator }) => [
    ...['-M', 'virt,gic-version=2,memory-backend=ram', '-cpu', accelerator === 'kvm' ? 'host' : 'max'],
    ...['-accel', accelerator, '-device', `loader,addr=0x${(RAM + MONITOR).toString(16)},cpu-num=0`],
  ],
  parts: (length) => [{ base: RAM, length }],
  image: () => [
    { offset: MONITOR, bytes: aarch64Monitor() },
    { offset: TABLES, bytes: aarch64Tables() },
  ],
  setRoot(words, root, asid) {
    words[0] = root >>> 0;
    words[1] = (Math.floor(root / 4294967296) | (asid << 16)) >>> 0;
  },
  rootOf: (lo, hi) => ((lo & ~1) >>> 0) + (hi & 0xffff) * 4294967296,
  // Software keeps the dirty bit: written is what EL0 may write.
  pageFormat: {
    ...{ levels: 4, present: 0x01, tableMask: 0x02, table: 0x02, writtenMask: 0xc0, written: 0x40 },
    ...{ frameShift: 12, frameHigh: 0xffff },
  },
  cleanFp(state) {
    const view = new DataView(state.buffer, state.byteOffset, state.length);
    view.setUint32(FPSR, view.getUint32(FPSR, true) & FPSR_BITS, true);
    view.setUint32(FPSR + 4, view.getUint32(FPSR + 4, true) & FPCR_BITS, true);
  },
  decode,
};
