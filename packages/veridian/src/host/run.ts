/** `run`: one program in a kernel of its own, from bytes to result. */
import {
  createKernel,
  KernelDriver,
  makeDirectories,
  storeFile,
  type BootedKernel,
  type OutputBudget,
  type Process,
} from '@veridian-os/kernel';
import { errnoName } from '@veridian-os/abi';
import type { Machine } from '@veridian-os/hal';
import { linux } from '@veridian-os/linux';
import type { OpenFile } from '@veridian-os/vfs';
import type { RunOptions, RunResult, TerminalPort } from '../api.js';
import { feed, type Feed } from './feed.js';
import { createMachine, isaOf, machineFor } from './machines.js';
import { checkOptions } from './options.js';
import { resultOf, type Ending } from './result.js';
import { Screen } from './screen.js';
import { openSink, type Sink } from './sink.js';

/** Of programs that the machine without requirements runs. */
const DEFAULT_ISA = 'riscv64';
const MEBIBYTE = 1024 * 1024;
const DEFAULT_MEMORY = 256 * MEBIBYTE;
/** A kernel boots in less; a program needs some. */
const MIN_MEMORY = MEBIBYTE;
const DEFAULT_ENV = { PATH: '/bin', HOME: '/', LANG: 'C.UTF-8' };
/** setTimeout's longest delay. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Runs an executable until it has ended (what it started and left behind ends with it), a limit stops it, or nothing can
 * wake it any more.
 *
 * The program gets its standard streams, `files`, `mounts` and seeded randomness, and nothing else. Guest errors are results,
 * never exceptions.
 * @param program an ELF executable's bytes
 * @throws TypeError for an option of the wrong kind, RangeError for one that does not fit; MachineUnavailable when `machine`
 * does not work here; and what a sink fails with
 */
export async function run(program: Uint8Array, options: RunOptions = {}): Promise<RunResult> {
  checkOptions(program, options);
  const isa = isaOf(program);
  if (options.machine !== undefined || isa === DEFAULT_ISA) return start(program, options);
  // What was given is the caller's to change from now on.
  const kept = snapshot(options);
  const bytes = program.slice();
  const machine = await machineFor(isa);
  if (typeof machine === 'string') return start(bytes, { ...kept, machine });
  const result = await start(bytes, kept);
  return result.kind === 'refused' ? { ...result, reason: `${result.reason}; ${machine.reason}` } : result;
}

function snapshot(options: RunOptions): RunOptions {
  const { stdin, files = {} } = options;
  const copied = Object.entries(files).map(([path, file]) => [path, typeof file === 'string' ? file : file.slice()]);
  const kept = { ...options, files: Object.fromEntries(copied) as NonNullable<RunOptions['files']> };
  return ArrayBuffer.isView(stdin) ? { ...kept, stdin: stdin.slice() } : kept;
}

async function start(program: Uint8Array, options: RunOptions): Promise<RunResult> {
  const { terminal, limits = {} } = options;
  const screen = terminal === undefined ? undefined : new Screen(terminal, limits.outputBytes ?? Infinity);
  const machine = machineOf(options, screen);
  try {
    const kernel = bootFor(options, machine);
    if (screen !== undefined) screen.onSpent = () => kernel.limitReached('output');
    const name = options.name ?? 'program';
    putFile(kernel, 'program', `/bin/${name}`, program, 0o755);
    for (const [path, contents] of Object.entries(options.files ?? {})) {
      const bytes = typeof contents === 'string' ? new TextEncoder().encode(contents) : contents;
      putFile(kernel, `files[${JSON.stringify(path)}]`, path, bytes, 0o644);
    }
    return await new Run(kernel, options, name).finish();
  } finally {
    machine.dispose();
  }
}

