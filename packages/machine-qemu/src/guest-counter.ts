/**
 * The counter that user mode reads, as the host follows it: its own clock at a distance that is known from below.
 *
 * The monitor notes the counter at every way back. What the host's clock shows when it hears of it is later, so the
 * difference is at most the true distance; the largest one seen is kept. Hence `read` is never ahead of user mode, and
 * never behind what a CPU had seen when it came back.
 *
 * Units      ticks of the guest's counter since its first value here
 * Source     QEMU softmmu/cpus, cpu-timers.c (cpu_get_ticks, cpu_get_clock): the counters are the host's, shifted
 */
import { CounterClock, sampleCounter } from '@veridian-os/hal';
import { timeStampCounter } from '@veridian-os/libc';
import type { HostClock } from './clock.js';
import type { Engine } from './engine.js';
import { MAILBOX, Opcode } from './layout.js';
import type { Mailbox } from './mailbox.js';

/** Questions whose quickest answer says most exactly how far the clocks are apart. */
const QUESTIONS = 8;
const TWO_32 = 4294967296;
const { floor, max, min } = Math;
const AT = MAILBOX.COUNTER / 4;

export class GuestCounter {
  private readonly host: () => number;
  private readonly originLo: number;
  private readonly originHi: number;
  private distance = -Infinity;
  private heard = 0;

  /**
   * Asks the first CPU some times, and lets `clock` be computed from the counter.
   * @returns undefined where there is none, or where it does not keep step with the host
   */
  static follow(engine: Engine, clock: HostClock): { counter: CounterClock; guest: GuestCounter } | undefined {
    const host = hostTicks(engine, clock);
    if (host === undefined) return undefined;
    const guest = new GuestCounter(engine, host);
    if (!guest.keepsStep(engine)) return undefined;
    const { originLo, originHi } = guest;
    const source = { originLo, originHi, read: () => guest.read(), reference: () => clock.hostNs() };
    const counter = new CounterClock(source, sampleCounter(source));
    clock.follow(counter);
    return { counter, guest };
  }

  private constructor({ monitor }: Engine, host: () => number) {
    this.host = host;
    const [mailbox] = monitor.mailboxes;
    monitor.command(mailbox, Opcode.Nothing);
    this.originLo = mailbox.words[AT];
    this.originHi = mailbox.words[AT + 1];
  }

  /** A CPU is back: what its counter showed is the least that anybody may be told. */
  hear({ words }: Mailbox): void {
    const ticks = (words[AT + 1] - this.originHi) * TWO_32 + (words[AT] - this.originLo);
    if (ticks > this.heard) this.heard = ticks;
  }

  read(): number {
    const host = this.host();
    this.distance = max(this.distance, this.heard - host);
    return floor(host + this.distance);
  }

  /** Whether the distance can have been the same at all answers. */
  private keepsStep({ monitor }: Engine): boolean {
    const [mailbox] = monitor.mailboxes;
    let most = Infinity;
    for (let i = 0; i < QUESTIONS; i++) {
      const before = this.host();
      monitor.command(mailbox, Opcode.Nothing);
      this.hear(mailbox);
      this.read();
      most = min(most, this.heard - before);
    }
    return this.distance <= most;
  }
}

/** The host's clock in the guest's ticks. */
function hostTicks({ isa, settings }: Engine, clock: HostClock): (() => number) | undefined {
  if (settings.accelerator !== 'tcg' || isa.counter === undefined) return undefined;
  if (isa.counter === 'monotonic') {
    const perNs = (isa.ticksPerSecond ?? 0) / 1e9;
    return () => clock.hostNs() * perNs;
  }
  const counter = timeStampCounter();
  return counter === undefined ? undefined : () => counter.read();
}
