/**
 * The processor as the kernel uses it: ring 3 only, every trap comes back. Who enters the guest, and on which thread, is
 * the affair of cpus.ts; here is what a way back means.
 *
 * Units   a budget is an instruction count; this machine cannot count them, so an instruction is a nanosecond
 */
import type { ContextId, CpuId, Instructions } from '@veridian-os/abi';
import { highWord, lowWord, panic } from '@veridian-os/abi';
import type { DeviceBus } from '@veridian-os/devices';
import type { Cpu, RegisterView, Trap } from '@veridian-os/hal';
import { Access, FaultKind, TrapKind, X86 } from '@veridian-os/hal';
import type { KvmContexts } from './contexts.js';
import type { HostClock } from './host/clock.js';
import { FAULTS, PAGE_ERROR, VECTOR } from './internal/faults.js';
import type { GuestRam } from './internal/guest-ram.js';
import { findVirtual, translate } from './internal/page-walk.js';
import { PORT, VECTORS } from './internal/stub.js';
import type { Vcpu } from './internal/vcpu.js';
import { BACK } from './internal/vcpu.js';
import type { VcpuPool } from './internal/vcpu-pool.js';

const { max } = Math;
const MAX_BUDGET = 2 ** 31 - 1;
const TWO_32 = 4294967296;
// Word indices of a register view.
const [RIP, RCX, R11, RFLAGS] = [X86.RIP * 2, X86.RCX * 2, X86.R11 * 2, X86.RFLAGS * 2];
export const NOBODY = -1 as ContextId;
const { SYSCALL } = PORT;
/** Shortest run, ns: a shorter one is over before the guest is entered. */
const SHORTEST = 50_000;
/**
 * A short run that changed no register may not have got into the guest at all, on a busy host: it is made twice as long,
 * so often. Loops of one jump change none; longer runs are long enough.
 */
const STRETCHES = 8;
const LONG = 2_000_000;

/**
 * What is to be done after a way back. Deliver: enter again, and without a timer, because one that rings before the guest
 * is entered would ring for ever. Enter: enter again. Pause: enter again unless something else comes first. Done: nothing.
 */
export const After = { Deliver: 0, Enter: 1, Pause: 2, Done: 3 } as const;
export type After = (typeof After)[keyof typeof After];

/** @throws KernelPanic `cpu/budget` */
export function checkBudget(budget: number): void {
  if (!(budget >= 1 && budget <= MAX_BUDGET && Number.isInteger(budget))) refuseBudget(budget);
}

/** Apart: what the hot path carries along must be small. */
function refuseBudget(budget: number): never {
  panic('cpu/budget', `expected an integer 1 .. ${MAX_BUDGET}, got ${budget}`);
}

class TrapRecord implements Trap {
  kind: TrapKind = TrapKind.Budget;
  context = 0 as ContextId;
  consumed = 0 as Instructions;
  fault: FaultKind = FaultKind.None;
  access: Access = Access.Read;
  addressLo = 0;
  addressHi = 0;
}

/** Who enters the guest. */
export interface Runner {
  /** From start to end. */
  run(cpu: KvmCpu, context: ContextId, budget: Instructions): void;
  /** The CPU is to come back soon. */
  kick(cpu: KvmCpu): void;
  /** Whether another thread has kicked the CPU since the last time. */
  takeKick(cpu: KvmCpu): boolean;
}

export interface KvmCpuOptions {
  readonly runner: Runner;
  readonly pool: VcpuPool;
  readonly contexts: KvmContexts;
  readonly ram: GuestRam;
  readonly bus: DeviceBus;
  readonly clock: HostClock;
  /** Virtual address of what SYSCALL enters, as a pair; where ring 0 is interpreted it faults there in ring 3. */
  readonly entryLo: number;
  readonly entryHi: number;
  readonly refresh: (vcpu: Vcpu) => void;
}

export class KvmCpu implements Cpu {
  readonly id: CpuId;
  readonly trap: Trap;
  /** Context between `begin` and the way back that is reported, or NOBODY. */
  context: ContextId = NOBODY;
  /** The trap record waits to be looked at. */
  isBack = false;
  vcpu: Vcpu;
  private readonly record = new TrapRecord();
  private readonly options: KvmCpuOptions;
  private readonly before = new Uint32Array(40);
  private view: RegisterView = this.before;
  private root = 0;
  private budget = 0;
  /** Time at which the guest was last got ready after something else. */
  entered = 0;
  /** Longest time in the guest, ns; and what was spent of it before `entered`. */
  private slice = 0;
  private spent = 0;
  private stretches = 0;
  private kicked = false;
  private halted = false;

