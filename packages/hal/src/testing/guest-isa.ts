/**
 * What the kit needs of an instruction set: a handful of instructions, the page-table format, the floating-point state,
 * and how errors come back.
 *
 * The cases are written once against this table; an ISA joins by filling it in (`riscv64-guest.ts` is the model).
 */
import type { Isa, RegisterLayout, RegisterView } from '../registers.js';
import type { FaultKind } from '../trap.js';
import { aarch64Guest } from './aarch64-guest.js';
import { riscv64Guest } from './riscv64-guest.js';
import { x86Guest } from './x86-64-guest.js';

export type Width = 8 | 16 | 32 | 64;

/**
 * Encoders: each returns the bytes of exactly one instruction unless it says otherwise. Registers are indices of the
 * register view.
 */
export interface GuestCode {
  /** dst = src + immediate, 64 bits, |immediate| < 2048. */
  add(dst: number, src: number, immediate: number): Uint8Array;
  /** dst = memory[base], zero-extended. */
  load(width: Width, dst: number, base: number): Uint8Array;
  /** memory[base] = low bits of src. */
  store(width: Width, src: number, base: number): Uint8Array;
  /**
   * dst = memory[base]; memory[base] += src; 64 bits, one atomic operation. Where the ISA has only one register for both,
   * dst = src comes before, as an instruction of its own.
   */
  atomicAdd(dst: number, base: number, src: number): Uint8Array;
  /** Jumps by `offset` bytes from the instruction's own first byte, |offset| < 2^20. */
  jump(offset: number): Uint8Array;
  jumpTo(register: number): Uint8Array;
  syscall(): Uint8Array;
  breakpoint(): Uint8Array;
  /** An encoding that no version of the ISA defines. */
  illegal(): Uint8Array;
  /** Defined, but not for user mode. */
  privileged(): Uint8Array;
  /** Makes this CPU fetch what was stored to the code at `base` before. Any number of instructions. */
  synchronizeCode(base: number): Uint8Array;
  /** dst = left / right, signed, 64 bits. Any number of instructions; only work registers keep their contents. */
  divide(dst: number, left: number, right: number): Uint8Array;
  /** dst = 64 bits at the thread pointer. One or two instructions. */
  loadThread(dst: number): Uint8Array;
  /** dst = the counter that user mode reads, not before what comes earlier in the program. Any number of instructions. */
  counter?(dst: number): Uint8Array;
  /** Waits for an interrupt, if user mode may; else any instruction that user mode may not. */
  wait(): Uint8Array;
  /** Floating-point register = 64-bit memory[base]. */
  loadDouble(dst: number, base: number): Uint8Array;
  storeDouble(src: number, base: number): Uint8Array;
  /** One or two instructions. */
  addDouble(dst: number, left: number, right: number): Uint8Array;
}

/** What a mapping allows; accessed and dirty are set unless told otherwise. */
export interface Permissions {
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
  readonly user?: boolean;
  readonly accessed?: boolean;
  readonly dirty?: boolean;
}

/** Low and high words of a page-table entry. */
export type Entry = readonly [lo: number, hi: number];

export interface PageTableFormat {
  /** 3 for Sv39; every table is one frame of 512 entries of 8 bytes. */
  readonly levels: number;
  /** First virtual address beyond the user half. */
  readonly userLimit: number;
  /** @param level 0 for a base page, 1 for the next larger one */
  leaf(frame: number, permissions: Permissions, level?: number): Entry;
  /** Entry that points to the next table. */
  table(frame: number): Entry;
  /** Frame that an entry points to. */
  frame(lo: number, hi: number): number;
  isAccessed(entry: Entry): boolean;
  /** Where no CPU sets it: a bit that software keeps. */
  isDirty(entry: Entry): boolean;
  /** A not-present entry with every other bit set. */
  readonly absent: Entry;
  /** Where CPUs do not set the accessed bit: an access to a page without it is a page fault. */
  readonly faultsUnlessAccessed: boolean;
}

/** How an error of the guest comes back. */
export interface Expected {
  readonly fault: FaultKind;
  /** The ISA's number of the exception, in `addressLo`; absent where the interface promises none. */
  readonly number?: number;
}

