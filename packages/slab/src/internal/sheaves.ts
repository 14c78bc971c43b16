/**
 * Per-CPU sheaves of one cache: arrays of free objects, so that a hot object costs no look at its slab.
 *
 * A CPU has a main sheaf, which `alloc` pops and `free` pushes, and a spare one. A node has a barn, in which a CPU exchanges
 * an empty sheaf for a full one or a full one for an empty one; their number stays the same.
 *
 * Shapes     words    [a line of 8 words per CPU][objects in each parked sheaf][capacity granules per sheaf]
 *            barn     of each node: full sheaves first, then empty ones
 * Invariant  objects in sheaves are not live, and not on the free list of their slab, where they count as in use
 * Source     sheaves and barns of Linux 6.18; Bonwick and Adams, "Magazines and Vmem", 2001, section 3
 */
import { BOTTOM, CPU_SHIFT, KEY, LIMIT, MAIN, NODE, SPARE, TOP } from './constants.js';

export interface SheavesOptions {
  readonly capacity: number;
  readonly cpuNodes: readonly number[];
  readonly nodeCount: number;
  readonly barnSheaves: number;
  /** What the frame table says of this cache's objects on a node. */
  readonly ownerOf: (node: number) => number;
}

export class Sheaves {
  readonly words: Int32Array;
  readonly capacity: number;
  private readonly cpuCount: number;
  /** First word of the counts, and of the objects. */
  private readonly counts: number;
  private readonly objects: number;
  private readonly sheafCount: number;
  private readonly barnSheaves: number;
  private readonly barn: Int32Array;
  /** Full sheaves of each barn. */
  private readonly full: Int32Array;

  constructor({ capacity, cpuNodes, nodeCount, barnSheaves, ownerOf }: SheavesOptions) {
    const cpuCount = cpuNodes.length;
    this.capacity = capacity;
    this.cpuCount = cpuCount;
    this.barnSheaves = barnSheaves;
    this.sheafCount = 2 * cpuCount + nodeCount * barnSheaves;
    this.counts = cpuCount << CPU_SHIFT;
    this.objects = this.counts + this.sheafCount;
    this.words = new Int32Array(this.objects + this.sheafCount * capacity);
    this.full = new Int32Array(nodeCount);
    this.barn = Int32Array.from({ length: nodeCount * barnSheaves }, (_, i) => 2 * cpuCount + i);
    cpuNodes.forEach((node, cpu) => {
      const line = cpu << CPU_SHIFT;
      this.words[line + NODE] = node;
      this.words[line + KEY] = ownerOf(node);
      this.words[line + SPARE] = 2 * cpu + 1;
      this.install(line, 2 * cpu);
    });
  }

  /** Puts a sheaf with objects in the place of an empty main one: false when neither the spare nor the barn has one. */
  replaceEmpty(cpu: number): boolean {
    const { words, barn, full } = this;
    const line = cpu << CPU_SHIFT;
    if (words[this.counts + words[line + SPARE]] > 0) return this.swap(line);
    const node = words[line + NODE];
    if (full[node] === 0) return false;
    const place = node * this.barnSheaves + --full[node];
    const fresh = barn[place];
    barn[place] = this.park(line);
    this.install(line, fresh);
    return true;
  }

  /** Puts a sheaf with room in the place of a full main one: false when neither the spare nor the barn has one. */
  replaceFull(cpu: number): boolean {
    const { words, barn, full } = this;
    const line = cpu << CPU_SHIFT;
    if (words[this.counts + words[line + SPARE]] < this.capacity) return this.swap(line);
    const node = words[line + NODE];
    if (full[node] === this.barnSheaves) return false;
    const place = node * this.barnSheaves + full[node]++;
    const fresh = barn[place];
    barn[place] = this.park(line);
    this.install(line, fresh);
    return true;
  }

  /** Objects in all sheaves. */
  get count(): number {
    const { words } = this;
    let sum = 0;
    for (let sheaf = 0; sheaf < this.sheafCount; sheaf++) sum += words[this.counts + sheaf];
    // A main sheaf's count is stale: it is what lies between its line's TOP and BOTTOM.
    for (let cpu = 0; cpu < this.cpuCount; cpu++) {
      const line = cpu << CPU_SHIFT;
      sum += words[line + TOP] - words[line + BOTTOM] - words[this.counts + words[line + MAIN]];
    }
    return sum;
  }

  /** Calls `visit` with each object. */
  forEach(visit: (granule: number) => void): void {
    this.settle();
    for (let sheaf = 0; sheaf < this.sheafCount; sheaf++) {
      const first = this.objects + sheaf * this.capacity;
      const count = this.words[this.counts + sheaf];
      for (let at = first; at < first + count; at++) visit(this.words[at]);
    }
  }

  /** Empties all sheaves. */
  drain(put: (granule: number) => void): void {
    this.forEach(put);
    this.words.fill(0, this.counts, this.objects);
    this.full.fill(0);
    for (let cpu = 0; cpu < this.cpuCount; cpu++) {
      const line = cpu << CPU_SHIFT;
      this.words[line + TOP] = this.words[line + BOTTOM];
    }
  }

  private swap(line: number): true {
    const spare = this.words[line + SPARE];
    this.words[line + SPARE] = this.park(line);
    this.install(line, spare);
    return true;
  }

  /** Stores the main sheaf's count. @returns its number */
  private park(line: number): number {
    const sheaf = this.words[line + MAIN];
    this.words[this.counts + sheaf] = this.words[line + TOP] - this.words[line + BOTTOM];
    return sheaf;
  }

  private install(line: number, sheaf: number): void {
    const { words } = this;
    const bottom = this.objects + sheaf * this.capacity;
    words[line + MAIN] = sheaf;
    words[line + BOTTOM] = bottom;
    words[line + TOP] = bottom + words[this.counts + sheaf];
    words[line + LIMIT] = bottom + this.capacity;
  }

  /** Makes the stored counts those of this moment. */
  private settle(): void {
    for (let cpu = 0; cpu < this.cpuCount; cpu++) this.park(cpu << CPU_SHIFT);
  }
}
