/**
 * The dispatch loop with several CPUs: picks a thread for each, starts them, and looks after the one that comes back while
 * the others go on. The kernel itself is one thread, so its data needs no locks; docs/many-cpus.md lists what it does to
 * threads that run meanwhile.
 *
 * Shapes     one Slot per CPU: idle (no thread), running (started), or back (its trap is still to be handled)
 * Invariant  a thread's `cpu` names the slot that runs it, and is NONE whenever the kernel may touch its context
 *
 * A turn     applies what has happened, kicks CPUs whose thread should not go on, gives every free CPU its thread, and
 *            waits for one to come back. System calls that were interrupted and tasks run here, on behalf of the CPU
 *            whose turn they take. Between steps nothing runs, so hosts may do what they do with one CPU.
 */
import type { CpuId, Instructions, Nanoseconds } from '@veridian-os/abi';
import { NONE } from '@veridian-os/abi';
import { TrapKind, type Trap } from '@veridian-os/hal';
import type { StepResult } from '../api.js';
import type { Kernel } from '../kernel.js';
import { isBlocking, type Blocking } from './blocking.js';
import { BUSY, Dispatcher, HALTED, IDLE, STEP_TURNS, isDead } from './dispatcher.js';
import { ThreadState, type Thread } from './thread.js';

const FOREVER = Infinity as Nanoseconds;
/** While tasks want the kernel's thread, the CPU that shares it runs this long in between. */
const SHARE_NS = 20_000;

class Slot {
  readonly cpu: CpuId;
  /** Whom it runs, or whose trap waits here. */
  thread: Thread | undefined = undefined;
  isBack = false;
  isKicked = false;
  /** Of the run in progress. */
  budget = 0;
  /** Instructions in this step. */
  used = 0;
  lastThread: Thread | undefined = undefined;

  constructor(cpu: CpuId) {
    this.cpu = cpu;
  }

  get isRunning(): boolean {
    return this.thread !== undefined && !this.isBack;
  }
}

export class ParallelDispatcher extends Dispatcher {
  private readonly slots: readonly Slot[];
  /** Instructions that running CPUs may still retire. */
  private reserved = 0;
  private isSpent = false;

  constructor(kernel: Kernel) {
    super(kernel);
    this.slots = kernel.machine.cpus.map(({ id }) => new Slot(id));
  }

  override step(): StepResult {
    const { kernel } = this;
    this.isSpent = false;
    for (const slot of this.slots) slot.used = 0;
    for (let turn = 0; turn < STEP_TURNS && !this.isSpent && !kernel.isHalted; turn++) {
      this.settle();
      if (kernel.isHalted) break;
      this.kickStale();
      const worked = this.fill();
      if (this.slots.some((slot) => slot.isRunning)) this.await(worked);
      else if (!worked && !this.isAsked() && !this.idle()) return { ...IDLE, deadline: kernel.timers.next() };
    }
    this.recallAll();
    this.settle();
    return kernel.isHalted ? HALTED : BUSY;
  }

  /** The CPU comes back, whatever else does meanwhile; its trap waits in its slot. */
  override recall(thread: Thread): void {
    if (thread.cpu === NONE) return;
    const slot = this.slots[thread.cpu];
    this.kick(slot);
    while (slot.isRunning) this.collect(this.kernel.machine.next(FOREVER));
  }

  /** End of the step: every CPU comes back, and what it came back for is done. */
  private recallAll(): void {
    for (const slot of this.slots) if (slot.isRunning) this.kick(slot);
    for (const slot of this.slots) {
      while (slot.isRunning) this.collect(this.kernel.machine.next(FOREVER));
      this.finishRun(slot);
    }
  }

  /** CPUs whose thread has been stopped, has a signal, or must make room for a better one. */
  private kickStale(): void {
    for (const slot of this.slots) {
      const { thread } = slot;
      if (thread === undefined || slot.isBack) continue;
      const isStale = thread.attention || thread.state !== ThreadState.Runnable;
      if (isStale || this.kernel.scheduler.needsDecision(slot.cpu)) this.kick(slot);
    }
  }

  private kick(slot: Slot): void {
    if (slot.isKicked) return;
    slot.isKicked = true;
    this.kernel.machine.cpus[slot.cpu].interrupt();
  }

  /** Gives every free CPU something to do. @returns whether the kernel itself has done something */
  private fill(): boolean {
    let worked = false;
    for (const slot of this.slots) worked = this.fillSlot(slot) || worked;
    // A thread that may no longer run where it was may have gone to a CPU that had its turn before.
    if (this.isAsked()) for (const slot of this.slots) worked = this.fillSlot(slot) || worked;
    return worked;
  }

  /** Some free CPU has not heard yet that it has a thread to run. */
  private isAsked(): boolean {
    const { scheduler } = this.kernel;
    return this.slots.some((slot) => !slot.isRunning && scheduler.needsDecision(slot.cpu));
  }

