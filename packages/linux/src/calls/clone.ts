/**
 * clone and clone3: threads, fork, vfork. Source: clone(2), Linux kernel/fork.c.
 *
 * A thread shares everything with its process; a process shares nothing, or only memory (vfork, posix_spawn). Other
 * mixtures (shared descriptors between processes) are refused.
 */
import { E2BIG, EFAULT, EINVAL, EPERM, POLLIN, highWord, lowWord, type Errno } from '@veridian-os/abi';
import type { Blocking, MaybeBlocking, Process, Thread } from '@veridian-os/kernel';
import { ProcessState, cloneThread, fork } from '@veridian-os/kernel';
import { Call } from '../call.js';
import { CLONE_ARGS_BYTES, CLONE_ARGS_MIN_BYTES, decodeCloneArgs, type CloneRequest } from '../layout/clone.js';
import { LinuxProcess, LinuxThread, stateOf } from '../state.js';
import { ProcessTimers } from '../time/process-timers.js';
import * as c from '../uapi/clone.js';
import { openProcess } from './process-files.js';
import { inheritScheduling } from './scheduling.js';

/** clone(flags, stack, parentTid, tls, childTid), the last two in the ISA's order */
export function clone(call: Call): MaybeBlocking {
  const order = call.linux.isa.clone;
  const flags = call.low(0) >>> 0;
  return perform(call, {
    flags: (flags & ~c.CSIGNAL) >>> 0,
    exitSignal: flags & c.CSIGNAL,
    stack: call.address(1),
    parentTid: call.address(2),
    pidfd: call.address(2),
    tls: call.address(order.tls),
    childTid: call.address(order.childTid),
  });
}

/** clone3(args, size) */
export function clone3(call: Call): MaybeBlocking {
  const size = call.address(1);
  if (size < CLONE_ARGS_MIN_BYTES) return EINVAL;
  if (size > call.linux.scratch.length) return E2BIG;
  const fetched = call.fetch(call.address(0), size);
  if (fetched < 0) return fetched;
  if (call.linux.scratch.subarray(CLONE_ARGS_BYTES, Math.max(size, CLONE_ARGS_BYTES)).some((byte) => byte !== 0))
    return E2BIG;
  call.linux.scratch.fill(0, size, CLONE_ARGS_BYTES);
  const request = decodeCloneArgs(call.view);
  if (request.flags > 0xffffffff || (request.flags & c.CSIGNAL) !== 0 || request.exitSignal > 64) return EINVAL;
  if ((request.stack === 0) !== (request.stackSize === 0)) return EINVAL;
  return request.setTid !== 0 ? EPERM : perform(call, request);
}

function perform(call: Call, request: CloneRequest): MaybeBlocking {
  // A base that is no address of user space would fault in the processor's own way.
  if ((request.flags & c.CLONE_SETTLS) !== 0 && request.tls >= call.linux.isa.userEnd) return EPERM;
  const refused = check(request.flags);
  return refused < 0 ? refused : create(call, request);
}

function check(flags: number): 0 | Errno {
  if ((flags & c.CLONE_NAMESPACES) !== 0) return EPERM;
  if ((flags & c.CLONE_PARENT) !== 0) return EINVAL;
  if ((flags & c.CLONE_PIDFD) !== 0 && (flags & c.CLONE_THREAD) !== 0) return EINVAL;
  const shared = c.CLONE_VM | c.CLONE_SIGHAND | c.CLONE_FS | c.CLONE_FILES;
  if ((flags & c.CLONE_THREAD) !== 0) return (flags & shared) === shared ? 0 : EINVAL;
  return (flags & (c.CLONE_SIGHAND | c.CLONE_FS | c.CLONE_FILES)) === 0 ? 0 : EINVAL;
}

function* create(call: Call, request: CloneRequest): Blocking {
  const { flags } = request;
  const isThread = (flags & c.CLONE_THREAD) !== 0;
  const shareMemory = (flags & c.CLONE_VM) !== 0;
  const child = isThread
    ? cloneThread(call.kernel, call.thread)
    : fork(call.kernel, call.thread, { shareMemory, exitSignal: request.exitSignal });
  if (typeof child === 'number') return child;
  adopt(call, child, request, isThread, shareMemory);
  const stored = yield* storeTids(call, child, request);
  if (stored < 0) return abandon(call, child, stored as Errno);
  const { process } = child;
  const { tid } = child;
  call.kernel.processes.start(child);
  if ((flags & c.CLONE_VFORK) !== 0) yield* awaitImage(call, process);
  return tid;
}

