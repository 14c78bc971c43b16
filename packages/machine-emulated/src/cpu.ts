/** The hart as the kernel uses it: U mode only, every trap comes back. */
import type { ContextId, CpuId, Instructions } from '@veridian-os/abi';
import { panic } from '@veridian-os/abi';
import type { Cpu, Kicks, Trap } from '@veridian-os/hal';
import { Access, FaultKind, TrapKind } from '@veridian-os/hal';
import type { ContextTable } from './contexts.js';
import type { CoreExports } from './internal/core.js';
import { HART, HART_BYTES, TRAP } from './internal/layout.js';

const MAX_BUDGET = 2 ** 31 - 1;
/** Instructions between two looks at kicks from other threads, while there may be any. */
export const LOOK_EVERY = 10_000;
const TWO_32 = 4294967296;

/** RISC-V exception code to the hal's fault and access; index = code. */
const FAULTS: readonly FaultKind[] = [
  FaultKind.Alignment, // 0 fetch misaligned
  FaultKind.Bus, // 1 fetch access
  FaultKind.Illegal, // 2
  FaultKind.None, // 3 breakpoint
  FaultKind.Alignment, // 4 load misaligned
  FaultKind.Bus, // 5 load access
  FaultKind.Alignment, // 6 store misaligned
  FaultKind.Bus, // 7 store access
  FaultKind.None,
  FaultKind.None,
  FaultKind.None,
  FaultKind.None,
  FaultKind.Page, // 12 fetch
  FaultKind.Page, // 13 load
  FaultKind.None,
  FaultKind.Page, // 15 store
];
const { Read, Write, Execute } = Access;
const ACCESSES: readonly Access[] = [
  ...[Execute, Execute, Execute, Execute, Read, Read, Write, Write],
  ...[Execute, Execute, Execute, Execute, Execute, Read, Read, Write],
];

/** @throws KernelPanic `cpu/budget` */
export function checkBudget(budget: number): void {
  if (Number.isInteger(budget) && budget >= 1 && budget <= MAX_BUDGET) return;
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

export class EmulatedCpu implements Cpu {
  readonly id: CpuId;
  readonly trap: Trap;
  protected readonly core: CoreExports;
  protected readonly words: Uint32Array<ArrayBufferLike>;
  protected readonly contexts: ContextTable;
  /** From other threads. */
  protected readonly kicks: Kicks;
  private readonly record: TrapRecord;
  /** First word of the CPU's own part of the memory. */
  private readonly first: number;
  /** Device work asked for the machine to stop: the next way back is Halt. */
  private halted = false;
  /** What was started and waits for `next`. */
  private held: ContextId | null = null;

  constructor(id: CpuId, core: CoreExports, words: Uint32Array<ArrayBufferLike>, contexts: ContextTable, kicks: Kicks) {
    this.id = id;
    this.core = core;
    this.words = words;
    this.contexts = contexts;
    this.kicks = kicks;
    this.first = (id * HART_BYTES) / 4;
    this.record = new TrapRecord();
    this.trap = this.record;
  }

  /** Keeps a context for the run that `next` will do. @throws KernelPanic `hal/context` */
  hold(context: ContextId): void {
    this.contexts.acquire(context);
    this.held = context;
  }

  letGo(): void {
    if (this.held !== null) this.contexts.release(this.held);
    this.held = null;
  }

  run(context: ContextId, budget: Instructions): Trap {
    if (this.held !== null) panic('cpu/start', `CPU ${this.id} is started`);
    checkBudget(budget);
    const address = this.contexts.acquire(context);
    try {
      if (this.kicks.isOpen) this.runLooking(context, address, budget);
      else this.report(context, this.core.runHosted(address, budget) as TrapKind, this.consumed);
    } finally {
      this.contexts.release(context);
    }
    return this.record;
  }

  /** The same in slices, which the guest cannot tell from one piece. */
  private runLooking(context: ContextId, address: number, budget: number): void {
    let done = 0;
    let kind: TrapKind;
    do {
      if (this.kicks.take(this.id)) this.interrupt();
      kind = this.core.runHosted(address, Math.min(LOOK_EVERY, budget - done)) as TrapKind;
      done += this.consumed;
    } while (kind === TrapKind.Budget && done < budget);
    this.report(context, kind, done);
  }

  interrupt(): void {
    this.words[this.first + HART.KICK / 4] = 1;
  }

  /** The guest powered the machine off or reset it. */
  halt(): void {
    this.halted = true;
    this.interrupt();
  }

  /** Instructions of the last entry into the core. */
  protected get consumed(): number {
    const at = this.first + TRAP.CONSUMED / 4;
    return this.words[at + 1] * TWO_32 + this.words[at];
  }

  /** Fills the trap record. */
  protected report(context: ContextId, kind: TrapKind, consumed: number): void {
    const { words, record, first } = this;
    record.kind = kind === TrapKind.Interrupt && this.halted ? TrapKind.Halt : kind;
    record.context = context;
    record.consumed = consumed as Instructions;
    record.fault = FaultKind.None;
    if (kind !== TrapKind.Fault) return;
    const cause = words[first + TRAP.CAUSE / 4];
    record.fault = FAULTS[cause]!;
    record.access = ACCESSES[cause]!;
    record.addressLo = words[first + TRAP.TVAL / 4]!;
    record.addressHi = words[first + TRAP.TVAL / 4 + 1]!;
  }
}
