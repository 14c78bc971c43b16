import { ENOMEM, panic } from '@veridian-os/abi';
import type { Errno, Frame, Order } from '@veridian-os/abi';
import type { SlabSource } from './api.js';
import { checked } from './internal/options.js';

/**
 * The simplest source of frames, for caches that live alone in a buffer: a byte per frame, first fit. Allocation looks at
 * every frame in the worst case; for large memories there is `@veridian-os/buddy-alloc`.
 */
export class BufferSource implements SlabSource {
  readonly frameCount: number;
  private readonly used: Uint8Array;
  private left: number;

  /** @param frameCount frames 0 .. frameCount - 1, 1 .. 2^20 @throws RangeError */
  constructor(frameCount: number) {
    this.frameCount = checked('frameCount', frameCount, 1, 2 ** 20);
    this.used = new Uint8Array(frameCount);
    this.left = frameCount;
  }

  get freeFrames(): number {
    return this.left;
  }

  alloc(order: Order): Frame | Errno {
    const count = 2 ** order;
    for (let first = this.used.indexOf(0); first >= 0 && first < this.frameCount;) {
      first += (count - (first % count)) % count;
      if (first + count > this.frameCount) break;
      const taken = this.used.subarray(first, first + count).indexOf(1);
      if (taken < 0) {
        this.used.fill(1, first, first + count);
        this.left -= count;
        return first as Frame;
      }
      first += taken + 1;
    }
    return ENOMEM;
  }

  /** @throws KernelPanic `slab/bad-frame` unless all frames are in use; nothing has changed */
  free(frame: Frame, order: Order): void {
    const count = 2 ** order;
    const there = Number.isInteger(frame) && frame >= 0 && frame % count === 0 && frame + count <= this.frameCount;
    if (!there || this.used.subarray(frame, frame + count).includes(0)) {
      panic('slab/bad-frame', `frame ${frame}, order ${order}: ${there ? 'it is free' : 'no such block'}`);
    }
    this.used.fill(0, frame, frame + count);
    this.left += count;
  }
}
