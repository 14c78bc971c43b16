/**
 * Driving a kernel from an event loop: steps until there is nothing to do, yielding between them so that sockets,
 * terminals and workers are heard. Inputs enter between steps only; with a recorder each is logged with the step it
 * entered at, and a replay feeds them at the same steps.
 */
import type { Nanoseconds } from '@veridian-os/abi';
import type { StepResult } from '../api.js';
import type { Kernel } from '../kernel.js';
import { host } from './globals.js';

/** Host milliseconds that steps may use before the event loop gets its turn. */
const HOLD_MS = 8;

export interface DriverOptions {
  /**
   * `virtual`: sleeping costs no host time. `paced`: idle time follows the host's clock. Default: virtual where the
   * machine's clock is; real time cannot be skipped.
   */
  readonly time?: 'virtual' | 'paced';
  /** False: no input can come any more, so a kernel that waits for one is stuck and `run` returns. Default: one can. */
  readonly expectsInput?: () => boolean;
  /** Monotonic host milliseconds; default `performance.now`. */
  readonly hostNow?: () => number;
}

export class KernelDriver {
  private readonly kernel: Kernel;
  private readonly paced: boolean;
  private readonly hostNow: () => number;
  private readonly expectsInput: () => boolean;
  private wakeUp: (() => void) | undefined;
  private kicked = false;
  private stopped = false;

  /** @throws RangeError when virtual time is asked of a machine whose clock is not */
  constructor(kernel: Kernel, options: DriverOptions = {}) {
    const { clock, info } = kernel.machine;
    if (options.time === 'virtual' && !clock.virtual) {
      throw new RangeError(`time: expected 'paced' on the machine '${info.name}', whose clock is real, got 'virtual'`);
    }
    this.kernel = kernel;
    this.paced = options.time === 'paced' || !clock.virtual;
    this.hostNow = options.hostNow ?? (() => host.performance.now());
    this.expectsInput = options.expectsInput ?? (() => true);
    kernel.pacedTime = this.paced;
  }

  /** Something was put into the kernel between steps: stop sleeping. */
  kick(): void {
    this.kicked = true;
    this.wakeUp?.();
  }

  /** Makes `run` return at the next opportunity. */
  stop(): void {
    this.stopped = true;
    this.kick();
  }

  /**
   * Runs until the kernel halts, `done` answers true, or `stop`. A kernel that waits for input waits here, unless none can
   * come.
   */
  async run(done: () => boolean): Promise<void> {
    while (!this.stopped && !done()) {
      const result = this.burst(done);
      if (result.state === 'halted' || done()) return;
      if (result.state === 'busy') await nextTurn();
      else if (this.kernel.inputs.isReplaying) {
        if (!this.kernel.inputs.hasMore) return;
      } else if (result.deadline === Infinity && !this.kicked && !this.expectsInput()) return;
      else await this.idle(result.deadline);
    }
  }

  /** Steps for a few milliseconds. */
  private burst(done: () => boolean): StepResult {
    const end = this.hostNow() + HOLD_MS;
    for (;;) {
      this.kernel.inputs.applyDue();
      const result = this.kernel.step();
      if (result.state !== 'busy' || done() || this.hostNow() >= end) return result;
    }
  }

  /** Sleeps until an input arrives or, in paced time, the next timer; then the guest's clock catches up. */
  private async idle(deadline: Nanoseconds): Promise<void> {
    if (this.kicked) {
      this.kicked = false;
      return nextTurn();
    }
    const start = this.hostNow();
    const wait = this.paced && deadline !== Infinity ? Math.max(0, (deadline - this.kernel.now()) / 1e6) : undefined;
    await this.sleep(wait);
    this.kicked = false;
    if (!this.paced || !this.kernel.machine.clock.virtual) return;
    const elapsed = (this.hostNow() - start) * 1e6;
    const target = Math.min(deadline, this.kernel.now() + Math.max(0, Math.round(elapsed)));
    if (target > this.kernel.now()) this.kernel.inputs.deliver('clock', { kind: 'time', to: target });
  }

  private sleep(ms: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : host.setTimeout(finish, Math.min(ms, 2 ** 31 - 1));
      function finish(): void {
        host.clearTimeout(timer);
        resolve();
      }
      this.wakeUp = () => {
        this.wakeUp = undefined;
        finish();
      };
    });
  }
}

/** One turn of the host's event loop, without a timer's minimum delay. */
export function nextTurn(): Promise<void> {
  const { setImmediate, MessageChannel } = host;
  if (setImmediate !== undefined) return new Promise((resolve) => setImmediate(resolve));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}
