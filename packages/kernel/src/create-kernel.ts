/** The front door of the kernel: boots in six stages and answers with what a host needs to use it. */
import type { Errno } from '@veridian-os/abi';
import { ENOTTY, S_IFIFO } from '@veridian-os/abi';
import type { OpenFile } from '@veridian-os/vfs';
import { O_RDWR, O_RDONLY, O_WRONLY } from '@veridian-os/vfs';
import type { KernelOptions } from './api.js';
import type { Process } from './core/process.js';
import { launch, type LaunchOptions } from './host/launch.js';
import { HostInput, HostOutput, type OutputBudget, type OutputOptions } from './host/streams.js';
import { Kernel } from './kernel.js';
import { startUserSpace, type UserSpaceParts } from './services/user-space.js';
import type { Terminal } from './tty/terminal.js';

/** Streams of the host look like pipes to fstat(2). */
const STREAM_MODE = S_IFIFO | 0o600;

/** A booted kernel with init, the file server and the console running. */
export class BootedKernel extends Kernel {
  private readonly parts: UserSpaceParts;

  constructor(options: KernelOptions) {
    super(options);
    for (const personality of this.personalities) personality.attach(this);
    this.parts = this.boot.stage(
      6,
      () => startUserSpace(this),
      () => `init, file server, console; ${Object.keys(this.programs).length} programs`,
    );
    this.inputs.register('console', (input) => {
      if (input.kind === 'bytes') this.machine.receive?.(input.bytes);
      else if (input.kind === 'resize') this.terminal?.resize(input.rows, input.columns);
    });
  }

  /** The console's terminal; undefined on a machine without a UART. */
  get terminal(): Terminal | undefined {
    return this.parts.terminal;
  }

  /** Bytes typed at the machine's console; between steps. */
  type(bytes: Uint8Array): void {
    this.inputs.deliver('console', { kind: 'bytes', bytes: bytes.slice() });
  }

  /** The console's window has another size; between steps. */
  resize(rows: number, columns: number): void {
    this.inputs.deliver('console', { kind: 'resize', rows, columns });
  }

  /** Writes every file back and releases the machine. What was written before survives, however the programs ended. */
  shutdown(): void {
    this.halt('shut down');
    this.vfs.sync();
    this.machine.dispose();
  }

  /** The file server's view of /dev, to register devices. */
  get devfs(): UserSpaceParts['devfs'] {
    return this.parts.devfs;
  }

  /** Starts a program in a session of its own; see {@link LaunchOptions}. */
  launch(options: LaunchOptions): Process | Errno {
    return launch(this, this.parts, options);
  }

  /** The terminal as an open file for descriptors 0, 1, 2; ENOTTY without one. */
  openTerminal(): OpenFile | Errno {
    const { terminal } = this.parts;
    return terminal === undefined ? ENOTTY : this.vfs.openSpecial(terminal, O_RDWR, '/dev/console');
  }

  /** An input stream: the host pushes, the program reads. */
  openInput(): { stream: HostInput; file: OpenFile } {
    const stream = new HostInput(this);
    return { stream, file: this.vfs.openSpecial(stream, O_RDONLY, 'pipe:[stdin]', STREAM_MODE) };
  }

  /** An output that the host takes at once; see {@link OutputOptions}. */
  openOutput(name: string, sink: (bytes: Uint8Array) => void, budget?: OutputBudget): OpenFile {
    return this.openStream({ name, sink, ...(budget === undefined ? {} : { budget }) }).file;
  }

  /** An output whose consumer may be slower than the program. */
  openStream(options: OutputOptions): { stream: HostOutput; file: OpenFile } {
    const stream = new HostOutput(this, options);
    return { stream, file: this.vfs.openSpecial(stream, O_WRONLY, `pipe:[${options.name}]`, STREAM_MODE) };
  }
}

/**
 * Boots a kernel over a machine.
 * @throws RangeError for bad options; KernelPanic when the machine is too small to boot
 */
export function createKernel(options: KernelOptions): BootedKernel {
  return new BootedKernel(options);
}
