/**
 * Core-local interruptor: one software-interrupt bit and one timer comparator per hart, and the time. The same registers
 * are ACLINT's MSWI at offset 0 and its MTIMER at 0x4000, where QEMU's `virt` board has them.
 * Source: SiFive FU540-C000 manual, chapter 9; RISC-V Advanced Core Local Interruptor Specification 1.0-rc4, chapters 2-3.
 */
import type { Device } from './device.js';

const TIMECMP_BASE = 0x4000;
const TIME = 0xbff8;
const TWO_32 = 4294967296;
/** Comparators end where the time begins. */
const MAX_HARTS = 4095;

/** Where the CLINT gets time from and reports a hart's deadline to. */
export interface TimerPort {
  /** Ticks now; below 2^53. */
  ticks(): number;
  /** The timer interrupt is high from this tick on; Infinity = never. */
  setDeadline(tick: number, hart: number): void;
  /** The guest sets the time; without it the time belongs to the machine's clock, and writes to it are ignored. */
  setTicks?(ticks: number): void;
}

export class Clint implements Device {
  private readonly timer: TimerPort;
  private readonly software: (high: boolean, hart: number) => void;
  private readonly softwarePending: Uint8Array;
  /** Low and high word per hart. */
  private readonly compare: Uint32Array;

  /** @param software called when a hart's software interrupt is written */
  constructor(timer: TimerPort, software: (high: boolean, hart: number) => void, harts = 1) {
    if (!Number.isInteger(harts) || harts < 1 || harts > MAX_HARTS) {
      throw new RangeError(`harts: expected 1 .. ${MAX_HARTS}, got ${harts}`);
    }
    this.timer = timer;
    this.software = software;
    this.softwarePending = new Uint8Array(harts);
    this.compare = new Uint32Array(2 * harts).fill(0xffffffff);
  }

  read(offset: number, size: number): number {
    const word = this.readWord(offset & ~3);
    const shift = (offset & 3) * 8;
    return size === 4 ? word : (word >>> shift) & (size === 1 ? 0xff : 0xffff);
  }

  private readWord(offset: number): number {
    if (offset < TIMECMP_BASE) return this.softwarePending[offset >> 2] ?? 0;
    if (offset < TIME) return this.compare[(offset - TIMECMP_BASE) >> 2] ?? 0;
    if (offset === TIME) return this.timer.ticks() >>> 0;
    return offset === TIME + 4 ? Math.floor(this.timer.ticks() / TWO_32) >>> 0 : 0;
  }

  /** Narrower writes than a word are ignored. */
  write(offset: number, size: number, value: number): void {
    if (size !== 4) return;
    if (offset < TIMECMP_BASE) this.writeSoftware(offset >> 2, value & 1);
    else if (offset < TIME) this.writeCompare((offset - TIMECMP_BASE) >> 2, value);
    else if (offset <= TIME + 4) this.writeTime(offset === TIME + 4, value >>> 0);
  }

  private writeSoftware(hart: number, bit: number): void {
    if (hart >= this.softwarePending.length) return;
    this.softwarePending[hart] = bit;
    this.software(bit !== 0, hart);
  }

  private writeCompare(index: number, value: number): void {
    if (index >= this.compare.length) return;
    this.compare[index] = value;
    const hart = index >> 1;
    const tick = this.compare[2 * hart + 1] * TWO_32 + this.compare[2 * hart];
    this.timer.setDeadline(tick < Number.MAX_SAFE_INTEGER ? tick : Infinity, hart);
  }

  private writeTime(high: boolean, value: number): void {
    const now = this.timer.ticks();
    const ticks = high ? value * TWO_32 + (now % TWO_32) : Math.floor(now / TWO_32) * TWO_32 + value;
    if (ticks <= Number.MAX_SAFE_INTEGER) this.timer.setTicks?.(ticks);
  }
}
