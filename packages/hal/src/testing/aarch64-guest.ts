/**
 * A64 with LSE atomics and four levels of 4 KiB tables, as the kit sees it.
 *
 * Source of the entry format: Arm Architecture Reference Manual for A-profile (DDI 0487), sections D8.3 and D8.4.
 */
import { aarch64 as arm, assemble } from '@veridian-os/assembler';
import { AARCH64, ARM } from '../registers.js';
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

const { d, mem, q, w, x } = arm;

const LOADS: Readonly<Record<Width, (dst: number, base: number) => number>> = {
  8: (dst, base) => arm.ldrb(w(dst), mem(x(base))),
  16: (dst, base) => arm.ldrh(w(dst), mem(x(base))),
  32: (dst, base) => arm.ldr(w(dst), mem(x(base))),
  64: (dst, base) => arm.ldr(x(dst), mem(x(base))),
};
const STORES: Readonly<Record<Width, (src: number, base: number) => number>> = {
  8: (src, base) => arm.strb(w(src), mem(x(base))),
  16: (src, base) => arm.strh(w(src), mem(x(base))),
  32: (src, base) => arm.str(w(src), mem(x(base))),
  64: (src, base) => arm.str(x(src), mem(x(base))),
};

const code: GuestCode = {
  add: (dst, src, immediate) =>
    assemble(immediate < 0 ? arm.sub(x(dst), x(src), -immediate) : arm.add(x(dst), x(src), immediate)),
  load: (width, dst, base) => assemble(LOADS[width](dst, base)),
  store: (width, src, base) => assemble(STORES[width](src, base)),
  atomicAdd: (dst, base, src) => assemble(arm.ldadd(x(src), x(dst), x(base), 'al')),
  jump: (offset) => assemble(arm.branch(offset)),
  jumpTo: (register) => assemble(arm.br(x(register))),
  syscall: () => assemble(arm.svc(0)),
  breakpoint: () => assemble(arm.brk(0)),
  illegal: () => assemble(arm.udf(0)),
  privileged: () => assemble(arm.msr('ttbr0_el1', arm.XZR)),
  synchronizeCode: (base) =>
    assemble(arm.dc('cvau', x(base)), arm.dsb('ish'), arm.ic('ivau', x(base)), arm.dsb('ish'), arm.isb()),
  divide: (dst, left, right) => assemble(arm.sdiv(x(dst), x(left), x(right))),
  loadThread: (dst) => assemble(arm.mrs(x(dst), 'tpidr_el0'), arm.ldr(x(dst), mem(x(dst)))),
  counter: (dst) => assemble(arm.isb(), arm.mrs(x(dst), 'cntvct_el0')),
  wait: () => assemble(arm.wfi()),
  loadDouble: (dst, base) => assemble(arm.ldr(d(dst), mem(x(base)))),
  storeDouble: (src, base) => assemble(arm.str(d(src), mem(x(base)))),
  addDouble: (dst, left, right) => assemble(arm.fadd(d(dst), d(left), d(right))),
};

const VALID = 1 << 0;
/** At level 0 a page; clear in the larger blocks. */
const PAGE_OR_TABLE = 1 << 1;
/** AP[1]: user mode may access. */
const AP_USER = 1 << 6;
/** AP[2]: nobody may write. */
const AP_READ_ONLY = 1 << 7;
const INNER_SHAREABLE = 3 << 8;
const ACCESS_FLAG = 1 << 10;
const NOT_GLOBAL = 1 << 11;
/** In the high word: bits 53, 54, and 55, which is software's. */
const PXN = 1 << 21;
const UXN = 1 << 22;
const SOFTWARE_DIRTY = 1 << 23;
const LOW_FRAMES = 2 ** 20;

const tables: PageTableFormat = {
  levels: 4,
  userLimit: 2 ** 47,
  leaf(frame, { read, write, execute, user = true, accessed = true, dirty = true }, level = 0) {
    const lo =
      VALID |
      (level === 0 ? PAGE_OR_TABLE : 0) |
      (user && (read || write) ? AP_USER : 0) |
      (write ? 0 : AP_READ_ONLY) |
      INNER_SHAREABLE |
      (accessed ? ACCESS_FLAG : 0) |
      NOT_GLOBAL;
    const hi = PXN | (user && execute ? 0 : UXN) | (dirty ? SOFTWARE_DIRTY : 0);
    return entry(frame, lo, hi);
  },
  table: (frame) => entry(frame, VALID | PAGE_OR_TABLE, 0),
  frame: (lo, hi) => (hi & 0xffff) * LOW_FRAMES + (lo >>> 12),
  isAccessed: ([lo]) => (lo & ACCESS_FLAG) !== 0,
  isDirty: ([, hi]) => (hi & SOFTWARE_DIRTY) !== 0,
  absent: [0xfffffffe, 0xffffffff],
  faultsUnlessAccessed: true,
};