  constructor(id: CpuId, options: KvmCpuOptions) {
    this.id = id;
    this.options = options;
    this.vcpu = options.pool.vcpus[id];
    this.trap = this.record;
  }

  /** @throws KernelPanic `cpu/start` when it is started, `cpu/budget`, `hal/context` */
  run(context: ContextId, budget: Instructions): Trap {
    this.options.runner.run(this, context, budget);
    return this.record;
  }

  interrupt(): void {
    this.kicked = true;
    this.options.runner.kick(this);
  }

  /** The guest powered the machine off or reset it. */
  halt(): void {
    this.halted = true;
    this.interrupt();
  }

  get isStarted(): boolean {
    return this.context !== NOBODY || this.isBack;
  }

  /** Takes a context and gets its vCPU ready to be entered, unless there is something to report at once. */
  begin(context: ContextId, budget: number): void {
    if (this.isStarted) this.refuseStart();
    checkBudget(budget);
    const { contexts, clock, pool, refresh } = this.options;
    this.view = contexts.acquire(context);
    this.context = context;
    this.root = contexts.roots[context];
    this.clearRecord(context);
    this.budget = budget;
    this.slice = max(budget, SHORTEST);
    this.spent = 0;
    this.stretches = 0;
    this.entered = clock.now();
    if (this.interrupted(this.entered)) return this.finish(0);
    if (budget < LONG) this.before.set(this.view);
    this.vcpu = pool.bind(context, this.id);
    if (this.vcpu.stale) refresh(this.vcpu);
    this.vcpu.prepare(this.view, this.root);
  }

  private refuseStart(): never {
    panic('cpu/start', `CPU ${this.id} is started already`);
  }

  /** Takes up what was set aside. */
  goOn(): void {
    this.entered = this.options.clock.now();
    this.vcpu.prepare(this.view, this.root);
  }

  /** After Pause: makes the vCPU forget its translations, and gets it ready again. */
  refresh(): void {
    this.setAside();
    this.options.refresh(this.vcpu);
    this.goOn();
  }

  /** Lets the guest rest: allowed after Pause. */
  setAside(): void {
    this.spent += this.options.clock.now() - this.entered;
  }

  /** When the budget is spent, if the guest runs all the time. */
  get end(): number {
    return this.entered - this.spent + this.slice;
  }

  /** Looks at how the vCPU came back. */
  after(back: number): After {
    if (back >= BACK.INTERRUPTED) return this.afterOther(back);
    this.vcpu.copyOut(this.view, back);
    if (back === SYSCALL || (back === VECTOR.PAGE && this.leftAtEntry(this.view))) this.record.kind = TrapKind.Syscall;
    else if (back < VECTORS) this.exception(this.vcpu, this.view, back);
    else panic('cpu/host', `the monitor came back with ${back}`);
    return this.finishNow();
  }

  /** As {@link after}, where no port of the stub says what happened. */
  private afterOther(back: number): After {
    if (back === BACK.INTERRUPTED && this.vcpu.inFlight()) return After.Deliver;
    this.vcpu.copyOut(this.view, back);
    if (back === BACK.INTERRUPTED && !this.preempted()) return After.Pause;
    if (back === BACK.MMIO && this.device(this.vcpu)) return After.Enter;
    if (back === BACK.MMIO) this.missing(this.vcpu, this.root);
    else if (back === BACK.EMULATION) this.unreachable(this.view, this.root);
    return this.finishNow();
  }

  private finishNow(): After {
    this.finish(max(1, this.options.clock.now() - this.entered + this.spent));
    return After.Done;
  }

  private finish(consumed: number): void {
    this.record.consumed = consumed as Instructions;
    this.options.contexts.release(this.context);
    this.context = NOBODY;
    this.isBack = true;
  }

  private clearRecord(context: ContextId): void {
    const { record } = this;
    record.context = context;
    record.fault = FaultKind.None;
    record.access = Access.Read;
    record.addressLo = 0;
    record.addressHi = 0;
  }

  /** A kick or a deadline that has passed: told once. */
  private interrupted(now: number): boolean {
    const { clock, runner } = this.options;
    if (runner.takeKick(this) || this.kicked) {
      this.kicked = false;
      this.record.kind = this.halted ? TrapKind.Halt : TrapKind.Interrupt;
      return true;
    }
    if (now < clock.deadline) return false;
    clock.deadline = Infinity;
    this.record.kind = TrapKind.Interrupt;
    return true;
  }

