/** One CPU of QEMU: runs a context through its mailbox and says why it came back. */
import type { ContextId, CpuId, Instructions } from '@veridian-os/abi';
import { panic } from '@veridian-os/abi';
import { Access, FaultKind, TrapKind, type Cpu, type Kicks, type Trap } from '@veridian-os/hal';
import type { HostClock } from './clock.js';
import type { ContextTable } from './contexts.js';
import type { HostMonitor } from './host-monitor.js';
import type { MonitorCause, QemuIsa, WritableTrap } from './isa.js';
import { CAUSE_INTERRUPT, Kick, MAILBOX, Opcode, SPECIAL_HI } from './layout.js';
import type { Mailbox } from './mailbox.js';

const MAX_BUDGET = 2 ** 31 - 1;
const NS_PER_SECOND = 1e9;
const NS_PER_MS = 1e6;
/** Shortest run: translating a new piece of code takes QEMU tens of microseconds. */
const LEAST_RUN_NS = 100_000;
/** A run that ends where it began has perhaps done nothing: it is prolonged so often. */
const MOST_PROLONGATIONS = 3;
/** One instruction counts as a nanosecond, as on the emulated machine. */
const NS_PER_INSTRUCTION = 1;
const { store } = Atomics;
/** The kick word when nothing but our own wish that an inline CPU stands still has ended a run. */
const PAUSED = 1 << (8 * Kick.Pause);

export function checkBudget(budget: number): void {
  if (Number.isInteger(budget) && budget >= 1 && budget <= MAX_BUDGET) return;
  panic('cpu/budget', `expected an integer 1 .. ${MAX_BUDGET}, got ${budget}`);
}

export interface CpuParts {
  readonly isa: QemuIsa;
  readonly monitor: HostMonitor;
  readonly contexts: ContextTable;
  readonly clock: HostClock;
  /** From other threads; and which CPUs they have to wake, 1 = running. */
  readonly kicks: Kicks;
  readonly gates: Int32Array<SharedArrayBuffer>;
  /** Of the monitor's timer. */
  readonly ticksPerSecond: number;
  /** Hears of the counter at every way back. */
  readonly guest: { hear(mailbox: Mailbox): void } | undefined;
}

export class QemuCpu implements Cpu {
  readonly id: CpuId;
  readonly trap: Trap;
  readonly mailbox: Mailbox;
  private readonly record: WritableTrap;
  private readonly parts: CpuParts;
  private readonly cause: MonitorCause = { causeLo: 0, causeHi: 0, addressLo: 0, addressHi: 0, detail: 0 };
  private readonly pcWord: number;
  private context = 0 as ContextId;
  private begun = 0;
  private budgetEnd = 0;
  private promisedMs = 0;
  private prolongations = 0;
  private pcLo = 0;
  private pcHi = 0;
  private halted = false;
  private started = false;
  private running = false;

  constructor(id: CpuId, parts: CpuParts) {
    this.id = id;
    this.parts = parts;
    this.mailbox = parts.monitor.mailboxes[id];
    this.pcWord = parts.isa.layout.pc * 2;
    this.record = {
      kind: TrapKind.Budget,
      context: 0 as ContextId,
      consumed: 0 as Instructions,
      fault: FaultKind.None,
      access: Access.Read,
      addressLo: 0,
      addressHi: 0,
    };
    this.trap = this.record;
  }

  get isStarted(): boolean {
    return this.started;
  }

  /** True from `resume` until `finish` said true. */
  get isRunning(): boolean {
    return this.running;
  }

  run(context: ContextId, budget: Instructions): Trap {
    this.start(context, budget);
    return this.goOn();
  }

  /** Runs what was started until it comes back. */
  goOn(): Trap {
    this.resume();
    do this.parts.monitor.await(this.mailbox, this.promisedMs);
    while (!this.finish());
    return this.record;
  }

  interrupt(): void {
    this.mailbox.kick(Kick.Interrupt);
    if (!this.mailbox.isDone) this.parts.monitor.ring();
  }

  /** The guest powered the machine off or reset it: the next way back is Halt. */
  halt(): void {
    this.halted = true;
    this.interrupt();
  }

  /** Takes a context; it does not run yet. @throws KernelPanic `cpu/start`, `cpu/budget`, `hal/context` */
  start(context: ContextId, budget: Instructions): void {
    checkBudget(budget);
    this.parts.monitor.process.checkAlive();
    if (this.started) panic('cpu/start', `CPU ${this.id} is started already`);
    const { contexts, clock } = this.parts;
    this.mailbox.setAddress(MAILBOX.CONTEXT, contexts.idleAddress(context));
    contexts.takeFp(context, this.mailbox.fpOwner);
    const registers = contexts.registers(context);
    this.pcLo = registers[this.pcWord];
    this.pcHi = registers[this.pcWord + 1];
    contexts.setRunning(context, true);
    this.started = true;
    this.context = context;
    this.begun = clock.now();
    this.budgetEnd = this.begun + Math.max(budget * NS_PER_INSTRUCTION, LEAST_RUN_NS);
    this.prolongations = 0;
  }

