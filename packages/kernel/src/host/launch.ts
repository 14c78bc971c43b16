/** Starting the first program from outside: the host's side of `exec`. */
import type { Errno } from '@veridian-os/abi';
import { EACCES, ENOENT, ENOEXEC } from '@veridian-os/abi';
import type { OpenFile } from '@veridian-os/vfs';
import type { EndowmentOptions } from '../api.js';
import { NO_RESULT, type Blocking } from '../core/blocking.js';
import type { Process } from '../core/process.js';
import type { Thread } from '../core/thread.js';
import { install, installTask } from '../exec/exec.js';
import { openProgram } from '../exec/image.js';
import { AT_FDCWD } from '../files/paths.js';
import type { Kernel } from '../kernel.js';
import { endow, serviceRoot } from '../services/endow.js';
import type { UserSpaceParts } from '../services/user-space.js';
import type { TaskMain } from '../tasks/task.js';
import type { Terminal } from '../tty/terminal.js';

export interface LaunchOptions {
  readonly path: string;
  /** Argument vector with argv[0]. */
  readonly args: readonly string[];
  readonly env?: readonly string[];
  /** Descriptors 0, 1, 2, ...; their references are consumed. */
  readonly files: readonly OpenFile[];
  readonly cwd?: string;
  /** Becomes the controlling terminal of the program's session. */
  readonly terminal?: Terminal | undefined;
  /** Runs this task instead of a program file; `path` is only its name. */
  readonly task?: TaskMain;
  /** What the program is given beside its descriptors; default: files and randomness. */
  readonly endowment?: EndowmentOptions;
}

/**
 * A new session with the program as its leader; an Errno when there is no room for it. A program that cannot be executed
 * ends with status 126 or 127 and `kernel.launchError`.
 * @throws RangeError when the endowment names a service that does not run
 */
export function launch(kernel: Kernel, parts: UserSpaceParts, options: LaunchOptions): Process | Errno {
  for (const name of options.endowment?.services ?? []) serviceRoot(kernel, name);
  kernel.launchError = undefined;
  const process = kernel.processes.create({ parent: undefined, name: options.path });
  if (typeof process === 'number') return refuse(options, process);
  process.session = { id: process.pid, terminal: undefined };
  process.group = process.pid;
  const thread = kernel.processes.createThread(process, options.path);
  if (typeof thread === 'number') return giveUp(kernel, process, options, thread);
  // Files at any rate: the host named the program, so it is opened with the host's authority; see `withdrawFiles`.
  const endowment = { entropy: true, ...options.endowment, files: true };
  const endowed = endow(kernel, parts.init, parts.roots, process, endowment);
  if (endowed < 0) return giveUp(kernel, process, options, endowed as Errno);
  if (options.terminal?.attach(process) === 0) kernel.clientTerminals.set(process.pid, options.terminal);
  for (const file of options.files) kernel.descriptors.install(process, file, false);
  thread.continuation = start(kernel, thread, options);
  kernel.processes.start(thread);
  return process;
}

/** No room for what the program needs: nothing of it stays. */
function giveUp(kernel: Kernel, process: Process, options: LaunchOptions, error: Errno): Errno {
  kernel.processes.terminate(process, { kind: 'exit', value: 0, core: false });
  return refuse(options, error);
}

function refuse(options: LaunchOptions, error: Errno): Errno {
  for (const file of options.files) file.release();
  return error;
}

/** The program is open and about to run: authority over files that it is not given goes. */
function withdrawFiles(kernel: Kernel, process: Process): void {
  const { endowment, cwd } = process;
  for (const token of [endowment.fileServer, cwd]) if (token !== undefined) kernel.descriptors.drop(process, token);
  endowment.fileServer = undefined;
  process.cwd = undefined;
}

function* start(kernel: Kernel, thread: Thread, options: LaunchOptions): Blocking {
  const { path, args, env = [] } = options;
  if (options.cwd !== undefined) {
    const moved = yield* kernel.paths.chdir(thread, options.cwd);
    if (moved < 0) return fail(kernel, thread, `${options.cwd}: cannot be the working directory`, 126);
  }
  if (options.task !== undefined) return startTask(kernel, thread, options, options.task);
  const request = { directory: AT_FDCWD, path, args, env };
  const program = yield* openProgram(kernel, thread, request);
  if (typeof program === 'number') {
    if (program !== ENOEXEC && kernel.execError === '') kernel.execError = `${path}: ${reason(program)}`;
    return fail(kernel, thread, kernel.execError, program === ENOENT ? 127 : 126);
  }
  if (options.endowment?.files === false) withdrawFiles(kernel, thread.process);
  const loaded = yield* install(kernel, thread, program, request);
  kernel.boot.reachedUserSpace();
  return loaded < 0 ? fail(kernel, thread, `${path}: cannot be loaded: ${reason(loaded)}`, 126) : NO_RESULT;
}

function startTask(kernel: Kernel, thread: Thread, options: LaunchOptions, task: TaskMain): number {
  const { process } = thread;
  if (options.endowment?.files === false) withdrawFiles(kernel, process);
  process.args = options.args;
  process.env = options.env ?? [];
  installTask(kernel, thread, options.path, task);
  kernel.boot.reachedUserSpace();
  return NO_RESULT;
}

function reason(error: number): string {
  if (error === ENOENT) return 'no such file';
  if (error === EACCES) return 'not an executable file';
  return `error ${error}`;
}

function fail(kernel: Kernel, thread: Thread, why: string, status: number): number {
  kernel.launchError = why;
  kernel.processes.exitGroup(thread, status);
  return NO_RESULT;
}
