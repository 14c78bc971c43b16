/** A timer that fires once or again and again: what setitimer, timer_create and timerfd have in common. */
import type { Nanoseconds } from '@veridian-os/abi';
import type { Kernel, Timer } from '@veridian-os/kernel';

/** When a timer fires next and how often. Nanoseconds; 0 = disarmed, no repetition. */
export interface TimerSetting {
  /** Until the next expiration. */
  readonly remaining: number;
  readonly interval: number;
}

/**
 * Shortest time between two expirations that are told apart, ns. A program that asks for a shorter interval would spend
 * everybody's time on its timer; it gets the missing expirations counted together.
 */
export const SHORTEST_PERIOD = 20_000;

export class IntervalTimer {
  private readonly kernel: Kernel;
  private readonly expired: (times: number) => void;
  private armed: Timer | undefined = undefined;
  /** Time of the next expiration, Infinity = disarmed. */
  private due = Infinity;
  private interval = 0;

  /** @param expired told how often the timer expired since it last said so (more than once: expirations were late) */
  constructor(kernel: Kernel, expired: (times: number) => void) {
    this.kernel = kernel;
    this.expired = expired;
  }

  /** Arms for an absolute virtual time, Infinity = disarm. Repeats every `interval` ns if > 0. */
  arm(at: number, interval: number): void {
    this.cancel();
    if (at === Infinity) return;
    this.interval = interval;
    this.due = at;
    this.schedule(at);
  }

  cancel(): void {
    if (this.armed !== undefined) this.kernel.timers.cancel(this.armed);
    this.armed = undefined;
    this.due = Infinity;
    this.interval = 0;
  }

  setting(): TimerSetting {
    // An armed timer never shows zero: that would mean disarmed.
    const remaining = this.due === Infinity ? 0 : Math.max(this.due - this.kernel.now(), 1);
    return { remaining, interval: this.interval };
  }

  private schedule(at: number): void {
    this.armed = this.kernel.timers.arm(at as Nanoseconds, () => this.fire());
  }

  private fire(): void {
    this.armed = undefined;
    const { interval } = this;
    let times = 1;
    if (interval > 0) {
      const now = this.kernel.now();
      times += Math.max(Math.floor((now - this.due) / interval), 0);
      this.due += times * interval;
      this.schedule(Math.max(this.due, now + SHORTEST_PERIOD));
    } else this.due = Infinity;
    this.expired(times);
  }
}
