/** The simplest block allocator there is, for tests that must not depend on a real one. */
import { EBUSY, ENOMEM } from '@veridian-os/abi';
import type { Errno, Frame, Order } from '@veridian-os/abi';
import type { BlockSource } from '../frames/frame-allocator.js';

export class SimpleBlocks implements BlockSource {
  readonly maxOrder = 6 as Order;
  private readonly used: Uint8Array;

  constructor(frameCount: number) {
    this.used = new Uint8Array(frameCount);
  }

  get freeFrames(): number {
    return this.used.reduce((free, used) => free + 1 - used, 0);
  }

  alloc(order: Order): Frame | Errno {
    const size = 2 ** order;
    for (let first = 0; first + size <= this.used.length; first += size) {
      if (this.take(first, size)) return first as Frame;
    }
    return ENOMEM;
  }

  free(frame: Frame, order: Order): void {
    this.used.fill(0, frame, frame + 2 ** order);
  }

  split(): void {
    // every frame is freed by itself anyway
  }

  reserve(first: Frame, count: number): 0 | Errno {
    return this.take(first, count) ? 0 : EBUSY;
  }

  allocAt(first: Frame, order: Order): 0 | Errno {
    return first % 2 ** order === 0 && first + 2 ** order <= this.used.length ? this.reserve(first, 2 ** order) : EBUSY;
  }

  /** As a buddy allocator would have them: whole blocks that are free, and are half of no larger one that is. */
  freeBlocks(order: Order): number {
    const size = 2 ** order;
    let blocks = 0;
    for (let first = 0; first + size <= this.used.length; first += size) {
      const buddy = first ^ size;
      const merges = order < this.maxOrder && this.isFree(buddy, size);
      if (this.isFree(first, size) && !merges) blocks++;
    }
    return blocks;
  }

  private isFree(first: number, size: number): boolean {
    return first + size <= this.used.length && !this.used.subarray(first, first + size).includes(1);
  }

  private take(first: number, count: number): boolean {
    if (this.used[first] === 1 || this.used.subarray(first, first + count).includes(1)) return false;
    this.used.fill(1, first, first + count);
    return true;
  }
}
