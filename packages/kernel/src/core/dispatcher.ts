/**
 * The dispatch loop: the one place that acts on decisions. Picks a thread, resumes its system call, task or user code,
 * looks at why it came back, and applies what that made runnable.
 *
 * A `step` ends after a fixed number of retired instructions and traps, or of dispatches, never after a host time, so where steps end
 * (and thus where inputs may enter) is part of the deterministic run.
 */
import type { CpuId, Instructions, Nanoseconds, ThreadId } from '@veridian-os/abi';
import { isKernelPanic, NONE, RESTART, WAIT_IO } from '@veridian-os/abi';
import { TrapKind, FaultKind, type Trap } from '@veridian-os/hal';
import { FaultResult } from '@veridian-os/memory';
import type { StepResult } from '../api.js';
import type { Kernel } from '../kernel.js';
import { SIGABRT } from '../signals/numbers.js';
import type { RunningTask, SysOperation } from '../tasks/task.js';
import { isBlocking, NO_RESULT, type Blocking } from './blocking.js';
import { ThreadState, type Thread } from './thread.js';

/** Guest instructions per step: about 10 ms of host time. */
export const STEP_INSTRUCTIONS = 1_000_000;
/** Where time is real an instruction counts as a nanosecond. */
const REAL_STEP = 20_000_000;
/**
 * A step that ends costs half a millisecond where time is real: a trap, and a turn of the host's event loop that finds
 * its code cold. So steps in which programs only compute grow up to here, as long as the host may be kept waiting.
 */
const LONGEST_STEP = 60_000_000;
/** Traps of a step that count as none. */
const FEW_TRAPS = 4;
/**
 * What a trap takes of a step beside the instructions that led to it: looking after it takes host time that no instruction
 * counts, so a program that does nothing but call would make steps of seconds.
 */
const TRAP_COST = 1_000;
/** Where time is real a trap may cost 70 us of the host's. */
const REAL_TRAP_COST = 50_000;
/** Frames that a step looks at for equal pages, where somebody has asked for merging: a third of a millisecond. */
const MERGED_A_STEP = 100;
/** Dispatches per step, so that tasks alone cannot hold the host either. */
export const STEP_TURNS = 4096;
/** Traps of one thread in a row before the loop looks around: faults retire nothing, so no budget ends them. */
const USER_TRAPS = 1024;
/** CPU time charged for one resume of a task or system call, ns of virtual time: tasks retire no guest instructions. */
const RESUME_COST = 2_000 as Nanoseconds;
export const IDLE: StepResult = { state: 'idle', deadline: Infinity as Nanoseconds };
export const BUSY: StepResult = { state: 'busy', deadline: Infinity as Nanoseconds };
export const HALTED: StepResult = { state: 'halted', deadline: Infinity as Nanoseconds };

