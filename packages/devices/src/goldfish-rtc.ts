/**
 * Goldfish real-time clock: nanoseconds since 1970, and an alarm.
 *
 * Reading the low word latches the high one. An alarm is set by its high word, then its low word.
 * Source: QEMU's documentation of Android's goldfish platform and Linux's `rtc-goldfish` driver.
 */
import type { Device, Line } from './device.js';

/** Where the clock gets time from. Big integers: nanoseconds since 1970 do not fit 2^53, and nothing here is hot. */
export interface RtcPort {
  /** Nanoseconds since 1970. */
  now(): bigint;
  /** Call `expire` at this time, in nanoseconds since 1970 of `now`; undefined = never. */
  setDeadline(at: bigint | undefined): void;
}

const Register = {
  TimeLow: 0x00,
  TimeHigh: 0x04,
  AlarmLow: 0x08,
  AlarmHigh: 0x0c,
  InterruptEnabled: 0x10,
  ClearAlarm: 0x14,
  AlarmStatus: 0x18,
  ClearInterrupt: 0x1c,
} as const;

const LOW = 0xffff_ffffn;
const WORD = 32n;

export class GoldfishRtc implements Device {
  private readonly port: RtcPort;
  private readonly line: Line;
  /** What the guest has set the clock forward by. */
  private offset = 0n;
  private timeHigh = 0n;
  private alarm = 0n;
  private armed = false;
  private enabled = false;
  private pending = false;

  constructor(port: RtcPort, line: Line) {
    this.port = port;
    this.line = line;
  }

  private get time(): bigint {
    return BigInt.asUintN(64, this.port.now() + this.offset);
  }

  read(offset: number, size: number): number {
    return size === 4 ? this.readWord(offset) : 0;
  }

  private readWord(offset: number): number {
    switch (offset) {
      case Register.TimeLow: {
        const { time } = this;
        this.timeHigh = time >> WORD;
        return Number(time & LOW);
      }
      case Register.TimeHigh:
        return Number(this.timeHigh);
      case Register.AlarmLow:
        return Number(this.alarm & LOW);
      case Register.AlarmHigh:
        return Number(this.alarm >> WORD);
      case Register.InterruptEnabled:
        return this.enabled ? 1 : 0;
      case Register.AlarmStatus:
        return this.armed ? 1 : 0;
      default:
        return 0;
    }
  }

  write(offset: number, size: number, value: number): void {
    if (size !== 4) return;
    const word = BigInt(value >>> 0);
    switch (offset) {
      case Register.TimeLow:
        this.setTime((this.time & ~LOW) | word);
        break;
      case Register.TimeHigh:
        this.setTime((word << WORD) | (this.time & LOW));
        break;
      case Register.AlarmLow:
        this.alarm = (this.alarm & ~LOW) | word;
        this.armed = true;
        this.arm();
        break;
      case Register.AlarmHigh:
        this.alarm = (word << WORD) | (this.alarm & LOW);
        break;
      case Register.InterruptEnabled:
        this.enabled = (value & 1) !== 0;
        break;
      case Register.ClearAlarm:
        this.armed = false;
        this.port.setDeadline(undefined);
        break;
      case Register.ClearInterrupt:
        this.pending = false;
        break;
      default: // the rest is read-only
    }
    this.update();
  }

  private setTime(time: bigint): void {
    this.offset = time - this.port.now();
    if (this.armed) this.arm();
  }

  private arm(): void {
    if (this.alarm <= this.time) this.expire();
    else this.port.setDeadline(this.alarm - this.offset);
  }

  /** The deadline has come. Too early, or without an alarm, it changes nothing. */
  expire(): void {
    if (!this.armed || this.alarm > this.time) return;
    this.armed = false;
    this.pending = true;
    this.port.setDeadline(undefined);
    this.update();
  }

  private update(): void {
    this.line(this.enabled && this.pending);
  }
}
