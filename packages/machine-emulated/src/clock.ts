/**
 * Virtual time: steps x picoseconds, plus idle time skipped. One deadline in hart memory serves the kernel's clock
 * (hosted) and the CLINT's comparator (system); whoever set it last owns it.
 *
 * Units      step = one instruction begun; tick = 100 ns (the guest's `time`)
 */
import type { Nanoseconds } from '@veridian-os/abi';
import type { Clock } from '@veridian-os/hal';
import type { TimerPort } from '@veridian-os/devices';
import { TIMEBASE_HZ } from './api.js';
import { HART } from './internal/layout.js';

const TWO_32 = 4294967296;
const NEVER = 0xffffffff; // both halves of a timer that is off
export const TICK_NS = 1e9 / TIMEBASE_HZ;

/** Steps x picoseconds may pass 2^53: split so that both products stay exact. */
export function stepsToNs(steps: number, picoseconds: number): number {
  const whole = Math.floor(steps / 1000);
  return whole * picoseconds + Math.floor(((steps - whole * 1000) * picoseconds) / 1000);
}

export class VirtualClock implements Clock {
  readonly virtual = true;
  private readonly words: Uint32Array<ArrayBufferLike>;
  private readonly picoseconds: number;
  private deadline = Infinity;
  /** The CLINT's comparator in ticks, when it has set the deadline. */
  private compare: number | undefined;
  /** Ticks of the guest's time that it has added by writing mtime. */
  private shift = 0;

  constructor(words: Uint32Array<ArrayBufferLike>, picoseconds: number) {
    this.words = words;
    this.picoseconds = picoseconds;
    words[HART.PS_PER_STEP / 4] = picoseconds;
  }

  private read(at: number): number {
    return this.words[at / 4 + 1] * TWO_32 + this.words[at / 4];
  }

  /** A whole number; a negative one in two's complement. */
  private write(at: number, value: number): void {
    this.words[at / 4] = value >>> 0;
    this.words[at / 4 + 1] = Math.floor(value / TWO_32) >>> 0;
  }

  now(): Nanoseconds {
    return (this.read(HART.TIME_OFFSET) + stepsToNs(this.read(HART.STEPS), this.picoseconds)) as Nanoseconds;
  }

  setDeadline(at: number): void {
    this.compare = undefined;
    this.deadline = at;
    this.arm();
  }

  /** @throws RangeError unless `to` is a number */
  advance(to: Nanoseconds): void {
    if (Number.isNaN(to)) throw new RangeError(`to: expected nanoseconds, got ${to}`);
    const ahead = to - this.now();
    if (!(ahead > 0)) return;
    this.write(HART.TIME_OFFSET, this.read(HART.TIME_OFFSET) + Math.ceil(ahead));
    // A hosted run takes the deadline away when it reports it; it must not come back.
    if (this.words[HART.TIMER / 4] === NEVER && this.words[HART.TIMER / 4 + 1] === NEVER) this.deadline = Infinity;
    this.arm();
  }

  /** Nanoseconds until the next deadline, the CLINT's or the supervisor's; Infinity: there is none ahead. */
  get untilDeadline(): number {
    const now = this.now();
    const ahead = [this.deadline, this.supervisorDeadline()].filter((at) => at > now);
    return Math.min(...ahead) - now;
  }

  /** Steps until `ns` nanoseconds have passed. */
  stepsIn(ns: number): number {
    return Math.ceil((ns * 1000) / this.picoseconds);
  }

  /** Jumps to the next deadline. @returns false when there is none ahead */
  skipToDeadline(): boolean {
    const ahead = this.untilDeadline;
    if (ahead === Infinity) return false;
    this.advance(Math.ceil(this.now() + ahead) as Nanoseconds);
    return true;
  }

  /** Sstc's comparator in nanoseconds; Infinity while it is off (menvcfg.STCE, the topmost bit) or out of sight. */
  private supervisorDeadline(): number {
    const enabled = this.words[HART.MENVCFG / 4 + 1] >>> 31 !== 0;
    const at = (this.read(HART.STIMECMP) - this.shift) * TICK_NS;
    return enabled && at <= Number.MAX_SAFE_INTEGER ? at : Infinity;
  }

  /** The CLINT's view. */
  readonly timerPort: TimerPort = {
    ticks: () => Math.floor(this.now() / TICK_NS) + this.shift,
    setDeadline: (tick) => {
      this.setDeadline((tick - this.shift) * TICK_NS);
      this.compare = tick;
    },
    setTicks: (ticks) => {
      this.shift = ticks - Math.floor(this.now() / TICK_NS);
      this.write(HART.TICK_SHIFT, this.shift);
      if (this.compare !== undefined) this.timerPort.setDeadline(this.compare, 0);
    },
  };

  /** First step at which the time is not before the deadline; all ones = never. */
  private arm(): void {
    if (this.deadline === Infinity) {
      this.words[HART.TIMER / 4] = NEVER;
      this.words[HART.TIMER / 4 + 1] = NEVER;
      return;
    }
    const after = Math.max(0, this.deadline - this.read(HART.TIME_OFFSET));
    this.write(HART.TIMER, Math.min(Math.ceil((after * 1000) / this.picoseconds), Number.MAX_SAFE_INTEGER));
  }
}
