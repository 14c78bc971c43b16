/** Anonymous memory that several address spaces share: demand-zero pages that live as long as somebody maps them. */
import { ENXIO, PAGE_SIZE, panic } from '@veridian-os/abi';
import type { Errno, Frame, FrameSource, WaitQueueId } from '@veridian-os/abi';
import type { PageSource } from './api.js';

export class SharedRegion implements PageSource {
  readonly label = '/dev/zero (deleted)';
  readonly ioQueue: WaitQueueId;
  /** Pages; the region never grows. */
  readonly pages: number;
  private readonly frames: FrameSource;
  private readonly present = new Map<number, Frame>();
  private references = 1;

  /** The creator holds one reference. `ioQueue` is never waited on: pages are always at hand. */
  constructor(frames: FrameSource, bytes: number, ioQueue: WaitQueueId) {
    this.frames = frames;
    this.pages = Math.ceil(bytes / PAGE_SIZE);
    this.ioQueue = ioQueue;
  }

  retain(): void {
    if (this.references === 0) panic('memory/region-dead', 'retain of a freed region');
    this.references++;
  }

  release(): void {
    if (this.references === 0) panic('memory/region-dead', 'release of a freed region');
    this.references--;
    if (this.references > 0) return;
    for (const frame of this.present.values()) this.frames.release(frame);
    this.present.clear();
  }

  page(index: number): Frame | Errno {
    if (!(index >= 0 && index < this.pages)) return ENXIO;
    const present = this.present.get(index);
    if (present !== undefined) return present;
    const frame = this.frames.allocZeroed();
    if (frame >= 0) this.present.set(index, frame as Frame);
    return frame;
  }

  peek(index: number): Frame | Errno {
    return this.present.get(index) ?? ENXIO;
  }
}
