/** One call that runs a program: what goes in and what comes out. */
import type { FileSystem } from '@veridian-os/abi';
import type { Kernel, LimitName } from '@veridian-os/kernel';
import type { Machine } from '@veridian-os/hal';
import type { MachineName } from './host/machines.js';

/** Ceilings of one run; each is reported by name when it is hit. */
export interface RunLimits {
  /** Retired guest instructions of all processes together. */
  readonly instructions?: number;
  /** Bytes of guest memory, a multiple of 4096, at least 1 MiB; default 256 MiB. */
  readonly memory?: number;
  /** Bytes of host memory for pages that guest memory has no room for, a multiple of 4096; default 0. */
  readonly swap?: number;
  /** Host milliseconds until the program has ended. */
  readonly timeMs?: number;
  /** Bytes of standard output and error together, or of what a terminal shows. */
  readonly outputBytes?: number;
  /** Processes alive at once. */
  readonly processes?: number;
  /** Open descriptors per process, at least 3. */
  readonly descriptors?: number;
}

/** A file system at a path of the program's tree. */
export interface RunMount {
  readonly path: string;
  readonly fs: (kernel: Kernel) => FileSystem;
  readonly readOnly?: boolean;
  readonly source?: string;
}

/** Read only as fast as the program takes it. A source that fails ends the input. */
export type ByteSource = Uint8Array | string | AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>;
/**
 * A function is called with each piece of output, in order; the array is the callee's to keep. A stream may be slow: the
 * program then waits, as on a full pipe. It is not closed. What either throws ends the run and rejects its promise.
 */
export type ByteSink = ((bytes: Uint8Array) => void) | WritableStream<Uint8Array>;

/** A terminal of the host: the program's descriptors 0, 1 and 2 and its controlling terminal. */
export interface TerminalPort {
  /** Screen output; called synchronously, the array is the callee's to keep. */
  output(bytes: Uint8Array): void;
  /** Called once at the start; returns how to disconnect. */
  connect(receive: (bytes: Uint8Array) => void, resize: (rows: number, columns: number) => void): () => void;
}

export interface RunOptions {
  /** Arguments after argv[0]. */
  readonly args?: readonly string[];
  /** argv[0] and the program's name in the tree; default `'program'`. */
  readonly name?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Files of the program's private tree: absolute path to contents; directories are made as needed. */
  readonly files?: Readonly<Record<string, Uint8Array | string>>;
  readonly mounts?: readonly RunMount[];
  /** Working directory; default `/`. */
  readonly cwd?: string;
  readonly limits?: RunLimits;
  /** Default: empty. */
  readonly stdin?: ByteSource;
  /** Absent: collected in the result. */
  readonly stdout?: ByteSink;
  readonly stderr?: ByteSink;
  /** Instead of the three streams and of a machine object. */
  readonly terminal?: TerminalPort;
  /** Aborting ends the run with kind `'aborted'`. */
  readonly signal?: AbortSignal;
  /** Seed of the randomness the program sees; default 1. */
  readonly seed?: number;
  /** Milliseconds since 1970 for a program that may know the time of day; absent: it starts in 1970. */
  readonly epochMs?: number;
  /** `virtual`: sleeping costs no host time. `paced`: it does. Default: virtual where the machine's clock is. */
  readonly time?: 'virtual' | 'paced';
  /** One line per system call in strace's format. */
  readonly trace?: (line: string) => void;
  /**
   * A machine by name, of `limits.memory` bytes, or one of your own, which is disposed of at the end. Default: the one
   * that runs the program's ISA here, which for riscv64 is the emulated one.
   */
  readonly machine?: MachineName | Machine;
  /** CPUs of a machine that is made for the run; default 1. */
  readonly cpus?: number;
}

export interface RunStatistics {
  /** Retired guest instructions; on a machine that does not count them, nanoseconds in user mode. */
  readonly instructions: number;
  /** The same of each CPU: one number for each. */
  readonly instructionsByCpu: readonly number[];
  /** The machine counts instructions. */
  readonly exact: boolean;
  readonly systemCalls: number;
  readonly faults: number;
  readonly traps: number;
  readonly contextSwitches: number;
  /** IPC messages delivered. */
  readonly messages: number;
  /** Frames in use at the end, before everything was freed; the machine's total. */
  readonly usedFrames: number;
  readonly totalFrames: number;
  readonly virtualMs: number;
  readonly hostMs: number;
}

interface RunOutcome {
  /** Collected output; empty where a sink was given. */
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  readonly statistics: RunStatistics;
  /** Reports of processes that died by a fault: pc and cause. */
  readonly faults: readonly string[];
  /** What a shell would report: exit status, 128 + signal, 126/127 for a program that could not be started, 124 for a time-out, 137 otherwise. */
  readonly status: number;
}

/**
 * How a run ended.
 *
 * exit      the program's own doing; `status` is its exit status
 * signal    a signal killed it: its own fault (see `faults`) or a kill
 * limit     it ran into a ceiling and was stopped, or failed after it was refused something for it
 * refused   it never started: not an executable that runs here, no such working directory
 * aborted   the AbortSignal
 * deadlock  every process waits for something that cannot come: input has ended and no timer is set
 */
export type RunResult =
  | (RunOutcome & { readonly kind: 'exit' })
  | (RunOutcome & { readonly kind: 'signal'; readonly signal: number; readonly signalName: string })
  | (RunOutcome & { readonly kind: 'limit'; readonly limit: LimitName })
  | (RunOutcome & { readonly kind: 'refused'; readonly reason: string })
  | (RunOutcome & { readonly kind: 'aborted' })
  | (RunOutcome & { readonly kind: 'deadlock' });
