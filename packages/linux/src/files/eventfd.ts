/** eventfd(2): a 64-bit counter as a file. Two words: low and high. */
import type { Errno, SpecialFile, WaitPort, WaitQueueId } from '@veridian-os/abi';
import { EAGAIN, EINVAL, POLLERR, POLLIN, POLLOUT } from '@veridian-os/abi';
import { gather, roomIn, scatter } from './special.js';

type Segments = readonly Uint8Array<ArrayBufferLike>[];

const ALL = 0xffffffff;

export class EventCounter implements SpecialFile {
  readonly waitQueue: WaitQueueId;
  readonly seekable = false;
  private readonly waits: WaitPort;
  /** Reads take one instead of everything. */
  private readonly semaphore: boolean;
  private lo: number;
  private hi = 0;

  constructor(waits: WaitPort, initial: number, semaphore: boolean) {
    this.waits = waits;
    this.semaphore = semaphore;
    this.lo = initial >>> 0;
    this.waitQueue = waits.create();
  }

  read(into: Segments): number | Errno {
    if (roomIn(into) < 8) return EINVAL;
    if (this.isZero) return EAGAIN;
    const taken = new Uint8Array(8);
    const view = new DataView(taken.buffer);
    if (this.semaphore) {
      view.setUint32(0, 1, true);
      if (this.lo === 0) this.hi--;
      this.lo = (this.lo - 1) >>> 0;
    } else {
      view.setUint32(0, this.lo, true);
      view.setUint32(4, this.hi, true);
      this.lo = 0;
      this.hi = 0;
    }
    scatter(taken, into);
    this.waits.wake(this.waitQueue, POLLOUT);
    return 8;
  }

  write(from: Segments): number | Errno {
    if (roomIn(from) < 8) return EINVAL;
    const added = new Uint8Array(8);
    gather(from, added);
    const view = new DataView(added.buffer);
    const lo = view.getUint32(0, true);
    const hi = view.getUint32(4, true);
    if (lo === ALL && hi === ALL) return EINVAL;
    const sumLo = this.lo + lo;
    const sumHi = this.hi + hi + (sumLo > ALL ? 1 : 0);
    // The counter's largest value is 2^64 - 2.
    if (sumHi > ALL || (sumHi === ALL && sumLo >>> 0 === ALL)) return EAGAIN;
    this.lo = sumLo >>> 0;
    this.hi = sumHi;
    if (!this.isZero) this.waits.wake(this.waitQueue, POLLIN);
    return 8;
  }

  poll(): number {
    if (this.lo === ALL && this.hi === ALL) return POLLERR;
    const full = this.hi === ALL && this.lo >= ALL - 1;
    return (this.isZero ? 0 : POLLIN) | (full ? 0 : POLLOUT);
  }

  close(): void {
    this.waits.destroy(this.waitQueue);
  }

  private get isZero(): boolean {
    return this.lo === 0 && this.hi === 0;
  }
}
