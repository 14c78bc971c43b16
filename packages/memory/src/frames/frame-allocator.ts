/**
 * Reference-counted frames of all regions, over one block allocator per region, by NUMA policy and within watermarks.
 *
 * Two ways to a frame. `alloc` is the kernel's own: page tables, caches, messages; regions in the order given, down to the
 * last frame. `allocPage` is for pages of programs: nodes in the order of a compiled policy, leaving each node's reserve.
 *
 * Policy     regions in the order given (nearest, fastest first); within a node likewise
 * Cost       alloc, allocPage, retain, release O(log n) of the block allocator + a scan of the few regions or nodes
 */
import { EINVAL, ENOMEM, PAGE_SIZE, panic } from '@veridian-os/abi';
import type { Errno, Frame, FrameBytes, MemoryRegion, Order } from '@veridian-os/abi';
import { NodeState, Urgency } from '../numa/node-state.js';
import type { NodeStatistics, Pressure, Watermarks } from '../numa/node-state.js';
import type { NumaFrameSource } from '../numa/numa-frame-source.js';
import type { CompiledPolicy } from '../numa/policy.js';
import { NO_NODE, NumaTopology } from '../numa/topology.js';
import { Mobility } from './block-source.js';
import type { BlockFactory } from './block-source.js';
import { Zone } from './zone.js';

export type { BlockFactory, BlockSource } from './block-source.js';

/** Bytes that never become free: firmware, the device tree, holes. */
export interface ReservedRange {
  readonly base: number;
  readonly length: number;
}

/** Makes instruction fetches see what was written to frames. */
type SyncCode = (first: Frame, frames: number) => void;

const ORDER_0 = 0 as Order;
const MAX_ALIGN = 30;

export class FrameAllocator implements NumaFrameSource {
  /** Frames that can be allocated at all: reserved ones are not counted. */
  readonly totalFrames: number;
  readonly topology: NumaTopology;
  private free_: number;
  private short_ = NO_NODE;
  private readonly zones: readonly Zone[];
  private readonly zonesOf: readonly (readonly Zone[])[];
  private readonly nodes: NodeState;
  private readonly memory: FrameBytes;
  private readonly syncCode: SyncCode;

  /**
   * @param syncCode `MmuPort.syncCode`, for {@link changed}
   * @param distances between nodes, see {@link NumaTopology}
   * @throws RangeError when a reserved range overlaps another, for bad distances, or for a node of two tiers
   */
  constructor(
    regions: readonly MemoryRegion[],
    memory: FrameBytes,
    createBlocks: BlockFactory,
    reserved: readonly ReservedRange[] = [],
    syncCode: SyncCode = () => {},
    distances?: readonly (readonly number[])[],
  ) {
    this.memory = memory;
    this.syncCode = syncCode;
    this.topology = new NumaTopology(regions, distances);
    this.zones = regions.map((region) => new Zone(region, createBlocks));
    for (const range of reserved) this.reserve(range);
    this.nodes = new NodeState(this.topology.nodes);
    this.zonesOf = Array.from({ length: this.topology.nodes }, (_, id) => this.zones.filter(({ node }) => node === id));
    for (const { node, blocks } of this.zones) {
      this.nodes.total[node] += blocks.freeFrames;
      this.nodes.free[node] += blocks.freeFrames;
    }
    this.totalFrames = this.zones.reduce((sum, { blocks }) => sum + blocks.freeFrames, 0);
    this.free_ = this.totalFrames;
  }

  get freeFrames(): number {
    return this.free_;
  }

  alloc(): Frame | Errno {
    for (const zone of this.zones) {
      const index = zone.blocks.alloc(ORDER_0, 0, Mobility.Unmovable);
      if (index < 0) continue;
      this.nodes.countLocal(zone.node);
      return this.taken(zone, index);
    }
    return ENOMEM;
  }

  allocZeroed(): Frame | Errno {
    return this.zeroed(this.alloc());
  }

  allocPage(policy: CompiledPolicy, node: number, index: number, urgency: Urgency = Urgency.Normal): Frame | Errno {
    const order = policy.order(node, index);
    if (order === undefined) return panic('memory/no-such-node', `node ${node} of ${this.topology.nodes}`);
    const { nodes } = this;
    for (let i = 0; i < order.length; i++) {
      if (nodes.free[order[i]] <= nodes.low[order[i]]) this.short_ = order[i];
      else {
        const frame = this.takeOn(order[i]);
        if (frame >= 0) return this.counted(frame as Frame, order[i], order[0], node, policy);
      }
    }
    for (let i = 0; i < order.length; i++) {
      if (nodes.free[order[i]] <= nodes.floor(order[i], urgency)) continue;
      const frame = this.takeOn(order[i]);
      if (frame >= 0) return this.counted(frame as Frame, order[i], order[0], node, policy);
    }
    return ENOMEM;
  }

  allocPageZeroed(policy: CompiledPolicy, node: number, index: number, urgency?: Urgency): Frame | Errno {
    return this.zeroed(this.allocPage(policy, node, index, urgency));
  }

  allocOn(node: number, leave = 0): Frame | Errno {
    if (!(this.nodes.free[node] > leave)) return ENOMEM;
    const frame = this.takeOn(node);
    if (frame >= 0) this.nodes.countLocal(node);
    return frame;
  }

