/** What a NUMA frame source should do, said as plainly as possible: lists of nodes, sorted and filtered per request. */
import type { MemoryPolicy } from '../numa/policy.js';

/** A region of the machine that the kit describes. */
export interface KitRegion {
  readonly frames: number;
  readonly node: number;
  readonly tier: number;
  /** Frames that are never given, counted from the region's first. */
  readonly reserved?: { readonly first: number; readonly frames: number };
}

export interface KitLayout {
  readonly regions: readonly KitRegion[];
  readonly distances: readonly (readonly number[])[];
}

interface ModelNode {
  readonly tier: number;
  readonly total: number;
  free: number;
  marks: { min: number; low: number; high: number };
  readonly counts: Record<'hit' | 'miss' | 'foreign' | 'interleaveHit' | 'localNode' | 'otherNode', number>;
}

export class ModelNodes {
  readonly nodes: (ModelNode | undefined)[];
  short = -1;
  private readonly distances: readonly (readonly number[])[];

  constructor({ regions, distances }: KitLayout) {
    this.distances = distances;
    this.nodes = distances.map((_, id) => {
      const mine = regions.filter(({ node }) => node === id);
      const total = mine.reduce((sum, { frames }) => sum + frames, 0);
      const counts = { hit: 0, miss: 0, foreign: 0, interleaveHit: 0, localNode: 0, otherNode: 0 };
      if (mine.length === 0) return undefined;
      return { tier: mine[0].tier, total, free: total, marks: { min: 0, low: 0, high: 0 }, counts };
    });
  }

  /** Nodes with memory as a CPU of `from` prefers them. */
  near(from: number): number[] {
    const ids = this.nodes.flatMap((node, id) => (node === undefined ? [] : [id]));
    const key = (id: number) => this.distances[from][id] * 1e6 + this.nodes[id]!.tier * 1e3 + id;
    return ids.sort((a, b) => key(a) - key(b));
  }

  order(policy: MemoryPolicy, from: number, index: number): number[] {
    const wanted = 'nodes' in policy ? policy.nodes.filter((id) => this.nodes[id] !== undefined) : [];
    switch (policy.kind) {
      case 'local':
        return this.near(from);
      case 'preferred':
        if (wanted.length === 1) return this.near(wanted[0]);
        return [...this.near(from).filter((id) => wanted.includes(id)), ...this.near(from)].filter(
          (id, at, all) => all.indexOf(id) === at,
        );
      case 'bind':
        return this.near(from).filter((id) => wanted.includes(id));
      case 'interleave':
        return this.near(wanted[index % wanted.length]);
      case 'weighted-interleave': {
        const row: number[] = [];
        policy.nodes.forEach((id, i) => {
          for (let k = 0; k < policy.weights[i] && wanted.includes(id); k++) row.push(id);
        });
        return this.near(row[index % row.length]);
      }
    }
  }

  /** Takes a frame by policy; its node, or -1. */
  allocPage(policy: MemoryPolicy, from: number, index: number, urgency: number): number {
    const order = this.order(policy, from, index);
    const above = (mark: (node: ModelNode) => number) =>
      order.find((id) => this.nodes[id]!.free > mark(this.nodes[id]!));
    const roomy = above(({ marks }) => marks.low);
    for (const id of order.slice(0, roomy === undefined ? order.length : order.indexOf(roomy))) this.short = id;
    const given = roomy ?? above(({ marks }) => Math.floor([marks.min, marks.min / 2, 0][urgency]));
    if (given === undefined) return -1;
    this.nodes[given]!.free--;
    const { counts } = this.nodes[given]!;
    if (given === order[0]) counts.hit++;
    else {
      counts.miss++;
      this.nodes[order[0]]!.counts.foreign++;
    }
    if (given === order[0] && policy.kind.endsWith('interleave')) counts.interleaveHit++;
    if (given === from) counts.localNode++;
    else counts.otherNode++;
    return given;
  }

  /** Takes a frame of exactly this node. */
  allocOn(id: number, leave: number): boolean {
    const node = this.nodes[id];
    if (node === undefined || node.free <= leave) return false;
    node.free--;
    node.counts.hit++;
    node.counts.localNode++;
    return true;
  }

  pressure(id: number): number {
    const { free, marks } = this.nodes[id]!;
    return [marks.high, marks.low, marks.min].filter((mark) => free < mark).length;
  }
}
