/** fork, vfork and new threads: copies of a running thread. */
import type { Errno } from '@veridian-os/abi';
import { ENOMEM } from '@veridian-os/abi';
import type { Process } from '../core/process.js';
import type { Thread } from '../core/thread.js';
import type { Kernel } from '../kernel.js';

export interface ForkOptions {
  /** CLONE_VM: the child runs in the parent's memory (vfork, posix_spawn). */
  readonly shareMemory: boolean;
  /** Signal to the parent at the child's end, 0 = none. */
  readonly exitSignal: number;
}

/**
 * New process with a copy of `thread` as its only thread. Registers and FP state equal the parent's; the caller sets the child's
 * result and stack, then starts it. ENOMEM or EAGAIN with nothing left behind.
 */
export function fork(kernel: Kernel, thread: Thread, options: ForkOptions): Thread | Errno {
  const parent = thread.process;
  const child = kernel.processes.create({ parent, name: parent.name });
  if (typeof child === 'number') return child;
  child.exitSignal = options.exitSignal;
  child.actions.copyFrom(parent.actions);
  const failed = copyProcess(kernel, parent, child, options.shareMemory);
  const copy = failed < 0 ? (failed as Errno) : kernel.processes.createThread(child, thread.name);
  if (typeof copy === 'number') return discard(kernel, child, undefined, copy);
  const result = copyThread(kernel, thread, copy);
  return result < 0 ? discard(kernel, child, copy, result as Errno) : copy;
}

/** New thread of the same process, a copy of `thread`; not yet started. */
export function cloneThread(kernel: Kernel, thread: Thread): Thread | Errno {
  const copy = kernel.processes.createThread(thread.process, thread.name);
  if (typeof copy === 'number') return copy;
  const result = copyThread(kernel, thread, copy);
  if (result === 0) return copy;
  kernel.processes.exitThread(copy);
  return result;
}

function copyProcess(kernel: Kernel, parent: Process, child: Process, shareMemory: boolean): 0 | Errno {
  const authority = kernel.processes.inheritAuthority(parent, child);
  if (authority < 0) return authority;
  const files = kernel.descriptors.inherit(parent, child);
  if (files < 0) return files;
  const { memory } = parent;
  if (memory === undefined) return 0;
  if (shareMemory) {
    memory.users++;
    child.memory = memory;
    return 0;
  }
  const space = memory.space.fork();
  if (typeof space === 'number') return space;
  child.memory = { space, users: 1 };
  return 0;
}

function copyThread(kernel: Kernel, from: Thread, to: Thread): 0 | Errno {
  if (kernel.processes.giveContext(to) < 0) return ENOMEM;
  kernel.machine.contexts.copy(from.context, to.context);
  to.blocked.copyFrom(from.blocked);
  return 0;
}

/** Undoes a half-made child without a trace in its parent. */
function discard(kernel: Kernel, child: Process, thread: Thread | undefined, error: Errno): Errno {
  child.exitSignal = 0;
  child.personality = undefined;
  child.parent?.children.delete(child);
  child.parent = undefined;
  if (thread === undefined) kernel.processes.terminate(child, { kind: 'exit', value: 0, core: false });
  else kernel.processes.exitThread(thread);
  return error;
}
