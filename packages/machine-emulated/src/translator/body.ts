/**
 * Code of one region's instructions: registers in locals, temporaries, side exits.
 *
 * Locals     parameters REGS, LEFT, ENTRY, BASE; then temporaries; register r of x in X0 + r, of f in F0 + r
 * Side exit  an operation that cannot be finished jumps to the region's exit with EXIT = distance of its pc from BASE (even) << 11 |
 *            instructions retired since LEFT was last brought up to date; there the registers are stored (emit.ts)
 */
import type { Instruction } from './instruction.js';
import type { Reach } from './spans.js';
import type { MicroTlb } from './micro-tlb.js';
import { Code, F64, I32, I64, W } from './wasm.js';

export const REGS = 0;
export const LEFT = 1;
export const ENTRY = 2;
export const BASE = 3;
/** The read table, the execute table. */
export const READS = 4;
export const EXECS = 5;
/** i32 temporaries. */
export const E = 6;
export const EXIT = 7;
export const H = 8;
/** 253 << 24 while native single precision may be used, else 0. */
export const RANGE_S = 9;
export const RECORD = 10;
/** i64 temporaries. */
export const A = 11;
export const T = 12;
/** 2045 << 53 while native double precision may be used, else 0. */
export const RANGE_D = 13;
export const X0 = 16;
export const F0 = 48;
export const R = 80;
export const S = 81;
/** i32: hosts' addresses of spans, and how many may be in use at a time. */
export const SPAN0 = 82;
export const SPAN_LOCALS = 16;
/** i32: not 0 while floating-point instructions trap. */
export const TRAPS = SPAN0 + SPAN_LOCALS;
const F32 = 0x7d;
export const LOCALS = [
  [7, I32],
  [37, I64],
  [33, F64],
  [1, F32],
  [SPAN_LOCALS + 1, I32],
] as const;

/** Functions that a module has once when one of its regions calls them (helpers.ts). */
export const Helper = { Mulhu: 0, FusedD: 1 } as const;
export type Helper = (typeof Helper)[keyof typeof Helper];
export const HELPERS = 2;

/** How one operation is translated. */
export interface Operation {
  readonly emit: (body: Body, i: Instruction) => void;
  /** The register file that rd belongs to. */
  readonly writes: 'x' | 'f' | 'none';
  /** It may leave by a side exit. */
  readonly exits: boolean;
  /** It needs mstatus.FS. */
  readonly isFloat: boolean;
}

export class Body {
  readonly code = new Code();
  /** Bits of registers: those with locals in use, and those that may differ from memory. */
  usedX = 0;
  usedF = 0;
  writtenX = 0;
  writtenF = 0;
  /** Calls a helper of that number. */
  helpers = 0;
  usesFloat = false;
  /** Bits of registers that hold sign-extended words, as far as the block has shown. */
  private words = 1;
  /** Blocks open around the current one; the next out is the exit. */
  depth = 0;
  readonly micro: MicroTlb;
  /** Node of the innermost loop around the current block; 0 = the region's dispatcher. */
  loop = 0;
  /** How the current block's accesses share look-ups. */
  reaches: ReadonlyMap<Instruction, Reach> = new Map();
  private off = 0;
  private retired = 0;

  constructor(micro: MicroTlb) {
    this.micro = micro;
  }

  /** Must precede each block: blocks open around it, node of the loop that it is in. */
  beginBlock(depth: number, loop: number): void {
    this.depth = depth;
    this.loop = loop;
    this.words = 1;
  }

  /** Whether a register's high word repeats its low word's sign. */
  isWord(r: number): boolean {
    return ((this.words >>> r) & 1) === 1;
  }

  /** Notes that what was just written to x is a sign-extended word. */
  markWord(r: number): void {
    this.words |= 1 << r;
  }

  /** Must precede each instruction: where it is, and how many retired since LEFT was brought up to date. */
  at(off: number, retired: number): void {
    this.off = off;
    this.retired = retired;
  }

  /** Instructions that retired before this one since LEFT was brought up to date. */
  get pending(): number {
    return this.retired;
  }

  x(r: number): Code {
    if (r === 0) return this.code.i64(0);
    this.usedX |= 1 << r;
    return this.code.get(X0 + r);
  }

  setX(r: number): Code {
    this.usedX |= 1 << r;
    this.writtenX |= 1 << r;
    this.words &= ~(1 << r);
    return this.code.set(X0 + r);
  }

  /** The low word of x. */
  word(r: number): Code {
    return r === 0 ? this.code.i32(0) : this.x(r).byte(W.i32Wrap);
  }

  /** Sign-extends a word into x. */
  setWord(r: number): Code {
    this.code.byte(W.i64ExtendI32S);
    const code = this.setX(r);
    this.markWord(r);
    return code;
  }

  f(r: number): Code {
    this.usedF |= 1 << r;
    return this.code.get(F0 + r);
  }

  setF(r: number): Code {
    this.usedF |= 1 << r;
    this.writtenF |= 1 << r;
    return this.code.set(F0 + r);
  }

  callHelper(helper: Helper): Code {
    this.helpers |= 1 << helper;
    return this.code.call(helper);
  }

  /** Says where the next `leaveIf` would leave; they may be several. */
  mayLeave(): Code {
    return this.code.i32((this.off << 11) | this.retired).set(EXIT);
  }

  /** Leaves before this instruction if the i32 on the stack is not 0; `depth` blocks are open inside the operation. */
  leaveIf(depth = 0): Code {
    return this.code.brIf(this.depth + depth);
  }
}
