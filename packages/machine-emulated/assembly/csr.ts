/** Control and status registers: privilege, WARL masks, views (sstatus, sie, sip), counters. */
import {
  FCSR, FP_TRAP, HART_HARTID, HART_HOSTED, HART_INHIBIT, HART_MCAUSE, HART_MCOUNTEREN, HART_MEDELEG, HART_MENVCFG,
  HART_MEPC, HART_MIDELEG, HART_MIE, HART_MIP, HART_MSCRATCH, HART_MSTATUS, HART_MTVAL, HART_MTVEC, HART_PRIV, HART_SATP,
  HART_SCAUSE, HART_SCOUNTEREN, HART_SENVCFG, HART_SEPC, HART_SSCRATCH, HART_STIMECMP, HART_STVAL, HART_STVEC,
} from './layout';
import {
  ADUE, CBCFE, CBIE, CBZE, FIOM, FS, IRQ_SEI, IRQ_SSI, IRQ_STI, MIE, MPIE, MPP, MPRV, MXR, PBMTE, PRIV_M, PRIV_S, SD, SIE,
  SPIE, SPP, STCE, SUM, TSR, TVM, TW, XL,
} from './bits';
import { floatEnabled, setDirty, updateFloatTrap } from './float-step';
import { cycles, retired, writeCycles, writeInhibit, writeRetired } from './counters';
import { comparatorEnabled, ticks } from './supervisor-timer';
import { readAddress, readConfigs, writeAddress, writeConfigs } from './pmp';
import { pendingBits } from './trap';
import { selectSets } from './tlb';

/** Result of the last successful `csrRead`. */
export let csrValue: u64 = 0;

const MISA: u64 = (<u64>2 << 62) | 0x14112f; // RV64 ABCDFIMSU
const M_WRITABLE: u64 = SIE | MIE | SPIE | MPIE | SPP | MPP | FS | MPRV | SUM | MXR | TVM | TW | TSR;
const S_VISIBLE: u64 = SIE | SPIE | SPP | FS | SUM | MXR;
const S_INTERRUPTS: u32 = IRQ_SSI | IRQ_STI | IRQ_SEI;
const ALL_INTERRUPTS: u32 = 0xaaa;
const DELEGABLE: u64 = 0xb3ff; // causes 0-9, 12, 13, 15
const S_ENVCFG: u64 = FIOM | CBIE | CBCFE | CBZE;
const M_ENVCFG: u64 = S_ENVCFG | ADUE | PBMTE | STCE;
const TM: u64 = 2; // of mcounteren

function value(v: u64): bool {
  csrValue = v;
  return true;
}

function counterAllowed(bit: u32): bool {
  const priv = load<u32>(HART_PRIV);
  if (priv == PRIV_M || load<u32>(HART_HOSTED) != 0) return true;
  if (((load<u64>(HART_MCOUNTEREN) >> bit) & 1) == 0) return false;
  return priv == PRIV_S || ((load<u64>(HART_SCOUNTEREN) >> bit) & 1) != 0;
}

/** What CSRRS and CSRRC modify in mip: SEIP is then only its writable bit, without the controller's line (section 3.1.9). */
export function writablePending(): u64 {
  return load<u32>(HART_MIP);
}

/** stimecmp: with Sstc off, or without mcounteren.TM, machine mode alone (section "Sstc"). */
function comparatorAllowed(): bool {
  return load<u32>(HART_PRIV) == PRIV_M || (comparatorEnabled() && (load<u64>(HART_MCOUNTEREN) & TM) != 0);
}

function readUser(regs: usize, number: u32): bool {
  const fcsr = load<u32>(regs, FCSR) & ~FP_TRAP;
  switch (number) {
    case 0x001:
      return floatEnabled() && value(fcsr & 31);
    case 0x002:
      return floatEnabled() && value(fcsr >> 5);
    case 0x003:
      return floatEnabled() && value(fcsr);
    case 0xc00:
      return counterAllowed(0) && value(cycles());
    case 0xc01:
      return counterAllowed(1) && value(ticks());
    case 0xc02:
      return counterAllowed(2) && value(retired());
    default:
      if (number > 0xc02 && number < 0xc20) return load<u32>(HART_HOSTED) == 0 && counterAllowed(number & 31) && value(0);
      return false;
  }
}

