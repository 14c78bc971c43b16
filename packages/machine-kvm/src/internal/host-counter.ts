/** The time stamp counter as the machine's counter: where programs see the host's own, the clock is computed from it. */
import { CounterClock, sampleCounter, type CounterSample, type CounterSource } from '@veridian-os/hal';
import { timeStampCounter } from '@veridian-os/libc';
import type { HostClock } from '../host/clock.js';

const WORD = 0xffffffffn;

/** The host's counter, from before the first program ran. */
export class HostCounter {
  /** Set when a program has seen the same counter. */
  isShared = false;
  private readonly source: CounterSource;
  private readonly origin: bigint;
  private readonly since: CounterSample;

  /** @returns undefined where the host has none that all its processors share */
  static open(clock: HostClock): HostCounter | undefined {
    const counter = timeStampCounter();
    return counter === undefined ? undefined : new HostCounter(counter.origin, () => counter.read(), clock);
  }

  private constructor(origin: bigint, read: () => number, clock: HostClock) {
    this.origin = origin;
    const halves = { originLo: Number(origin & WORD), originHi: Number((origin >> 32n) & WORD) };
    this.source = { ...halves, read, reference: () => clock.hostNs() };
    this.since = sampleCounter(this.source);
  }

  /** Ticks since the origin. */
  read(): number {
    return this.source.read();
  }

  /** Notes that a program read `seen` after `read` gave `before`: it has the same counter when that lies between. */
  compare(before: number, seenLo: number, seenHi: number): void {
    const seen = (BigInt(seenHi) << 32n) + BigInt(seenLo);
    const distance = Number(BigInt.asIntN(64, seen - this.origin));
    this.isShared = distance >= before && distance <= this.read();
  }

  /** Computes the clock from the counter. @returns the machine's counter; undefined unless it is shared */
  follow(clock: HostClock): CounterClock | undefined {
    if (!this.isShared) return undefined;
    const counter = new CounterClock(this.source, this.since);
    clock.follow(counter);
    return counter;
  }
}