  /** Lets the context run until the next event; `finish` says whether that was the end. */
  resume(): void {
    const { clock, gates, kicks, monitor, ticksPerSecond } = this.parts;
    const now = clock.now();
    store(gates, this.id, 1); // from here on who kicks also rings
    if (clock.isDue(now) || kicks.isKicked(this.id)) this.mailbox.kick(Kick.Interrupt);
    const ns = Math.max(1, Math.min(this.budgetEnd, clock.deadline) - now);
    this.promisedMs = ns / NS_PER_MS;
    const ticks = Math.ceil((ns * ticksPerSecond) / NS_PER_SECOND);
    const { words } = this.mailbox;
    words[MAILBOX.TICKS / 4] = ticks >>> 0;
    words[MAILBOX.TICKS / 4 + 1] = Math.floor(ticks / 4294967296);
    this.running = true;
    monitor.begin(this.mailbox, Opcode.Run);
  }

  /** Makes the inline CPU stand still. It stays started; if it came back for a reason of its own, `next` finds that. */
  pause(): void {
    const { monitor } = this.parts;
    this.mailbox.kick(Kick.Pause);
    if (!this.mailbox.isDone) monitor.ring();
    monitor.await(this.mailbox, this.promisedMs);
    const { words } = this.mailbox;
    if (words[MAILBOX.CAUSE / 4 + 1] === SPECIAL_HI && words[MAILBOX.ADDRESS / 4] === PAUSED) this.rest();
    else this.mailbox.unkick(Kick.Pause);
  }

  /** Milliseconds that the current run may take by itself. */
  get promised(): number {
    return this.running ? this.promisedMs : 0;
  }

  /** After the mailbox says done. @returns true when the CPU is back; false when it was let run on */
  finish(): boolean {
    const { words } = this.mailbox;
    const { cause } = this;
    this.parts.guest?.hear(this.mailbox);
    cause.causeLo = words[MAILBOX.CAUSE / 4];
    cause.causeHi = words[MAILBOX.CAUSE / 4 + 1];
    if (cause.causeHi !== SPECIAL_HI) this.trapped();
    else if (cause.causeLo === CAUSE_INTERRUPT) this.kicked();
    else if (!this.timedOut()) return false;
    this.comeBack();
    return true;
  }

  /** However many kicks there were, this is what they get. */
  private kicked(): void {
    this.parts.kicks.take(this.id);
    this.record.kind = this.halted ? TrapKind.Halt : TrapKind.Interrupt;
  }

  private rest(): void {
    this.running = false;
    store(this.parts.gates, this.id, 0);
  }

  /** A timer rang. @returns false when it was too early */
  private timedOut(): boolean {
    const { clock } = this.parts;
    const now = clock.now();
    this.record.kind = TrapKind.Interrupt;
    if (clock.isDue(now)) return true;
    if (now >= this.budgetEnd) {
      this.record.kind = TrapKind.Budget;
      if (this.hasMoved() || ++this.prolongations > MOST_PROLONGATIONS) return true;
      this.budgetEnd = now + LEAST_RUN_NS;
    }
    this.resume();
    return false;
  }

  private hasMoved(): boolean {
    const registers = this.parts.contexts.registers(this.context);
    return registers[this.pcWord] !== this.pcLo || registers[this.pcWord + 1] !== this.pcHi;
  }

  private trapped(): void {
    const { words } = this.mailbox;
    const { cause, record } = this;
    cause.addressLo = words[MAILBOX.ADDRESS / 4];
    cause.addressHi = words[MAILBOX.ADDRESS / 4 + 1];
    cause.detail = words[MAILBOX.DETAIL / 4];
    record.fault = FaultKind.None;
    record.access = Access.Read;
    record.addressLo = 0;
    record.addressHi = 0;
    this.parts.isa.decode(record, cause, this.parts.contexts.registers(this.context));
  }

  private comeBack(): void {
    const { contexts, clock } = this.parts;
    const { record } = this;
    record.context = this.context;
    record.consumed = Math.max(1, clock.now() - this.begun) as Instructions;
    if (record.kind !== TrapKind.Fault && record.kind !== TrapKind.Breakpoint) record.fault = FaultKind.None;
    contexts.setRunning(this.context, false);
    this.started = false;
    this.rest();
  }
}
