/** Time as the host has it: nanoseconds since the machine was made. */
import type { Nanoseconds } from '@veridian-os/abi';
import type { Clock, CounterClock } from '@veridian-os/hal';

const NS_PER_MS = 1e6;
const { performance } = globalThis as unknown as { readonly performance: { now(): number } };

export class HostClock implements Clock {
  readonly virtual = false;
  /** Infinity = none. */
  deadline = Infinity;
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

  /** @throws RangeError unless `at` is a number */
  setDeadline(at: Nanoseconds): void {
    if (Number.isNaN(at)) throw new RangeError(`at: expected nanoseconds, got ${at}`);
    this.deadline = at;
  }

  /** @throws RangeError always: this time moves by itself */
  advance(to: Nanoseconds): never {
    throw new RangeError(`advance: expected no call on a machine whose clock is real, got ${to}`);
  }
}
