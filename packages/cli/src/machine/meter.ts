/** What a run of a machine has used, against its limits, and the figures of `--stats`. */
import type { MachineLimits } from '../commands/machine.js';

/** Instructions in one step: some milliseconds, after which the host's events are heard. */
const STEP = 1_000_000;

export class Meter {
  private readonly limits: MachineLimits;
  private readonly began = performance.now();
  private instructions = 0;

  constructor(limits: MachineLimits) {
    this.limits = limits;
  }

  /** Budget of the next step. */
  get step(): number {
    return Math.min(STEP, this.limits.instructions - this.instructions);
  }

  spend(instructions: number): void {
    this.instructions += instructions;
  }

  /** Which limit is reached; undefined: none. */
  get exceeded(): 'instructions' | 'time' | undefined {
    if (this.instructions >= this.limits.instructions) return 'instructions';
    return this.hostMs >= this.limits.timeoutMs ? 'time' : undefined;
  }

  /** Host time until the limit. */
  get leftMs(): number {
    return Math.max(0, this.limits.timeoutMs - this.hostMs);
  }

  private get hostMs(): number {
    return performance.now() - this.began;
  }

  /** One figure per line. */
  report(virtualNs: number): string {
    const { instructions, hostMs } = this;
    const rows = [
      ['instructions', instructions.toLocaleString('en-US')],
      ['virtual time', `${(virtualNs / 1e6).toFixed(3)} ms`],
      ['host time', `${hostMs.toFixed(1)} ms (${(instructions / hostMs / 1000).toFixed(0)} MIPS)`],
    ];
    return rows.map(([name, value]) => `${name.padEnd(18)}${value}\n`).join('');
  }
}

/** Lets the host's events in. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
