/**
 * Free frames, watermarks and counts of every node.
 *
 * Units      frames; counts of allocations since the start, exact below 2^53
 * Shapes     n = nodes: one array per field, counts Float64Array[6 * n] by node
 * Policy     a node below `low` is left alone while another node of the request's order is above its own; then every node
 *            gives down to `min`, which is the reserve: atomic requests may take half of it, those that free memory all
 * Source     Linux mm/page_alloc.c (watermarks), mm/vmstat.c and numastat(8) (counts)
 */
import { panic } from '@veridian-os/abi';

/** In frames: min <= low <= high <= the node's frames. */
export interface Watermarks {
  /** The reserve: what ordinary requests leave. */
  readonly min: number;
  /** Below it demotion or reclaim should run. */
  readonly low: number;
  /** At which it may stop. */
  readonly high: number;
}

/** How scarce frames are on a node: below no watermark, below `high`, `low`, `min`. Same numbers as buddy-alloc's. */
export const Pressure = { None: 0, High: 1, Low: 2, Min: 3 } as const;
export type Pressure = (typeof Pressure)[keyof typeof Pressure];

/** How far into the reserve a request may reach. */
export const Urgency = {
  /** Leaves `min`: pages of programs, caches. */
  Normal: 0,
  /** Leaves half of `min`: who cannot wait for memory. */
  Atomic: 1,
  /** Leaves nothing: who needs a frame to free others. */
  Reclaim: 2,
} as const;
export type Urgency = (typeof Urgency)[keyof typeof Urgency];

/** Allocations of single frames, as numastat(8) shows them. */
export interface NodeStatistics {
  readonly totalFrames: number;
  readonly freeFrames: number;
  /** Given by the node that the policy wanted: this one. */
  readonly hit: number;
  /** Given by this node where the policy wanted another. */
  readonly miss: number;
  /** Wanted of this node, given by another. */
  readonly foreign: number;
  /** Interleaved, and given by the node whose turn it was: this one. */
  readonly interleaveHit: number;
  /** Given by this node to its own CPUs, and to others'. */
  readonly localNode: number;
  readonly otherNode: number;
}

const HIT = 0;
const MISS = 1;
const FOREIGN = 2;
const INTERLEAVE_HIT = 3;
const LOCAL = 4;
const OTHER = 5;
const COUNTS = 6;

export class NodeState {
  readonly total: Int32Array;
  readonly free: Int32Array;
  readonly low: Int32Array;
  private readonly min: Int32Array;
  private readonly high: Int32Array;
  private readonly counts: Float64Array;

  constructor(nodes: number) {
    this.total = new Int32Array(nodes);
    this.free = new Int32Array(nodes);
    this.min = new Int32Array(nodes);
    this.low = new Int32Array(nodes);
    this.high = new Int32Array(nodes);
    this.counts = new Float64Array(COUNTS * nodes);
  }

  /** Frames that a request must leave on the node. */
  floor(node: number, urgency: Urgency): number {
    if (urgency === Urgency.Normal) return this.min[node];
    return urgency === Urgency.Atomic ? this.min[node] >>> 1 : 0;
  }

  watermarks(node: number): Watermarks {
    this.checked(node);
    return { min: this.min[node], low: this.low[node], high: this.high[node] };
  }

  /** @throws RangeError unless 0 <= min <= low <= high <= the node's frames */
  setWatermarks(node: number, { min, low, high }: Watermarks): void {
    const frames = this.total[this.checked(node)];
    const whole = [min, low, high].every(Number.isInteger);
    if (!whole || min < 0 || min > low || low > high || high > frames) {
      throw new RangeError(`watermarks: expected 0 <= min <= low <= high <= ${frames}, got ${min}, ${low}, ${high}`);
    }
    this.min[node] = min;
    this.low[node] = low;
    this.high[node] = high;
  }

  pressure(node: number): Pressure {
    const free = this.free[this.checked(node)];
    if (free < this.min[node]) return Pressure.Min;
    if (free < this.low[node]) return Pressure.Low;
    return free < this.high[node] ? Pressure.High : Pressure.None;
  }

  /** Counts one frame. @param wanted node that the policy named first @param local node of the CPU */
  count(given: number, wanted: number, local: number, interleaved: boolean): void {
    const { counts } = this;
    const at = given * COUNTS;
    if (given === wanted) {
      counts[at + HIT]++;
      if (interleaved) counts[at + INTERLEAVE_HIT]++;
    } else {
      counts[at + MISS]++;
      counts[wanted * COUNTS + FOREIGN]++;
    }
    counts[at + (given === local ? LOCAL : OTHER)]++;
  }

  /** Counts one frame that was wanted of this node, by a CPU of this node. */
  countLocal(node: number): void {
    this.counts[node * COUNTS + HIT]++;
    this.counts[node * COUNTS + LOCAL]++;
  }

  statistics(node: number): NodeStatistics {
    const at = this.checked(node) * COUNTS;
    const { counts } = this;
    return {
      totalFrames: this.total[node],
      freeFrames: this.free[node],
      hit: counts[at + HIT],
      miss: counts[at + MISS],
      foreign: counts[at + FOREIGN],
      interleaveHit: counts[at + INTERLEAVE_HIT],
      localNode: counts[at + LOCAL],
      otherNode: counts[at + OTHER],
    };
  }

  private checked(node: number): number {
    return node >= 0 && node < this.total.length ? node : panic('memory/no-such-node', `node ${node}`);
  }
}
