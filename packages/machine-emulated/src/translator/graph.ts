/**
 * Control-flow graph of a region. Node 0 is the dispatcher, from which every entry is reached; node n > 0 is block n, or the
 * dispatcher of a loop, which stands before its header and leads to entries inside the loop, so that it stays a loop. Every
 * loop's header is an entry, and a count of instructions that is checked at entries covers all ways between them.
 *
 * Source: Ramsey, "Beyond Relooper", ICFP 2022; Cooper, Harvey, Kennedy, "A simple, fast dominance algorithm", 2001.
 */
import type { Found } from './discover.js';
import type { Instruction } from './instruction.js';
import type { Loop } from './loops.js';
import { findLoops } from './loops.js';
import { Flow } from './instruction.js';

/** A way out of a block: to a node, or out of the region to the instruction at `off`. */
export interface Edge {
  readonly off: number;
  /** 0 = out of the region. */
  node: number;
  /** It enters a loop elsewhere than at its header, which only the dispatcher can. */
  isSide: boolean;
}

export interface Block {
  readonly node: number;
  readonly off: number;
  /** Empty in a loop's dispatcher. */
  readonly instructions: readonly Instruction[];
  /** Next (or only) instruction; absent after a jump whose target is computed. */
  readonly next: Edge | null;
  /** Where the branch, jump or call that ends the block goes. */
  readonly target: Edge | null;
}

export interface Graph {
  /** Node n is at n - 1: blocks, and behind them the loops' dispatchers. */
  readonly blocks: readonly Block[];
  /** By node: place in a reverse postorder that begins with the dispatcher. */
  readonly order: Int32Array;
  /** Nodes in that order, without the dispatcher. */
  readonly sequence: readonly number[];
  readonly isEntry: Uint8Array;
  /** Nodes of the entries; an entry's number is its place. */
  readonly entries: readonly number[];
  /** By node of a dispatcher: for each entry, the next node on the way to it; 0 = the loop's header, or none. */
  readonly tables: ReadonlyMap<number, Int32Array>;
  /** Whether a node is in a table. */
  readonly isTabled: Uint8Array;
  /** Immediate dominator. */
  readonly dominator: Int32Array;
  /** Edges into a node that do not go back. */
  readonly incoming: Int32Array;
  /** Instructions of the longest way from a node to the next entry or out. */
  readonly cost: Int32Array;
}

function edgeTo(off: number): Edge {
  return { off, node: 0, isSide: false };
}

function makeBlock(node: number, off: number, found: Found): Block {
  const instructions: Instruction[] = [];
  let at = off;
  for (;;) {
    const i = found.instructions.get(at);
    if (i === undefined) break;
    instructions.push(i);
    at += i.length;
    if (i.flow !== Flow.Next) return { node, off, instructions, ...ways(i, at) };
    if (found.leaders.has(at)) break;
  }
  return { node, off, instructions, next: edgeTo(at), target: null };
}

function ways(i: Instruction, at: number): { next: Edge | null; target: Edge | null } {
  const target = edgeTo(i.off + i.imm);
  if (i.flow === Flow.Branch) return { next: edgeTo(at), target };
  return { next: null, target: i.flow === Flow.Jump || i.flow === Flow.Call ? target : null };
}

/** Nodes that a block goes to directly. */
export function successors(block: Block): number[] {
  const nodes: number[] = [];
  for (const edge of [block.next, block.target]) {
    if (edge !== null && edge.node !== 0 && !edge.isSide) nodes.push(edge.node);
  }
  return nodes;
}

function makeBlocks(found: Found): Block[] {
  const offs = [...found.leaders].filter((off) => found.instructions.has(off)).sort((a, b) => a - b);
  const blocks = offs.map((off, k) => makeBlock(k + 1, off, found));
  const nodes = new Map(blocks.map(({ off, node }) => [off, node]));
  for (const block of blocks) {
    for (const edge of [block.next, block.target]) if (edge !== null) edge.node = nodes.get(edge.off) ?? 0;
  }
  return blocks;
}

