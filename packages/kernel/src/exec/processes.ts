/** Processes and threads: making, ending and grouping them. Every way out of a process passes through here. */
import type { ContextId, Errno, ProcessId, ThreadId } from '@veridian-os/abi';
import { EAGAIN, EINVAL, ENOMEM, EPERM, ESRCH, NONE, POLLIN, isErrno, panic } from '@veridian-os/abi';
import { SchedulingClass } from '@veridian-os/scheduler';
import { ProcessState, Process, type ProcessEnd, type Session } from '../core/process.js';
import { Thread, ThreadState } from '../core/thread.js';
import { FdTable, type Token } from '../files/fd-table.js';
import type { OpenFile } from '@veridian-os/vfs';
import type { Kernel } from '../kernel.js';
import { releaseProgram } from './image.js';
import {
  SIGCHLD,
  SA_NOCLDWAIT,
  CLD_DUMPED,
  CLD_EXITED,
  CLD_KILLED,
  SIGHUP,
  SIGCONT,
  SI_KERNEL,
} from '../signals/numbers.js';
import { signalInfo } from '../signals/signal-state.js';

/** Slots of a process's capability space beside its descriptors: directories, services, what is on its way. */
const OTHER_SLOTS = 3072;

export interface NewProcess {
  readonly parent: Process | undefined;
  readonly name: string;
  readonly session?: Session;
  readonly group?: number;
  /** Not counted by the limits, and nobody can kill it. */
  readonly isService?: boolean;
}

export class Processes {
  private readonly kernel: Kernel;
  private readonly byPid = new Map<number, Process>();
  private readonly byTid = new Map<number, Thread>();
  private readonly freeSlots: number[] = [];
  private slotCount = 0;
  private nextId = 1;
  /** Services alive; each has one thread. */
  private serviceCount = 0;
  /** Processes made since boot. */
  created = 0;
  /** Takes orphans and, at its end, halts the kernel. */
  init: Process | undefined;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  get(pid: number): Process | undefined {
    return this.byPid.get(pid);
  }

  thread(tid: number): Thread | undefined {
    return this.byTid.get(tid);
  }

  list(): Process[] {
    return [...this.byPid.values()];
  }

  get threadCount(): number {
    return this.byTid.size;
  }

  /** Members of a process group that still run. */
  group(id: number): Process[] {
    return this.list().filter((process) => process.group === id && process.state < ProcessState.Zombie);
  }

  /** An empty process without threads; EAGAIN at the process limit. */
  create(options: NewProcess): Process | Errno {
    const { kernel } = this;
    const { isService = false } = options;
    if (!isService && this.byPid.size - this.serviceCount >= kernel.limits.processes) {
      kernel.noteLimit('processes');
      return EAGAIN;
    }
    const space = kernel.capabilities.createSpace(kernel.limits.descriptors + OTHER_SLOTS);
    if (isErrno(space)) return ENOMEM;
    const pid = this.takeId();
    this.created++;
    const files = new FdTable();
    files.limit = kernel.limits.descriptors;
    const { parent } = options;
    const session = options.session ?? parent?.session;
    const group = options.group ?? parent?.group ?? pid;
    const process = new Process(
      pid as ProcessId,
      options.name,
      space,
      files,
      { child: kernel.waits.create(), signal: kernel.waits.create(), image: kernel.waits.create() },
      session,
      group,
      kernel.now(),
    );
    process.isProtected = isService;
    if (isService) this.serviceCount++;
    this.adopt(process, parent);
    if (parent !== undefined) this.inheritSettings(parent, process);
    this.byPid.set(pid, process);
    return process;
  }

  /** A thread of `process`, known to every table but not yet runnable; EAGAIN at the thread limit. */
  createThread(process: Process, name: string): Thread | Errno {
    const { kernel } = this;
    if (!process.isProtected && this.byTid.size - this.serviceCount >= kernel.limits.threads) {
      kernel.noteLimit('processes');
      return EAGAIN;
    }
    const slot = (this.freeSlots.pop() ?? this.slotCount++) as ThreadId;
    const tid = process.leader === undefined ? process.pid : this.takeId();
    const thread = new Thread(slot, tid, process, name);
    if (kernel.scheduler.addThread(slot, { class: SchedulingClass.Fair, nice: 0 }) < 0) {
      panic('kernel/thread-slot', `scheduler refused slot ${slot}`);
    }
    kernel.threads[slot] = thread;
    thread.endQueue = kernel.waits.create();
    kernel.messages.attach(thread);
    process.threads.add(thread);
    process.leader ??= thread;
    this.byTid.set(tid, thread);
    return thread;
  }

