/**
 * A region's function: (registers, count, entry, base) -> what is left of count.
 *
 *   check that the region's other pages are where they were; load the registers that are used
 *   loop                           the dispatcher: `entry` selects where to go on
 *     block b2 { block b1 {
 *       br_table entry } b1's code, a loop if it is a loop's head; what only it leads to lies inside
 *     } b2's code ...
 *   end
 *
 * At every entry the count must allow the longest way to the next one, or the region is left there. Every way out jumps to
 * one exit behind the loop, which stores the registers that may have changed, the pc, and returns. Nothing in a region calls
 * the host, so nothing it relies on (translation tables, decoded pages) changes while it runs.
 */
import { OP } from '../generated/ops.js';
import { CONTEXT } from '../internal/layout.js';
import { BASE, Body, ENTRY, EXIT, F0, LEFT, LOCALS, REGS, T, TRAPS, X0 } from './body.js';
import type { Block, Edge, Graph } from './graph.js';
import { successors } from './graph.js';
import type { Instruction } from './instruction.js';
import { Flow } from './instruction.js';
import { MicroTlb } from './micro-tlb.js';
import { OPERATIONS } from './operations.js';
import { prologue } from './prologue.js';
import { emitTarget } from './targets.js';
import type { Placement } from './prologue.js';
import { FRESH, planBlock } from './spans.js';
import { I32, I64, W } from './wasm.js';
import type { Code, WasmFunction } from './wasm.js';

/** Stands for a block that no branch of the structure goes to. */
const NOBODY = 0x7fffffff;
/** ENTRY while nothing is asked for. */
const NOWHERE = -1;
const CONDITIONS = new Map<number, number>([
  [OP.BEQ, W.i64Eq],
  [OP.BNE, W.i64Ne],
  [OP.BLT, W.i64LtS],
  [OP.BGE, W.i64GeS],
  [OP.BLTU, W.i64LtU],
  [OP.BGEU, W.i64GeU],
]);

export interface RegionCode {
  readonly body: WasmFunction;
  /** Offset of each entry, by its number. */
  readonly entries: readonly number[];
  /** Offset of every instruction. */
  readonly offsets: readonly number[];
  /** Helpers that it calls, as bits. */
  readonly helpers: number;
  /** Offsets of accesses that look up spans. */
  readonly spans: ReadonlySet<number>;
}

export class RegionEmitter {
  private readonly graph: Graph;
  private readonly placement: Placement;
  private readonly split: ReadonlySet<number>;
  private readonly spans = new Set<number>();
  private readonly body: Body;
  private readonly code: Code;
  /** Nodes in order, and the number of each that is an entry. */
  private readonly entries: readonly number[];
  private readonly entryNumber: Int32Array;
  private readonly children: number[][];
  private readonly isLoop: Uint8Array;
  /** Open blocks, innermost last: a node for a block before it, ~node for a loop around it. */
  private readonly context: number[] = [];
  /** What is known at the end of the block emitted last. */
  private scope = FRESH;

  /** @param split offsets of accesses whose blocks must look up each access by itself */
  constructor(graph: Graph, placement: Placement, split: ReadonlySet<number>) {
    this.graph = graph;
    this.split = split;
    this.placement = placement;
    this.body = new Body(new MicroTlb(placement.micro));
    this.code = this.body.code;
    this.entries = graph.entries;
    const nodes = graph.blocks.length + 1;
    this.entryNumber = new Int32Array(nodes);
    this.entries.forEach((node, k) => (this.entryNumber[node] = k));
    this.isLoop = new Uint8Array(nodes);
    this.isLoop[0] = 1; // computed jumps come back to it
    this.children = Array.from({ length: nodes }, () => []);
    for (const node of graph.sequence) {
      if (this.isMerge(node)) this.children[graph.dominator[node]].push(node);
      for (const to of successors(graph.blocks[node - 1])) {
        if (this.isBackward(node, to)) this.isLoop[to] = 1;
      }
    }
  }

  emit(): RegionCode {
    this.code.block().block();
    this.tree(0, 0);
    this.code.byte(W.unreachable).end();
    this.exit();
    const { body, placement } = this;
    const code = prologue(body, placement).raw(this.code.view);
    const type = { params: [I32, I32, I32, I64], result: I32 };
    const entries = this.entries.map((node) => this.graph.blocks[node - 1].off);
    const offsets = this.graph.blocks.flatMap(({ instructions }) => instructions.map(({ off }) => off));
    return { body: { type, locals: LOCALS, code }, entries, offsets, helpers: this.body.helpers, spans: this.spans };
  }

