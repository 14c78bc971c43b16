/**
 * Virtual time with several CPUs: the latest that any CPU has reached, plus idle time skipped.
 *
 * A run begins at the machine's time of that moment and moves on with the CPU's own steps, so time passes at the same
 * rate whether one CPU works or all of them, and an idle CPU does not hold it back. Guests that read `time` on two CPUs may
 * see it differ by a run's length, as on machines without a common counter; the kernel's `now` never goes back.
 *
 * Units      as in clock.ts
 */
import type { Nanoseconds } from '@veridian-os/abi';
import type { Clock } from '@veridian-os/hal';
import type { TimerPort } from '@veridian-os/devices';
import { TICK_NS, stepsToNs } from './clock.js';
import { HART, HART_BYTES } from './internal/layout.js';

const TWO_32 = 4294967296;
const NEVER = 0xffffffff;

export class HartsClock implements Clock {
  readonly virtual = true;
  private readonly words: Uint32Array<ArrayBufferLike>;
  private readonly picoseconds: number;
  private readonly running: Uint8Array;
  private deadline = Infinity;
  /** What `now` has answered, or time was advanced to. */
  private reached = 0;

  constructor(words: Uint32Array<ArrayBufferLike>, picoseconds: number, cpus: number) {
    this.words = words;
    this.picoseconds = picoseconds;
    this.running = new Uint8Array(cpus);
    for (let cpu = 0; cpu < cpus; cpu++) words[at(cpu, HART.PS_PER_STEP)] = picoseconds;
  }

  now(): Nanoseconds {
    for (let cpu = 0; cpu < this.running.length; cpu++) if (this.running[cpu] !== 0) this.follow(cpu);
    return this.reached as Nanoseconds;
  }

  setDeadline(time: number): void {
    this.deadline = time;
    for (let cpu = 0; cpu < this.running.length; cpu++) this.arm(cpu);
  }

  /** @throws RangeError unless `to` is a number */
  advance(to: Nanoseconds): void {
    if (Number.isNaN(to)) throw new RangeError(`to: expected nanoseconds, got ${to}`);
    if (to > this.now()) this.reached = Math.ceil(to);
  }

  /** `cpu` is about to run: its time is the machine's. */
  begin(cpu: number): void {
    const offset = this.now() - this.ownTime(cpu);
    this.words[at(cpu, HART.TIME_OFFSET)] = offset >>> 0;
    this.words[at(cpu, HART.TIME_OFFSET) + 1] = Math.floor(offset / TWO_32);
    this.arm(cpu);
    this.running[cpu] = 1;
  }

  /** `cpu` has come back. The deadline is over once it was reached, for all CPUs. */
  end(cpu: number): void {
    this.follow(cpu);
    this.running[cpu] = 0;
    if (this.deadline <= this.reached) this.setDeadline(Infinity);
  }

  /** Instructions that the first CPU may do before `deadline`. */
  instructionsUntil(deadline: number): number {
    return Math.ceil(((deadline - this.now()) * 1000) / this.picoseconds);
  }

  /** The CLINT's view. */
  readonly timerPort: TimerPort = {
    ticks: () => Math.floor(this.now() / TICK_NS),
    setDeadline: (tick) => this.setDeadline(tick * TICK_NS),
  };

  private follow(cpu: number): void {
    const time = this.offset(cpu) + this.ownTime(cpu);
    if (time > this.reached) this.reached = time;
  }

  private offset(cpu: number): number {
    const word = at(cpu, HART.TIME_OFFSET);
    return this.words[word + 1] * TWO_32 + this.words[word];
  }

  private ownTime(cpu: number): number {
    return stepsToNs(this.steps(cpu), this.picoseconds);
  }

  /** The worker counts on meanwhile: both halves are of one moment when the high one did not change. */
  private steps(cpu: number): number {
    const { words } = this;
    const word = at(cpu, HART.STEPS);
    for (;;) {
      const high = words[word + 1];
      const low = words[word];
      if (words[word + 1] === high) return high * TWO_32 + low;
    }
  }

  /** First step of the CPU's at which its time is not before the deadline; all ones = never. */
  private arm(cpu: number): void {
    const { words } = this;
    const word = at(cpu, HART.TIMER);
    if (this.deadline === Infinity) {
      words[word + 1] = NEVER;
      words[word] = NEVER;
      return;
    }
    const after = Math.max(0, this.deadline - this.offset(cpu));
    const steps = Math.min(Math.ceil((after * 1000) / this.picoseconds), Number.MAX_SAFE_INTEGER);
    words[word + 1] = Math.floor(steps / TWO_32);
    words[word] = steps >>> 0;
  }
}

function at(cpu: number, field: number): number {
  return (cpu * HART_BYTES + field) / 4;
}