export class Dispatcher {
  protected readonly kernel: Kernel;
  /** CPU whose thread is being looked after; with one CPU never another. */
  protected cpu = 0 as CpuId;
  /** Instructions of a step; fixed where runs are deterministic, that is, where time is virtual. */
  protected stepLength: number;
  private readonly isReal: boolean;
  private readonly trapCost: number;
  /** Instructions left in this step. */
  private left = 0;
  /** A better thread may be runnable than the current one. */
  reschedule = true;
  switches = 0;
  traps = 0;
  faults = 0;
  retired = 0;
  /** The same by CPU. */
  readonly retiredBy: Float64Array;
  private last: ThreadId | -1 = NONE;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.isReal = !kernel.machine.clock.virtual;
    this.stepLength = this.isReal ? REAL_STEP : STEP_INSTRUCTIONS;
    this.trapCost = this.isReal ? REAL_TRAP_COST : TRAP_COST;
    this.retiredBy = new Float64Array(kernel.machine.cpus.length);
  }

  step(): StepResult {
    const { kernel } = this;
    this.left = this.stepLength;
    const { traps } = this;
    kernel.memory.mergePages(MERGED_A_STEP);
    kernel.memory.collapsePages(1);
    for (let turn = 0; turn < STEP_TURNS && this.left > 0; turn++) {
      this.settle();
      if (kernel.isHalted) return HALTED;
      const thread = this.choose();
      if (thread !== undefined) this.dispatch(thread);
      else if (!this.idle()) return { ...IDLE, deadline: kernel.timers.next() };
    }
    this.settle();
    this.adapt(this.traps - traps);
    return kernel.isHalted ? HALTED : BUSY;
  }

  /** How long the next step may be, after one with so many traps. */
  private adapt(traps: number): void {
    if (this.isReal) this.stepLength = traps < FEW_TRAPS ? Math.min(2 * this.stepLength, LONGEST_STEP) : REAL_STEP;
  }

  /** Applies everything that happened: due timers, interrupts, woken queues, the condemned. */
  settle(): void {
    const { kernel } = this;
    if (kernel.timers.next() <= kernel.now()) kernel.timers.expire(kernel.now());
    if (kernel.machine.interrupts.pending()) kernel.takeInterrupts();
    kernel.killDoomed(); // wakes their parents
    if (kernel.memory.isShort) kernel.pressure.relieve();
    this.drainWoken();
  }

  protected drainWoken(): void {
    const { waits, waiting, threads } = this.kernel;
    while (waits.anyWoken) {
      const slot = waits.takeWoken();
      if (slot === NONE) return;
      const thread = threads[slot];
      if (thread !== undefined) waiting.wake(thread, 0);
    }
  }

  /** The current thread while its slice lasts, else the scheduler's choice. */
  private choose(): Thread | undefined {
    const { scheduler, threads } = this.kernel;
    let slot = scheduler.current(this.cpu);
    if (this.reschedule || slot === NONE || !scheduler.isRunnable(slot)) {
      this.reschedule = false;
      slot = scheduler.pick(this.cpu, this.kernel.now());
    }
    if (slot === NONE) return undefined;
    if (slot !== this.last) {
      this.switches++;
      this.last = slot;
    }
    return threads[slot];
  }

  /** Nothing runnable: in virtual time the clock jumps to the next timer. False = wait for the host. */
  protected idle(): boolean {
    const { kernel } = this;
    const next = kernel.timers.next();
    if (kernel.pacedTime || next === Infinity) return false;
    if (next > kernel.now()) kernel.machine.clock.advance(next);
    return true;
  }

  /** Takes a thread off the CPU that runs it, if one does: it will be destroyed or looked into. */
  recall(_thread: Thread): void {
    // With one CPU nothing runs while the kernel does.
  }

  private dispatch(thread: Thread): void {
    const { kernel } = this;
    kernel.running = thread;
    if (thread.continuation !== undefined) this.resume(thread, thread.continuation);
    else if (thread.task !== undefined) this.runTask(thread);
    else this.runUser(thread);
    kernel.running = undefined;
  }

  protected resume(thread: Thread, continuation: Blocking): void {
    const step = continuation.next(thread.wake);
    this.chargeResume(thread);
    if (isDead(thread) || step.done !== true) return;
    thread.continuation = undefined;
    this.finish(thread, step.value);
  }

  /** Hands a finished call's result to whoever made it. */
  protected finish(thread: Thread, value: unknown): void {
    if (value === RESTART) thread.attention = true;
    if (thread.task !== undefined) thread.task.result = value;
    else if (value !== NO_RESULT) thread.process.personality?.complete(thread, value as number);
  }

  protected runTask(thread: Thread): void {
    const { kernel } = this;
    for (let turn = 0; turn < 16; turn++) {
      if (thread.attention && !kernel.signals.prepareUser(thread)) return;
      const { task } = thread;
      if (task === undefined || this.reschedule) return;
      const step = this.resumeTask(thread, task);
      if (step === undefined || isDead(thread)) return;
      this.chargeResume(thread);
      if (step.done === true) {
        kernel.processes.exitGroup(thread, step.value);
        return;
      }
      thread.systemCalls++;
      const result = step.value.perform(thread);
      if (isDead(thread)) return;
      if (isBlocking(result)) {
        thread.continuation = result as Blocking;
        this.resume(thread, thread.continuation);
        if (thread.continuation !== undefined) return;
      } else task.result = result;
      this.drainWoken();
      if (kernel.doomed.length > 0) return;
    }
  }

  /** Runs a task up to its next request. One that throws ends as a program that aborts does; a service must not. */
  private resumeTask(thread: Thread, task: RunningTask): IteratorResult<SysOperation<unknown>, number> | undefined {
    const { kernel } = this;
    try {
      return task.generator.next(task.result as never);
    } catch (error) {
      if (isKernelPanic(error) || thread.process.isProtected) throw error;
      kernel.reportFault(thread, `uncaught ${String(error)}`);
      kernel.processes.terminate(thread.process, { kind: 'signal', value: SIGABRT, core: true });
      return undefined;
    }
  }

  private runUser(thread: Thread): void {
    const { kernel } = this;
    const cpu = kernel.machine.cpus[this.cpu];
    for (let traps = 0; traps < USER_TRAPS; traps++) {
      if (thread.attention && !kernel.signals.prepareUser(thread)) return;
      const budget = this.budget();
      if (budget <= 0) return;
      const trap = cpu.run(thread.context, budget as Instructions);
      this.account(thread, trap);
      this.handle(thread, trap);
      if (kernel.waits.anyWoken) this.drainWoken();
      if (kernel.timers.next() <= kernel.now()) return;
      if (this.reschedule || this.left <= 0 || kernel.doomed.length > 0) return;
      if (thread.state !== ThreadState.Runnable || thread.continuation !== undefined || thread.task !== undefined)
        return;
    }
  }

  /** Instructions the thread may run now: slice, step, limit, next timer. */
  private budget(): number {
    const { kernel } = this;
    const limit = kernel.limits.instructions - this.retired;
    if (limit <= 0) {
      kernel.limitReached('instructions');
      return 0;
    }
    const toTimer = kernel.timers.next() - kernel.now();
    const slice = this.isAlone() ? this.left : Math.max(1, kernel.scheduler.slice(this.cpu));
    return Math.min(this.left, slice, limit, Math.max(1, Math.ceil(toTimer)));
  }

  /** Where time is real a slice that ends although nobody waits only costs a trap. (Recorded runs keep their cuts.) */
  private isAlone(): boolean {
    return this.isReal && this.kernel.scheduler.runnableCount <= 1;
  }

  protected account(thread: Thread, trap: Trap): void {
    const { kernel } = this;
    const { consumed } = trap;
    this.left -= consumed + this.trapCost;
    this.retired += consumed;
    this.retiredBy[this.cpu] += consumed;
    thread.cpuTime = (thread.cpuTime + consumed) as Nanoseconds;
    const charge = consumed as number as Nanoseconds;
    if (kernel.scheduler.charge(this.cpu, charge, kernel.now())) this.reschedule = true;
  }

  protected chargeResume(thread: Thread): void {
    const { kernel } = this;
    if (isDead(thread)) return;
    if (kernel.scheduler.current(this.cpu) !== thread.slot) return;
    if (thread.task !== undefined) this.passTime(thread);
    if (kernel.scheduler.charge(this.cpu, RESUME_COST, kernel.now())) this.reschedule = true;
  }

  /** Tasks retire no instructions: without this a busy one would stop virtual time, and with it every timer. */
  private passTime(thread: Thread): void {
    const { clock } = this.kernel.machine;
    thread.cpuTime = (thread.cpuTime + RESUME_COST) as Nanoseconds;
    if (clock.virtual) clock.advance((clock.now() + RESUME_COST) as Nanoseconds);
  }

  protected handle(thread: Thread, trap: Trap): void {
    this.traps++;
    switch (trap.kind) {
      case TrapKind.Syscall:
        this.systemCall(thread);
        return;
      case TrapKind.Fault:
        this.fault(thread, trap);
        return;
      case TrapKind.Breakpoint:
        this.deliverFault(thread, trap, FaultResult.Handled);
        return;
      case TrapKind.Interrupt:
        this.kernel.takeInterrupts();
        return;
      case TrapKind.Halt:
        this.kernel.halt('the machine was powered off');
        return;
      default:
        return;
    }
  }

  protected systemCall(thread: Thread): void {
    const { personality } = thread.process;
    if (personality === undefined) return;
    thread.systemCalls++;
    this.kernel.systemCalls++;
    const result = personality.syscall(thread);
    if (isDead(thread)) return;
    if (isBlocking(result)) {
      thread.continuation = result;
      thread.wake = 0;
      this.resume(thread, result);
      return;
    }
    this.finish(thread, result);
  }

  protected fault(thread: Thread, trap: Trap): void {
    const { memory } = thread.process;
    if (trap.fault !== FaultKind.Page || memory === undefined) {
      this.deliverFault(thread, trap, FaultResult.Forbidden);
      return;
    }
    this.faults++;
    const address = trap.addressHi * 4294967296 + trap.addressLo;
    const result = memory.space.fault(address, trap.access);
    if (this.kernel.memory.isShort) this.kernel.pressure.relieve();
    if (result === FaultResult.Handled) return;
    if (result === FaultResult.WouldBlock) {
      thread.continuation = this.waitForPage(thread);
      this.resume(thread, thread.continuation);
    } else if (result === FaultResult.OutOfMemory) this.kernel.pressure.outOfMemory(thread);
    else this.deliverFault(thread, trap, result);
  }

  private *waitForPage(thread: Thread): Blocking {
    const { memory } = thread.process;
    if (memory !== undefined) yield* this.kernel.waiting.on(thread, memory.space.faultQueue, WAIT_IO, undefined, false);
    return NO_RESULT;
  }

  protected deliverFault(thread: Thread, trap: Trap, result: FaultResult): void {
    const { personality } = thread.process;
    if (personality === undefined) return;
    const info = personality.faultSignal(thread, trap, result);
    this.kernel.noteFault(thread, trap, info);
    this.kernel.signals.forceThread(thread, info);
  }
}

/** Read through a call: system calls change the state behind the type checker's back. */
export function isDead(thread: Thread): boolean {
  return thread.state === ThreadState.Dead;
}
