/** What time is told to whom, and the line that programs compute it from themselves. */
import type { Kernel } from '../kernel.js';
import { ObjectType } from './objects.js';
import type { Process } from './process.js';

export interface TimeOfDay {
  readonly sec: number;
  readonly nsec: number;
}

export class Timekeeping {
  /** Told when `machine.counter.line` has become another one; no CPU runs then. */
  readonly observers: (() => void)[] = [];
  private readonly kernel: Kernel;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /** Between steps: lets the machine bend its clock towards the host's. */
  steer(): void {
    if (this.kernel.machine.counter?.steer() === true) for (const observer of this.observers) observer();
  }

  /** True with the Clock capability. */
  knowsDay(process: Process): boolean {
    return this.kernel.holds(process, process.endowment.clock, ObjectType.Clock);
  }

  /** Whole milliseconds since 1970 at boot, as those with or without the capability know it. */
  epochMs(knowsDay: boolean): number {
    return knowsDay ? Math.floor(this.kernel.host.epochMs ?? 0) : 0; // may be a fraction: nanoseconds must not
  }

  timeOfDay(knowsDay: boolean): TimeOfDay {
    const now = this.kernel.now();
    const ms = this.epochMs(knowsDay) + Math.floor(now / 1e6);
    return { sec: Math.floor(ms / 1000), nsec: (ms % 1000) * 1e6 + (now % 1e6) };
  }
}
