/** Heap-backed stand-ins for what a kernel gives a VFS: frames, their bytes, wait queues and a clock. */
import {
  ENOMEM,
  PAGE_SIZE,
  panic,
  type Errno,
  type Frame,
  type FrameBytes,
  type FrameSource,
  type PhysAddr,
  type WaitPort,
  type WaitQueueId,
} from '@veridian-os/abi';
import type { Timestamp } from '../api.js';

/** Frames 1 to `totalFrames`, each its own array; contents of a freed frame are junk-filled. */
export class HeapFrames implements FrameSource, FrameBytes {
  readonly totalFrames: number;
  private readonly views: (Uint8Array<ArrayBufferLike> | undefined)[] = [];
  private readonly counts: Uint32Array;
  private readonly free: Frame[] = [];
  private used = 0;

  constructor(totalFrames = 4096) {
    this.totalFrames = totalFrames;
    this.counts = new Uint32Array(totalFrames + 1);
  }

  get freeFrames(): number {
    return this.totalFrames - this.used;
  }
  /** Frames that somebody holds. */
  get usedFrames(): number {
    return this.used;
  }

  alloc(): Frame | Errno {
    if (this.used === this.totalFrames) return ENOMEM;
    this.used++;
    const frame = this.free.pop() ?? (this.used as Frame);
    this.counts[frame] = 1;
    this.views[frame] ??= new Uint8Array(PAGE_SIZE).fill(0xa5);
    return frame;
  }

  allocZeroed(): Frame | Errno {
    const frame = this.alloc();
    if (frame > 0) this.view(frame as Frame).fill(0);
    return frame;
  }

  retain(frame: Frame): void {
    this.live(frame);
    this.counts[frame] = this.counts[frame] + 1;
  }

  release(frame: Frame): void {
    this.live(frame);
    const left = this.counts[frame] - 1;
    this.counts[frame] = left;
    if (left > 0) return;
    this.view(frame).fill(0xa5);
    this.free.push(frame);
    this.used--;
  }

  references(frame: Frame): number {
    return this.counts[frame] ?? 0;
  }

  view(frame: Frame): Uint8Array<ArrayBufferLike> {
    return this.views[frame] ?? panic('testing/frame', `${frame}`);
  }
  fill(frame: Frame, value: number): void {
    this.view(frame).fill(value);
  }
  copyFrame(from: Frame, to: Frame): void {
    this.view(to).set(this.view(from));
  }
  read32(address: PhysAddr): number {
    const view = this.view(Math.floor(address / PAGE_SIZE) as Frame);
    const at = address % PAGE_SIZE;
    return new DataView(view.buffer, view.byteOffset + at, 4).getUint32(0, true);
  }
  write32(address: PhysAddr, value: number): void {
    const view = this.view(Math.floor(address / PAGE_SIZE) as Frame);
    const at = address % PAGE_SIZE;
    new DataView(view.buffer, view.byteOffset + at, 4).setUint32(0, value, true);
  }

  private live(frame: Frame): void {
    if ((this.counts[frame] ?? 0) === 0) panic('testing/frame', `${frame} is not live`);
  }
}

/** Records wakes; a test takes them. */
export class RecordingWait implements WaitPort {
  /** Events by queue since the last {@link take}. */
  readonly woken = new Map<WaitQueueId, number>();
  readonly live = new Set<WaitQueueId>();
  private next = 1;

  create(): WaitQueueId {
    const queue = this.next++ as WaitQueueId;
    this.live.add(queue);
    return queue;
  }
  destroy(queue: WaitQueueId): void {
    if (!this.live.delete(queue)) panic('testing/queue', `${queue} is not live`);
    this.woken.set(queue, -1);
  }
  wake(queue: WaitQueueId, events: number): void {
    if (!this.live.has(queue)) panic('testing/queue', `${queue} is not live`);
    this.woken.set(queue, (this.woken.get(queue) ?? 0) | events);
  }
  /** Events that `queue` was woken with since the last call. */
  take(queue: WaitQueueId): number {
    const events = this.woken.get(queue) ?? 0;
    this.woken.delete(queue);
    return events;
  }
}

/** A clock that advances by a second at each reading, so that every change has its own time. */
export function countingClock(start = 1_000_000): () => Timestamp {
  let sec = start;
  return () => ({ sec: sec++, nsec: 7 });
}