/** The caller's machine, or the one named; the emulated one refuses programs of other ISAs by their header. */
function machineOf({ machine = 'emulated', limits = {}, cpus = 1 }: RunOptions, screen: Screen | undefined): Machine {
  if (typeof machine === 'object') return machine;
  const memoryBytes = limits.memory ?? DEFAULT_MEMORY;
  if (memoryBytes < MIN_MEMORY) throw new RangeError(`limits.memory: expected at least 1 MiB, got ${memoryBytes}`);
  if (screen === undefined) return createMachine(machine, { memoryBytes, cpus });
  return createMachine(machine, { memoryBytes, cpus, console: { output: (bytes) => screen.write(bytes) } });
}

function bootFor(options: RunOptions, machine: Machine): BootedKernel {
  const { limits = {} } = options;
  return createKernel({
    machine,
    personalities: [linux()],
    mounts: options.mounts ?? [],
    verbose: false,
    ...(limits.swap === undefined ? {} : { swap: limits.swap }),
    seed: options.seed ?? 1,
    host: { epochMs: options.epochMs ?? 0 },
    limits: {
      ...(limits.instructions === undefined ? {} : { instructions: limits.instructions }),
      ...(limits.processes === undefined ? {} : { processes: limits.processes }),
      ...(limits.descriptors === undefined ? {} : { descriptors: limits.descriptors }),
    },
    ...(options.trace === undefined ? {} : { trace: options.trace }),
  });
}

/** @throws RangeError naming the option, when the tree refuses the path or has no room */
function putFile(kernel: BootedKernel, what: string, path: string, bytes: Uint8Array, mode: number): void {
  makeDirectories(kernel, path.slice(0, path.lastIndexOf('/')));
  const result = storeFile(kernel, path, bytes, mode);
  if (result === 0) return;
  const why = errnoName(result);
  throw new RangeError(`${what}: expected a file that the tree and limits.memory can hold, got ${why} at ${path}`);
}

/** Standard streams or a terminal, ready for the program. */
interface Connection {
  readonly files: readonly OpenFile[];
  /** Starts the flow once the program exists. */
  readonly connect: () => Feed;
}

/** One run in progress. */
class Run {
  private readonly kernel: BootedKernel;
  private readonly options: RunOptions;
  private readonly name: string;
  private readonly stdout: Sink;
  private readonly stderr: Sink;
  private readonly driver: KernelDriver;
  private readonly startedMs = performance.now();
  private readonly stopped: Promise<void>;
  private wakeStopped: () => void = () => undefined;
  private ending: Ending | undefined;
  private failure: { readonly error: unknown } | undefined;
  private first: Process | undefined;
  private feeding: Feed | undefined;
  private ended = false;
  private usedFrames: number | undefined;

  constructor(kernel: BootedKernel, options: RunOptions, name: string) {
    this.kernel = kernel;
    this.options = options;
    this.name = name;
    this.stdout = openSink(options.stdout);
    this.stderr = openSink(options.stderr);
    this.stopped = new Promise((resolve) => {
      this.wakeStopped = resolve;
    });
    this.driver = new KernelDriver(kernel, {
      ...(options.time === undefined ? {} : { time: options.time }),
      expectsInput: () => this.feeding?.isOpen === true || this.stdout.isBusy || this.stderr.isBusy,
    });
    kernel.processObservers.push((process) => this.onEnd(process));
  }

  async finish(): Promise<RunResult> {
    const { signal, limits = {} } = this.options;
    const { timeMs = Infinity } = limits;
    const onAbort = (): void => this.stop('aborted');
    const timer = timeMs <= MAX_TIMER_MS ? setTimeout(() => this.stop('time'), timeMs) : undefined;
    try {
      this.launch();
      if (signal?.aborted === true) onAbort();
      signal?.addEventListener('abort', onAbort);
      await this.driver.run(() => this.isOver() || this.isOverTime());
      if (this.ending === undefined) await this.drain();
      if (this.failure !== undefined) throw this.failure.error;
      return this.result();
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      this.feeding?.stop();
      this.stdout.release();
      this.stderr.release();
      this.kernel.shutdown();
    }
  }

