/** The host's monotonic clock, from the machine's creation on; it cannot be skipped. */
import type { Nanoseconds } from '@veridian-os/abi';
import type { Clock, CounterClock } from '@veridian-os/hal';

const NS_PER_MS = 1e6;

export class HostClock implements Clock {
  readonly virtual = false;
  /** The one deadline, until it has passed; Infinity = none. */
  deadline = Infinity as Nanoseconds;
  private readonly start = performance.now();
  private counter: CounterClock | undefined = undefined;

  now(): Nanoseconds {
    const { counter } = this;
    return (counter === undefined ? Math.floor(this.hostNs()) : counter.now()) as Nanoseconds;
  }

  /** The host's monotonic clock; a fraction. */
  hostNs(): number {
    return (performance.now() - this.start) * NS_PER_MS;
  }

  /** From now on time is computed from a counter, which began at the time that it is here. */
  follow(counter: CounterClock): void {
    this.counter = counter;
  }

  setDeadline(at: Nanoseconds): void {
    this.deadline = at;
  }

  /** True once the deadline has passed: it interrupts once. */
  isDue(now: number): boolean {
    if (now < this.deadline) return false;
    this.deadline = Infinity as Nanoseconds;
    return true;
  }

  advance(_to: Nanoseconds): void {
    throw new RangeError('advance: expected a machine with virtual time, got one whose time is the host’s');
  }
}