function entry(frame: number, lo: number, hi: number): Entry {
  return [((frame << 12) | lo) >>> 0, (Math.floor(frame / LOW_FRAMES) | hi) >>> 0];
}

/** v0..v31, 16 bytes each, then fpsr and fpcr. */
const FPSR = 512;
const FPCR = 516;
/** Cumulative flags QC, IDC and the five of IEEE 754; what is left is zero. */
const FPSR_BITS = 0x0800009f;
/** Rounding mode, flush to zero, default NaN. */
const FPCR_BITS = 0x03c00000;

const viewOf = (state: Uint8Array): DataView => new DataView(state.buffer, state.byteOffset, state.length);

const fp: FpState = {
  initial: () => new Uint8Array(AARCH64.fpBytes),
  pattern(seed) {
    const state = Uint8Array.from({ length: AARCH64.fpBytes }, (_, i) => (i * 37 + (i >> 8) + seed) & 255);
    viewOf(state).setUint32(FPSR, ((seed * 0x01234567) & FPSR_BITS) | 1, true);
    viewOf(state).setUint32(FPCR, ((seed + 1) << 22) & FPCR_BITS, true);
    return state;
  },
  normal: (state) => state.slice(),
  getDouble: (state, register) => viewOf(state).getFloat64(register * 16, true),
  setDouble: (state, register, value) => viewOf(state).setFloat64(register * 16, value, true),
};

const NEON: VectorRegisters = {
  name: 'NEON',
  count: 32,
  bytes: 16,
  has: () => true,
  load: (register, base) => assemble(arm.ldr(q(register), mem(x(base)))),
  store: (register, base) => assemble(arm.str(q(register), mem(x(base)))),
  read: (state, register) => state.slice(register * 16, register * 16 + 16),
};

const PAGE = { fault: FaultKind.Page };
const WILD: readonly Entry[] = [
  [0x00000000, 0x8000], // 2^47, the first address beyond the user half
  [0x00010000, 0x00010000], // equal to a mapped address modulo 2^48
  [0x00010000, 0x80000000], // a mapped address but for the top bit
  [0x12345678, 0xdeadbeef],
  [0x00000000, 0xffff0000], // the kernel's half
  [0x40000000, 0xffff8000],
  [0xfffffff0, 0xffffffff],
];

const NUMBERED = Array.from({ length: 31 }, (_, index) => index);
const READ: Permissions = { read: true, write: false, execute: false };

export const aarch64Guest: GuestIsa = {
  isa: 'aarch64',
  code,
  tables,
  fp,
  vectors: [NEON],
  codeAlignment: 4,
  work: [9, 10, 11, 12, 13, 14],
  general: [...NUMBERED, ARM.SP, ARM.TPIDR],
  numbered: NUMBERED,
  zero: -1,
  syscallSaves: [],
  flags: { register: ARM.PSTATE, mask: 0xf0000000 },
  wild: WILD.map(([lo, hi]) => ({ lo, hi, access: PAGE, fetch: PAGE })),
  privileged: { fault: FaultKind.Illegal },
  divisionByZero: [0, 0],
  arithmeticTraps: [],
  hostile: [
    { name: 'exception level 1 in pstate', register: ARM.PSTATE, lo: 5, hi: 0, instruction: code.privileged() },
    { name: 'exception level 3 in pstate', register: ARM.PSTATE, lo: 13, hi: 0, instruction: code.privileged() },
    {
      name: 'all bits of pstate',
      register: ARM.PSTATE,
      lo: 0xffffffff,
      hi: 0xffffffff,
      instruction: code.privileged(),
    },
    { name: 'a pc that is not aligned', register: ARM.PC, lo: 0x10002, hi: 0 },
    { name: 'a pc at the end of all addresses', register: ARM.PC, lo: 0xfffffffc, hi: 0xffffffff },
  ],
  permissionSets: [
    READ,
    { ...READ, write: true },
    { ...READ, read: false, execute: true },
    { ...READ, execute: true },
    { ...READ, write: true, execute: true },
    { ...READ, write: true, execute: true, user: false },
  ],
};
