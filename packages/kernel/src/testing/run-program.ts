/** One program in a booted kernel, from launch to result: what tests of services, personalities and programs share. */
import type { BootedKernel } from '../create-kernel.js';
import type { Process } from '../core/process.js';
import type { LaunchOptions } from '../host/launch.js';
import { KernelDriver } from '../host/driver.js';
import type { TaskMain } from '../tasks/task.js';

export interface ProgramRequest {
  /** Path of a program in the tree, or a task to run. */
  readonly program: string | TaskMain;
  /** Arguments after argv[0]. */
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  readonly cwd?: string;
  /** Default: empty. */
  readonly stdin?: string | Uint8Array;
  readonly endowment?: LaunchOptions['endowment'];
  /** Called when the program exists, before its first step. */
  readonly started?: (process: Process) => void;
}

export interface ProgramResult {
  /** Exit status, or 128 + signal. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Reports of programs that died by a fault meanwhile: pc and cause. */
  readonly faults: readonly string[];
  /** Why it could not be started; with status 126 or 127. */
  readonly refusal: string | undefined;
}

/**
 * Runs a program to its end in virtual time.
 * @throws Error when it does not end: the kernel halted, or nothing can wake it
 */
export async function runProgram(kernel: BootedKernel, request: ProgramRequest): Promise<ProgramResult> {
  const { program, args = [], env = [], stdin = '' } = request;
  const path = typeof program === 'string' ? program : 'task';
  const [stdout, stderr]: Uint8Array[][] = [[], []];
  const input = kernel.openInput();
  const knownFaults = kernel.faultLog.length;
  const process = kernel.launch({
    path,
    args: [path, ...args],
    env,
    files: [
      input.file,
      kernel.openOutput('stdout', (bytes) => stdout.push(bytes)),
      kernel.openOutput('stderr', (bytes) => stderr.push(bytes)),
    ],
    ...(typeof program === 'string' ? {} : { task: program }),
    ...(request.cwd === undefined ? {} : { cwd: request.cwd }),
    ...(request.endowment === undefined ? {} : { endowment: request.endowment }),
  });
  if (typeof process === 'number') throw new Error(`launch of ${path}: ${process}`);
  request.started?.(process);
  input.stream.push(typeof stdin === 'string' ? new TextEncoder().encode(stdin) : stdin);
  input.stream.end();
  await new KernelDriver(kernel, { expectsInput: () => false }).run(() => process.end !== undefined);
  return {
    status: statusOf(kernel, process, path),
    stdout: text(stdout),
    stderr: text(stderr),
    faults: kernel.faultLog.slice(knownFaults),
    refusal: kernel.launchError,
  };
}

function statusOf(kernel: BootedKernel, process: Process, path: string): number {
  const { end } = process;
  if (end === undefined) throw new Error(`${path} does not end: ${kernel.haltReason ?? 'nothing can wake it'}`);
  return end.kind === 'exit' ? end.value : 128 + end.value;
}

function text(chunks: readonly Uint8Array[]): string {
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return new TextDecoder().decode(all);
}