  /** Gives a thread a machine context in its process's address space; ENOMEM when the machine has none left. */
  giveContext(thread: Thread): 0 | Errno {
    const { contexts } = this.kernel.machine;
    const context = contexts.create();
    if (context < 0) return ENOMEM;
    thread.context = context as ContextId;
    thread.registers = contexts.registers(thread.context);
    this.bindSpace(thread);
    return 0;
  }

  bindSpace(thread: Thread): void {
    const { memory } = thread.process;
    if (memory === undefined) return;
    this.kernel.machine.contexts.setAddressSpace(thread.context, memory.space.root, memory.space.asid);
  }

  /** Makes a thread runnable for the first time. */
  start(thread: Thread): void {
    thread.state = ThreadState.Runnable;
    this.kernel.makeRunnable(thread);
  }

  /** Ends one thread; the last one takes the process with it (status `end`, default exit 0). */
  exitThread(thread: Thread, end: ProcessEnd = { kind: 'exit', value: 0, core: false }): void {
    if (thread.state === ThreadState.Dead) return;
    const { process } = thread;
    this.kernel.dispatcher.recall(thread);
    this.kernel.threadIsEnding(thread);
    process.personality?.threadExit(thread);
    this.dismantle(thread);
    process.threads.delete(thread);
    if (process.threads.size === 0) this.finish(process, process.ending ?? end);
  }

  exitGroup(thread: Thread, status: number): void {
    this.terminate(thread.process, { kind: 'exit', value: status & 0xff, core: false });
  }

  /** Ends every thread of a process now. The first reason wins. */
  terminate(process: Process, end: ProcessEnd): void {
    if (process.state >= ProcessState.Zombie) return;
    process.ending ??= end;
    for (const thread of [...process.threads]) this.exitThread(thread, process.ending);
    if (process.threads.size === 0 && process.state < ProcessState.Zombie) this.finish(process, process.ending);
  }

  /** execve: only `survivor` stays, as the leader: its tid becomes the pid. */
  endOtherThreads(survivor: Thread): void {
    const { process } = survivor;
    for (const thread of [...process.threads]) {
      if (thread !== survivor) this.exitThread(thread);
    }
    process.leader = survivor;
    this.byTid.delete(survivor.tid);
    survivor.tid = process.pid;
    this.byTid.set(survivor.tid, survivor);
  }

  /** Forgets a zombie: its parent has its status. */
  collect(process: Process): void {
    process.state = ProcessState.Gone;
    if (process.isProtected) this.serviceCount--;
    process.parent?.children.delete(process);
    this.byPid.delete(process.pid);
    for (const queue of [process.childQueue, process.signalQueue, process.imageQueue]) this.kernel.waits.destroy(queue);
  }

  setGroup(caller: Process, pid: number, group: number): number {
    if ((group === 0 ? pid : group) < 0) return EINVAL;
    const process = pid === 0 ? caller : this.get(pid);
    if (process === undefined || (process !== caller && process.parent !== caller)) return ESRCH;
    if (process.session !== caller.session || process.session.id === process.pid) return EPERM;
    const target = group === 0 ? process.pid : group;
    if (
      target !== process.pid &&
      !this.list().some((other) => other.group === target && other.session === caller.session)
    ) {
      return EPERM;
    }
    process.group = target;
    return 0;
  }

  newSession(process: Process): number {
    if (process.group === process.pid) return EPERM;
    process.session = { id: process.pid, terminal: undefined };
    process.group = process.pid;
    return process.pid;
  }

  /** Capabilities and settings that fork and spawn pass on; 0 or ENOMEM. */
  inheritAuthority(parent: Process, child: Process): 0 | Errno {
    for (const key of ['fileServer', 'clock', 'entropy', 'system'] as const) {
      const token = this.inheritToken(parent, parent.endowment[key], child);
      if (typeof token === 'number') return token;
      child.endowment[key] = token;
    }
    for (const [name, endpoint] of parent.endowment.services) {
      const token = this.inheritToken(parent, endpoint, child);
      if (typeof token === 'number') return token;
      if (token !== undefined) child.endowment.services.set(name, token);
    }
    const cwd = this.inheritToken(parent, parent.cwd, child);
    const root = this.inheritToken(parent, parent.root, child);
    if (typeof cwd === 'number' || typeof root === 'number') return ENOMEM;
    child.cwd = cwd;
    child.root = root;
    return 0;
  }

  private inheritToken(parent: Process, token: Token | undefined, child: Process): Token | undefined | Errno {
    if (token === undefined) return undefined;
    return this.kernel.descriptors.copyToken(parent, token, child);
  }

  private inheritSettings(parent: Process, child: Process): void {
    child.umask = parent.umask;
    child.limits.set(parent.limits);
    child.files.limit = parent.files.limit;
    child.personality = parent.personality;
    child.env = parent.env;
    child.args = parent.args;
    child.executable = parent.executable;
    setExecutable(child, parent.executableFile);
  }