function readSupervisor(number: u32): bool {
  switch (number) {
    case 0x100:
      return value((statusValue() & (S_VISIBLE | SD)) | (XL & 0x300000000));
    case 0x104:
      return value(load<u64>(HART_MIE) & load<u64>(HART_MIDELEG));
    case 0x105:
      return value(load<u64>(HART_STVEC));
    case 0x106:
      return value(load<u64>(HART_SCOUNTEREN));
    case 0x10a:
      return value(load<u64>(HART_SENVCFG));
    case 0x140:
      return value(load<u64>(HART_SSCRATCH));
    case 0x141:
      return value(load<u64>(HART_SEPC));
    case 0x142:
      return value(load<u64>(HART_SCAUSE));
    case 0x143:
      return value(load<u64>(HART_STVAL));
    case 0x144:
      return value(<u64>pendingBits() & load<u64>(HART_MIDELEG));
    case 0x14d:
      return comparatorAllowed() && value(load<u64>(HART_STIMECMP));
    case 0x180:
      if (load<u32>(HART_PRIV) == PRIV_S && (load<u64>(HART_MSTATUS) & TVM) != 0) return false;
      return value(load<u64>(HART_SATP));
    default:
      return false;
  }
}

function statusValue(): u64 {
  const status = load<u64>(HART_MSTATUS);
  return status | XL | ((status & FS) == FS ? SD : 0);
}

function readMachine(number: u32): bool {
  switch (number) {
    case 0x300:
      return value(statusValue());
    case 0x301:
      return value(MISA);
    case 0x302:
      return value(load<u64>(HART_MEDELEG));
    case 0x303:
      return value(load<u64>(HART_MIDELEG));
    case 0x304:
      return value(load<u64>(HART_MIE));
    case 0x305:
      return value(load<u64>(HART_MTVEC));
    case 0x306:
      return value(load<u64>(HART_MCOUNTEREN));
    case 0x30a:
      return value(load<u64>(HART_MENVCFG));
    case 0x320:
      return value(load<u64>(HART_INHIBIT));
    case 0x340:
      return value(load<u64>(HART_MSCRATCH));
    case 0x341:
      return value(load<u64>(HART_MEPC));
    case 0x342:
      return value(load<u64>(HART_MCAUSE));
    case 0x343:
      return value(load<u64>(HART_MTVAL));
    case 0x344:
      return value(pendingBits());
    case 0xb00:
      return value(cycles());
    case 0xb02:
      return value(retired());
    case 0xf14:
      return value(load<u64>(HART_HARTID));
  }
  if (number == 0x3a0 || number == 0x3a2) return value(readConfigs((number & 2) << 2));
  if (number >> 4 == 0x3b) return value(readAddress(number & 15));
  // Read-only zero: vendor, architecture, implementation and configuration ids, events, hardware performance counters, and
  // debug triggers (there are none).
  const zero =
    (number >= 0xf11 && number <= 0xf15) || (number >= 0x323 && number < 0x340) || (number >= 0x7a0 && number < 0x7a4) ||
    (number >= 0xb03 && number < 0xb20);
  return zero && value(0);
}

/** Reads into `csrValue`. @returns false when the instruction is illegal */
export function csrRead(regs: usize, number: u32): bool {
  if (((number >> 8) & 3) > load<u32>(HART_PRIV)) return false;
  switch ((number >> 8) & 3) {
    case 0:
      return readUser(regs, number);
    case 1:
      return readSupervisor(number);
    case 3:
      return readMachine(number);
    default:
      return false;
  }
}

function writeFloat(regs: usize, keep: u32, bits: u32): bool {
  const fcsr = load<u32>(regs, FCSR);
  store<u32>(regs, (fcsr & (keep | FP_TRAP)) | bits, FCSR);
  setDirty(regs);
  return true;
}

function writeStatus(regs: usize, v: u64, mask: u64): bool {
  const old = load<u64>(HART_MSTATUS);
  let next = (old & ~mask) | (v & mask);
  if ((next & MPP) == 0x1000) next &= ~MPP; // there is no mode 2: the lowest one, as in the Sail model
  store<u64>(HART_MSTATUS, next);
  updateFloatTrap(regs);
  selectSets();
  return true;
}

