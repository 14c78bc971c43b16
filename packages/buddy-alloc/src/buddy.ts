/**
 * Binary buddy allocator of physical frames: a tree of 32-ary nodes that hold one bit of use and one of heads per unit.
 *
 * Units      frame = 4096 bytes; order k = 2^k frames, aligned to 2^k
 * Shapes     one buffer, laid out as src/internal/layout.ts says and docs/allocator.md draws: 0.29 bytes a frame, and a line
 *            of 64 bytes per order
 * Invariant  a unit of a node is free (00), the head of a live block (used, head), the rest of one (used), or divided
 *            further down (head alone; at level 0, and with a node below that is all zero: reserved). Free units decide
 *            alone which free blocks there are: the maximal aligned runs. Every order's summary says which nodes have one.
 * Cost       every operation touches O(K log32 n) words, K = maxOrder; `split` 2^order / 16 more, `reserve` that much per block
 * Source     Knowlton, "A fast storage allocator", CACM 8(10), 1965; address-ordered first fit: Wilson et al.,
 *            "Dynamic storage allocation: a survey", 1995, section 3.6
 */
import { EBUSY, EINVAL, ENOMEM, panic } from '@veridian-os/abi';
import type { Errno, Frame, Order } from '@veridian-os/abi';
import type { BlockAllocator, BuddyOptions, OrderStatistics } from './api.js';
import { audit } from './internal/audit.js';
import { allocate, carve, release } from './internal/blocks.js';
import {
  AT_FREE,
  AT_MAX_ORDER,
  AT_FRAMES,
  AT_OWNERS,
  AT_RESERVED,
  AT_TOP_ORDER,
  LINE_SHIFT,
  OF_ALLOCATED,
  OF_FAILED,
  OF_FREE,
  OF_FREED,
} from './internal/constants.js';
import { format } from './internal/format.js';
import { layOut } from './internal/layout.js';
import {
  IS_FREE,
  IS_LIVE,
  IS_RESERVED,
  ORDER_MASK,
  isLive,
  locate,
  pieceAt,
  reserveFree,
  splitLive,
} from './internal/locate.js';
import { attachWords, createWords, shapeOf } from './internal/options.js';

const { clz32, max } = Math;

export class BuddyAllocator implements BlockAllocator {
  readonly frameCount: number;
  readonly maxOrder: Order;
  /** Every word of state. */
  private readonly words: Int32Array;
  /** First word of the owners, 0 without debug mode. */
  private readonly owners: number;

  /** A new pool, all frames free. @throws RangeError for a bad option */
  constructor(options: BuddyOptions);
  /** @internal */
  constructor(words: Int32Array);
  constructor(from: BuddyOptions | Int32Array) {
    const words = ArrayBuffer.isView(from) ? from : createWords(from);
    if (words !== from) format(words);
    this.words = words;
    this.frameCount = words[AT_FRAMES];
    this.maxOrder = words[AT_MAX_ORDER] as Order;
    this.owners = words[AT_OWNERS];
  }

  /** Bytes that a pool with these options takes in its buffer. @throws RangeError for a bad option */
  static byteLength(options: BuddyOptions): number {
    return layOut(shapeOf(options)) * 4;
  }

  /**
   * A second instance over a pool that is there already: in a shared buffer, in one that was copied, or moved to a worker.
   * Instances on one thread may be used in turns; for several threads there is {@link LockedAllocator}.
   * @throws RangeError unless a pool of this version starts at `byteOffset`; what it holds is checked by {@link check} only
   */
  static attach(buffer: ArrayBufferLike, byteOffset = 0): BuddyAllocator {
    return new BuddyAllocator(attachWords(buffer, byteOffset));
  }

  get freeFrames(): number {
    return this.words[AT_FREE];
  }

  /** Frames that {@link reserve} has taken. */
  get reservedFrames(): number {
    return this.words[AT_RESERVED];
  }

  /** Size of the pool in its buffer. */
  get byteLength(): number {
    return this.words.byteLength;
  }

  /** Splits the lowest block of the smallest sufficient order and keeps its low part. */
  alloc(order: Order, owner = 0): Frame | Errno {
    const { words } = this;
    if (order >>> 0 > this.maxOrder) return ENOMEM;
    const first = allocate(words, order);
    if (first < 0) return this.fail(order);
    this.born(first, order, owner);
    return first as Frame;
  }

  allocAt(first: Frame, order: Order, owner = 0): 0 | Errno {
    const { words } = this;
    if (order >>> 0 > words[AT_TOP_ORDER] || !this.contains(first, 2 ** order) || first % 2 ** order !== 0)
      return EINVAL;
    const found = locate(words, first);
    if ((found & ~ORDER_MASK) !== IS_FREE || (found & ORDER_MASK) < order) {
      this.fail(order);
      return EBUSY;
    }
    carve(words, first, order, found & ORDER_MASK);
    this.born(first, order, owner);
    return 0;
  }

  allocRange(count: number, align = 0 as Order, owner = 0): Frame | Errno {
    const { words } = this;
    if (!Number.isInteger(count) || count < 1 || align >>> 0 !== align) return EINVAL;
    if (count > this.frameCount || align > words[AT_TOP_ORDER]) return ENOMEM;
    const order = max(32 - clz32(count - 1), align);
    if (order > words[AT_TOP_ORDER]) return ENOMEM;
    const first = allocate(words, order);
    if (first < 0) return this.fail(order);
    if (count === 2 ** order) {
      this.born(first, order, owner);
    } else {
      release(words, first, order);
      // What was taken is free again and known: its first part is divided without another search.
      for (let at = first; at < first + count;) {
        const piece = pieceAt(words, at, first + count);
        carve(words, at, piece, locate(words, at) & ORDER_MASK);
        this.born(at, piece, owner);
        at += 2 ** piece;
      }
    }
    return first as Frame;
  }

