/**
 * Control-flow graph of a region and its orders. Node 0 is the dispatcher, from which every entry is reached; node n >
 * 0 is
 * block n. Every target of a backward edge is made an entry, so the blocks between two entries form a tree or a
 * directed
 * acyclic graph, and an instruction count checked at entries covers all of it.
 *
 * Source: Ramsey, "Beyond Relooper", ICFP 2022; Cooper, Harvey, Kennedy, "A simple, fast dominance algorithm", 2001.
 */
import type { Found } from './discover.js';
import type { Instruction } from './instruction.js';
import { Flow } from './instruction.js';

/** A way out of a block: to a node, or out of the region to the instruction at `off`. */
export interface Edge {
  readonly off: number;
  /** 0 = out of the region. */
  node: number;
}

export interface Block {
  readonly node: number;
  readonly off: number;
  readonly instructions: readonly Instruction[];
  /** Next (or only) instruction; absent after a jump whose target is computed. */
  readonly next: Edge | null;
  /** Where the branch, jump or call that ends the block goes. */
  readonly target: Edge | null;
}

export interface Graph {
  readonly blocks: readonly Block[];
  /** By node, 0 unused: place in a reverse postorder that begins with the dispatcher. */
  readonly order: Int32Array;
  /** Nodes in that order, without the dispatcher. */
  readonly sequence: readonly number[];
  readonly isEntry: Uint8Array;
  /** Immediate dominator. */
  readonly dominator: Int32Array;
  /** Edges into a node that do not go back. */
  readonly incoming: Int32Array;
  /** Instructions of the longest way from a node to the next entry or out. */
  readonly cost: Int32Array;
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
  return { node, off, instructions, next: { off: at, node: 0 }, target: null };
}

function ways(i: Instruction, at: number): { next: Edge | null; target: Edge | null } {
  const target = { off: i.off + i.imm, node: 0 };
  if (i.flow === Flow.Branch) return { next: { off: at, node: 0 }, target };
  return { next: null, target: i.flow === Flow.Jump || i.flow === Flow.Call ? target : null };
}

/** Nodes that a block goes to directly. */
export function successors(block: Block): number[] {
  const nodes: number[] = [];
  if (block.next !== null && block.next.node !== 0) nodes.push(block.next.node);
  if (block.target !== null && block.target.node !== 0) nodes.push(block.target.node);
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

/** Depth first from the dispatcher. @returns nodes in reverse postorder, the dispatcher first */
function reversePostorder(blocks: readonly Block[], isEntry: Uint8Array): number[] {
  const after: number[] = [];
  const seen = new Uint8Array(blocks.length + 1);
  const entries = blocks.filter(({ node }) => isEntry[node]).map(({ node }) => node);
  const stack = [{ node: 0, ways: entries.reverse(), at: 0 }];
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
    stack.push({ node, ways: successors(blocks[node - 1]), at: 0 });
  }
  return after.reverse();
}

function orderOf(sequence: readonly number[], nodes: number): Int32Array {
  const order = new Int32Array(nodes).fill(-1);
  sequence.forEach((node, k) => (order[node] = k));
  return order;
}

/** Makes the targets of backward edges entries until there are no others. @returns the final order */
function closeEntries(blocks: readonly Block[], isEntry: Uint8Array): number[] {
  for (;;) {
    const sequence = reversePostorder(blocks, isEntry);
    const order = orderOf(sequence, blocks.length + 1);
    let changed = false;
    for (const block of blocks) {
      if (order[block.node] < 0) continue;
      for (const to of successors(block)) {
        if (order[to] > order[block.node] || isEntry[to]) continue;
        isEntry[to] = 1;
        changed = true;
      }
    }
    if (!changed) return sequence;
  }
}

function dominators(
  blocks: readonly Block[],
  sequence: readonly number[],
  order: Int32Array,
  isEntry: Uint8Array,
): Int32Array {
  const dominator = new Int32Array(blocks.length + 1).fill(-1);
  dominator[0] = 0;
  const intersect = (a: number, b: number): number => {
    let [x, y] = [a, b];
    while (x !== y) {
      while (order[x] > order[y]) x = dominator[x];
      while (order[y] > order[x]) y = dominator[y];
    }
    return x;
  };
  // Entries hang from the dispatcher, and all other edges go forward: one pass in order is enough.
  for (const node of sequence) {
    if (node === 0) continue;
    if (isEntry[node]) dominator[node] = 0;
    for (const to of successors(blocks[node - 1])) {
      if (isEntry[to]) continue;
      dominator[to] = dominator[to] < 0 ? node : intersect(dominator[to], node);
    }
  }
  return dominator;
}

/** @returns null when nothing can be translated */
export function buildGraph(found: Found): Graph | null {
  const blocks = makeBlocks(found);
  if (blocks.length === 0) return null;
  const isEntry = new Uint8Array(blocks.length + 1);
  for (const { node, off } of blocks) isEntry[node] = found.entries.has(off) ? 1 : 0;
  const all = closeEntries(blocks, isEntry);
  const order = orderOf(all, blocks.length + 1);
  const sequence = all.slice(1);
  const incoming = new Int32Array(blocks.length + 1);
  const cost = new Int32Array(blocks.length + 1);
  for (const node of sequence) {
    for (const to of successors(blocks[node - 1])) if (order[to] > order[node]) incoming[to]++;
  }
  for (const node of [...sequence].reverse()) {
    const block = blocks[node - 1];
    const after = successors(block).map((to) => (isEntry[to] ? 0 : cost[to]));
    cost[node] = block.instructions.length + Math.max(0, ...after);
  }
  return { blocks, order, sequence, isEntry, incoming, cost, dominator: dominators(blocks, all, order, isEntry) };
}
