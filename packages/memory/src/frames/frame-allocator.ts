/**
 * Reference-counted frames of all regions, over one block allocator per region.
 *
 * Shapes     per region, count = its frames: references Uint32Array[count] (0 = free), synced Uint8Array[count]
 *            (1 = instruction fetches see the frame's present contents)
 * Policy     regions in the order given (nearest, fastest first)
 * Cost       alloc, retain, release O(log n) of the block allocator + a scan of the few regions
 */
import { EINVAL, ENOMEM, PAGE_SIZE, panic } from '@veridian-os/abi';
import type { Errno, Frame, FrameBytes, FrameSource, MemoryRegion, Order } from '@veridian-os/abi';
import { framesOf } from './physical-memory.js';

/** What this package needs of a buddy allocator: frames are indices from 0 of one region. */
export interface BlockSource {
  readonly freeFrames: number;
  readonly maxOrder: Order;
  alloc(order: Order): Frame | Errno;
  free(frame: Frame, order: Order): void;
  split(frame: Frame, order: Order): void;
  reserve(first: Frame, count: number): 0 | Errno;
}

/** Makes the block allocator of a region. */
export type BlockFactory = (frameCount: number, region: MemoryRegion) => BlockSource;

/** Bytes that never become free: firmware, the device tree, holes. */
export interface ReservedRange {
  readonly base: number;
  readonly length: number;
}

/** Makes instruction fetches see what was written to frames. */
type SyncCode = (first: Frame, frames: number) => void;

const ORDER_0 = 0 as Order;

class Zone {
  readonly first: number;
  readonly count: number;
  readonly blocks: BlockSource;
  readonly references: Uint32Array;
  readonly synced: Uint8Array;

  constructor(region: MemoryRegion, createBlocks: BlockFactory) {
    const { first, count } = framesOf(region);
    this.first = first;
    this.count = count;
    this.blocks = createBlocks(count, region);
    this.references = new Uint32Array(count);
    this.synced = new Uint8Array(count);
  }
}

export class FrameAllocator implements FrameSource {
  /** Frames that can be allocated at all: reserved ones are not counted. */
  readonly totalFrames: number;
  private free_: number;
  private readonly zones: readonly Zone[];
  private readonly memory: FrameBytes;
  private readonly syncCode: SyncCode;

  /**
   * @param syncCode `MmuPort.syncCode`, for {@link changed}
   * @throws RangeError when a reserved range overlaps another
   */
  constructor(
    regions: readonly MemoryRegion[],
    memory: FrameBytes,
    createBlocks: BlockFactory,
    reserved: readonly ReservedRange[] = [],
    syncCode: SyncCode = () => {},
  ) {
    this.memory = memory;
    this.syncCode = syncCode;
    this.zones = regions.map((region) => new Zone(region, createBlocks));
    for (const range of reserved) this.reserve(range);
    this.totalFrames = this.zones.reduce((sum, { blocks }) => sum + blocks.freeFrames, 0);
    this.free_ = this.totalFrames;
  }

  get freeFrames(): number {
    return this.free_;
  }

  alloc(): Frame | Errno {
    for (const zone of this.zones) {
      const index = zone.blocks.alloc(ORDER_0);
      if (index < 0) continue;
      zone.references[index] = 1;
      this.free_--;
      return (zone.first + index) as Frame;
    }
    return ENOMEM;
  }

  allocZeroed(): Frame | Errno {
    const frame = this.alloc();
    if (frame >= 0) this.memory.fill(frame as Frame, 0);
    return frame;
  }

  /**
   * `count` consecutive frames with unspecified contents, each with one reference of its own; the first is aligned to
   * the power of two that covers `count`. ENOMEM, also above the largest block; EINVAL unless `count` >= 1.
   */
  allocContiguous(count: number): Frame | Errno {
    if (!Number.isInteger(count) || count < 1) return EINVAL;
    const order = Math.ceil(Math.log2(count)) as Order;
    for (const zone of this.zones) {
      if (order > zone.blocks.maxOrder) continue;
      const index = zone.blocks.alloc(order);
      if (index < 0) continue;
      zone.blocks.split(index as Frame, order);
      for (let extra = 2 ** order - 1; extra >= count; extra--) zone.blocks.free((index + extra) as Frame, ORDER_0);
      zone.references.fill(1, index, index + count);
      this.free_ -= count;
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
