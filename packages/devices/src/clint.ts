/**
 * Core-local interruptor: one software-interrupt bit and one timer comparator per hart, and the time.
 * Source: SiFive FU540-C000 manual, chapter 9 (the layout that QEMU's `virt` board and ACLINT keep).
 */
import type { Device, Line } from './device.js';

const TIMECMP_BASE = 0x4000;
const TIME = 0xbff8;
const TWO_32 = 4294967296;

/** Where the CLINT gets time from and reports a hart's deadline to. */
export interface TimerPort {
  /** Ticks now; below 2^53. */
  ticks(): number;
  /** The timer interrupt is high from this tick on; Infinity = never. */
  setDeadline(tick: number): void;
}

/** For one hart. */
export class Clint implements Device {
  private readonly timer: TimerPort;
  private readonly software: Line;
  private softwarePending = 0;
  private compareLo = 0xffffffff;
  private compareHi = 0xffffffff;

  constructor(timer: TimerPort, software: Line) {
    this.timer = timer;
    this.software = software;
  }

  read(offset: number, size: number): number {
    const word = this.readWord(offset & ~3);
    const shift = (offset & 3) * 8;
    return size === 4 ? word : (word >>> shift) & (size === 1 ? 0xff : 0xffff);
  }

  private readWord(offset: number): number {
    switch (offset) {
      case 0:
        return this.softwarePending;
      case TIMECMP_BASE:
        return this.compareLo;
      case TIMECMP_BASE + 4:
        return this.compareHi;
      case TIME:
        return this.timer.ticks() >>> 0;
      case TIME + 4:
        return Math.floor(this.timer.ticks() / TWO_32) >>> 0;
      default:
        return 0;
    }
  }

  /** Narrower writes than a word are ignored, and so are writes to the time: it belongs to the machine's clock. */
  write(offset: number, size: number, value: number): void {
    if (size !== 4) return;
    if (offset === 0) {
      this.softwarePending = value & 1;
      this.software(this.softwarePending !== 0);
      return;
    }
    if (offset === TIMECMP_BASE) this.compareLo = value >>> 0;
    else if (offset === TIMECMP_BASE + 4) this.compareHi = value >>> 0;
    else return;
    const tick = this.compareHi * TWO_32 + this.compareLo;
    this.timer.setDeadline(tick < Number.MAX_SAFE_INTEGER ? tick : Infinity);
  }
}