  allocAt(frame: Frame): 0 | Errno {
    const zone = this.zoneOf(frame);
    const error = zone.takeAt(frame - zone.first);
    if (error === 0) this.uncounted(zone.node, 1);
    return error;
  }

  allocContiguous(
    count: number,
    align?: number,
    node = NO_NODE,
    mobility: Mobility = Mobility.Unmovable,
  ): Frame | Errno {
    if (!Number.isInteger(count) || count < 1) return EINVAL;
    const order = align ?? Math.min(MAX_ALIGN, Math.ceil(Math.log2(count)));
    if (!(Number.isInteger(order) && order >= 0 && order <= MAX_ALIGN)) return EINVAL;
    for (const zone of this.zones) {
      if (node !== NO_NODE && zone.node !== node) continue;
      const index = zone.takeRun(count, order, mobility);
      if (index < 0) continue;
      this.uncounted(zone.node, count);
      return (zone.first + index) as Frame;
    }
    return ENOMEM;
  }

  retain(frame: Frame): void {
    const zone = this.zoneOf(frame);
    const index = frame - zone.first;
    if (zone.references[index] === 0) panic('memory/frame-not-live', `retain of frame ${frame}`);
    zone.references[index]++;
  }

  release(frame: Frame): void {
    const zone = this.zoneOf(frame);
    const index = frame - zone.first;
    const left = zone.references[index] - 1;
    if (left < 0) panic('memory/frame-not-live', `release of frame ${frame}`);
    zone.references[index] = left;
    if (left > 0) return;
    zone.synced[index] = 0;
    zone.blocks.free(index as Frame, ORDER_0);
    this.nodes.free[zone.node]++;
    this.free_++;
  }

  references(frame: Frame): number {
    const zone = this.zoneOf(frame);
    return zone.references[frame - zone.first];
  }

  changed(frame: Frame): void {
    if (this.isSynced(frame)) this.syncCode(frame, 1);
  }

  /** True when instruction fetches see the frame's contents, see {@link setSynced}. */
  isSynced(frame: Frame): boolean {
    const zone = this.zoneOf(frame);
    return zone.synced[frame - zone.first] === 1;
  }

  /** Remembers that `MmuPort.syncCode` was called for the frame's contents; forgotten when the frame is freed. */
  setSynced(frame: Frame): void {
    const zone = this.zoneOf(frame);
    zone.synced[frame - zone.first] = 1;
  }

  nodeOf(frame: Frame): number {
    return this.zoneOf(frame).node;
  }

  freeOn(node: number): number {
    return this.nodes.free[node] ?? 0;
  }

  freeBlocks(node: number, order: number): number {
    let blocks = 0;
    for (const zone of this.zonesOf[node]) blocks += zone.blocks.freeBlocks?.(order as Order) ?? 0;
    return blocks;
  }

  spans(node: number): { readonly first: Frame; readonly count: number }[] {
    return this.zonesOf[node].map(({ first, count }) => ({ first: first as Frame, count }));
  }

  watermarks(node: number): Watermarks {
    return this.nodes.watermarks(node);
  }

  setWatermarks(node: number, marks: Watermarks): void {
    this.nodes.setWatermarks(node, marks);
  }

  pressure(node: number): Pressure {
    return this.nodes.pressure(node);
  }

  takeShortNode(): number {
    const node = this.short_;
    this.short_ = NO_NODE;
    return node;
  }

  statistics(node: number): NodeStatistics {
    return this.nodes.statistics(node);
  }

  private takeOn(node: number): Frame | Errno {
    const zones = this.zonesOf[node];
    for (let i = 0; i < zones.length; i++) {
      const index = zones[i].blocks.alloc(ORDER_0, 0, Mobility.Movable);
      if (index >= 0) return this.taken(zones[i], index);
    }
    return ENOMEM;
  }

  private counted(frame: Frame, given: number, wanted: number, local: number, policy: CompiledPolicy): Frame {
    this.nodes.count(given, wanted, local, policy.interleaves);
    return frame;
  }

  private taken(zone: Zone, index: number): Frame {
    zone.references[index] = 1;
    this.nodes.free[zone.node]--;
    this.free_--;
    return (zone.first + index) as Frame;
  }

  private uncounted(node: number, frames: number): void {
    this.nodes.free[node] -= frames;
    this.free_ -= frames;
  }

  private zeroed(frame: Frame | Errno): Frame | Errno {
    if (frame >= 0) this.memory.fill(frame as Frame, 0);
    return frame;
  }

  private reserve({ base, length }: ReservedRange): void {
    const start = Math.floor(base / PAGE_SIZE);
    const end = Math.ceil((base + length) / PAGE_SIZE);
    for (const zone of this.zones) {
      const from = Math.max(start, zone.first);
      const to = Math.min(end, zone.first + zone.count);
      if (from < to && zone.blocks.reserve((from - zone.first) as Frame, to - from) !== 0) {
        throw new RangeError(`reserved: expected disjoint ranges, got ${length} bytes at ${base} a second time`);
      }
    }
  }

  private zoneOf(frame: Frame): Zone {
    for (const zone of this.zones) {
      if (frame >= zone.first && frame < zone.first + zone.count) return zone;
    }
    return panic('memory/no-such-frame', `frame ${frame}`);
  }
}
