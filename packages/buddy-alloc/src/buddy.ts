/**
 * Binary buddy allocator of physical frames: a set of free blocks per order, each a bitmap with summary levels.
 *
 * Units      frame = 4096 bytes; order k = 2^k frames, aligned to 2^k
 * Shapes     n = frameCount, K = maxOrder; one ArrayBuffer holds
 *   free     BitTree[K+1]  order k: its free blocks, by block number (frame / 2^k)
 *   head     Uint8Array[n] 1 + order of the live block that starts here, else 0
 *   together at most 1.29 bytes a frame (from 4,096 frames on)
 * Invariant  every frame lies in exactly one live, free or reserved block; below order K no two buddies are both free
 * Cost       alloc and free touch O(K log32 n) words, `reserve` that per block it takes, `split` one byte per frame;
 *            no heap allocation after the constructor
 * Source     Knowlton, "A fast storage allocator", CACM 8(10), 1965; address-ordered first fit: Wilson et al.,
 *            "Dynamic storage allocation: a survey", 1995, section 3.6
 */
import { EBUSY, EINVAL, ENOMEM, panic } from '@veridian-os/abi';
import type { Errno, Frame, Order } from '@veridian-os/abi';
import type { BlockAllocator, BuddyOptions } from './api.js';
import { BitTree, bitTreeWords } from './internal/bit-tree.js';
import { checkedOptions } from './internal/options.js';

const { clz32, floor, min } = Math;

/** `head` of a frame that heads no live block; live ones hold 1 + order. */
const NOT_LIVE = 0;

export class BuddyAllocator implements BlockAllocator {
  readonly frameCount: number;
  readonly maxOrder: Order;
  private free_: number;
  /** Bit k: order k has a free block. */
  private nonEmpty = 0;
  /** Free blocks of order k. */
  private readonly counts: Int32Array;
  private readonly blocks: readonly BitTree[];
  private readonly head: Uint8Array;

  /** All frames are free. @throws RangeError for a bad option */
  constructor(options: BuddyOptions) {
    const { frameCount, maxOrder } = checkedOptions(options);
    this.frameCount = frameCount;
    this.maxOrder = maxOrder as Order;
    this.free_ = frameCount;
    this.counts = new Int32Array(maxOrder + 1);
    const sizes = Array.from(this.counts, (_, k) => floor(frameCount / 2 ** k));
    const words = sizes.reduce((sum, size) => sum + bitTreeWords(size), 0);
    const buffer = new ArrayBuffer(words * 4 + frameCount);
    let offset = 0;
    this.blocks = sizes.map((size) => {
      const tree = new BitTree(buffer, offset, size);
      offset += bitTreeWords(size);
      return tree;
    });
    this.head = new Uint8Array(buffer, words * 4, frameCount);
    this.fill();
  }

  get freeFrames(): number {
    return this.free_;
  }

  /** Splits the lowest block of the smallest sufficient order and keeps its low part. */
  alloc(order: Order): Frame | Errno {
    if (order >>> 0 > this.maxOrder) return ENOMEM;
    const usable = this.nonEmpty & (-1 << order);
    if (usable === 0) return ENOMEM;
    let k = 31 - clz32(usable & -usable);
    let block = this.blocks[k].lowest();
    this.markTaken(block, k);
    // Orders from `order` up to k were empty: each gets the upper half of what is split.
    this.nonEmpty |= (1 << k) - (1 << order);
    while (k > order) {
      k--;
      block <<= 1;
      this.counts[k] = 1;
      this.blocks[k].addOnly(block + 1);
    }
    const first = block << order;
    this.head[first] = order + 1;
    this.free_ -= 1 << order;
    return first as Frame;
  }

  free(frame: Frame, order: Order): void {
    this.checkLive(frame, order);
    this.head[frame] = NOT_LIVE;
    this.free_ += 1 << order;
    const { blocks, maxOrder } = this;
    let k: number = order;
    let block = frame >>> order;
    while (k < maxOrder && blocks[k].has(block ^ 1)) {
      this.markTaken(block ^ 1, k);
      block >>>= 1;
      k++;
    }
    this.markFree(block, k);
  }

  split(frame: Frame, order: Order): void {
    this.checkLive(frame, order);
    this.head.fill(1, frame, frame + (1 << order));
  }

  reserve(first: Frame, count: number): 0 | Errno {
    const end = first + count;
    if (!Number.isInteger(first) || !Number.isInteger(count)) return EINVAL;
    if (first < 0 || count < 0 || end > this.frameCount) return EINVAL;
    for (let at: number = first; at < end;) {
      const k = this.freeOrderAt(at);
      if (k < 0) return EBUSY;
      at = ((at >>> k) + 1) << k;
    }
    for (let at: number = first; at < end;) at = this.carve(at, end);
    this.free_ -= count;
    return 0;
  }

  freeBlocks(order: Order): number {
    return order >>> 0 > this.maxOrder ? 0 : this.counts[order];
  }

  /** Takes the part of the free block around `at` that lies in [at, end); returns where that part ends. */
  private carve(at: number, end: number): number {
    const k = this.freeOrderAt(at);
    const blockStart = (at >>> k) << k;
    const blockEnd = blockStart + 2 ** k;
    const stop = min(end, blockEnd);
    this.markTaken(at >>> k, k);
    this.release(blockStart, at);
    this.release(stop, blockEnd);
    return stop;
  }

  /** Marks [start, end), a part of one block, as free in maximal aligned blocks, which cannot merge any further. */
  private release(start: number, end: number): void {
    for (let at = start; at < end;) {
      const aligned = at === 0 ? this.maxOrder : min(this.maxOrder, 31 - clz32(at & -at));
      const k = min(aligned, 31 - clz32(end - at));
      this.markFree(at >>> k, k);
      at += 2 ** k;
    }
  }

  /** Order of the free block that contains `frame`, or -1. */
  private freeOrderAt(frame: number): number {
    for (let k = 0; k <= this.maxOrder; k++) {
      if (this.blocks[k].has(frame >>> k)) return k;
    }
    return -1;
  }

  private markFree(block: number, order: number): void {
    if (this.counts[order]++ === 0) {
      this.nonEmpty |= 1 << order;
      this.blocks[order].addOnly(block);
    } else {
      this.blocks[order].add(block);
    }
  }

  private markTaken(block: number, order: number): void {
    if (--this.counts[order] === 0) {
      this.nonEmpty &= ~(1 << order);
      this.blocks[order].removeOnly(block);
    } else {
      this.blocks[order].remove(block);
    }
  }

  /** The initial state: as many blocks of maxOrder as fit, then one per one bit of the rest. */
  private fill(): void {
    const { frameCount, maxOrder } = this;
    const whole = floor(frameCount / 2 ** maxOrder);
    for (let block = 0; block < whole; block++) this.markFree(block, maxOrder);
    this.release(whole * 2 ** maxOrder, frameCount);
  }

  private checkLive(frame: number, order: number): void {
    const head = this.head[frame]; // undefined outside the pool, which equals no order
    if (head !== order + 1 || head === NOT_LIVE) this.badFree(frame, order);
  }

  private badFree(frame: number, order: number): never {
    const head = this.head[frame];
    let found = 'no live block starts there';
    if (head === undefined) found = `frames are 0..${this.frameCount - 1}`;
    else if (head !== NOT_LIVE) found = `a live block of order ${head - 1} starts there`;
    panic('buddy/bad-free', `frame ${frame}, order ${order}: ${found}`);
  }
}
