/** Which registers a region may have changed at each block, so that exits store no others. */
import type { Block, Graph } from './graph.js';
import { successors } from './graph.js';
import { Flow } from './instruction.js';
import { OPERATIONS } from './operations.js';

/** Bit sets of registers, by node. */
export interface RegisterSets {
  readonly x: Int32Array;
  readonly f: Int32Array;
}

/** Whether a block may go on in the dispatcher. */
function mayDispatch({ instructions, next, target }: Block): boolean {
  const last = instructions.at(-1)?.flow;
  if (last === Flow.Indirect || last === Flow.IndirectCall) return true;
  return next?.isSide === true || target?.isSide === true;
}

/** @returns registers that each block writes */
export function writtenBy(graph: Graph): RegisterSets {
  const x = new Int32Array(graph.blocks.length + 1);
  const f = new Int32Array(graph.blocks.length + 1);
  for (const { node, instructions } of graph.blocks) {
    for (const i of instructions) {
      const links = i.flow === Flow.Call || i.flow === Flow.IndirectCall;
      const writes = links ? 'x' : OPERATIONS.get(i.op)?.writes;
      if (writes === 'x') x[node] |= 1 << i.rd;
      else if (writes === 'f') f[node] |= 1 << i.rd;
    }
  }
  return { x, f };
}

/** @returns registers that may differ from memory when each block begins; they only grow, so it ends */
export function dirtyBefore(graph: Graph, written: RegisterSets): RegisterSets {
  const nodes = graph.blocks.length + 1;
  const x = new Int32Array(nodes);
  const f = new Int32Array(nodes);
  const sources: number[][] = Array.from({ length: nodes }, () => []);
  for (const [from, table] of graph.tables) for (const to of new Set(table)) sources[to].push(from);
  for (let changed = true; changed;) {
    changed = false;
    const flow = (to: number, outX: number, outF: number): void => {
      if ((x[to] | outX) === x[to] && (f[to] | outF) === f[to]) return;
      x[to] |= outX;
      f[to] |= outF;
      changed = true;
    };
    for (const node of graph.sequence) {
      const block = graph.blocks[node - 1];
      for (const from of sources[node]) flow(node, x[from], f[from]);
      const outX = x[node] | written.x[node];
      const outF = f[node] | written.f[node];
      for (const to of successors(block)) flow(to, outX, outF);
      if (mayDispatch(block)) flow(0, outX, outF);
    }
  }
  return { x, f };
}
