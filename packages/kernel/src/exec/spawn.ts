/** Starting a program in a new process without fork: what tasks and the host use. */
import type { Errno } from '@veridian-os/abi';
import { EBADF, ENOMEM, POLLIN } from '@veridian-os/abi';
import { NO_RESULT, Wake, type Blocking } from '../core/blocking.js';
import { ProcessState, type Process } from '../core/process.js';
import type { Thread } from '../core/thread.js';
import { AT_FDCWD } from '../files/paths.js';
import type { Kernel } from '../kernel.js';
import { SIGNAL_COUNT } from '../signals/numbers.js';
import { HANDLER_IGNORE } from '../signals/signal-state.js';
import type { TaskMain } from '../tasks/task.js';
import { install, installTask } from './exec.js';
import { openProgram, releaseProgram, type Program, type ProgramRequest } from './image.js';

export interface SpawnOptions {
  readonly path: string;
  /** Argument vector with argv[0]. */
  readonly args: readonly string[];
  readonly env?: readonly string[];
  /** Child descriptor i is the caller's `descriptors[i]`; -1 = closed. Default: 0, 1, 2 as they are. */
  readonly descriptors?: readonly number[];
  /** Process group: 0 = a new one led by the child; default the caller's. */
  readonly group?: number;
  /** Makes the child's group the terminal's foreground group before it runs. */
  readonly foreground?: boolean;
  /** Ignored signals get their default action again, as an interactive shell's children need it. */
  readonly resetSignals?: boolean;
  /** Runs this task instead of a program file; `path` is only its name. */
  readonly task?: TaskMain;
}

/** Starts a program as a child of the caller: its pid, or Errno with nothing left behind. */
export function* spawn(kernel: Kernel, thread: Thread, options: SpawnOptions): Blocking {
  const parent = thread.process;
  const request = { directory: AT_FDCWD, path: options.path, args: options.args, env: options.env ?? parent.env };
  const task = options.task;
  const program = task === undefined ? yield* openProgram(kernel, thread, request) : undefined;
  if (typeof program === 'number') return program;
  const child = prepare(kernel, parent, options);
  if (typeof child === 'number') {
    if (program !== undefined) releaseProgram(program);
    return child;
  }
  const first = kernel.processes.createThread(child, options.path);
  if (typeof first === 'number') {
    if (program !== undefined) releaseProgram(program);
    return abandon(kernel, child, first);
  }
  if (program !== undefined) return yield* startImage(kernel, thread, first, { program, request, options });
  if (task !== undefined) runTask(kernel, first, options, task);
  enterForeground(child, options);
  kernel.processes.start(first);
  return child.pid;
}

interface Start {
  readonly program: Program;
  readonly request: ProgramRequest;
  readonly options: SpawnOptions;
}

/** What the parent hears of its child's loading. */
interface Outcome {
  result: number | undefined;
}

/**
 * The child loads its image itself, as after fork and execve: loading may wait (for a disk, say), and a wait belongs to
 * the thread that makes it. The parent sleeps until it knows how that went.
 */
function* startImage(kernel: Kernel, thread: Thread, first: Thread, start: Start): Blocking {
  const child = first.process;
  const outcome: Outcome = { result: undefined };
  child.loading = start.program;
  first.continuation = loadImage(kernel, first, start, outcome);
  kernel.processes.start(first);
  while (outcome.result === undefined && child.state < ProcessState.Zombie) {
    const wake = yield* kernel.waiting.on(thread, child.imageQueue, POLLIN, undefined, false);
    if (wake === Wake.Signal) break;
  }
  return outcome.result !== undefined && outcome.result < 0 ? outcome.result : child.pid;
}

function* loadImage(kernel: Kernel, first: Thread, start: Start, outcome: Outcome): Blocking {
  const child = first.process;
  child.loading = undefined;
  const loaded = yield* install(kernel, first, start.program, start.request);
  outcome.result = loaded;
  if (loaded < 0) {
    abandon(kernel, child, loaded as Errno);
    return NO_RESULT;
  }
  enterForeground(child, start.options);
  kernel.waits.wake(child.imageQueue, POLLIN);
  return NO_RESULT;
}

function enterForeground(child: Process, options: SpawnOptions): void {
  if (options.foreground === true) child.session.terminal?.setForeground(child.group);
}

function runTask(kernel: Kernel, thread: Thread, options: SpawnOptions, task: TaskMain): void {
  thread.process.args = options.args;
  thread.process.env = options.env ?? thread.process.env;
  installTask(kernel, thread, options.path, task);
}

/** A process with the parent's authority and the listed descriptors. */
function prepare(kernel: Kernel, parent: Process, options: SpawnOptions): Process | Errno {
  const child = kernel.processes.create({ parent, name: options.path });
  if (typeof child === 'number') return child;
  for (let signal = 1; signal <= SIGNAL_COUNT && options.resetSignals !== true; signal++) {
    if (parent.actions.isIgnored(signal)) child.actions.get(signal).handlerLo = HANDLER_IGNORE;
  }
  if (options.group !== undefined) child.group = options.group === 0 ? child.pid : options.group;
  if (kernel.processes.inheritAuthority(parent, child) < 0) return abandon(kernel, child, ENOMEM);
  const descriptors = options.descriptors ?? [0, 1, 2];
  for (let fd = 0; fd < descriptors.length; fd++) {
    if (descriptors[fd] < 0 || (options.descriptors === undefined && !parent.files.isOpen(fd))) continue;
    const copy = kernel.descriptors.copy(parent, descriptors[fd], child);
    if (typeof copy === 'number') return abandon(kernel, child, copy === EBADF ? EBADF : ENOMEM);
    child.files.installAt(fd, copy.lo, copy.hi, false);
  }
  return child;
}

/** A child that never ran: no status for anybody. */
function abandon(kernel: Kernel, child: Process, error: Errno): Errno {
  child.exitSignal = 0;
  child.parent?.children.delete(child);
  child.parent = undefined;
  kernel.processes.terminate(child, { kind: 'exit', value: 0, core: false });
  return error;
}
