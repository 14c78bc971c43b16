/**
 * Loads and stores that one look at the translation tables serves. Along a straight way through blocks every register
 * holds a root, some value that is not looked into, plus a constant. Accesses at constants from one root form a span; the
 * first of them checks that all of it lies in one page and is aligned, and keeps the host's address of it.
 *
 *   lw a4, 4(a0)      lo = root + 4 .. hi = root + 16: one check, which leaves if any of it is not there
 *   sw a4, 8(a0)      the span is in the write table, as it is written to
 *   addi a0, a0, 8
 *   lw a5, 4(a0)      root + 12
 *
 * A span may be left although its first access alone could be done, never the other way about.
 */
import { OP } from '../generated/ops.js';
import { SPAN_LOCALS } from './body.js';
import type { Instruction } from './instruction.js';
import { Flow } from './instruction.js';
import { ACCESSES, OPERATIONS } from './operations.js';

/** Bytes from a span's first to its end. Longer ones would often lie in two pages. */
const MOST_BYTES = 128;

export interface Span {
  readonly root: number;
  /** Distances from the root: of the first byte, rounded down to `align`, and of the end. */
  lo: number;
  hi: number;
  /** Size of the largest access; the first byte must be at a multiple of it. */
  align: number;
  isWritten: boolean;
  /** Which of the locals holds the host's address of `lo`. */
  local: number;
  readonly accesses: { readonly at: number; readonly bytes: number }[];
}

/** How an instruction reaches memory: `offset` bytes into a span. */
export interface Reach {
  readonly span: Span;
  readonly offset: number;
  /** It has to look the span up. */
  readonly isFirst: boolean;
}

/** What is known where a block ends, for blocks that only it leads to. */
export interface Scope {
  readonly roots: readonly number[];
  readonly distances: readonly number[];
  readonly spans: readonly Span[];
  /** Roots and locals in use. */
  readonly named: number;
  readonly locals: number;
  /** It was looked whether floating-point instructions trap. */
  readonly mayFloat: boolean;
}

/** Nothing is known: each register is its own root. */
export const FRESH: Scope = {
  roots: Array.from({ length: 32 }, (_, r) => r),
  distances: new Array<number>(32).fill(0),
  spans: [],
  named: 33,
  locals: 0,
  mayFloat: false,
};
/** The region's base, as a root. */
const BASE_ROOT = 32;

/** Plans the accesses of one block. */
class Planner {
  readonly roots: number[];
  readonly distances: number[];
  readonly reaches = new Map<Instruction, Reach>();
  private readonly known: readonly Span[];
  private readonly made: Span[] = [];
  private readonly users = new Map<Span, Instruction[]>();
  private named: number;
  private mayFloat: boolean;

  constructor(scope: Scope) {
    this.roots = [...scope.roots];
    this.distances = [...scope.distances];
    this.known = scope.spans;
    this.named = scope.named;
    this.mayFloat = scope.mayFloat;
  }

  /** Takes one instruction into account. */
  follow(i: Instruction, split: boolean): void {
    const access = ACCESSES.get(i.op);
    this.mayFloat ||= OPERATIONS.get(i.op)?.isFloat === true;
    if (access !== undefined && !split) this.access(i, access.bytes, access.isStore);
    const links = i.flow === Flow.Call || i.flow === Flow.IndirectCall;
    if ((!links && OPERATIONS.get(i.op)?.writes !== 'x') || i.rd === 0) return;
    if (i.op === OP.ADDI) this.define(i.rd, this.roots[i.rs1], this.distances[i.rs1] + i.imm);
    else if (i.op === OP.MV) this.define(i.rd, this.roots[i.rs1], this.distances[i.rs1]);
    else if (i.op === OP.LI) this.define(i.rd, 0, i.imm);
    else if (i.op === OP.AUIPC) this.define(i.rd, BASE_ROOT, i.off + i.imm);
    else this.define(i.rd, this.named++, 0);
  }

  /** Spans of several accesses get locals, as far as there are. */
  finish(locals: number): Scope {
    const spans = [...this.known];
    let used = locals;
    for (const span of this.made) {
      const users = this.users.get(span)!;
      if (users.length < 2 || used === SPAN_LOCALS) {
        for (const i of users) this.reaches.delete(i);
        continue;
      }
      span.local = used++;
      users.forEach((i, k) => {
        const { offset } = this.reaches.get(i)!;
        this.reaches.set(i, { span, offset: offset - span.lo, isFirst: k === 0 });
      });
      spans.push(span);
    }
    const { roots, distances, named, mayFloat } = this;
    return { roots, distances, spans, named, locals: used, mayFloat };
  }

  private define(rd: number, root: number, distance: number): void {
    this.roots[rd] = root;
    this.distances[rd] = distance;
  }

  private access(i: Instruction, bytes: number, isStore: boolean): void {
    const root = this.roots[i.rs1];
    const at = this.distances[i.rs1] + i.imm;
    const known = this.known.find((span) => covers(span, root, at, bytes) && (span.isWritten || !isStore));
    if (known !== undefined) {
      this.reaches.set(i, { span: known, offset: at - known.lo, isFirst: false });
      return;
    }
    let span = this.made.find((each) => each.root === root && admits(each, at, bytes));
    if (span === undefined) {
      span = { root, lo: at, hi: at + bytes, align: bytes, isWritten: false, local: 0, accesses: [] };
      this.made.push(span);
      this.users.set(span, []);
    }
    extend(span, at, bytes);
    span.isWritten ||= isStore;
    this.users.get(span)!.push(i);
    this.reaches.set(i, { span, offset: at, isFirst: false });
  }
}

function covers(span: Span, root: number, at: number, bytes: number): boolean {
  if (span.root !== root || at < span.lo || at + bytes > span.hi) return false;
  return bytes <= span.align && (at - span.lo) % bytes === 0;
}

/** Bounds of a span with one more access: its first byte is at a multiple of `align` where all accesses are aligned. */
function bounds(span: Span, at: number, bytes: number): { lo: number; hi: number; align: number } {
  const align = Math.max(span.align, bytes);
  const aligned = bytes >= span.align ? at : span.lo;
  const low = Math.min(span.lo, at);
  const lo = aligned - Math.ceil((aligned - low) / align) * align;
  return { lo, hi: Math.max(span.hi, at + bytes), align };
}

function admits(span: Span, at: number, bytes: number): boolean {
  const { lo, hi } = bounds(span, at, bytes);
  if (hi - lo > MOST_BYTES) return false;
  return [...span.accesses, { at, bytes }].every((each) => (each.at - lo) % each.bytes === 0);
}

function extend(span: Span, at: number, bytes: number): void {
  Object.assign(span, bounds(span, at, bytes));
  span.accesses.push({ at, bytes });
}

/**
 * @param split whether accesses must be looked up one by one
 * @returns how the block's accesses reach memory, where they share spans, and what is known behind it
 */
export function planBlock(
  instructions: readonly Instruction[],
  scope: Scope,
  split: boolean,
): { reaches: ReadonlyMap<Instruction, Reach>; scope: Scope } {
  const planner = new Planner(scope);
  for (const i of instructions) planner.follow(i, split);
  return { scope: planner.finish(scope.locals), reaches: planner.reaches };
}