/** Loops whose header is not the only entry get a dispatcher before the header. */
class Dispatch {
  readonly blocks: Block[];
  readonly isEntry: Uint8Array;
  readonly entries: number[];
  readonly tables = new Map<number, Int32Array>();
  readonly isTabled: Uint8Array;
  private readonly dispatcherOf = new Map<Loop, number>();

  constructor(blocks: readonly Block[], found: Found) {
    this.blocks = [...blocks];
    const nodes = blocks.map(({ node }) => node);
    const loopOf = findLoops([[], ...blocks.map(successors)], nodes);
    const isEntry = (node: number): boolean =>
      found.entries.has(blocks[node - 1].off) ||
      this.isHeader(loopOf, node) ||
      (loopOf[node] === null && found.hints.has(blocks[node - 1].off));
    this.entries = nodes.filter(isEntry);
    this.markSides(loopOf);
    this.addDispatchers(loopOf);
    this.isEntry = new Uint8Array(this.blocks.length + 1);
    for (const node of this.entries) this.isEntry[node] = 1;
    this.isTabled = new Uint8Array(this.blocks.length + 1);
    this.fillTables(loopOf);
  }

  private isHeader(loopOf: readonly (Loop | null)[], node: number): boolean {
    for (let loop = loopOf[node]; loop !== null; loop = loop.parent) if (loop.header === node) return true;
    return false;
  }

  /** Loops around a node, outermost first. */
  private around(loopOf: readonly (Loop | null)[], node: number): Loop[] {
    const loops: Loop[] = [];
    for (let loop = loopOf[node]; loop !== null; loop = loop.parent) loops.unshift(loop);
    return loops;
  }

  /** Edges into the middle of a loop make their targets entries. */
  private markSides(loopOf: readonly (Loop | null)[]): void {
    const entries = new Set(this.entries);
    for (const block of this.blocks) {
      const here = new Set(this.around(loopOf, block.node));
      for (const edge of [block.next, block.target]) {
        if (edge === null || edge.node === 0) continue;
        const entered = this.around(loopOf, edge.node).filter((loop) => !here.has(loop));
        if (entered.every(({ header }) => header === edge.node)) continue;
        edge.isSide = true;
        entries.add(edge.node);
      }
    }
    this.entries.splice(0, Infinity, ...[...entries].sort((a, b) => a - b));
  }

  private addDispatchers(loopOf: readonly (Loop | null)[]): void {
    for (const entry of this.entries) {
      for (const loop of this.around(loopOf, entry)) {
        if (loop.header === entry || this.dispatcherOf.has(loop)) continue;
        const node = this.blocks.length + 1;
        this.dispatcherOf.set(loop, node);
        const { off } = this.blocks[loop.header - 1];
        const next = { off, node: loop.header, isSide: false };
        this.blocks.push({ node, off, instructions: [], next, target: null });
      }
    }
    const byHeader = new Map([...this.dispatcherOf].map(([loop, node]) => [loop.header, node]));
    for (const { instructions, next, target } of this.blocks) {
      if (instructions.length === 0) continue;
      for (const edge of [next, target])
        if (edge !== null && !edge.isSide) edge.node = byHeader.get(edge.node) ?? edge.node;
    }
  }

  /** For each entry, the way from the region's dispatcher through those of the loops around it. */
  private fillTables(loopOf: readonly (Loop | null)[]): void {
    const tableOf = (node: number): Int32Array => {
      const table = this.tables.get(node) ?? new Int32Array(this.entries.length);
      this.tables.set(node, table);
      return table;
    };
    this.entries.forEach((entry, number) => {
      let at = 0;
      for (const loop of this.around(loopOf, entry)) {
        const dispatcher = this.dispatcherOf.get(loop);
        if (dispatcher === undefined) continue;
        tableOf(at)[number] = dispatcher;
        this.isTabled[dispatcher] = 1;
        at = dispatcher;
      }
      if (at !== 0 && this.blocks[at - 1].next!.node === entry) return;
      tableOf(at)[number] = entry;
      this.isTabled[entry] = 1;
    });
    for (const node of this.dispatcherOf.values()) tableOf(node);
  }
}