  /** A signal took the guest off. @returns whether there is something to report */
  private preempted(): boolean {
    if (this.leftAtEntry(this.view)) {
      this.record.kind = TrapKind.Syscall;
      return true;
    }
    const now = this.options.clock.now();
    if (this.interrupted(now)) return true;
    if (now < this.end) return false;
    if (this.budget < LONG && this.stretches++ < STRETCHES && this.unchanged(this.view)) {
      this.slice = now - this.entered + this.spent + (SHORTEST << this.stretches);
      return false;
    }
    this.record.kind = TrapKind.Budget;
    return true;
  }

  private unchanged(view: RegisterView): boolean {
    // The flags do not count: an entry alone sets the fixed ones.
    for (let i = 0; i < view.length; i++) if (view[i] !== this.before[i] && i !== RFLAGS) return false;
    return true;
  }

  /**
   * Ring 3 at the entry point: SYSCALL where ring 0 is interpreted. It left the next instruction in rcx and the flags in r11;
   * if so they are put where they belong.
   */
  private leftAtEntry(view: RegisterView): boolean {
    if (view[RIP] !== this.options.entryLo || view[RIP + 1] !== this.options.entryHi) return false;
    view[RIP] = view[RCX];
    view[RIP + 1] = view[RCX + 1];
    view[RFLAGS] = view[R11];
    view[RFLAGS + 1] = view[R11 + 1];
    return true;
  }

  private exception(vcpu: Vcpu, view: RegisterView, vector: number): void {
    const { record } = this;
    if (vector === VECTOR.PAGE) {
      const error = vcpu.errorCode();
      const access = (error & PAGE_ERROR.FETCH) !== 0 ? Access.Execute : Access.Read;
      this.fault(FaultKind.Page, (error & PAGE_ERROR.WRITE) !== 0 ? Access.Write : access);
      record.addressLo = vcpu.faultLo;
      record.addressHi = vcpu.faultHi;
      return;
    }
    record.addressLo = vector;
    if (vector === VECTOR.NMI) record.kind = TrapKind.Interrupt;
    else if (vector === VECTOR.DEBUG) record.kind = TrapKind.Breakpoint;
    else if (vector === VECTOR.BREAKPOINT) {
      record.kind = TrapKind.Breakpoint;
      const rip = view[RIP];
      view[RIP] = rip - 1;
      if (rip === 0) view[RIP + 1]--;
    } else {
      const kind = FAULTS[vector] ?? FaultKind.None;
      if (kind === FaultKind.None) panic('cpu/host', `exception ${vector} in ring 3`);
      if (kind === FaultKind.Illegal || kind === FaultKind.Alignment) record.addressLo = 0;
      this.fault(kind, Access.Read);
    }
  }

  private fault(kind: FaultKind, access: Access): void {
    this.record.kind = TrapKind.Fault;
    this.record.fault = kind;
    this.record.access = access;
  }

  /** An access outside memory. @returns false when no device is there */
  private device(vcpu: Vcpu): boolean {
    const { bus } = this.options;
    const { mmioLo, mmioHi, mmioLength } = vcpu;
    if (!bus.has(mmioLo, mmioHi, mmioLength)) return false;
    if (vcpu.mmioIsWrite) bus.store(mmioLo, mmioHi, mmioLength, vcpu.mmioData, vcpu.mmioDataHigh);
    else {
      const value = bus.load(mmioLo, mmioHi, mmioLength);
      vcpu.answer(value, mmioLength === 8 ? bus.loadHigh() : 0);
    }
    return true;
  }

  /** Neither memory nor a device: the instruction has not happened. */
  private missing(vcpu: Vcpu, root: number): void {
    const physical = vcpu.mmioHi * TWO_32 + vcpu.mmioLo;
    this.fault(FaultKind.Bus, vcpu.mmioIsWrite ? Access.Write : Access.Read);
    vcpu.abandon();
    this.at(max(0, findVirtual(this.options.ram, root, physical)));
  }

  /** KVM could not interpret an instruction: it lies outside memory, or it reaches there in a way KVM does not know. */
  private unreachable(view: RegisterView, root: number): void {
    const { ram } = this.options;
    const rip = view[RIP + 1] * TWO_32 + view[RIP];
    const physical = translate(ram, root, rip);
    const fetched = physical >= 0 && ram.find(physical) !== undefined;
    this.fault(FaultKind.Bus, fetched ? Access.Read : Access.Execute);
    this.at(fetched ? 0 : rip);
  }

  private at(address: number): void {
    this.record.addressLo = lowWord(address);
    this.record.addressHi = highWord(address);
  }
}
