/**
 * A machine of any ISA that knows just enough instructions for scripts: make a system call, jump, return, load a small
 * constant, break. Its page tables are real ones, walked in `memory`'s formats; time is the number of instructions.
 *
 * It is there so that the personality's x86_64 and aarch64 sides are tested wherever tests run; programs need a real machine.
 */
import type { ContextId, CpuId, Frame, Instructions, MmuEdits, Nanoseconds, PhysAddr } from '@veridian-os/abi';
import { ENOMEM, NONE, PAGE_SIZE, highWord, lowWord, panic } from '@veridian-os/abi';
import * as hal from '@veridian-os/hal';
import { aarch64, sv39, x86_64, type PageTableFormat } from '@veridian-os/memory';
import { step } from './tiny-instructions.js';

const RAM_BASE = 0x80000000;
const MAX_CONTEXTS = 256;

const LAYOUTS = { riscv64: hal.RISCV64, aarch64: hal.AARCH64, x86_64: hal.X86_64 } as const;
const FORMATS = { riscv64: sv39, aarch64, x86_64 } as const;

interface Context {
  readonly registers: Uint32Array<ArrayBuffer>;
  readonly fp: Uint8Array<ArrayBuffer>;
  root: Frame;
}

/** What the next run ends with instead of an instruction's effect. */
export type PlannedTrap = Partial<Pick<hal.Trap, 'kind' | 'fault' | 'access' | 'addressLo' | 'addressHi'>>;

type WritableTrap = { -readonly [Key in keyof hal.Trap]: hal.Trap[Key] };

/** One CPU, its contexts and its memory. */
export class TinyMachine implements hal.Machine {
  readonly layout: hal.RegisterLayout;
  readonly info: hal.MachineInfo;
  readonly features: hal.MachineFeatures;
  readonly memory;
  readonly cpus: readonly hal.Cpu[];
  readonly contexts: hal.Contexts;
  readonly mmu;
  readonly firmware: hal.Firmware;
  readonly interrupts: hal.InterruptController = {
    sources: 1,
    enable: () => undefined,
    disable: () => undefined,
    claim: () => 0,
    complete: () => undefined,
    pending: () => false,
  };
  readonly bus: hal.Bus = {
    read8: () => 0,
    read16: () => 0,
    read32: () => 0,
    write8: () => undefined,
    write16: () => undefined,
    write32: () => undefined,
  };
  readonly clock: hal.Clock;
  /** Traps that the next runs end with, first come first served. */
  readonly planned: PlannedTrap[] = [];
  private readonly format: PageTableFormat;
  private readonly words: Uint32Array<ArrayBuffer>;
  private readonly bytes: Uint8Array<ArrayBuffer>;
  private readonly alive = new Map<ContextId, Context>();
  private nextContext = 1;
  private time = 0;
  private started: { context: ContextId; budget: Instructions } | undefined = undefined;
  private readonly trap: WritableTrap = {
    kind: hal.TrapKind.Budget,
    context: 0 as ContextId,
    consumed: 0 as Instructions,
    fault: hal.FaultKind.None,
    access: hal.Access.Read,
    addressLo: 0,
    addressHi: 0,
  };

  constructor(isa: hal.Isa, memoryBytes: number) {
    this.layout = LAYOUTS[isa];
    this.format = FORMATS[isa];
    const buffer = new ArrayBuffer(memoryBytes);
    this.bytes = new Uint8Array(buffer);
    this.words = new Uint32Array(buffer);
    this.memory = [
      { base: RAM_BASE as PhysAddr, length: memoryBytes, node: 0, tier: 0, u8: this.bytes, u32: this.words },
    ];
    this.info = { name: `tiny-${isa}`, description: `${isa} for scripts`, layout: this.layout };
    this.features = {
      isa,
      pageTables: isa === 'riscv64' ? 'sv39' : isa,
      exactBudget: true,
      deterministic: true,
      hardwareAccessedDirty: false,
      misaligned: true,
      maxContexts: MAX_CONTEXTS,
      devices: [],
    };
    this.firmware = { kind: 'fdt', blob: tree(memoryBytes), address: 0 as PhysAddr };
    this.cpus = [
      { id: 0 as CpuId, trap: this.trap, run: (id, budget) => this.run(id, budget), interrupt: () => undefined },
    ];
    this.contexts = this.createContexts();
    this.mmu = {
      apply: (edits: MmuEdits) => this.apply(edits),
      flushAddressSpace: () => undefined,
      syncCode: () => undefined,
    };
    this.clock = {
      virtual: true,
      now: () => this.time as Nanoseconds,
      setDeadline: () => undefined,
      advance: (to) => {
        this.time = Math.max(this.time, to);
      },
    };
  }

