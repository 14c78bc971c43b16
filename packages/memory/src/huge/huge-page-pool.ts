/**
 * A pool of huge pages of one size, as hugetlb has them: kept apart from other memory so that they are there when needed.
 *
 * Units      pages of 2^order frames: order 9 is 2 MiB, 18 is 1 GiB (which the block allocator need not know as a block)
 * Kinds      persistent pages stay until the pool is made smaller; surplus pages are taken from free memory when the pool
 *            is empty, at most `overcommit` of them, and go back when they are freed
 * References the pool holds one for each frame of its pages; who maps a page or a part of it adds its own
 * Invariant  reserved <= free <= total, surplus <= total; persistent = total - surplus
 * Source     Linux mm/hugetlb.c, Documentation/admin-guide/mm/hugetlbpage.rst
 */
import { EBUSY, ENOMEM, panic } from '@veridian-os/abi';
import type { Errno, Frame } from '@veridian-os/abi';
import { Mobility } from '../frames/block-source.js';
import type { NumaFrameSource } from '../numa/numa-frame-source.js';
import type { CompiledPolicy } from '../numa/policy.js';

/** Order of a page of 2 MiB and of 1 GiB. */
export const HUGE_2M = 9;
export const HUGE_1G = 18;
const MAX_ORDER = 30;

export interface HugePoolStatistics {
  readonly total: number;
  readonly free: number;
  /** Promised, not taken yet: a part of `free`. */
  readonly reserved: number;
  readonly surplus: number;
  readonly overcommit: number;
}

export class HugePagePool {
  readonly order: number;
  private readonly frames: NumaFrameSource;
  private readonly size: number;
  /** First frames of free pages, by node. */
  private readonly free_: Frame[][];
  private readonly used = new Set<Frame>();
  private freePages = 0;
  private reserved = 0;
  private surplus = 0;
  private overcommit = 0;
  /** Node that gives the next persistent page. */
  private turn = 0;

  /** An empty pool. @throws RangeError unless `order` is 1 .. 30 */
  constructor(frames: NumaFrameSource, order: number) {
    if (!(Number.isInteger(order) && order >= 1 && order <= MAX_ORDER)) {
      throw new RangeError(`order: expected 1..${MAX_ORDER}, got ${order}`);
    }
    this.frames = frames;
    this.order = order;
    this.size = 2 ** order;
    this.free_ = Array.from({ length: frames.topology.nodes }, () => []);
  }

  get statistics(): HugePoolStatistics {
    const { reserved, surplus, overcommit } = this;
    return { total: this.total, free: this.freePages, reserved, surplus, overcommit };
  }

  /**
   * Makes the pool hold `count` persistent pages, from nodes in turn, as far as there is memory. Pages in use or reserved
   * are not taken away: those beyond `count` become surplus and go when they are freed.
   * @returns the persistent pages that there are now
   * @throws RangeError unless `count` >= 0
   */
  resize(count: number): number {
    if (!(Number.isInteger(count) && count >= 0)) throw new RangeError(`count: expected 0 or more, got ${count}`);
    while (this.surplus > 0 && this.persistent < count) this.surplus--;
    while (this.persistent < count && this.grow() >= 0);
    while (this.persistent > count && this.freePages > this.reserved) this.giveBack(this.takeFree(this.anyNode()));
    this.surplus += Math.max(0, this.persistent - count);
    return this.persistent;
  }

  /** Most surplus pages from now on; those that are there stay until they are freed. @throws RangeError unless >= 0 */
  setOvercommit(count: number): void {
    if (!(Number.isInteger(count) && count >= 0)) throw new RangeError(`count: expected 0 or more, got ${count}`);
    this.overcommit = count;
  }

  /** Promises `pages` pages to a mapping, so that its faults find them: 0, or ENOMEM with nothing changed. */
  reserve(pages: number): 0 | Errno {
    const missing = this.reserved + pages - this.freePages;
    for (let got = 0; got < missing; got++) {
      if (this.addSurplus(null, 0, 0) >= 0) continue;
      while (got-- > 0) this.dropSurplus();
      return ENOMEM;
    }
    this.reserved += pages;
    return 0;
  }