/** Where control may go from a node, dispatching included. */
function waysFrom(node: number, { blocks, tables }: Dispatch): number[] {
  const ways = node === 0 ? [] : successors(blocks[node - 1]);
  const table = tables.get(node);
  return table === undefined ? ways : [...ways, ...new Set(table.filter((to) => to !== 0))];
}

/** Depth first from the dispatcher. @returns nodes in reverse postorder, the dispatcher first */
function reversePostorder(dispatch: Dispatch): number[] {
  const after: number[] = [];
  const seen = new Uint8Array(dispatch.blocks.length + 1);
  const stack = [{ node: 0, ways: waysFrom(0, dispatch).reverse(), at: 0 }];
  seen[0] = 1;
  while (stack.length > 0) {
    const top = stack[stack.length - 1];
    if (top.at === top.ways.length) {
      after.push(top.node);
      stack.pop();
      continue;
    }
    const node = top.ways[top.at++];
    if (seen[node]) continue;
    seen[node] = 1;
    stack.push({ node, ways: waysFrom(node, dispatch), at: 0 });
  }
  return after.reverse();
}

/** One pass in order is enough: an edge that goes back goes to a node that dominates where it comes from. */
function dominators(dispatch: Dispatch, sequence: readonly number[], order: Int32Array): Int32Array {
  const dominator = new Int32Array(order.length).fill(-1);
  dominator[0] = 0;
  const intersect = (a: number, b: number): number => {
    let [x, y] = [a, b];
    while (x !== y) {
      while (order[x] > order[y]) x = dominator[x];
      while (order[y] > order[x]) y = dominator[y];
    }
    return x;
  };
  for (const node of sequence) {
    for (const to of waysFrom(node, dispatch)) {
      if (order[to] <= order[node]) continue;
      dominator[to] = dominator[to] < 0 ? node : intersect(dominator[to], node);
    }
  }
  return dominator;
}

/** Whether every edge that goes back goes to a node that dominates where it comes from. */
function isReducible(
  dispatch: Dispatch,
  sequence: readonly number[],
  order: Int32Array,
  dominator: Int32Array,
): boolean {
  return sequence.every((node) =>
    waysFrom(node, dispatch).every((to) => {
      if (order[to] > order[node]) return true;
      let at = node;
      while (at !== to && at !== 0) at = dominator[at];
      return at === to;
    }),
  );
}

/** @returns null when nothing can be translated */
export function buildGraph(found: Found): Graph | null {
  const made = makeBlocks(found);
  if (made.length === 0) return null;
  const dispatch = new Dispatch(made, found);
  const { blocks, isEntry, entries, tables, isTabled } = dispatch;
  const all = reversePostorder(dispatch);
  const order = new Int32Array(blocks.length + 1).fill(-1);
  all.forEach((node, k) => (order[node] = k));
  const dominator = dominators(dispatch, all, order);
  if (!isReducible(dispatch, all, order, dominator)) return null;
  const sequence = all.slice(1);
  const incoming = new Int32Array(blocks.length + 1);
  const cost = new Int32Array(blocks.length + 1);
  for (const node of sequence) {
    for (const to of successors(blocks[node - 1])) if (order[to] > order[node]) incoming[to]++;
  }
  for (const node of [...sequence].reverse()) {
    const block = blocks[node - 1];
    const after = successors(block).map((to) => (isEntry[to] || isTabled[to] ? 0 : cost[to]));
    cost[node] = block.instructions.length + Math.max(0, ...after);
  }
  return { blocks, order, sequence, isEntry, entries, tables, isTabled, incoming, cost, dominator };
}