  private isMerge(node: number): boolean {
    return this.graph.isTabled[node] === 1 || this.graph.incoming[node] > 1;
  }

  private isBackward(from: number, to: number): boolean {
    return this.graph.order[to] <= this.graph.order[from];
  }

  /** A node, and inside or behind it everything that it dominates. */
  private tree(node: number, pending: number): void {
    const { code, context } = this;
    if (this.isLoop[node]) {
      code.loop();
      context.push(~node);
    }
    const merges = this.children[node];
    for (let k = merges.length - 1; k >= 0; k--) {
      code.block();
      context.push(merges[k]);
    }
    if (node === 0) this.dispatch(0);
    else if (this.graph.blocks[node - 1].instructions.length === 0) this.dispatchLoop(this.graph.blocks[node - 1]);
    else this.block(this.graph.blocks[node - 1], pending);
    for (const child of merges) {
      code.end();
      context.pop();
      this.tree(child, 0);
    }
    if (!this.isLoop[node]) return;
    code.end();
    context.pop();
  }

  /** Goes where the table of a dispatcher says for ENTRY; what it does not lead to never gets there. */
  private dispatch(node: number): void {
    const table = this.graph.tables.get(node)!;
    const some = table.find((to) => to !== 0)!;
    this.code
      .get(ENTRY)
      .byte(W.brTable)
      .unsigned(table.length - 1);
    for (const to of table) this.code.unsigned(this.depthOf(to === 0 ? some : to));
  }

  /** Before a loop's header: on to the header, unless an entry inside was asked for. */
  private dispatchLoop({ node, next }: Block): void {
    const { code, context } = this;
    const numbers = [...this.graph.tables.get(node)!.keys()].filter((k) => this.graph.tables.get(node)![k] !== 0);
    if (numbers.length > 0) {
      code.get(ENTRY).i32(NOWHERE).byte(W.i32Ne).if();
      context.push(NOBODY);
      const header = this.entryNumber[next!.node];
      code.get(ENTRY).i32(header).byte(W.i32Ne).if();
      context.push(NOBODY);
      this.dispatch(node);
      code.end();
      context.pop();
      code.end();
      context.pop();
    }
    this.edge(node, next!, 0);
  }

  private depthOf(label: number): number {
    return this.context.length - 1 - this.context.lastIndexOf(label);
  }

  private block(block: Block, pending: number): void {
    const { code, body } = this;
    const isEntry = this.graph.isEntry[block.node] === 1;
    let mayFloat = this.plan(block);
    body.beginBlock(this.context.length, ~this.context.filter((label) => label < 0).at(-1)!);
    if (isEntry) {
      body.at(block.off, 0);
      code.i32(NOWHERE).set(ENTRY);
      body.mayLeave().get(LEFT).i32(this.graph.cost[block.node]).byte(W.i32LtS);
      body.leaveIf();
    }
    let retired = pending;
    for (const i of block.instructions) {
      const operation = OPERATIONS.get(i.op);
      body.at(i.off, retired++);
      if (operation === undefined) continue;
      if (operation.isFloat && !mayFloat) {
        mayFloat = body.usesFloat = true;
        body.mayLeave().get(TRAPS);
        body.leaveIf();
      }
      operation.emit(body, i);
    }
    this.end(block, retired);
  }

  /** @returns whether floating point was looked at before: what is known holds only where nothing else leads here */
  private plan({ node, instructions }: Block): boolean {
    const isFresh = this.graph.isEntry[node] === 1 || this.isLoop[node] === 1 || this.isMerge(node);
    const before = isFresh ? FRESH : this.scope;
    const isSplit = instructions.some(({ off }) => this.split.has(off));
    const { reaches, scope } = planBlock(instructions, before, isSplit);
    for (const [{ off }, { isFirst }] of reaches) if (isFirst) this.spans.add(off);
    this.body.reaches = reaches;
    this.scope = scope;
    return before.mayFloat;
  }

