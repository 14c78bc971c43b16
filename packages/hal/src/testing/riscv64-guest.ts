/** RV64GC with Sv39, as the kit sees it. Source of the entry format: RISC-V Privileged ISA 20240411, section 11.4. */
import { assemble, riscv64 as rv } from '@veridian-os/assembler';
import { RISCV64 } from '../registers.js';
import { FaultKind } from '../trap.js';
import type {
  Entry,
  FpState,
  GuestCode,
  GuestIsa,
  PageTableFormat,
  Permissions,
  VectorRegisters,
  Width,
} from './guest-isa.js';

const LOADS: Readonly<Record<Width, (...operands: number[]) => number>> = {
  8: rv.lbu,
  16: rv.lhu,
  32: rv.lwu,
  64: rv.ld,
};
const STORES: Readonly<Record<Width, (...operands: number[]) => number>> = {
  8: rv.sb,
  16: rv.sh,
  32: rv.sw,
  64: rv.sd,
};

const code: GuestCode = {
  add: (dst, src, immediate) => assemble(rv.addi(dst, src, immediate)),
  load: (width, dst, base) => assemble(LOADS[width](dst, base, 0)),
  store: (width, src, base) => assemble(STORES[width](src, base, 0)),
  atomicAdd: (dst, base, src) => assemble(rv.amoaddD(dst, src, base)),
  jump: (offset) => assemble(rv.jal(0, offset)),
  jumpTo: (register) => assemble(rv.jalr(0, register, 0)),
  syscall: () => assemble(rv.ecall()),
  breakpoint: () => assemble(rv.ebreak()),
  illegal: () => assemble(rv.illegal()),
  privileged: () => assemble(rv.sret()),
  synchronizeCode: () => assemble(rv.fenceI()),
  divide: (dst, left, right) => assemble(rv.div(dst, left, right)),
  loadThread: (dst) => assemble(rv.ld(dst, rv.TP, 0)),
  wait: () => assemble(rv.wfi()),
  loadDouble: (dst, base) => assemble(rv.fld(dst, base, 0)),
  storeDouble: (src, base) => assemble(rv.fsd(src, base, 0)),
  addDouble: (dst, left, right) => assemble(rv.faddD(dst, left, right)),
};

const VALID = 1;
const READ = 2;
const WRITE = 4;
const EXECUTE = 8;
const USER = 16;
const ACCESSED = 64;
const DIRTY = 128;

const tables: PageTableFormat = {
  levels: 3,
  userLimit: 2 ** 38,
  leaf: (frame, permissions) => entry(frame, leafBits(permissions)),
  table: (frame) => entry(frame, VALID),
  frame: (lo, hi) => (hi & 0x3fffff) * 2 ** 22 + (lo >>> 10),
  isAccessed: ([lo]) => (lo & ACCESSED) !== 0,
  isDirty: ([lo]) => (lo & DIRTY) !== 0,
  absent: [0xfffffffe, 0x003fffff],
  faultsUnlessAccessed: true,
};

function leafBits({ read, write, execute, user = true, accessed = true, dirty = true }: Permissions): number {
  return (
    VALID |
    (read ? READ : 0) |
    (write ? WRITE : 0) |
    (execute ? EXECUTE : 0) |
    (user ? USER : 0) |
    (accessed ? ACCESSED : 0) |
    (dirty ? DIRTY : 0)
  );
}

/** The frame number starts at bit 10. */
function entry(frame: number, bits: number): readonly [number, number] {
  return [((frame << 10) | bits) >>> 0, Math.floor(frame / 2 ** 22)];
}

/** f0..f31, 8 bytes each, then fcsr: five flags and rounding modes 0 to 4; the last four bytes are padding. */
const FCSR = 256;
const fp: FpState = {
  initial: () => new Uint8Array(FCSR + 8),
  pattern(seed) {
    const state = Uint8Array.from({ length: FCSR + 8 }, (_, i) => (i * 37 + seed) & 255);
    state.fill(0, FCSR, FCSR + 8);
    state[FCSR] = (seed % 31) + 1;
    return state;
  },
  normal: (state) => state.slice(),
  getDouble: (state, register) => new DataView(state.buffer, state.byteOffset).getFloat64(register * 8, true),
  setDouble: (state, register, value) =>
    new DataView(state.buffer, state.byteOffset).setFloat64(register * 8, value, true),
};

/** Without the V extension these are the widest. */
const DOUBLES: VectorRegisters = {
  name: 'D',
  count: 32,
  bytes: 8,
  has: () => true,
  load: (register, base) => assemble(rv.fld(register, base, 0)),
  store: (register, base) => assemble(rv.fsd(register, base, 0)),
  read: (state, register) => state.slice(register * 8, register * 8 + 8),
};

const PAGE = { fault: FaultKind.Page };
const WILD: readonly Entry[] = [
  [0x00000000, 0x40], // 2^38, the first address beyond the user half
  [0xfffffff0, 0xffffffff],
  [0x80000000, 0xffffffff],
  [0x12345678, 0xdeadbeef],
  [0x00010000, 0x80000000], // a mapped address but for the top bit
  [0x00010000, 0x00000080], // equal to a mapped address modulo 2^39
];

const GENERAL = Array.from({ length: 31 }, (_, index) => index + 1);

export const riscv64Guest: GuestIsa = {
  isa: 'riscv64',
  code,
  tables,
  fp,
  vectors: [DOUBLES],
  codeAlignment: 2,
  work: [rv.T0, rv.T1, rv.T2, rv.T3, rv.T4, rv.T5],
  general: GENERAL,
  numbered: GENERAL,
  zero: 0,
  syscallSaves: [],
  wild: WILD.map(([lo, hi]) => ({ lo, hi, access: PAGE, fetch: PAGE })),
  privileged: { fault: FaultKind.Illegal },
  divisionByZero: [0xffffffff, 0xffffffff],
  arithmeticTraps: [],
  hostile: [{ name: 'a pc at the end of all addresses', register: RISCV64.pc, lo: 0xfffffffe, hi: 0xffffffff }],
  permissionSets: [
    { read: true, write: false, execute: false },
    { read: true, write: true, execute: false },
    { read: false, write: false, execute: true },
    { read: true, write: false, execute: true },
    { read: true, write: true, execute: true },
    { read: true, write: true, execute: true, user: false },
  ],
};
