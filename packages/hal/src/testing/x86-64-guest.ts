/**
 * x86-64 with four levels of tables, as the kit sees it.
 *
 * Source of the entry format: Intel SDM volume 3A, section 4.5; of exceptions: chapter 6.
 */
import { PAGE_SIZE } from '@veridian-os/abi';
import { assemble, x86_64 as x86 } from '@veridian-os/assembler';
import { X86 } from '../registers.js';
import { FaultKind } from '../trap.js';
import type {
  ArithmeticTrap,
  Entry,
  GuestCode,
  GuestIsa,
  PageTableFormat,
  Permissions,
  WildAddress,
  Width,
} from './guest-isa.js';
import { x86Fp, x86Vectors } from './x86-64-fp.js';

const { mem16, mem32, mem64, mem8, r16, r32, r64, r8, xmm } = x86;

const LOADS: Readonly<Record<Width, (dst: number, base: number) => Uint8Array>> = {
  8: (dst, base) => x86.movzx(r32(dst), mem8(r64(base))),
  16: (dst, base) => x86.movzx(r32(dst), mem16(r64(base))),
  32: (dst, base) => x86.mov(r32(dst), mem32(r64(base))),
  64: (dst, base) => x86.mov(r64(dst), mem64(r64(base))),
};
const STORES: Readonly<Record<Width, (src: number, base: number) => Uint8Array>> = {
  8: (src, base) => x86.mov(mem8(r64(base)), r8(src)),
  16: (src, base) => x86.mov(mem16(r64(base)), r16(src)),
  32: (src, base) => x86.mov(mem32(r64(base)), r32(src)),
  64: (src, base) => x86.mov(mem64(r64(base)), r64(src)),
};

/** xadd has one register for both: the old value goes where the addend was. */
function atomicAdd(dst: number, base: number, src: number): Uint8Array {
  const add = x86.lock(x86.xadd(mem64(r64(base)), r64(dst)));
  return dst === src ? add : assemble(x86.mov(r64(dst), r64(src)), add);
}

/** Two operands only; addition commutes. */
function addDouble(dst: number, left: number, right: number): Uint8Array {
  if (dst === right) return x86.addsd(xmm(dst), xmm(left));
  const add = x86.addsd(xmm(dst), xmm(right));
  return dst === left ? add : assemble(x86.movsd(xmm(dst), xmm(left)), add);
}

const code: GuestCode = {
  add: (dst, src, immediate) => x86.lea(r64(dst), x86.mem(r64(src), immediate)),
  load: (width, dst, base) => LOADS[width](dst, base),
  store: (width, src, base) => STORES[width](src, base),
  atomicAdd,
  jump: (offset) => x86.jmp(offset),
  jumpTo: (register) => x86.jmp(r64(register)),
  syscall: () => x86.syscall(),
  breakpoint: () => x86.int3(),
  illegal: () => x86.ud2(),
  privileged: () => x86.hlt(),
  // Stores reach the instruction fetch by themselves; the trap that follows serializes.
  synchronizeCode: () => x86.mfence(),
  divide: (dst, left, right) =>
    assemble(x86.mov(x86.RAX, r64(left)), x86.cqo(), x86.idiv(r64(right)), x86.mov(r64(dst), x86.RAX)),
  // mov dst, fs:[0]
  loadThread: (dst) => Uint8Array.of(0x64, ...x86.mov(r64(dst), mem64(undefined, 0))),
  counter: (dst) =>
    assemble(x86.lfence(), x86.rdtsc(), x86.shl(x86.RDX, 32), x86.or(x86.RAX, x86.RDX), x86.mov(r64(dst), x86.RAX)),
  wait: () => x86.hlt(),
  loadDouble: (dst, base) => x86.movsd(xmm(dst), mem64(r64(base))),
  storeDouble: (src, base) => x86.movsd(mem64(r64(base)), xmm(src)),
  addDouble,
};

const PRESENT = 1 << 0;
const WRITABLE = 1 << 1;
const USER = 1 << 2;
const ACCESSED = 1 << 5;
const DIRTY = 1 << 6;
const PAGE_SIZE_BIT = 1 << 7;
const NO_EXECUTE = 0x80000000;
const LOW_FRAMES = 2 ** 20;

const tables: PageTableFormat = {
  levels: 4,
  userLimit: 2 ** 47 - PAGE_SIZE,
  leaf(frame, { write, execute, user = true, accessed = true, dirty = true }, level = 0) {
    const lo =
      PRESENT |
      (write ? WRITABLE : 0) |
      (user ? USER : 0) |
      (accessed ? ACCESSED : 0) |
      (dirty ? DIRTY : 0) |
      (level > 0 ? PAGE_SIZE_BIT : 0);
    return entry(frame, lo, execute ? 0 : NO_EXECUTE);
  },
  table: (frame) => entry(frame, PRESENT | WRITABLE | USER, 0),
  frame: (lo, hi) => (hi & 0xfffff) * LOW_FRAMES + (lo >>> 12),
  isAccessed: ([lo]) => (lo & ACCESSED) !== 0,
  isDirty: ([lo]) => (lo & DIRTY) !== 0,
  absent: [0xfffffffe, 0xffffffff],
  faultsUnlessAccessed: false,
};

