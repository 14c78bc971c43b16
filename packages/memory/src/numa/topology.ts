/**
 * Nodes, their tiers, and how far apart they are.
 *
 * Units      node = index 0 .. 63; tier = 0 for the fastest memory (abi: 0 DRAM, 1 CXL-attached, 2 persistent); distance =
 *            relative latency as in a SLIT: 10 = local, 20 = twice that; 255 = no way, which sorts last
 * Shapes     n = nodes: distances Uint8Array[n * n], row = from; a node may have CPUs only, memory only, or both
 * Invariant  all regions of a node are of one tier: slower memory is a node of its own, without CPUs
 * Source     ACPI 6.5, 5.2.16 (SRAT), 5.2.17 (SLIT); Linux mm/memory-tiers.c for the targets of demotion
 */
import { panic } from '@veridian-os/abi';
import type { MemoryRegion } from '@veridian-os/abi';

/** Distance of a node to itself. */
export const LOCAL_DISTANCE = 10;
/** Distance between nodes where no table says otherwise. */
export const REMOTE_DISTANCE = 20;
const MAX_DISTANCE = 255;
export const MAX_NODES = 64;
export const NO_NODE = -1;

/** What a topology needs to know of a region. */
export type RegionPlace = Pick<MemoryRegion, 'node' | 'tier'>;

/** A square table of distances, row by row, checked. @throws RangeError */
function checkedDistances(table: readonly (readonly number[])[]): Uint8Array {
  const n = table.length;
  if (n < 1 || n > MAX_NODES) throw new RangeError(`distances: expected 1..${MAX_NODES} rows, got ${n}`);
  const flat = new Uint8Array(n * n);
  table.forEach((row, from) => {
    if (row.length !== n) throw new RangeError(`distances: expected ${n} in row ${from}, got ${row.length}`);
    row.forEach((distance, to) => {
      const least = from === to ? LOCAL_DISTANCE : LOCAL_DISTANCE + 1;
      const most = from === to ? LOCAL_DISTANCE : MAX_DISTANCE;
      if (!(Number.isInteger(distance) && distance >= least && distance <= most)) {
        throw new RangeError(`distances[${from}][${to}]: expected ${least}..${most}, got ${distance}`);
      }
      flat[from * n + to] = distance;
    });
  });
  return flat;
}

/** What Linux assumes where firmware has no SLIT. */
function defaultDistances(n: number): Uint8Array {
  const flat = new Uint8Array(n * n).fill(REMOTE_DISTANCE);
  for (let node = 0; node < n; node++) flat[node * n + node] = LOCAL_DISTANCE;
  return flat;
}

export class NumaTopology {
  /** Nodes 0 .. nodes - 1; some may have no memory. */
  readonly nodes: number;
  /** Tiers in use, fastest first. */
  readonly tiers: readonly number[];
  private readonly distances: Uint8Array;
  /** Tier of a node, or NO_NODE where it has no memory. */
  private readonly tier: Int16Array;
  private readonly fallbacks: readonly Uint8Array[];

  /**
   * @param distances row = from; default 10 and 20. More rows than nodes with memory are nodes of CPUs alone.
   * @throws RangeError for a bad table, a node outside it, or a node of two tiers
   */
  constructor(regions: readonly RegionPlace[], distances?: readonly (readonly number[])[]) {
    const most = distances?.length || MAX_NODES;
    let nodes = distances?.length || 1;
    for (const { node } of regions) {
      if (!(Number.isInteger(node) && node >= 0 && node < most)) {
        throw new RangeError(`regions: expected a node 0..${most - 1}, got ${node}`);
      }
      nodes = Math.max(nodes, node + 1);
    }
    this.nodes = nodes;
    this.distances = distances === undefined ? defaultDistances(nodes) : checkedDistances(distances);
    this.tier = new Int16Array(nodes).fill(NO_NODE);
    for (const region of regions) this.place(region);
    this.tiers = [...new Set(this.tier)].filter((tier) => tier >= 0).sort((a, b) => a - b);
    this.fallbacks = Array.from({ length: nodes }, (_, node) => this.sortByDistance(node));
  }

  /** Relative latency of memory of `to` for CPUs of `from`. */
  distance(from: number, to: number): number {
    return this.distances[this.checked(from) * this.nodes + this.checked(to)];
  }

  hasMemory(node: number): boolean {
    return this.tier[this.checked(node)] !== NO_NODE;
  }

  /** @throws KernelPanic `memory/no-such-node` for a node that has no memory */
  tierOf(node: number): number {
    const tier = this.tier[node];
    return tier >= 0 ? tier : panic('memory/no-such-node', `node ${node} has no memory`);
  }

  /**
   * Nodes with memory as CPUs of `node` see them, nearest first; at one distance the faster tier, then the lower number.
   * The array is the topology's own.
   */
  fallback(node: number): Uint8Array {
    return this.fallbacks[this.checked(node)];
  }

  /** Where pages of a node go when it is full: the nearest node of the next slower tier, or NO_NODE. */
  demotionTarget(node: number): number {
    return this.neighbour(node, 1);
  }

  /** Where hot pages of a node go: the node of the next faster tier nearest to it, or NO_NODE. */
  promotionTarget(node: number): number {
    return this.neighbour(node, -1);
  }

  private neighbour(node: number, step: 1 | -1): number {
    const wanted = this.tiers.indexOf(this.tierOf(node)) + step;
    if (wanted < 0 || wanted >= this.tiers.length) return NO_NODE;
    for (const other of this.fallback(node)) if (this.tier[other] === this.tiers[wanted]) return other;
    return NO_NODE;
  }

  private place({ node, tier }: RegionPlace): void {
    if (!(Number.isInteger(tier) && tier >= 0 && tier < 256)) {
      throw new RangeError(`regions: expected a tier 0..255, got ${tier}`);
    }
    if (this.tier[node] !== NO_NODE && this.tier[node] !== tier) {
      throw new RangeError(`regions: expected one tier for node ${node}, got ${this.tier[node]} and ${tier}`);
    }
    this.tier[node] = tier;
  }

  private sortByDistance(from: number): Uint8Array {
    const far = (node: number) => this.distances[from * this.nodes + node];
    const nodes = Array.from({ length: this.nodes }, (_, node) => node);
    const usable = nodes.filter((node) => this.tier[node] !== NO_NODE);
    return Uint8Array.from(usable.sort((a, b) => far(a) - far(b) || this.tier[a] - this.tier[b] || a - b));
  }

  private checked(node: number): number {
    return node >= 0 && node < this.nodes ? node : panic('memory/no-such-node', `node ${node} of ${this.nodes}`);
  }
}
