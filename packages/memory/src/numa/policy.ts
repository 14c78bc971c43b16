/**
 * NUMA policies, compiled to the order in which nodes are asked for a frame.
 *
 * A policy is of a thread or of a range of addresses; whoever handles the fault picks the range's, else the thread's.
 * Shapes     n = nodes: orders Uint8Array[n] of up to n nodes each; pattern Uint8Array[sum of weights]
 * Cost       compiling O(n^2 log n); an allocation indexes two arrays
 * Source     Linux Documentation/admin-guide/mm/numa_memory_policy.rst; set_mempolicy(2)
 */
import type { NumaTopology } from './topology.js';

export const MAX_WEIGHT = 255;

/** As asked for. Nodes without memory are left out; at least one must remain. */
export type MemoryPolicy =
  /** From the node of the CPU that faults, else the nearest. */
  | { readonly kind: 'local' }
  /** From these nodes, the nearest first, else any. */
  | { readonly kind: 'preferred'; readonly nodes: readonly number[] }
  /** From these nodes, the nearest first, or not at all. */
  | { readonly kind: 'bind'; readonly nodes: readonly number[] }
  /** Page by page from each of these nodes in turn, else any. */
  | { readonly kind: 'interleave'; readonly nodes: readonly number[] }
  /** `weights[i]` pages in a row (1 .. 255) from `nodes[i]`, in turn, else any. */
  | { readonly kind: 'weighted-interleave'; readonly nodes: readonly number[]; readonly weights: readonly number[] };

/** For one topology. Made by {@link compilePolicy}. */
export class CompiledPolicy {
  readonly policy: MemoryPolicy;
  /** By the node that a request starts at: the nodes to ask. */
  private readonly orders: readonly Uint8Array[];
  /** Node of the page whose index is i modulo its length; empty where the index does not matter. */
  private readonly pattern: Uint8Array;
  private readonly period: number;

  constructor(policy: MemoryPolicy, orders: readonly Uint8Array[], pattern: Uint8Array) {
    this.policy = policy;
    this.orders = orders;
    this.pattern = pattern;
    this.period = pattern.length;
  }

  /** True when the page's index decides. */
  get interleaves(): boolean {
    return this.period > 0;
  }

  /**
   * Nodes to ask, best first; undefined when there is no such node. The array is the policy's own.
   * @param node of the CPU that faults
   * @param index of the page, >= 0: within the range where the policy is the range's (so that the layout depends on
   *        nothing else), a count of the thread's faults where it is the thread's
   */
  order(node: number, index: number): Uint8Array {
    return this.orders[this.period === 0 ? node : this.pattern[index % this.period]];
  }
}

/** @throws RangeError for nodes or weights that cannot be */
export function compilePolicy(topology: NumaTopology, policy: MemoryPolicy): CompiledPolicy {
  const all = Array.from({ length: topology.nodes }, (_, node) => topology.fallback(node));
  const none = new Uint8Array(0);
  switch (policy.kind) {
    case 'local':
      return new CompiledPolicy(policy, all, none);
    case 'preferred': {
      const nodes = withMemory(topology, policy.nodes);
      return new CompiledPolicy(policy, preferredOrders(topology, nodes), none);
    }
    case 'bind': {
      const nodes = withMemory(topology, policy.nodes);
      const orders = all.map((order) => order.filter((node) => nodes.includes(node)));
      return new CompiledPolicy(policy, orders, none);
    }
    case 'interleave':
      return new CompiledPolicy(policy, all, Uint8Array.from(withMemory(topology, policy.nodes)));
    case 'weighted-interleave':
      return new CompiledPolicy(policy, all, weightedPattern(topology, policy.nodes, policy.weights));
  }
}

/** One node: it and what is near it. Several: those by distance from the CPU, then the others. */
function preferredOrders(topology: NumaTopology, preferred: readonly number[]): Uint8Array[] {
  return Array.from({ length: topology.nodes }, (_, from) => {
    if (preferred.length === 1) return topology.fallback(preferred[0]);
    const near = topology.fallback(from);
    const [first, rest] = [true, false].map((wanted) => near.filter((node) => preferred.includes(node) === wanted));
    return Uint8Array.of(...first, ...rest);
  });
}

function weightedPattern(topology: NumaTopology, nodes: readonly number[], weights: readonly number[]): Uint8Array {
  if (weights.length !== nodes.length) {
    throw new RangeError(`weights: expected one for each of ${nodes.length} nodes, got ${weights.length}`);
  }
  for (const weight of weights) {
    if (!(Number.isInteger(weight) && weight >= 1 && weight <= MAX_WEIGHT)) {
      throw new RangeError(`weights: expected 1..${MAX_WEIGHT}, got ${weight}`);
    }
  }
  const row = withMemory(topology, nodes).map((node) => Array<number>(weights[nodes.indexOf(node)]).fill(node));
  return Uint8Array.from(row.flat());
}

function withMemory(topology: NumaTopology, nodes: readonly number[]): number[] {
  for (const node of nodes) {
    if (!(Number.isInteger(node) && node >= 0 && node < topology.nodes)) {
      throw new RangeError(`nodes: expected 0..${topology.nodes - 1}, got ${node}`);
    }
  }
  if (new Set(nodes).size !== nodes.length) throw new RangeError(`nodes: expected each once, got ${nodes.join()}`);
  const usable = nodes.filter((node) => topology.hasMemory(node));
  if (usable.length === 0) throw new RangeError(`nodes: expected one with memory, got ${nodes.join() || 'none'}`);
  return usable;
}