  /**
   * Where every way out ends: EXIT says where and after how many instructions, or the pc is in T already. Stores what any
   * block may have changed.
   */
  private exit(): void {
    const { code, body } = this;
    code.get(BASE).get(EXIT).i32(11).byte(W.i32ShrS).i32(-2).ops(W.i32And, W.i64ExtendI32S, W.i64Add).set(T).end();
    const { writtenX: x, writtenF: f } = body;
    for (let r = 1; r < 32; r++) {
      if ((x >>> r) & 1)
        code
          .get(REGS)
          .get(X0 + r)
          .memory(W.i64Store, 3, r * 8);
    }
    for (let r = 0; r < 32; r++) {
      if ((f >>> r) & 1)
        code
          .get(REGS)
          .get(F0 + r)
          .memory(W.f64Store, 3, CONTEXT.F + r * 8);
    }
    code.get(REGS).get(T).memory(W.i64Store, 3, CONTEXT.PC);
    code.get(LEFT).get(EXIT).i32(4095).ops(W.i32And, W.i32Sub);
  }

  /** Out of the region to the instruction at `off`, which a jump may have far away. */
  private leave(off: number, pending: number): void {
    const { code, context } = this;
    if ((off << 11) >> 11 === off) {
      code
        .i32((off << 11) | pending)
        .set(EXIT)
        .br(context.length);
      return;
    }
    code.get(BASE).i64(off).byte(W.i64Add).set(T).i32(pending).set(EXIT);
    code.br(context.length + 1);
  }

  private flush(pending: number): void {
    if (pending > 0) this.code.get(LEFT).i32(pending).byte(W.i32Sub).set(LEFT);
  }

  /** How control leaves a block. */
  private end(block: Block, pending: number): void {
    const last = block.instructions[block.instructions.length - 1];
    const { next, target } = block;
    if (last.flow === Flow.Branch) return this.branch(block, last, pending);
    if (last.flow === Flow.Indirect || last.flow === Flow.IndirectCall) return this.indirect(last, pending);
    if (last.flow === Flow.Call) this.link(last);
    this.edge(block.node, (target ?? next)!, pending);
  }

  private link(i: Instruction): void {
    this.code
      .get(BASE)
      .i64(i.off + i.length)
      .byte(W.i64Add);
    this.body.setX(i.rd);
  }

  private branch(block: Block, i: Instruction, pending: number): void {
    const { code, context, body } = this;
    const { next, target } = block as { next: Edge; target: Edge };
    const joins = [next, target].some(({ node }) => node !== 0 && this.isMerge(node));
    if (joins) this.flush(pending);
    const rest = joins ? 0 : pending;
    body.x(i.rs1);
    body.x(i.rs2).byte(CONDITIONS.get(i.op)!);
    const label = this.labelOf(block.node, target);
    const { scope } = this;
    if (label !== null) {
      code.brIf(this.depthOf(label));
    } else {
      code.if();
      context.push(NOBODY);
      this.edge(block.node, target, rest);
      code.end();
      context.pop();
    }
    this.scope = scope;
    this.edge(block.node, next, rest);
  }

  /** Label that reaches an edge's target without more ado, or null. */
  private labelOf(from: number, { node, isSide }: Edge): number | null {
    if (node === 0 || isSide || !this.isMerge(node)) return null;
    return this.isBackward(from, node) ? ~node : node;
  }

  private edge(from: number, edge: Edge, pending: number): void {
    const { node, off, isSide } = edge;
    if (node === 0) return this.leave(off, pending);
    if (!isSide && !this.isMerge(node) && !this.isBackward(from, node)) return this.tree(node, pending);
    this.flush(pending);
    const label = this.labelOf(from, edge);
    if (label !== null) {
      this.code.br(this.depthOf(label));
      return;
    }
    this.code.i32(this.entryNumber[node]).set(ENTRY).br(this.depthOf(~0));
  }

  /** A computed jump: on to the target where the region has an entry there (targets.ts); else out. */
  private indirect(i: Instruction, pending: number): void {
    const { code, body, context } = this;
    body.x(i.rs1).i64(i.imm).byte(W.i64Add).i64(-2).byte(W.i64And).set(T);
    if (i.flow === Flow.IndirectCall) this.link(i);
    code.block();
    context.push(NOBODY);
    emitTarget(code, this.placement.targets!);
    this.flush(pending);
    code.br(this.depthOf(~0)).end();
    context.pop();
    code
      .i32(pending)
      .set(EXIT)
      .br(context.length + 1);
  }
}