  start(_cpu: CpuId, context: ContextId, budget: Instructions): void {
    this.started = { context, budget };
  }

  next(): CpuId | -1 {
    if (this.started === undefined) return NONE;
    const { context, budget } = this.started;
    this.started = undefined;
    this.run(context, budget);
    return 0 as CpuId;
  }

  dispose(): void {
    this.alive.clear();
  }

  /** FP state of a context, in place. */
  fpOf(context: ContextId): Uint8Array {
    return this.find(context).fp;
  }

  private run(id: ContextId, budget: Instructions): hal.Trap {
    const context = this.find(id);
    const { trap } = this;
    const planned = this.planned.shift();
    Object.assign(trap, { context: id, kind: hal.TrapKind.Budget, fault: 0, access: 0, addressLo: 0, addressHi: 0 });
    Object.assign(trap, planned);
    let consumed = 0;
    while (planned === undefined && consumed < budget) {
      const outcome = step(this.layout, context.registers, (address, access) => this.byteAt(context, address, access));
      if (outcome.kind !== undefined) Object.assign(trap, outcome);
      if (outcome.kind !== hal.TrapKind.Fault) consumed++;
      if (outcome.kind !== undefined) break;
    }
    this.time += consumed;
    trap.consumed = consumed as Instructions;
    return trap;
  }

  /** A byte of user memory, or -1 when the page does not allow it. */
  private byteAt(context: Context, address: number, access: hal.Access): number {
    const { format } = this;
    if (!(address < format.userTop)) return NONE;
    let table = context.root;
    for (let level = format.levels - 1; ; level--) {
      const span = PAGE_SIZE * 2 ** (format.indexBits * level);
      const at = (table * PAGE_SIZE - RAM_BASE) / 4 + (Math.floor(address / span) % 2 ** format.indexBits) * 2;
      const [lo, hi] = [this.words[at], this.words[at + 1]];
      if ((lo & 1) === 0) return NONE;
      const frame = format.frame(lo, hi);
      if (level > 0) table = frame;
      else {
        const needed = access === hal.Access.Execute ? 4 : access === hal.Access.Write ? 2 : 1;
        const allowed = (format.flags(lo, hi) & needed) !== 0;
        return allowed ? this.bytes[frame * PAGE_SIZE - RAM_BASE + (address % PAGE_SIZE)] : NONE;
      }
    }
  }

  private apply(edits: MmuEdits): void {
    for (let index = 0; index < edits.count; index++) {
      const at = (edits.entry[index] - RAM_BASE) / 4;
      edits.oldLo[index] = this.words[at];
      edits.oldHi[index] = this.words[at + 1];
      this.words[at] = edits.valueLo[index];
      this.words[at + 1] = edits.valueHi[index];
    }
  }

  private find(id: ContextId): Context {
    return this.alive.get(id) ?? panic('hal/context', `${id} is not alive`);
  }

  private createContexts(): hal.Contexts {
    const { count, fpBytes } = this.layout;
    const blank = (): Context => ({
      registers: new Uint32Array(count * 2),
      fp: new Uint8Array(fpBytes),
      root: 0 as Frame,
    });
    return {
      create: () => {
        if (this.alive.size >= MAX_CONTEXTS) return ENOMEM;
        const id = this.nextContext++ as ContextId;
        this.alive.set(id, blank());
        return id;
      },
      destroy: (id) => void this.alive.delete(id),
      reset: (id) => {
        this.find(id).registers.fill(0);
        this.find(id).fp.fill(0);
      },
      copy: (from, to) => {
        this.find(to).registers.set(this.find(from).registers);
        this.find(to).fp.set(this.find(from).fp);
      },
      registers: (id) => this.find(id).registers,
      setAddressSpace: (id, root) => {
        this.find(id).root = root;
      },
      saveFp: (id, into) => into.set(this.find(id).fp),
      restoreFp: (id, from) => this.find(id).fp.set(from.subarray(0, fpBytes)),
    };
  }
}

function tree(memoryBytes: number): Uint8Array {
  const cells = (value: number): number[] => [highWord(value), lowWord(value)];
  const writer = new hal.FdtWriter();
  writer.begin('').property('#address-cells', [2]).property('#size-cells', [2]);
  writer.begin('cpus').property('#address-cells', [1]).property('#size-cells', [0]);
  writer.begin('cpu@0').property('device_type', 'cpu').property('reg', [0]).end().end();
  writer.begin(`memory@${RAM_BASE.toString(16)}`).property('device_type', 'memory');
  writer.property('reg', [...cells(RAM_BASE), ...cells(memoryBytes)]).end();
  return writer.end().finish();
}
