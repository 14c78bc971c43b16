/** What a region does first: it looks whether it may begin, and loads the registers that it uses. */
import { CONTEXT, HART } from '../internal/layout.js';
import type { Body } from './body.js';
import { BASE, E, EXECS, F0, RANGE_D, RANGE_S, READS, REGS, T, TRAPS, X0 } from './body.js';
import type { CodePage } from './code-view.js';
import type { TargetMap } from './targets.js';
import { Code, W } from './wasm.js';

const EXEC_TABLE = 0x8000;
const EXEC_MASK = 0x1ff0;
/** Trapped, frm, and NX of fcsr: native arithmetic needs exactly NX. */
const NATIVE_MASK = 0x800000e1 | 0;
const NX = 1;
/** Result of a region that does not begin. */
const REFUSED = -1;

/** A page that the region depends on: its distance from the base in pages, and how often it was cleared. */
export interface PageUse {
  readonly number: number;
  readonly page: CodePage;
  readonly generation: number;
}

export interface Placement {
  /** Table index of the function. */
  readonly index: number;
  readonly pages: readonly PageUse[];
  /** Address of the generations' table. */
  readonly generations: number;
  /**
   * Address of a record: set and epoch (assembly/tlb.ts), u32 each, and base, u64, for which the pages were last found in place;
   * set and epoch, u32 each, for which the micro-TLB is true.
   */
  readonly stamp: number;
  /** Address of its micro-TLB; 0 = none. */
  readonly micro: number;
  /** Where its computed jumps find its entries; null when it has none. */
  readonly targets: TargetMap | null;
}

/** What precedes the region's code; it is made last, when it is known what that uses. */
export function prologue(body: Body, placement: Placement): Code {
  const head = new Code();
  const { usedX, usedF, usesFloat } = body;
  const isAlone = placement.pages.length === 1 && placement.pages[0].number === 0;
  if (!isAlone) checkPages(head, placement);
  head.i32(0).memory(W.i32Load, 2, HART.DATA_SET).set(READS);
  body.micro.emitCheck(head, placement.stamp);
  if (usesFloat) readFloatState(head);
  for (let r = 1; r < 32; r++) {
    if ((usedX >>> r) & 1)
      head
        .get(REGS)
        .memory(W.i64Load, 3, r * 8)
        .set(X0 + r);
  }
  for (let r = 0; r < 32; r++) {
    if ((usedF >>> r) & 1)
      head
        .get(REGS)
        .memory(W.f64Load, 3, CONTEXT.F + r * 8)
        .set(F0 + r);
  }
  return head;
}

/** Notes whether floating point traps, and whether native arithmetic is allowed. */
function readFloatState(head: Code): void {
  head.get(REGS).memory(W.i32Load, 2, CONTEXT.FCSR).tee(E).i32(31).byte(W.i32ShrU).set(TRAPS);
  head.get(E).i32(NATIVE_MASK).byte(W.i32And).i32(NX).byte(W.i32Eq).if();
  head.long(2045n << 53n).set(RANGE_D);
  head
    .i32(253 << 24)
    .set(RANGE_S)
    .end();
}

/** Refuses to begin unless the base's neighbours are the pages that were translated, as they are since the stamp's epoch. */
function checkPages(head: Code, placement: Placement): void {
  const { stamp } = placement;
  head.block();
  head.i32(0).memory(W.i32Load, 2, HART.CODE_SET).i32(stamp).memory(W.i32Load, 2).byte(W.i32Xor);
  head.i32(0).memory(W.i32Load, 2, HART.CODE_EPOCH).i32(stamp).memory(W.i32Load, 2, 4).ops(W.i32Xor, W.i32Or);
  head.get(BASE).i32(stamp).memory(W.i64Load, 3, 8).ops(W.i64Ne, W.i32Or, W.i32Eqz).brIf(0);
  comparePages(head, placement);
  head.i32(stamp).i32(0).memory(W.i32Load, 2, HART.CODE_SET).memory(W.i32Store, 2);
  head.i32(stamp).i32(0).memory(W.i32Load, 2, HART.CODE_EPOCH).memory(W.i32Store, 2, 4);
  head.i32(stamp).get(BASE).memory(W.i64Store, 3, 8).end();
}

/** Page by page: whether the execute table has it, and it was not cleared. */
function comparePages(head: Code, { pages, generations }: Placement): void {
  head.i32(0).memory(W.i32Load, 2, HART.CODE_SET).i32(EXEC_TABLE).byte(W.i32Add).set(EXECS).block().block();
  for (const { number, page, generation } of pages) {
    head
      .get(BASE)
      .i64(number * 4096)
      .byte(W.i64Add)
      .tee(T)
      .byte(W.i32Wrap)
      .i32(8)
      .byte(W.i32ShrU);
    head.i32(EXEC_MASK).byte(W.i32And).get(EXECS).byte(W.i32Add).tee(E).memory(W.i64Load, 3).get(T);
    head.byte(W.i64Ne).brIf(0);
    head.get(E).memory(W.i32Load, 2, 8).i32(page.slots).byte(W.i32Ne).brIf(0);
    head
      .i32(generations + page.index * 4)
      .memory(W.i32Load, 2)
      .i32(generation)
      .byte(W.i32Ne)
      .brIf(0);
  }
  head.br(1).end().i32(REFUSED).byte(W.return).end();
}
