/**
 * The one door through which the host's inputs enter a kernel: recorded with the step they entered at, replayed at the
 * same steps. With the seed they determine a run completely on a deterministic machine.
 */
import type { Nanoseconds } from '@veridian-os/abi';
import { panic } from '@veridian-os/abi';
import { STEP_INSTRUCTIONS } from '../core/dispatcher.js';
import type { Kernel } from '../kernel.js';

/** What arrived. */
export type Input =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' }
  | { readonly kind: 'resize'; readonly rows: number; readonly columns: number }
  /** The consumer of an output is done with so many bytes. */
  | { readonly kind: 'taken'; readonly bytes: number }
  /** Idle time that passed on the host: the clock moved to this time. */
  | { readonly kind: 'time'; readonly to: number };

export interface InputEntry {
  /** Steps the kernel had begun when it arrived. */
  readonly step: number;
  /** `'stdin'`, `'console'`, `'clock'`, ... */
  readonly port: string;
  readonly input: Input;
}

/** Everything beside the seed and the programs that a run depended on. */
export interface InputLog {
  readonly version: 2;
  /** Instructions per step of the kernel that recorded it; another kernel's steps end elsewhere. */
  readonly stepInstructions: number;
  readonly entries: readonly InputEntry[];
}

export class Inputs {
  private readonly kernel: Kernel;
  private readonly ports = new Map<string, (input: Input) => void>();
  private readonly recorded: InputEntry[] = [];
  private replaying: readonly InputEntry[] | undefined;
  private next = 0;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.register('clock', (input) => {
      if (input.kind === 'time') kernel.machine.clock.advance(input.to as Nanoseconds);
    });
  }

  /**
   * Opens a port and says what its inputs do: its name, which is `name` or, while that is taken, `name#2` and so on, so
   * that a replay finds the same ports.
   */
  register(name: string, accept: (input: Input) => void): string {
    let port = name;
    for (let count = 2; this.ports.has(port); count++) port = `${name}#${count}`;
    this.ports.set(port, accept);
    return port;
  }

  unregister(port: string): void {
    this.ports.delete(port);
  }

  /** An input from the host, between steps. Ignored while a log is replayed: the log is the host then. */
  deliver(port: string, input: Input): void {
    if (this.kernel.running !== undefined) panic('kernel/input', `input for ${port} inside a step`);
    if (this.replaying !== undefined) return;
    if (this.kernel.options.record === true) this.recorded.push({ step: this.kernel.steps, port, input });
    this.apply(port, input);
  }

  /** What has entered so far; empty unless the kernel was created with `record`. */
  log(): InputLog {
    return { version: 2, stepInstructions: STEP_INSTRUCTIONS, entries: [...this.recorded] };
  }

  /**
   * Takes inputs from a log instead of the host.
   * @throws RangeError when the log was made by a kernel with other steps
   */
  replay(log: InputLog): void {
    if (log.version !== 2 || log.stepInstructions !== STEP_INSTRUCTIONS) {
      const got = `version ${log.version}, ${log.stepInstructions} instructions`;
      throw new RangeError(`log: expected version 2 with ${STEP_INSTRUCTIONS} instructions per step, got ${got}`);
    }
    this.replaying = log.entries;
    this.next = 0;
  }

  get isReplaying(): boolean {
    return this.replaying !== undefined;
  }

  /** Replay: inputs are left. */
  get hasMore(): boolean {
    return this.replaying !== undefined && this.next < this.replaying.length;
  }

  /** Replay: applies what entered before the next step. */
  applyDue(): void {
    const entries = this.replaying;
    if (entries === undefined) return;
    while (this.next < entries.length && entries[this.next].step <= this.kernel.steps) {
      const { port, input } = entries[this.next++];
      this.apply(port, input);
    }
  }

  private apply(port: string, input: Input): void {
    const accept = this.ports.get(port);
    if (accept === undefined)
      throw new RangeError(`port: expected one of ${[...this.ports.keys()].join(', ')}, got ${port}`);
    accept(input);
  }
}