/** An address above the user half, or malformed. Page faults name it, other faults name nothing. */
export interface WildAddress {
  readonly lo: number;
  readonly hi: number;
  /** A load or a store there. */
  readonly access: Expected;
  /** A jump there; the pc is there, or still at the jump where the fault is not Page. */
  readonly fetch: Expected;
}

/** The bytes of `saveFp`. */
export interface FpState {
  /** State of a new context. */
  initial(): Uint8Array;
  /**
   * A valid state in which every register is different, and none is as in the initial one.
   * @param template a state that the machine saved after it restored another pattern: what that lacks, the pattern
   * leaves in its initial state
   */
  pattern(seed: number, template?: Uint8Array): Uint8Array;
  /** The same state with one form for all that the ISA leaves open: states are equal when these are. */
  normal(state: Uint8Array): Uint8Array;
  getDouble(state: Uint8Array, register: number): number;
  setDouble(state: Uint8Array, register: number, value: number): void;
}

/** Floating-point or vector registers of one width. */
export interface VectorRegisters {
  readonly name: string;
  readonly count: number;
  /** Bytes of one. */
  readonly bytes: number;
  /** Whether a machine that saved `template` (see {@link FpState.pattern}) has them. */
  has(template: Uint8Array): boolean;
  load(register: number, base: number): Uint8Array;
  store(register: number, base: number): Uint8Array;
  /** Their bytes in a state that has them. */
  read(state: Uint8Array, register: number): Uint8Array;
}

/** An arithmetic operation that traps. */
export interface ArithmeticTrap {
  readonly name: string;
  readonly number: number;
  /** Instructions before the one that traps, and that one; they may use all registers. */
  readonly before: readonly Uint8Array[];
  readonly trapping: Uint8Array;
}

/** Contents of a register that a careless kernel might let through from its guest. */
export interface Hostile {
  readonly name: string;
  readonly register: number;
  readonly lo: number;
  readonly hi: number;
  /** What they must not make possible: it is refused as ever. Without one any way back will do. */
  readonly instruction?: Uint8Array;
}

export interface GuestIsa {
  readonly isa: Isa;
  readonly code: GuestCode;
  readonly tables: PageTableFormat;
  readonly fp: FpState;
  readonly vectors: readonly VectorRegisters[];
  /** Instructions start at multiples of it. */
  readonly codeAlignment: number;
  /** Six registers without a special role, kept by a system call. */
  readonly work: readonly number[];
  /** Every integer register that keeps what is written to it, pc excluded. */
  readonly general: readonly number[];
  /** Those of them that an instruction can name as an operand. */
  readonly numbered: readonly number[];
  /** A register that always reads as zero, or -1. */
  readonly zero: number;
  /** Registers that a system call overwrites, and the one whose contents they have afterwards. */
  readonly syscallSaves: readonly (readonly [register: number, source: number])[];
  /** Condition flags, in the low word of a register of the view; absent where the ISA has none. */
  readonly flags?: { readonly register: number; readonly mask: number };
  readonly wild: readonly WildAddress[];
  /** What `code.privileged()` comes back as. */
  readonly privileged: Expected;
  /** What `code.divide` by zero comes back as, or the quotient where it does not trap. */
  readonly divisionByZero: Expected | Entry;
  readonly arithmeticTraps: readonly ArithmeticTrap[];
  readonly hostile: readonly Hostile[];
  /** Makes the context trap after every instruction; absent where user programs cannot ask for it. */
  readonly setSingleStep?: (registers: RegisterView, on: boolean) => void;
  /** Sets of permissions that the format can express and that forbid something. */
  readonly permissionSets: readonly Permissions[];
}

const GUESTS: Readonly<Record<Isa, GuestIsa>> = { riscv64: riscv64Guest, x86_64: x86Guest, aarch64: aarch64Guest };

/** @throws RangeError for an ISA that the kit does not know */
export function guestIsa(layout: RegisterLayout): GuestIsa {
  const known = Object.keys(GUESTS);
  if (known.includes(layout.isa)) return GUESTS[layout.isa];
  throw new RangeError(`info.layout.isa: expected ${known.join(' or ')}, got ${String(layout.isa)}`);
}
