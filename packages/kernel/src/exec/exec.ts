/** execve: a process gets a new image; and the first image of a spawned one. */
import type { Errno } from '@veridian-os/abi';
import { ENOMEM, NONE } from '@veridian-os/abi';
import type { ExecutePolicy } from '@veridian-os/memory';
import { NO_RESULT, settle, type Blocking } from '../core/blocking.js';
import type { Process } from '../core/process.js';
import type { Thread } from '../core/thread.js';
import type { Kernel } from '../kernel.js';
import { SIGKILL, SIGSEGV } from '../signals/numbers.js';
import { setExecutable } from './processes.js';
import { ServiceSys } from '../tasks/service-sys.js';
import type { TaskMain } from '../tasks/task.js';
import { openProgram, releaseProgram, type Program, type ProgramRequest } from './image.js';

/** Replaces the caller's image: NO_RESULT, or an Errno with everything as it was. */
export function* exec(kernel: Kernel, thread: Thread, request: ProgramRequest): Blocking {
  const program = yield* openProgram(kernel, thread, request);
  if (typeof program === 'number') return program;
  if (thread.dying) {
    releaseProgram(program);
    return NO_RESULT;
  }
  kernel.processes.endOtherThreads(thread);
  kernel.descriptors.closeOnExec(thread.process);
  thread.process.actions.resetForExec();
  const loaded = yield* install(kernel, thread, program, request);
  if (loaded < 0) {
    const signal = loaded === ENOMEM ? SIGKILL : SIGSEGV;
    kernel.processes.terminate(thread.process, { kind: 'signal', value: signal, core: false });
  }
  return NO_RESULT;
}

/** Gives a process its image; the old one is gone already, so a failure is for the caller to end it with. */
export function* install(kernel: Kernel, thread: Thread, program: Program, request: ProgramRequest): Blocking {
  const { process } = thread;
  kernel.processes.vforkDone(process);
  if (program.kind === 'task') {
    describe(process, thread, program.name, request.path, program.args, request.env);
    installTask(kernel, thread, program.name, program.main);
    return 0;
  }
  const { exec, personality } = program;
  describe(process, thread, baseName(request.path), exec.file.name, exec.args, exec.env);
  try {
    const fresh = freshMemory(kernel, thread, personality.executePolicy);
    if (fresh < 0) return fresh;
    process.personality = personality;
    setExecutable(process, exec.file);
    personality.reset(process, thread);
    return yield* settle<number>(personality.load(thread, exec));
  } finally {
    releaseProgram(program);
  }
}

/** Turns a thread into a TypeScript task. */
export function installTask(kernel: Kernel, thread: Thread, name: string, main: TaskMain): void {
  const { process } = thread;
  kernel.processes.dropContext(thread);
  kernel.processes.releaseMemory(process);
  setExecutable(process, undefined);
  process.personality = undefined;
  const sys = new ServiceSys(kernel, thread);
  thread.task = { name, generator: main(sys, process.args), result: undefined };
}

function freshMemory(kernel: Kernel, thread: Thread, policy: ExecutePolicy): 0 | Errno {
  const { process } = thread;
  kernel.processes.releaseMemory(process);
  const space = kernel.memory.createSpace(policy);
  if (typeof space === 'number') return space;
  process.memory = { space, users: 1 };
  space.setLimits(process.limits[2 * 9], kernel.limits.residentFrames);
  thread.task = undefined;
  if (thread.context === NONE) return kernel.processes.giveContext(thread);
  kernel.machine.contexts.reset(thread.context);
  kernel.processes.bindSpace(thread);
  return 0;
}

function describe(
  process: Process,
  thread: Thread,
  name: string,
  executable: string,
  args: readonly string[],
  env: readonly string[],
): void {
  process.name = name.slice(0, 15);
  thread.name = process.name;
  process.executable = executable;
  process.args = args;
  process.env = env;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