  private fillSlot(slot: Slot): boolean {
    const isBack = slot.isBack;
    if (isBack) this.finishRun(slot);
    if (slot.isRunning || this.kernel.isHalted) return isBack;
    this.cpu = slot.cpu;
    const thread = this.pick(slot);
    const worked = thread !== undefined && this.advance(slot, thread);
    this.kernel.running = undefined;
    return isBack || worked;
  }

  private pick(slot: Slot): Thread | undefined {
    const { scheduler, threads } = this.kernel;
    this.reschedule = false;
    const id = scheduler.pick(slot.cpu, this.kernel.now());
    if (id === NONE) return undefined;
    const thread = threads[id];
    if (thread !== slot.lastThread) {
      this.switches++;
      slot.lastThread = thread;
    }
    return thread;
  }

  /** Goes on with a thread: its system call, its task, or its user code. @returns whether the kernel did something */
  private advance(slot: Slot, thread: Thread): boolean {
    this.kernel.running = thread;
    if (thread.continuation !== undefined) this.resume(thread, thread.continuation);
    else if (thread.task !== undefined) this.runTask(thread);
    else return this.startUser(slot, thread);
    return true;
  }

  private startUser(slot: Slot, thread: Thread): boolean {
    const { kernel } = this;
    if (thread.attention && !kernel.signals.prepareUser(thread)) return true;
    const budget = this.allot(slot);
    if (budget <= 0) return false;
    slot.thread = thread;
    slot.budget = budget;
    slot.isKicked = false;
    this.reserved += budget;
    thread.cpu = slot.cpu;
    kernel.machine.start(slot.cpu, thread.context, budget as Instructions);
    return false;
  }

  /** Instructions for one run: slice, step, and what is left of the limit when the other CPUs use up theirs. */
  private allot(slot: Slot): number {
    const { limits, scheduler } = this.kernel;
    const room = limits.instructions - this.retired - this.reserved;
    if (room <= 0 && this.reserved === 0) this.kernel.limitReached('instructions');
    const slice = Math.max(1, scheduler.slice(slot.cpu));
    return Math.min(room, slice, this.stepLength - slot.used);
  }

  /** Waits for a CPU. While the kernel has work itself, only for those that are back and for the one on its thread. */
  private await(worked: boolean): void {
    const { machine, timers } = this.kernel;
    const share = this.slots[0].isRunning ? SHARE_NS : 0;
    const deadline = worked ? ((machine.clock.now() + share) as Nanoseconds) : timers.next();
    const cpu = machine.next(deadline);
    if (cpu === NONE) return;
    this.collect(cpu);
    this.finishRun(this.slots[cpu]);
  }

  /** A CPU has come back: its thread may be touched again, its trap is still to be handled. */
  private collect(cpu: CpuId | -1): void {
    if (cpu === NONE) return;
    const slot = this.slots[cpu];
    const { thread } = slot;
    if (thread === undefined) return;
    const trap = this.kernel.machine.cpus[cpu].trap;
    slot.isBack = true;
    thread.cpu = NONE;
    this.reserved -= slot.budget;
    slot.used += trap.consumed;
    if (slot.used >= this.stepLength) this.isSpent = true;
    this.cpuAccount(slot, thread, trap);
  }

  private cpuAccount(slot: Slot, thread: Thread, trap: Trap): void {
    const before = this.cpu;
    this.cpu = slot.cpu;
    this.account(thread, trap);
    this.cpu = before;
  }

  /** Handles the trap of a CPU that is back. */
  private finishRun(slot: Slot): void {
    const { thread } = slot;
    if (thread === undefined || !slot.isBack) return;
    slot.thread = undefined;
    slot.isBack = false;
    if (isDead(thread) || this.kernel.isHalted) return;
    const { trap } = this.kernel.machine.cpus[slot.cpu];
    this.cpu = slot.cpu;
    this.kernel.running = thread;
    if (thread.state === ThreadState.Runnable || trap.kind !== TrapKind.Syscall) this.handleRun(thread, trap);
    else thread.continuation = this.laterCall(thread);
    this.kernel.running = undefined;
  }

  /** A thread that was stopped meanwhile: a fault happens again when it goes on, the rest is independent of it. */
  private handleRun(thread: Thread, trap: Trap): void {
    if (thread.state === ThreadState.Runnable || trap.kind !== TrapKind.Fault) this.handle(thread, trap);
  }

  /** A system call that a stopped thread made just before: begins when it goes on. */
  private *laterCall(thread: Thread): Blocking {
    const { personality } = thread.process;
    if (personality === undefined) return 0;
    thread.systemCalls++;
    this.kernel.systemCalls++;
    const result = personality.syscall(thread);
    return isBlocking(result) ? yield* result : result;
  }
}
