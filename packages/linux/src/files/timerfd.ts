/** timerfd_create(2): a timer that counts its expirations, read as a 64-bit number. */
import type { Errno, SpecialFile, WaitQueueId } from '@veridian-os/abi';
import { EAGAIN, EINVAL, POLLIN } from '@veridian-os/abi';
import type { Kernel } from '@veridian-os/kernel';
import { setWide } from '../layout/words.js';
import { IntervalTimer } from '../time/interval-timer.js';
import { roomIn, scatter } from './special.js';

export class TimerFile implements SpecialFile {
  readonly waitQueue: WaitQueueId;
  readonly seekable = false;
  readonly timer: IntervalTimer;
  /** Clock that absolute times refer to. */
  readonly clock: number;
  private readonly kernel: Kernel;
  private expirations = 0;

  constructor(kernel: Kernel, clock: number) {
    this.kernel = kernel;
    this.clock = clock;
    this.waitQueue = kernel.waits.create();
    this.timer = new IntervalTimer(kernel, (times) => {
      this.expirations += times;
      kernel.waits.wake(this.waitQueue, POLLIN);
    });
  }

  /** A new setting forgets expirations that nobody read. */
  set(at: number, interval: number): void {
    this.expirations = 0;
    this.timer.arm(at, interval);
  }

  read(into: readonly Uint8Array<ArrayBufferLike>[]): number | Errno {
    if (roomIn(into) < 8) return EINVAL;
    if (this.expirations === 0) return EAGAIN;
    const bytes = new Uint8Array(8);
    setWide(new DataView(bytes.buffer), 0, this.expirations);
    this.expirations = 0;
    scatter(bytes, into);
    return 8;
  }

  write(): Errno {
    return EINVAL;
  }

  poll(): number {
    return this.expirations > 0 ? POLLIN : 0;
  }

  close(): void {
    this.timer.cancel();
    this.kernel.waits.destroy(this.waitQueue);
  }
}