/** Gives the child its Linux state and registers. */
function adopt(call: Call, child: Thread, request: CloneRequest, isThread: boolean, shareMemory: boolean): void {
  const { linux, state, shared } = call;
  if (!isThread) child.process.personal = inherit(call, shared, child.process, shareMemory);
  const own = new LinuxThread(new Call(linux, child));
  child.personal = own;
  inheritScheduling(call.kernel, state, child, own);
  Object.assign(own.fault, state.fault);
  // A process that runs on the same stack keeps the alternate one; a thread or a vfork child on a new stack has none.
  if (!shareMemory || (request.flags & c.CLONE_VFORK) !== 0) own.stack = { ...state.stack };
  if ((request.flags & c.CLONE_CHILD_CLEARTID) !== 0) own.clearChildTid = request.childTid;
  const { isa } = linux;
  setWord(child, isa.resultWord, 0);
  if (request.stack !== 0) setWord(child, isa.spWord, request.stack);
  if ((request.flags & c.CLONE_SETTLS) !== 0) setWord(child, isa.tpWord, request.tls);
}

function inherit(call: Call, from: LinuxProcess, process: Process, shareMemory: boolean): LinuxProcess {
  const copy = new LinuxProcess(new ProcessTimers(call.kernel, process));
  copy.image = shareMemory ? from.image : { ...from.image };
  copy.persona = from.persona;
  copy.dumpable = from.dumpable;
  copy.noNewPrivileges = from.noNewPrivileges;
  copy.timerSlack = from.timerSlack;
  return copy;
}

function setWord(thread: Thread, word: number, value: number): void {
  thread.registers[word] = lowWord(value);
  thread.registers[word + 1] = highWord(value);
}

function* storeTids(call: Call, child: Thread, { flags, parentTid, childTid, pidfd }: CloneRequest): Blocking {
  const file = (flags & c.CLONE_PIDFD) === 0 ? 0 : yield* storeFile(call, child.process, pidfd);
  if (file < 0) return file;
  const tid = Uint8Array.of(child.tid, child.tid >>> 8, child.tid >>> 16, child.tid >>> 24);
  if ((flags & c.CLONE_PARENT_SETTID) !== 0 && (yield* call.putBytes(parentTid, tid)) < 0) return EFAULT;
  // Linux ignores a bad child pointer: the child finds out by itself.
  if ((flags & c.CLONE_CHILD_SETTID) !== 0) yield* stateOf(child).call.putBytes(childTid, tid);
  return 0;
}

/** CLONE_PIDFD: a descriptor for the new process. */
function* storeFile(call: Call, process: Process, address: number): Blocking {
  const fd = openProcess(call, process, 0);
  if (fd < 0 || (yield* call.putBytes(address, Uint8Array.of(fd, fd >>> 8, fd >>> 16, fd >>> 24))) === 0) return fd;
  call.kernel.descriptors.close(call.process, fd);
  return EFAULT;
}

/** The child never ran: nobody hears of it. */
function abandon(call: Call, child: Thread, error: Errno): Errno {
  const { process } = child;
  if (process !== call.process) {
    process.exitSignal = 0;
    process.parent?.children.delete(process);
    process.parent = undefined;
  }
  call.kernel.processes.exitThread(child);
  return error;
}

/** vfork: the parent sleeps until the child has another address space, or is gone. */
function* awaitImage(call: Call, child: Process): Blocking {
  const { memory } = call.process;
  while (child.memory === memory && child.state < ProcessState.Zombie && !call.thread.dying) {
    yield* call.kernel.waiting.on(call.thread, child.imageQueue, POLLIN, undefined, false);
  }
  return 0;
}

/** unshare(flags): nothing is shared between processes, so undoing that is done. */
export function unshare(call: Call): number {
  const flags = call.uint(0);
  if ((flags & c.CLONE_NAMESPACES) !== 0) return EPERM;
  const ownable = c.CLONE_FS | c.CLONE_FILES | c.CLONE_SYSVSEM;
  if ((flags & ~(ownable | c.CLONE_VM | c.CLONE_SIGHAND | c.CLONE_THREAD)) !== 0) return EINVAL;
  return call.process.threads.size > 1 && flags !== 0 && flags !== c.CLONE_SYSVSEM ? EINVAL : 0;
}
