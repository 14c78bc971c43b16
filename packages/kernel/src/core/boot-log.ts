/** The six stages of a boot, each with what it found and how long the host took. */

export interface BootStage {
  readonly number: number;
  readonly name: string;
  readonly detail: string;
  /** Host milliseconds; NaN without a host clock. */
  readonly milliseconds: number;
}

export const BOOT_STAGES = ['hardware', 'memory', 'processes', 'core services', 'scheduler', 'user space'] as const;

export class BootLog {
  readonly stages: BootStage[] = [];
  private reached = false;
  private readonly now: () => number;
  private readonly write: (text: string) => void;

  constructor(now: (() => number) | undefined, write: (text: string) => void) {
    this.now = now ?? (() => NaN);
    this.write = write;
  }

  /** The first program is about to run; reports how long that took, once. `hostNow` of a process counts from its start. */
  reachedUserSpace(): void {
    if (this.reached) return;
    this.reached = true;
    const now = this.now();
    if (!Number.isNaN(now)) this.write(`first user instruction after ${now.toFixed(0)} ms\n`);
  }

  /** Runs one stage and reports it; `describe` says in a few words what it built. */
  stage<T>(number: number, build: () => T, describe: (built: T) => string): T {
    const start = this.now();
    const built = build();
    const milliseconds = this.now() - start;
    const stage = { number, name: BOOT_STAGES[number - 1], detail: describe(built), milliseconds };
    this.stages.push(stage);
    const time = Number.isNaN(milliseconds) ? '' : `${milliseconds.toFixed(1).padStart(6)} ms  `;
    this.write(`[${number}/6] ${stage.name.padEnd(15)}${time}${stage.detail}\n`);
    return built;
  }
}
