/**
 * A timer on a process's CPU time. CPU time never runs faster than the clock times the number of processors, so the
 * timer looks again after the shortest time in which it could have expired.
 */
import type { Nanoseconds } from '@veridian-os/abi';
import { processCpuTime } from './clocks.js';
import type { Kernel, Process, Timer } from '@veridian-os/kernel';
import { SHORTEST_PERIOD, type TimerSetting } from './interval-timer.js';

export class CpuTimer {
  private readonly kernel: Kernel;
  private readonly process: Process;
  private readonly expired: (times: number) => void;
  private armed: Timer | undefined = undefined;
  /** CPU time at which it expires. */
  private due = Infinity;
  private interval = 0;

  constructor(kernel: Kernel, process: Process, expired: (times: number) => void) {
    this.kernel = kernel;
    this.process = process;
    this.expired = expired;
  }

  /** Arms for an absolute CPU time, Infinity = disarm. */
  arm(at: number, interval: number): void {
    this.cancel();
    if (at === Infinity) return;
    this.due = at;
    this.interval = interval;
    this.look();
  }

  cancel(): void {
    if (this.armed !== undefined) this.kernel.timers.cancel(this.armed);
    this.armed = undefined;
    this.due = Infinity;
    this.interval = 0;
  }

  setting(): TimerSetting {
    const remaining = this.due === Infinity ? 0 : Math.max(this.due - processCpuTime(this.process), 1);
    return { remaining, interval: this.interval };
  }

  private look(): void {
    const left = Math.max((this.due - processCpuTime(this.process)) / this.kernel.machine.cpus.length, SHORTEST_PERIOD);
    this.armed = this.kernel.timers.arm((this.kernel.now() + left) as Nanoseconds, () => this.check());
  }

  private check(): void {
    this.armed = undefined;
    const used = processCpuTime(this.process);
    if (used < this.due) {
      this.look();
      return;
    }
    const times = this.interval > 0 ? 1 + Math.floor((used - this.due) / this.interval) : 1;
    this.due = this.interval > 0 ? this.due + times * this.interval : Infinity;
    if (this.interval > 0) this.look();
    this.expired(times);
  }
}