  /** Takes a promise back. @throws KernelPanic `memory/bad-reservation` beyond what is reserved */
  unreserve(pages: number): void {
    if (!(pages >= 0 && pages <= this.reserved)) panic('memory/bad-reservation', `${pages} of ${this.reserved} pages`);
    this.reserved -= pages;
    for (let left = pages; left > 0 && this.surplus > 0 && this.freePages > this.reserved; left--) this.dropSurplus();
  }

  /**
   * First frame of a page, or ENOMEM. Its contents are unspecified.
   * @param promised takes one of the reserved pages; else a page that is promised to nobody
   */
  alloc(policy: CompiledPolicy, node: number, index: number, promised = false): Frame | Errno {
    if (promised && this.reserved === 0) panic('memory/bad-reservation', 'a promised page, of 0 reserved');
    const order = policy.order(node, index);
    let first = promised || this.freePages > this.reserved ? this.takeIn(order) : ENOMEM;
    if (first < 0 && !promised && this.addSurplus(policy, node, index) === 0) first = this.takeIn(order);
    if (first >= 0 && promised) this.reserved--;
    return first;
  }

  /**
   * Gives a page back: 0, or EBUSY while somebody else has a reference to one of its frames, with nothing changed.
   * @throws KernelPanic `memory/bad-huge-page` unless `first` is a page that {@link alloc} gave
   */
  free(first: Frame): 0 | Errno {
    if (!this.used.has(first)) panic('memory/bad-huge-page', `frame ${first} starts no page in use`);
    for (let i = 0; i < this.size; i++) if (this.frames.references((first + i) as Frame) !== 1) return EBUSY;
    this.used.delete(first);
    if (this.surplus > 0) {
      this.surplus--;
      this.giveBack(first);
    } else this.putFree(first);
    return 0;
  }

  private get total(): number {
    return this.freePages + this.used.size;
  }

  private get persistent(): number {
    return this.total - this.surplus;
  }

  /** A new free page of the next node that has one: 0 or ENOMEM. */
  private grow(): 0 | Errno {
    const nodes = this.free_.length;
    for (let tried = 0; tried < nodes; tried++) {
      const node = this.turn;
      this.turn = (node + 1) % nodes;
      if (this.grab(node) === 0) return 0;
    }
    return ENOMEM;
  }

  private addSurplus(policy: CompiledPolicy | null, node: number, index: number): 0 | Errno {
    if (this.surplus >= this.overcommit) return ENOMEM;
    let error: 0 | Errno = ENOMEM;
    if (policy === null) error = this.grow();
    else for (const candidate of policy.order(node, index)) if (error !== 0) error = this.grab(candidate);
    if (error === 0) this.surplus++;
    return error;
  }

  private dropSurplus(): void {
    this.surplus--;
    this.giveBack(this.takeFree(this.anyNode()));
  }

  private grab(node: number): 0 | Errno {
    const first = this.frames.allocContiguous(this.size, this.order, node, Mobility.Movable);
    if (first < 0) return ENOMEM;
    this.putFree(first as Frame);
    return 0;
  }

  private anyNode(): number {
    return this.free_.findIndex(({ length }) => length > 0);
  }

  private takeIn(order: Uint8Array): Frame | Errno {
    const node = order.find((candidate) => this.free_[candidate].length > 0);
    if (node === undefined) return ENOMEM;
    const first = this.takeFree(node);
    this.used.add(first);
    return first;
  }

  private takeFree(node: number): Frame {
    this.freePages--;
    return this.free_[node].pop()!;
  }

  private putFree(first: Frame): void {
    this.freePages++;
    this.free_[this.frames.nodeOf(first)].push(first);
  }

  private giveBack(first: Frame): void {
    for (let i = 0; i < this.size; i++) this.frames.release((first + i) as Frame);
  }
}
