/** Booted kernels for tests: one shell per run, with collected streams, or one at a terminal. */
import { EmulatedMachine } from '@veridian-os/machine-emulated';
import type { Nanoseconds } from '@veridian-os/abi';
import {
  createKernel,
  KernelDriver,
  makeDirectories,
  type BootedKernel,
  type KernelOptions,
  type Process,
  type TaskMain,
} from '@veridian-os/kernel';
import { programs } from '../src/index.js';
import { VirtualTerminal } from './virtual-terminal.js';

const MEMORY_BYTES = 16 << 20;
/** A session that is busy for longer has gone wrong. */
const MAX_STEPS = 20_000;
const ENV = ['PATH=/bin', 'HOME=/', 'TERM=xterm'];
const EVERYTHING = { files: true, clock: true, entropy: true, system: true };

export interface ShellRun {
  readonly stdout: string;
  readonly stderr: string;
  readonly output: Uint8Array;
  /** Exit status; 128+n for a signal. */
  readonly status: number;
  readonly kernel: BootedKernel;
}

export interface ShellRunOptions {
  /** Standard input; default: none. */
  readonly stdin?: string | Uint8Array;
  /** Argument vector; default: vsh -c COMMANDS. */
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  /** Programs beside the shell's. */
  readonly extra?: Readonly<Record<string, TaskMain>>;
  readonly kernel?: Partial<KernelOptions>;
  readonly endowment?: Partial<typeof EVERYTHING>;
  /** Works on the kernel before the shell starts. */
  readonly prepare?: (kernel: BootedKernel) => void;
}

export function boot(options: Partial<KernelOptions>, console?: (bytes: Uint8Array) => void): BootedKernel {
  const machine = EmulatedMachine.create({
    memoryBytes: MEMORY_BYTES,
    console: { output: (bytes) => console?.(bytes.slice()) },
  });
  return createKernel({ machine, verbose: false, programs, ...options });
}

/** Runs `vsh -c COMMANDS` in a kernel of its own. */
export async function runShell(commands: string, options: ShellRunOptions = {}): Promise<ShellRun> {
  const kernel = boot({ programs: { ...programs, ...options.extra }, ...options.kernel });
  options.prepare?.(kernel);
  const streams: Uint8Array[][] = [[], []];
  const input = kernel.openInput();
  const { stdin = '' } = options;
  input.stream.push(typeof stdin === 'string' ? new TextEncoder().encode(stdin) : stdin);
  input.stream.end();
  const process = kernel.launch({
    path: '/bin/vsh',
    args: options.args ?? ['vsh', '-c', commands],
    env: options.env ?? ENV,
    files: [
      input.file,
      ...streams.map((chunks, index) => kernel.openOutput(`out${index}`, (bytes) => chunks.push(bytes))),
    ],
    endowment: { ...EVERYTHING, ...options.endowment },
  });
  if (typeof process === 'number') throw new Error(`launch: ${process}`);
  let ended = false;
  kernel.processObservers.push((candidate) => void (ended ||= candidate === process));
  await new KernelDriver(kernel).run(() => ended);
  const [output, errors] = streams.map((chunks) => Buffer.concat(chunks));
  const { kind, value } = process.end ?? { kind: 'exit', value: -1 };
  const status = kind === 'signal' ? 128 + value : value;
  return { stdout: output.toString(), stderr: errors.toString(), output, status, kernel };
}

/** A shell at the console's terminal. Time stands still unless `advance` moves it. */
export class TerminalSession {
  readonly kernel: BootedKernel;
  readonly screen: VirtualTerminal;
  readonly shell: Process;
  private readonly machine: EmulatedMachine;

  constructor(options: Partial<KernelOptions> = {}, columns = 80) {
    this.screen = new VirtualTerminal(columns);
    this.kernel = boot(options, (bytes) => this.screen.write(bytes));
    this.kernel.pacedTime = true;
    this.machine = this.kernel.machine as EmulatedMachine;
    const { terminal } = this.kernel;
    terminal?.resize(24, columns);
    const files = [0, 1, 2].map(() => this.kernel.openTerminal());
    const shell = this.kernel.launch({
      path: '/bin/vsh',
      args: ['vsh'],
      env: ENV,
      files: files.filter((file) => typeof file !== 'number'),
      terminal,
      endowment: EVERYTHING,
    });
    if (typeof shell === 'number') throw new Error(`launch: ${shell}`);
    this.shell = shell;
    this.settle();
  }

  /** Presses keys, and lets everything happen that they start, burst by burst. */
  type(...bursts: readonly string[]): void {
    for (const keys of bursts) {
      this.machine.uart.receive(new TextEncoder().encode(keys));
      this.settle();
    }
  }

  /** Types a command line; what the screen shows since. */
  run(line: string): string {
    const before = this.screen.lines.length - 1;
    this.type(`${line}\r`);
    return this.screen.lines.slice(before).join('\n');
  }

  /** Lets virtual time pass. */
  advance(seconds: number): void {
    this.machine.clock.advance((this.kernel.now() + seconds * 1e9) as Nanoseconds);
    this.settle();
  }

  get ended(): boolean {
    return this.shell.end !== undefined;
  }

  private settle(): void {
    for (let step = 0; step < MAX_STEPS; step++) {
      if (this.kernel.step().state !== 'busy') return;
    }
    throw new Error(`still busy after ${MAX_STEPS} steps:\n${this.screen.text}`);
  }
}

/** One kernel that runs many scripts one after the other, each in an empty directory of its own. */
export class ScriptKernel {
  readonly kernel: BootedKernel;
  private readonly driver: KernelDriver;
  private count = 0;

  constructor(options: Partial<KernelOptions> = {}) {
    this.kernel = boot(options);
    this.driver = new KernelDriver(this.kernel);
  }

  async run(script: string, stdin = ''): Promise<{ stdout: string; stderr: string; status: number }> {
    const folder = `/tmp/${++this.count}`;
    makeDirectories(this.kernel, folder);
    const input = this.kernel.openInput();
    input.stream.push(new TextEncoder().encode(stdin));
    input.stream.end();
    const streams: Uint8Array[][] = [[], []];
    const outputs = streams.map((chunks) => this.kernel.openOutput('out', (bytes) => chunks.push(bytes)));
    const process = this.kernel.launch({
      path: '/bin/vsh',
      args: ['vsh', '-c', script],
      env: ENV,
      cwd: folder,
      files: [input.file, ...outputs],
      endowment: EVERYTHING,
    });
    if (typeof process === 'number') throw new Error(`launch: ${process}`);
    await this.driver.run(() => process.end !== undefined);
    const [stdout, stderr] = streams.map((chunks) => Buffer.concat(chunks).toString());
    const { kind, value } = process.end ?? { kind: 'exit', value: -1 };
    return { stdout, stderr, status: kind === 'signal' ? 128 + value : value };
  }
}
