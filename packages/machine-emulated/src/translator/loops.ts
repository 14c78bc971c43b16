/**
 * Nested loops of a graph: a strongly connected component is a loop; what remains strongly connected without the edges to its
 * header are the loops inside. Source: Steensgaard, "Sequentializing program dependence graphs for irreducible programs", 1993.
 */

export interface Loop {
  readonly header: number;
  readonly nodes: readonly number[];
  readonly parent: Loop | null;
}

interface Search {
  readonly successors: readonly (readonly number[])[];
  /** Edges to it do not count. */
  readonly cut: number;
  readonly inside: ReadonlySet<number>;
  readonly index: Map<number, number>;
  readonly low: Map<number, number>;
  readonly stack: number[];
  readonly onStack: Set<number>;
  readonly found: number[][];
}

/** Tarjan's algorithm; its depth is the number of nodes at most. */
function visit(node: number, s: Search): void {
  const at = s.index.size;
  s.index.set(node, at);
  s.low.set(node, at);
  s.stack.push(node);
  s.onStack.add(node);
  for (const to of s.successors[node]) {
    if (to === s.cut || !s.inside.has(to)) continue;
    if (!s.index.has(to)) {
      visit(to, s);
      s.low.set(node, Math.min(s.low.get(node)!, s.low.get(to)!));
    } else if (s.onStack.has(to)) {
      s.low.set(node, Math.min(s.low.get(node)!, s.index.get(to)!));
    }
  }
  if (s.low.get(node) !== at) return;
  const component = s.stack.splice(s.stack.indexOf(node));
  for (const member of component) s.onStack.delete(member);
  s.found.push(component);
}

/**
 * @param successors by node
 * @param nodes those of the graph
 * @returns the innermost loop of each node, by node
 */
export function findLoops(successors: readonly (readonly number[])[], nodes: readonly number[]): (Loop | null)[] {
  const loopOf = new Array<Loop | null>(successors.length).fill(null);
  const predecessors: number[][] = successors.map(() => []);
  for (const from of nodes) for (const to of successors[from]) predecessors[to].push(from);
  const within = (members: readonly number[], parent: Loop | null): void => {
    const inside = new Set(members);
    const maps = { index: new Map<number, number>(), low: new Map<number, number>(), onStack: new Set<number>() };
    const search: Search = { successors, cut: parent?.header ?? -1, inside, ...maps, stack: [], found: [] };
    for (const node of members) if (!search.index.has(node)) visit(node, search);
    for (const component of search.found) {
      if (component.length === 1 && !successors[component[0]].includes(component[0])) continue;
      if (component.length === 1 && component[0] === parent?.header) continue;
      const own = new Set(component);
      const entered = component.filter((node) => predecessors[node].some((from) => !own.has(from)));
      const header = Math.min(...(entered.length > 0 ? entered : component));
      const loop: Loop = { header, nodes: component, parent };
      for (const node of component) loopOf[node] = loop;
      if (component.length > 1) within(component, loop);
    }
  };
  within(nodes, null);
  return loopOf;
}
