import { describe, expect, it, test } from '@jest/globals';
import * as fc from 'fast-check';
import { CounterClock, sampleCounter, type ClockLine, type CounterSource } from '@veridian-os/hal';

/** A world whose counter and reference go at rates that a test chooses; looking at either takes some nanoseconds. */
class World implements CounterSource {
  readonly originLo = 1;
  readonly originHi = 2;
  ns = 5000;
  /** The counter's ticks per nanosecond of the reference. */
  rate: number;
  lookNs = 40;
  private ticks = 0;

  constructor(rate: number) {
    this.rate = rate;
  }

  pass(ns: number): void {
    this.ns += ns;
    this.ticks += ns * this.rate;
  }

  read(): number {
    this.pass(this.lookNs);
    return Math.floor(this.ticks);
  }

  reference(): number {
    this.pass(this.lookNs);
    return this.ns;
  }
}

function start(rate: number): { world: World; clock: CounterClock } {
  const world = new World(rate);
  const since = sampleCounter(world);
  world.pass(2e6);
  return { world, clock: new CounterClock(world, since) };
}

const exactly = ({ ticks: from, ns, multiplier, shift }: ClockLine, ticks: number): number =>
  ns + Number((BigInt(Math.max(0, ticks - from)) * BigInt(multiplier)) >> BigInt(shift));

describe('a clock over a counter', () => {
  test.each([0.01, 0.0625, 1, 2.4454, 5.7])('shows the reference at %d ticks/ns', (rate) => {
    const { world, clock } = start(rate);
    expect(clock.hertz / (rate * 1e9)).toBeCloseTo(1, 2);
    for (let i = 0; i < 200; i++) {
      world.pass(60e6);
      expect(clock.steer()).toBe(true);
    }
    expect(Math.abs(clock.now() - world.ns)).toBeLessThan(2000);
    expect([clock.originLo, clock.originHi]).toEqual([1, 2]);
  });

  it('is the line, to the nanosecond, however long it was left alone', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 9, noNaN: true }), fc.integer({ min: 0, max: 2 ** 50 }), (rate, ns) => {
        const { world, clock } = start(rate);
        world.pass(ns);
        world.lookNs = 0;
        expect(clock.now()).toBe(exactly(clock.line, clock.read()));
      }),
    );
  });

  it('follows a reference that changes its pace, without a step, and never goes back', () => {
    const { world, clock } = start(2);
    let last = clock.now();
    for (let i = 0; i < 600; i++) {
      if (i === 200) world.rate = 2.0004;
      world.pass(60e6);
      const { line } = clock;
      clock.steer();
      expect(clock.line.ns).toBe(exactly(line, clock.line.ticks));
      const now = clock.now();
      expect(now).toBeGreaterThan(last);
      last = now;
    }
    expect(Math.abs(clock.now() - world.ns)).toBeLessThan(20_000);
  });

  it('jumps forward when the host stood still, and waits when it is ahead', () => {
    const { world, clock } = start(1);
    world.pass(60e6);
    clock.steer();
    world.ns += 3e9; // the counter did not count
    world.pass(60e6);
    clock.steer();
    expect(Math.abs(clock.now() - world.ns)).toBeLessThan(100e6);
    const before = clock.now();
    world.ns -= 3e9;
    for (let i = 0; i < 100; i++) {
      world.pass(60e6);
      clock.steer();
    }
    expect(clock.now()).toBeGreaterThan(before);
  });

  it('is bent some times a second at most, and not by a blurred look', () => {
    const { world, clock } = start(1);
    world.pass(10e6);
    expect(clock.steer()).toBe(false);
    world.pass(60e6);
    world.lookNs = 2e6;
    expect(clock.steer()).toBe(false);
    world.lookNs = 40;
    expect(clock.steer()).toBe(true);
  });

  test.each([0, -1e-3, 1e-9, 1e6])('refuses %d ticks/ns', (rate) => {
    expect(() => start(rate)).toThrow(/read: expected 1e3 \.\. 1e12 ticks\/s/);
  });
});