function writePending(v: u64, mask: u32): bool {
  store<u32>(HART_MIP, (load<u32>(HART_MIP) & ~mask) | (<u32>v & mask));
  return true;
}

/** CBIE = 2 is reserved and becomes 0, as in the Sail model. */
function writeEnvironment(cell: usize, v: u64, mask: u64): bool {
  if ((v & CBIE) == 0x20) v &= ~CBIE;
  return write(cell, v & mask);
}

/** Modes 2 and 3 are reserved: MODE then stays what it was, as in the Sail model. */
function writeVector(cell: usize, v: u64): bool {
  return write(cell, v & 2 ? (v & ~3) | (load<u64>(cell) & 1) : v);
}

function write(cell: usize, v: u64): bool {
  store<u64>(cell, v);
  return true;
}

function writeSatp(v: u64): bool {
  const scheme = v >> 60;
  if (load<u32>(HART_PRIV) == PRIV_S && (load<u64>(HART_MSTATUS) & TVM) != 0) return false;
  if (scheme != 0 && (scheme < 8 || scheme > 10)) return true; // unsupported modes: no effect
  store<u64>(HART_SATP, v);
  selectSets();
  return true;
}

function writeSupervisor(regs: usize, number: u32, v: u64): bool {
  const delegated = load<u64>(HART_MIDELEG);
  switch (number) {
    case 0x100:
      return writeStatus(regs, v, S_VISIBLE);
    case 0x104:
      return write(HART_MIE, (load<u64>(HART_MIE) & ~delegated) | (v & delegated));
    case 0x105:
      return writeVector(HART_STVEC, v);
    case 0x106:
      return write(HART_SCOUNTEREN, v & 0xffffffff);
    case 0x10a:
      return writeEnvironment(HART_SENVCFG, v, S_ENVCFG);
    case 0x140:
      return write(HART_SSCRATCH, v);
    case 0x141:
      return write(HART_SEPC, v & ~1);
    case 0x142:
      return write(HART_SCAUSE, v);
    case 0x143:
      return write(HART_STVAL, v);
    case 0x144:
      return writePending(v, IRQ_SSI & <u32>delegated);
    case 0x14d:
      return write(HART_STIMECMP, v);
    default:
      return writeSatp(v);
  }
}

function writeMachine(regs: usize, number: u32, v: u64): bool {
  switch (number) {
    case 0x300:
      return writeStatus(regs, v, M_WRITABLE);
    case 0x302:
      return write(HART_MEDELEG, v & DELEGABLE);
    case 0x303:
      return write(HART_MIDELEG, v & S_INTERRUPTS);
    case 0x304:
      return write(HART_MIE, v & ALL_INTERRUPTS);
    case 0x305:
      return writeVector(HART_MTVEC, v);
    case 0x306:
      return write(HART_MCOUNTEREN, v & 0xffffffff);
    case 0x30a:
      return writeEnvironment(HART_MENVCFG, v, M_ENVCFG);
    case 0x340:
      return write(HART_MSCRATCH, v);
    case 0x341:
      return write(HART_MEPC, v & ~1);
    case 0x342:
      return write(HART_MCAUSE, v);
    case 0x343:
      return write(HART_MTVAL, v);
    case 0x344:
      return writePending(v, comparatorEnabled() ? S_INTERRUPTS & ~IRQ_STI : S_INTERRUPTS);
    case 0x320:
      return writeInhibit(v);
    case 0x3a0:
    case 0x3a2:
      return writeConfigs((number & 2) << 2, v);
    case 0xb00:
      return writeCycles(v);
    case 0xb02:
      return writeRetired(v);
    default:
      if (number >> 4 == 0x3b) return writeAddress(number & 15, v);
      return true; // read-only zero, misa: writes are ignored
  }
}

/** Writes a CSR that `csrRead` accepted. @returns false when the instruction is illegal */
export function csrWrite(regs: usize, number: u32, v: u64): bool {
  switch (number) {
    case 0x001:
      return writeFloat(regs, 0xe0, <u32>v & 31);
    case 0x002:
      return writeFloat(regs, 31, (<u32>v & 7) << 5);
    case 0x003:
      return writeFloat(regs, 0, <u32>v & 255);
  }
  return ((number >> 8) & 3) == 1 ? writeSupervisor(regs, number, v) : writeMachine(regs, number, v);
}
