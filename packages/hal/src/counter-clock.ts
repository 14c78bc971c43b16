/**
 * A clock that is computed from a counter which user mode reads too, so that what the kernel tells and what programs
 * compute themselves is one sequence (docs/adr/0010-time-without-a-trap.md).
 *
 * Units      ticks are counted from the counter's `origin`; nanoseconds from the machine's creation
 * Shapes     a line: ns(t) = line.ns + floor((t - line.ticks) x line.multiplier / 2^line.shift)
 * Invariant  the line that replaces another begins on it: time is continuous, and never goes back
 * Cost       a read of the counter and three multiplications
 * Source     Linux kernel/time/timekeeping.c (a multiplier that is bent towards a reference)
 */
import type { Counter, ClockLine } from './machine.js';

const { floor, max, min } = Math;

/** Multipliers have 20 or 21 bits: products with 31 bits of ticks are exact, and a step of one is a millionth at most. */
const LEAST_MULTIPLIER = 2 ** 20;
const MOST_SHIFT = 31;
/** Ticks of one exact product. */
const PIECE = 2 ** 31;
/** The line is bent so often, so that an error is gone about a second later; by half a thousandth at most. */
const BEND_NS = 50e6;
const HORIZON_NS = 1e9;
const MOST_BEND = 0.0005;
/** Further behind its reference than this the clock jumps: the host stood still, or its counter did. */
const JUMP_NS = 10e6;
/** Rates are measured over this long. */
const WINDOW_NS = 4e9;
/** Shortest time that a rate is taken from. */
const LEAST_SPAN_NS = 1e6;
/** A sample that took longer, in seconds, says too little: the host did something else meanwhile. */
const BLUR = 100e-6;
/** Looks at the reference for each sample; the quickest counts. */
const LOOKS = 5;

export interface CounterSource {
  readonly originLo: number;
  readonly originHi: number;
  read(): number;
  /** The host's monotonic clock, ns. */
  reference(): number;
}

/** What counter and reference showed at one moment; may be fractions. */
export interface CounterSample {
  readonly ticks: number;
  readonly ns: number;
  /** Ticks that looking took. */
  readonly spread: number;
}

export class CounterClock implements Counter {
  readonly originLo: number;
  readonly originHi: number;
  readonly hertz: number;
  private current: ClockLine;
  /** Nanoseconds of PIECE ticks; 2^shift. Powers are too slow for every call. */
  private pieceNs = 0;
  private divisor = 0;
  private readonly source: CounterSource;
  private windowStart: CounterSample;
  private nextStart: CounterSample;

  /**
   * The clock shows the reference's time at first.
   * @param since an earlier sample, from which the first rate is taken; the constructor waits until it is a millisecond ago
   * @throws RangeError for a counter slower than 1 kHz or faster than 1 THz
   */
  constructor(source: CounterSource, since: CounterSample) {
    let start = sampleCounter(source);
    while (start.ns - since.ns < LEAST_SPAN_NS) start = sampleCounter(source);
    const hertz = ((start.ticks - since.ticks) / (start.ns - since.ns)) * 1e9;
    if (!(hertz >= 1e3 && hertz <= 1e12)) throw new RangeError(`read: expected 1e3 .. 1e12 ticks/s, got ${hertz}`);
    this.originLo = source.originLo;
    this.originHi = source.originHi;
    this.hertz = hertz;
    this.source = source;
    this.windowStart = since;
    this.nextStart = start;
    this.current = this.follow(lineFrom(floor(start.ticks), floor(start.ns), 1e9 / hertz));
  }

  get line(): ClockLine {
    return this.current;
  }

  read(): number {
    return this.source.read();
  }

  /** Nanoseconds that the clock shows. */
  now(): number {
    return this.at(this.source.read());
  }

  steer(): boolean {
    const { windowStart } = this;
    if (this.now() - this.current.ns < BEND_NS) return false;
    const sample = sampleCounter(this.source);
    const span = sample.ticks - windowStart.ticks;
    if (span <= 0 || sample.spread > this.hertz * BLUR) return false;
    const rate = (sample.ns - windowStart.ns) / span;
    const ticks = this.source.read();
    const ns = this.at(ticks);
    const error = sample.ns + (ticks - sample.ticks) * rate - ns;
    const bend = max(-MOST_BEND, min(MOST_BEND, error / HORIZON_NS));
    this.current = this.follow(lineFrom(ticks, error > JUMP_NS ? floor(ns + error) : ns, rate * (1 + bend)));
    this.moveWindow(sample);
    return true;
  }

  /** Time at `ticks`; before the line's start, the start's. Exact below 2^53 ns. */
  private at(ticks: number): number {
    const { current, pieceNs, divisor } = this;
    const elapsed = max(0, ticks - current.ticks);
    const pieces = floor(elapsed / PIECE);
    return current.ns + pieces * pieceNs + floor(((elapsed - pieces * PIECE) * current.multiplier) / divisor);
  }

  private follow(line: ClockLine): ClockLine {
    this.pieceNs = line.multiplier * 2 ** (MOST_SHIFT - line.shift);
    this.divisor = 2 ** line.shift;
    return line;
  }

  private moveWindow(sample: CounterSample): void {
    if (sample.ns - this.nextStart.ns < WINDOW_NS) return;
    this.windowStart = this.nextStart;
    this.nextStart = sample;
  }
}

/** Looks at the reference between two reads of the counter, as close together as they come. */
export function sampleCounter(source: CounterSource): CounterSample {
  let best: CounterSample = { ticks: 0, ns: 0, spread: Infinity };
  for (let look = 0; look < LOOKS; look++) {
    const before = source.read();
    const ns = source.reference();
    const after = source.read();
    const spread = after - before;
    if (spread < best.spread) best = { ticks: (before + after) / 2, ns, spread };
  }
  return best;
}

function lineFrom(ticks: number, ns: number, nsPerTick: number): ClockLine {
  let shift = 0;
  while (shift < MOST_SHIFT && nsPerTick * 2 ** shift < LEAST_MULTIPLIER) shift++;
  return { ticks, ns, multiplier: Math.round(nsPerTick * 2 ** shift), shift };
}