  free(frame: Frame, order: Order): void {
    const { words } = this;
    if (!release(words, frame, order)) this.badFree(frame, order);
    words[((order + 1) << LINE_SHIFT) + OF_FREED]++;
    if (this.owners !== 0) words[this.owners + frame] = ~words[this.owners + frame];
  }

  freeRange(first: Frame, count: number): void {
    const wrong = this.notLiveIn(first, count);
    if (wrong !== -1) this.badFree(wrong, pieceAt(this.words, wrong, first + count));
    for (let at: number = first; at < first + count;) {
      const order = pieceAt(this.words, at, first + count);
      this.free(at as Frame, order as Order);
      at += 2 ** order;
    }
  }

  /** First frame of the first block that keeps {@link freeRange} from freeing these frames, or -1. */
  notLiveIn(first: Frame, count: number): number {
    if (!this.contains(first, count)) return first;
    for (let at: number = first; at < first + count;) {
      const order = pieceAt(this.words, at, first + count);
      if (!isLive(this.words, at, order)) return at;
      at += 2 ** order;
    }
    return -1;
  }

  split(frame: Frame, order: Order): void {
    const { words, owners } = this;
    if (!isLive(words, frame, order)) this.badFree(frame, order);
    splitLive(words, frame, order);
    if (owners !== 0) words.fill(words[owners + frame], owners + frame, owners + frame + 2 ** order);
  }

  reserve(first: Frame, count: number): 0 | Errno {
    const error = this.reservable(first, count);
    if (error === 0) reserveFree(this.words, first, first + count);
    return error;
  }

  /** What {@link reserve} would answer. */
  reservable(first: Frame, count: number): 0 | Errno {
    if (!this.contains(first, count)) return EINVAL;
    for (let at: number = first; at < first + count;) {
      const found = locate(this.words, at);
      if ((found & ~ORDER_MASK) !== IS_FREE) return EBUSY;
      const order = found & ORDER_MASK;
      at = ((at >>> order) + 1) * 2 ** order;
    }
    return 0;
  }

  freeBlocks(order: Order): number {
    return order >>> 0 > this.words[AT_TOP_ORDER] ? 0 : this.words[((order + 1) << LINE_SHIFT) + OF_FREE];
  }

  statistics(order: Order): OrderStatistics {
    if (order >>> 0 > this.words[AT_TOP_ORDER]) return { free: 0, allocated: 0, freed: 0, failed: 0 };
    const line = (order + 1) << LINE_SHIFT;
    return {
      free: this.words[line + OF_FREE],
      allocated: this.words[line + OF_ALLOCATED] >>> 0,
      freed: this.words[line + OF_FREED] >>> 0,
      failed: this.words[line + OF_FAILED] >>> 0,
    };
  }

  /**
   * Owner of the live block that contains `frame`, as `alloc` was told in debug mode; -1 where there is none.
   * Without debug mode every live block's owner is 0.
   */
  ownerOf(frame: Frame): number {
    if (!this.contains(frame, 1)) return -1;
    const found = locate(this.words, frame);
    if ((found & ~ORDER_MASK) !== IS_LIVE) return -1;
    const head = frame - (frame % 2 ** (found & ORDER_MASK));
    return this.owners === 0 ? 0 : this.words[this.owners + head];
  }

  /** Looks at every word: O(n). @throws KernelPanic `buddy/corrupt` when the state contradicts itself */
  check(): void {
    const wrong = audit(this.words);
    if (wrong !== '') panic('buddy/corrupt', wrong);
  }

  private contains(first: number, count: number): boolean {
    return (
      Number.isInteger(first) && Number.isInteger(count) && first >= 0 && count >= 0 && first + count <= this.frameCount
    );
  }

  private born(first: number, order: number, owner: number): void {
    const { words, owners } = this;
    words[((order + 1) << LINE_SHIFT) + OF_ALLOCATED]++;
    if (owners !== 0) words[owners + first] = owner;
  }

  private fail(order: number): Errno {
    if (order <= this.words[AT_TOP_ORDER]) this.words[((order + 1) << LINE_SHIFT) + OF_FAILED]++;
    return ENOMEM;
  }

  private badFree(frame: number, order: number): never {
    panic('buddy/bad-free', `frame ${frame}, order ${order}: ${this.describe(frame)}`);
  }

  /** What lies at a frame, in words. */
  private describe(frame: number): string {
    if (!this.contains(frame, 1)) return `frames are 0..${this.frameCount - 1}`;
    const found = locate(this.words, frame);
    if (found === IS_RESERVED) return 'it is reserved';
    const order = found & ORDER_MASK;
    const head = frame - (frame % 2 ** order);
    const owner = this.owners === 0 ? 0 : this.words[this.owners + head];
    if ((found & ~ORDER_MASK) === IS_FREE) {
      const last = this.owners === 0 ? 0 : this.words[this.owners + frame];
      return last < 0 ? `it is free, ${~last} was the last owner` : 'it is free';
    }
    const block = `a live block of order ${order} starts ${head === frame ? 'there' : `at ${head}`}`;
    return this.owners === 0 ? block : `${block}, owner ${owner}`;
  }
}