function entry(frame: number, lo: number, hi: number): Entry {
  return [((frame << 12) | lo) >>> 0, (Math.floor(frame / LOW_FRAMES) | hi) >>> 0];
}

const PAGE = { fault: FaultKind.Page };
const GENERAL_PROTECTION = { fault: FaultKind.Protection, number: 13 };
const canonical = (lo: number, hi: number): WildAddress => ({ lo, hi, access: PAGE, fetch: PAGE });
const malformed = (lo: number, hi: number): WildAddress => ({
  lo,
  hi,
  access: GENERAL_PROTECTION,
  fetch: GENERAL_PROTECTION,
});

/** Unmasks division by zero in MXCSR, whose initial value is 0x1f80. */
const unmask = [
  x86.push(0x1d80),
  x86.ldmxcsr(mem32(x86.RSP)),
  x86.push(1),
  x86.pop(x86.RAX),
  x86.movqToVector(xmm(0), x86.RAX),
  x86.pxor(xmm(1), xmm(1)),
];
/** The same in the x87 control word, whose initial value is 0x37f; the division's exception waits for `fwait`. */
const x87 = [x86.push(0x37b), x86.fldcw(mem16(x86.RSP)), x86.fld1(), x86.fldz(), x86.fdivp()];

/** They need a stack. */
const arithmeticTraps: readonly ArithmeticTrap[] = [
  {
    name: 'the most negative integer divided by -1',
    number: 0,
    before: [x86.movabs(x86.RAX, -(2n ** 63n)), x86.cqo(), x86.mov(x86.RBX, -1)],
    trapping: x86.idiv(x86.RBX),
  },
  { name: 'SIMD division by zero', number: 19, before: unmask, trapping: x86.divsd(xmm(0), xmm(1)) },
  { name: 'x87 division by zero', number: 16, before: x87, trapping: x86.fwait() },
];

const GENERAL = Array.from({ length: 16 }, (_, index) => index);
const READ: Permissions = { read: true, write: false, execute: false };
const TRAP_FLAG = 1 << 8;

export const x86Guest: GuestIsa = {
  isa: 'x86_64',
  code,
  tables,
  fp: x86Fp,
  vectors: x86Vectors,
  codeAlignment: 1,
  // two old ones, and numbers that need extra bytes or prefixes as a base
  work: [X86.RBX, X86.RSI, X86.R8, X86.R9, 12, 13],
  general: GENERAL,
  numbered: GENERAL,
  zero: -1,
  syscallSaves: [
    [X86.RCX, X86.RIP],
    [X86.R11, X86.RFLAGS],
  ],
  // carry, parity, adjust, zero, sign, direction, overflow
  flags: { register: X86.RFLAGS, mask: 0xcd5 },
  wild: [
    malformed(0x00000000, 0x8000), // 2^47, the first address beyond the user half
    malformed(0x00010000, 0x80000000), // a mapped address but for the top bit
    malformed(0x00010000, 0x00010000), // equal to a mapped address modulo 2^48
    malformed(0x12345678, 0xdeadbeef),
    canonical(0x00000000, 0xffff8000), // the kernel's half
    canonical(0x80000000, 0xffffffff),
    canonical(0xfffffff0, 0xffffffff),
  ],
  privileged: GENERAL_PROTECTION,
  divisionByZero: { fault: FaultKind.Arithmetic, number: 0 },
  arithmeticTraps,
  hostile: [
    { name: 'I/O privilege in rflags', register: X86.RFLAGS, lo: 0x3000, hi: 0, instruction: x86.cli() },
    {
      name: 'I/O privilege in rflags',
      register: X86.RFLAGS,
      lo: 0x3000,
      hi: 0,
      instruction: x86.outPort(x86.AL, 0x80),
    },
    // but for the trap flag, which is the guest's
    { name: 'all bits of rflags', register: X86.RFLAGS, lo: 0xfffffeff, hi: 0xffffffff, instruction: x86.hlt() },
    { name: 'virtual-8086 mode in rflags', register: X86.RFLAGS, lo: 0x20000, hi: 0, instruction: x86.hlt() },
    { name: 'an fs base that is no address', register: X86.FS_BASE, lo: 0x12345678, hi: 0xdeadbeef },
    { name: 'a gs base that is no address', register: X86.GS_BASE, lo: 0x00000000, hi: 0x00008000 },
    { name: 'a gs base in the kernel half', register: X86.GS_BASE, lo: 0x80000000, hi: 0xffffffff },
    { name: 'a pc that is no address', register: X86.RIP, lo: 0x00000000, hi: 0x00008000 },
  ],
  setSingleStep(registers, on) {
    const flags = registers[X86.RFLAGS * 2];
    registers[X86.RFLAGS * 2] = on ? flags | TRAP_FLAG : flags & ~TRAP_FLAG;
  },
  // every present page can be read
  permissionSets: [
    READ,
    { ...READ, write: true },
    { ...READ, execute: true },
    { ...READ, write: true, execute: true },
    { ...READ, write: true, execute: true, user: false },
  ],
};