  private launch(): void {
    const { kernel, options, name } = this;
    const { files, connect } = options.terminal === undefined ? this.streams() : this.terminal(options.terminal);
    const process = kernel.launch({
      path: `/bin/${name}`,
      args: [name, ...(options.args ?? [])],
      env: Object.entries(options.env ?? DEFAULT_ENV).map(([key, value]) => `${key}=${value}`),
      files,
      cwd: options.cwd ?? '/',
      terminal: options.terminal === undefined ? undefined : kernel.terminal,
      endowment: { files: true, entropy: true, clock: options.epochMs !== undefined },
    });
    if (typeof process === 'number') {
      kernel.noteLimit('processes');
      this.ended = true;
      return;
    }
    this.first = process;
    this.feeding = connect();
  }

  private streams(): Connection {
    const { kernel, options } = this;
    const budget: OutputBudget = { left: options.limits?.outputBytes ?? Infinity };
    const input = kernel.openInput();
    const output = this.openOutput('stdout', this.stdout, budget);
    const errors = this.openOutput('stderr', this.stderr, budget);
    return {
      files: [input.file, output, errors],
      connect: () => feed(options.stdin, input.stream, () => this.driver.kick()),
    };
  }

  private openOutput(name: string, sink: Sink, budget: OutputBudget): OpenFile {
    const { stream, file } = this.kernel.openStream({
      name,
      budget,
      sink: (bytes) => sink.write(bytes),
      ...(sink.window === undefined ? {} : { window: sink.window }),
    });
    sink.onTaken = (bytes) => {
      stream.taken(bytes);
      this.driver.kick();
    };
    sink.onFailure = (error) => {
      this.failure ??= { error };
      this.driver.stop();
      this.wakeStopped();
    };
    return file;
  }

  private terminal(port: TerminalPort): Connection {
    const { kernel, driver } = this;
    const files = [0, 1, 2].map(() => kernel.openTerminal()).filter((file) => typeof file !== 'number');
    const receive = (bytes: Uint8Array): void => {
      kernel.type(bytes);
      driver.kick();
    };
    const resize = (rows: number, columns: number): void => {
      kernel.resize(rows, columns);
      driver.kick();
    };
    return { files, connect: () => ({ isOpen: true, stop: port.connect(receive, resize) }) };
  }

  /** The run is over when its first process is; what that left behind goes with the kernel. */
  private onEnd(process: Process): void {
    if (process !== this.first) return;
    this.usedFrames = this.framesInUse();
    this.ended = true;
  }

  /** A program's last words may still be on their way to the screen. */
  private isOver(): boolean {
    return this.ended && (this.options.terminal === undefined || this.kernel.terminal?.hasOutput !== true);
  }

  private framesInUse(): number {
    const { totalFrames, freeFrames } = this.kernel.memory.statistics();
    return totalFrames - freeFrames;
  }

  private stop(ending: Ending): void {
    this.ending ??= ending;
    this.driver.stop();
    this.wakeStopped();
  }

  /** Timers of the host fire only between bursts; this notices in between. */
  private isOverTime(): boolean {
    const { timeMs = Infinity } = this.options.limits ?? {};
    if (performance.now() - this.startedMs < timeMs) return false;
    this.stop('time');
    return true;
  }

  /** Waits for slow sinks, unless somebody loses patience. */
  private async drain(): Promise<void> {
    const drained = Promise.all([this.stdout.drain(), this.stderr.drain()]).catch(() => undefined); // see onFailure
    await Promise.race([drained, this.stopped]);
  }

  private result(): RunResult {
    const { kernel } = this;
    return resultOf(kernel, {
      process: this.first,
      ending: this.ended ? undefined : this.ending,
      outcome: {
        stdout: this.stdout.collected(),
        stderr: this.stderr.collected(),
        faults: kernel.faultLog,
        hostMs: performance.now() - this.startedMs,
        usedFrames: this.usedFrames ?? this.framesInUse(),
      },
    });
  }
}
