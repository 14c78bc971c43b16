/**
 * The frames of one region: a block allocator and what is known of each frame.
 *
 * Shapes     count = frames: references Uint32Array[count] (0 = free or reserved), synced Uint8Array[count] (1 =
 *            instruction fetches see the frame's present contents)
 * Cost       single frames O(log n) of the block allocator; runs longer than its largest block O(count) words read
 */
import { ENOMEM } from '@veridian-os/abi';
import type { Errno, Frame, MemoryRegion, Order } from '@veridian-os/abi';
import type { BlockFactory, BlockSource, Mobility } from './block-source.js';
import { framesOf } from './physical-memory.js';

const { ceil, clz32, max, min } = Math;
const ORDER_0 = 0 as Order;
/** Frames left over of a block that are freed one by one faster than a range is cut out of it (measured on Node 20). */
const FEW = 8;

export class Zone {
  readonly first: number;
  readonly count: number;
  readonly node: number;
  readonly blocks: BlockSource;
  readonly references: Uint32Array;
  readonly synced: Uint8Array;

  constructor(region: MemoryRegion, createBlocks: BlockFactory) {
    const { first, count } = framesOf(region);
    this.first = first;
    this.count = count;
    this.node = region.node;
    this.blocks = createBlocks(count, region);
    this.references = new Uint32Array(count);
    this.synced = new Uint8Array(count);
  }

  contains(frame: number): boolean {
    return frame >= this.first && frame < this.first + this.count;
  }

  /**
   * Index of the first of `count` frames whose physical frame numbers start at a multiple of 2^align, each live by itself
   * with one reference; or ENOMEM.
   */
  takeRun(count: number, align: number, mobility: Mobility): number {
    if (count > this.count) return ENOMEM;
    const { maxOrder } = this.blocks;
    const inBlock = align <= maxOrder && count <= 1 << maxOrder && this.first % (1 << align) === 0;
    const index = inBlock ? this.takeInBlock(count, align, mobility) : this.takeSpan(count, align);
    if (index >= 0) this.references.fill(1, index, index + count);
    return index;
  }

  /** Takes one frame that is free: 0, or an error with nothing changed. */
  takeAt(index: number): 0 | Errno {
    if (this.references[index] !== 0 || this.blocks.allocAt === undefined) return ENOMEM;
    if (this.blocks.allocAt(index as Frame, ORDER_0) !== 0) return ENOMEM;
    this.references[index] = 1;
    return 0;
  }

  private takeInBlock(count: number, align: number, mobility: Mobility): number {
    const { blocks } = this;
    const covering = max(align, 32 - clz32(count - 1)) as Order;
    const size = 1 << covering;
    if (size - count > FEW && blocks.allocRange !== undefined) {
      const index = blocks.allocRange(count, align as Order, 0, mobility);
      if (index >= 0) this.splitRow(index, count);
      return index;
    }
    const index = blocks.alloc(covering, 0, mobility);
    if (index < 0) return index;
    blocks.split(index as Frame, covering);
    for (let extra = size - 1; extra >= count; extra--) blocks.free((index + extra) as Frame, ORDER_0);
    return index;
  }

  /** Makes single frames of the fewest aligned blocks that cover [index, index + count). */
  private splitRow(index: number, count: number): void {
    for (let at = index, left = count; left > 0;) {
      const order = this.orderAt(at, left);
      if (order > 0) this.blocks.split(at as Frame, order);
      at += 2 ** order;
      left -= 2 ** order;
    }
  }

  /** The largest block that starts at `at` and has at most `left` frames. */
  private orderAt(at: number, left: number): Order {
    const aligned = at === 0 ? 31 : 31 - clz32(at & -at);
    return min(aligned, 31 - clz32(left), this.blocks.maxOrder) as Order;
  }

  /** A run of any length and alignment, by looking for frames without references; lowest first. */
  private takeSpan(count: number, align: number): number {
    if (this.blocks.allocAt === undefined) return ENOMEM;
    const step = 2 ** align;
    let index = ceil(this.first / step) * step - this.first;
    while (index + count <= this.count) {
      const obstacle = this.lastUsed(index, count);
      const taken = obstacle < 0 ? this.takeRow(index, count) : obstacle;
      if (taken < 0) return index;
      // Nothing that starts at or below the obstacle can fit.
      index = ceil((this.first + taken + 1) / step) * step - this.first;
    }
    return ENOMEM;
  }

  private lastUsed(index: number, count: number): number {
    let at = index + count - 1;
    while (at >= index && this.references[at] === 0) at--;
    return at >= index ? at : -1;
  }

  /** Takes the row as blocks and makes frames of them; -1, or the frame of a block that was in use, with nothing changed. */
  private takeRow(index: number, count: number): number {
    for (let at = index, left = count; left > 0;) {
      const order = this.orderAt(at, left);
      if (this.blocks.allocAt!(at as Frame, order) !== 0) {
        this.freeRow(index, at - index, count);
        return at;
      }
      at += 2 ** order;
      left -= 2 ** order;
    }
    this.splitRow(index, count);
    return -1;
  }

  /** Gives back the blocks of the first `taken` frames of a row of `count`. */
  private freeRow(index: number, taken: number, count: number): void {
    for (let at = index, left = count; at < index + taken;) {
      const order = this.orderAt(at, left);
      this.blocks.free(at as Frame, order);
      at += 2 ** order;
      left -= 2 ** order;
    }
  }
}
