import { EBUSY, EINVAL, ENOMEM } from '@veridian-os/abi';
import type { Errno } from '@veridian-os/abi';

export interface Block {
  readonly first: number;
  readonly order: number;
}

/** A pool as one number per frame, and blocks found by looking at every candidate. */
export class NaivePool {
  /** 0 = free, 1 = reserved, otherwise the number of the live block. */
  readonly owner: Int32Array;
  readonly live: Block[] = [];
  readonly maxOrder: number;
  private nextId = 2;

  constructor(frameCount: number, maxOrder: number) {
    this.owner = new Int32Array(frameCount);
    this.maxOrder = maxOrder;
  }

  copy(): NaivePool {
    const copy = new NaivePool(this.owner.length, this.maxOrder);
    copy.owner.set(this.owner);
    copy.live.push(...this.live);
    copy.nextId = this.nextId;
    return copy;
  }

  get freeFrames(): number {
    let free = 0;
    for (const owner of this.owner) if (owner === 0) free++;
    return free;
  }

  isFree(first: number, count: number): boolean {
    if (first < 0 || first + count > this.owner.length) return false;
    for (let at = first; at < first + count; at++) if (this.owner[at] !== 0) return false;
    return true;
  }

  /** Maximal free aligned blocks: what a fully merging buddy system must hold. */
  freeBlocks(): Block[] {
    const blocks = [];
    for (let at = 0; at < this.owner.length;) {
      let order = -1;
      while (order < this.maxOrder && at % 2 ** (order + 1) === 0 && this.isFree(at, 2 ** (order + 1))) order++;
      if (order >= 0) blocks.push({ first: at, order });
      at += 2 ** Math.max(order, 0);
    }
    return blocks;
  }

  /** First frame that address-ordered best fit takes, or -1. */
  candidate(order: number): number {
    let best: Block = { first: -1, order: Infinity };
    for (const block of this.freeBlocks()) if (block.order >= order && block.order < best.order) best = block;
    return best.first;
  }

  isLive(first: number, order: number): boolean {
    return this.live.some((block) => block.first === first && block.order === order);
  }

  take(first: number, order: number): void {
    this.owner.fill(this.nextId++, first, first + 2 ** order);
    this.live.push({ first, order });
  }

  drop(index: number): Block {
    const [block] = this.live.splice(index, 1);
    this.owner.fill(0, block.first, block.first + 2 ** block.order);
    return block;
  }

  /** Live block -> blocks of order 0. */
  split(index: number): Block {
    const block = this.drop(index);
    for (let i = 0; i < 2 ** block.order; i++) this.take(block.first + i, 0);
    return block;
  }

  allocAt(first: number, order: number): 0 | Errno {
    const size = 2 ** order;
    if (order > this.maxOrder || first % size !== 0 || first + size > this.owner.length) return EINVAL;
    if (!this.isFree(first, size)) return EBUSY;
    this.take(first, order);
    return 0;
  }

  reserve(first: number, count: number): 0 | Errno {
    if (first + count > this.owner.length) return EINVAL;
    if (!this.isFree(first, count)) return EBUSY;
    this.owner.fill(1, first, first + count);
    return 0;
  }

  /** Where `allocRange` starts in an address-ordered pool, or an error. */
  rangeCandidate(count: number, align: number): number {
    if (count < 1) return EINVAL;
    const order = this.rangeOrder(count, align);
    const first = order > this.maxOrder ? -1 : this.candidate(order);
    return first < 0 ? ENOMEM : first;
  }

  /** Order of the smallest block that has room for a range. */
  rangeOrder(count: number, align: number): number {
    let order = align;
    while (2 ** order < count) order++;
    return order;
  }

  /** The fewest aligned blocks that make up a range. */
  pieces(first: number, count: number): Block[] {
    const pieces = [];
    for (let at = first; at < first + count;) {
      let order = 0;
      while (order < this.maxOrder && at % 2 ** (order + 1) === 0 && at + 2 ** (order + 1) <= first + count) order++;
      pieces.push({ first: at, order });
      at += 2 ** order;
    }
    return pieces;
  }

  /** Frees what a range consists of. @returns false, with nothing changed, when one of its pieces is not live */
  freeRange(first: number, count: number): boolean {
    const pieces = this.pieces(first, count);
    if (first + count > this.owner.length || !pieces.every((piece) => this.isLive(piece.first, piece.order)))
      return false;
    for (const piece of pieces) this.drop(this.live.findIndex((block) => block.first === piece.first));
    return true;
  }
}