  /** Takes a thread out of every table. */
  private dismantle(thread: Thread): void {
    const { kernel } = this;
    const { process } = thread;
    kernel.waiting.clear(thread);
    thread.state = ThreadState.Dead;
    thread.dying = true;
    const { continuation, task } = thread;
    thread.continuation = undefined;
    thread.task = undefined;
    kernel.abandon(thread, continuation, task?.generator);
    kernel.messages.detach(thread);
    kernel.scheduler.removeThread(thread.slot);
    process.pastCpuTime += thread.cpuTime;
    this.dropContext(thread);
    kernel.waits.wake(thread.endQueue, POLLIN);
    kernel.waits.destroy(thread.endQueue);
    kernel.threads[thread.slot] = undefined;
    this.freeSlots.push(thread.slot);
    this.byTid.delete(thread.tid);
  }

  dropContext(thread: Thread): void {
    if (thread.context === NONE) return;
    this.kernel.machine.contexts.destroy(thread.context);
    thread.context = NONE as ContextId;
  }

  releaseMemory(process: Process): void {
    const { memory } = process;
    process.memory = undefined;
    if (memory !== undefined && --memory.users === 0) memory.space.destroy();
  }

  /** The process no longer runs in the memory of its vfork parent. */
  vforkDone(process: Process): void {
    this.kernel.waits.wake(process.imageQueue, POLLIN);
  }

  private finish(process: Process, end: ProcessEnd): void {
    const { kernel } = this;
    process.end = end;
    process.state = ProcessState.Zombie;
    kernel.descriptors.closeAll(process);
    this.releaseMemory(process);
    setExecutable(process, undefined);
    if (process.loading !== undefined) releaseProgram(process.loading);
    process.loading = undefined;
    this.vforkDone(process);
    kernel.capabilities.destroySpace(process.capabilities);
    kernel.reap();
    this.reparent(process);
    this.hangUp(process);
    kernel.processEnded(process);
    this.tellParent(process, end);
  }

  /** Orphans go to init, or vanish with nobody to wait for them. */
  private reparent(process: Process): void {
    for (const child of [...process.children]) {
      process.children.delete(child);
      this.adopt(child, this.reaper(process));
      if (child.state === ProcessState.Zombie) this.tellParent(child, child.end ?? panic('kernel/zombie'));
    }
  }

  /** Who waits for a process's orphans: its nearest ancestor that asked to, else init. */
  private reaper(process: Process): Process | undefined {
    for (let at = process.parent; at !== undefined; at = at.parent) {
      if (at.isSubreaper && at.state < ProcessState.Zombie) return at;
    }
    return this.init === process ? undefined : this.init;
  }

  /** End of a session leader: its terminal's foreground group gets SIGHUP, SIGCONT. */
  private hangUp(process: Process): void {
    const { session } = process;
    if (session.id !== process.pid || session.terminal === undefined) return;
    const { terminal } = session;
    session.terminal = undefined;
    terminal.detachSession();
    for (const signal of [SIGHUP, SIGCONT]) {
      this.kernel.signals.sendGroup(terminal.foreground, signalInfo(signal, SI_KERNEL));
    }
  }

  private tellParent(process: Process, end: ProcessEnd): void {
    const { parent } = process;
    if (parent === undefined || parent.state >= ProcessState.Zombie) {
      this.collect(process);
      return;
    }
    const ignores = parent.actions.isIgnored(SIGCHLD) || (parent.actions.get(SIGCHLD).flags & SA_NOCLDWAIT) !== 0;
    const code = end.kind === 'exit' ? CLD_EXITED : end.core ? CLD_DUMPED : CLD_KILLED;
    if (process.exitSignal !== 0) {
      const info = signalInfo(process.exitSignal, code, { pid: process.pid, status: end.value });
      this.kernel.signals.sendProcess(parent, info);
    }
    parent.childrenCpuTime += process.pastCpuTime + process.childrenCpuTime;
    if (ignores && process.exitSignal === SIGCHLD) this.collect(process);
    this.kernel.waits.wake(parent.childQueue, POLLIN);
  }

  private adopt(process: Process, parent: Process | undefined): void {
    process.parent = parent;
    parent?.children.add(process);
  }

  /** Ids count up and wrap at 2^22, as Linux's pid_max; live ones are skipped. */
  private takeId(): number {
    for (;;) {
      const id = this.nextId;
      this.nextId = id === 4_194_303 ? 2 : id + 1;
      if (!this.byPid.has(id) && !this.byTid.has(id)) return id;
    }
  }
}

/** Changes the image that /proc/PID/exe names; the process keeps a reference of its own. */
export function setExecutable(process: Process, file: OpenFile | undefined): void {
  file?.retain();
  process.executableFile?.release();
  process.executableFile = file;
}
