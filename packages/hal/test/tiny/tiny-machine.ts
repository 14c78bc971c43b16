/**
 * A whole machine in one page: what `Machine` asks for, and nothing else. One region of RAM, one CPU that runs inline,
 * a clock that counts instructions, a console. docs/write-your-own-machine.md walks through it.
 */
import {
  ENOMEM,
  NONE,
  panic,
  type ContextId,
  type CpuId,
  type Frame,
  type Instructions,
  type MemoryRegion,
  type MmuEdits,
  type MmuPort,
  type Nanoseconds,
  type PhysAddr,
} from '@veridian-os/abi';
import { DeviceBus, Plic, PlicInterrupts, SUPERVISOR_CONTEXT, Uart16550 } from '@veridian-os/devices';
import {
  Access,
  FaultKind,
  FdtWriter,
  Kicks,
  RISCV64,
  TrapKind,
  type Clock,
  type ConsolePort,
  type Contexts,
  type Cpu,
  type Firmware,
  type KickHandle,
  type Machine,
  type MachineFeatures,
  type MachineInfo,
  type RegisterView,
} from '@veridian-os/hal';
import { Stop, TinyCpu, type TinyContext } from './tiny-cpu.js';

const RAM = 0x8000_0000;
const RAM_BYTES = 16 * 1024 * 1024;
const UART = { base: 0x1000_0000, length: 0x100, source: 10 };
const PLIC = { base: 0xc00_0000, length: 0x60_0000 };

/** Register files: plain memory that the interpreter and the kernel both look at. */
class TinyContexts implements Contexts {
  readonly live = new Map<number, TinyContext & { view: RegisterView }>();
  private next = 0;

  create(): ContextId | number {
    if (this.live.size === 64) return ENOMEM;
    const x = new BigInt64Array(RISCV64.count);
    const id = this.next++ as ContextId;
    this.live.set(id, { x, f: new Float64Array(33), root: 0, view: new Uint32Array(x.buffer) });
    return id;
  }
  /** What is started and has not come back. */
  running: number = NONE;

  destroy(context: ContextId): void {
    this.of(context);
    this.live.delete(context);
  }
  reset(context: ContextId): void {
    this.of(context).x.fill(0n);
    this.of(context).f.fill(0);
  }
  copy(from: ContextId, to: ContextId): void {
    this.of(to).x.set(this.of(from).x);
    this.of(to).f.set(this.of(from).f);
  }
  registers(context: ContextId): RegisterView {
    return this.of(context).view;
  }
  setAddressSpace(context: ContextId, root: Frame): void {
    this.of(context).root = root;
  }
  saveFp(context: ContextId, into: Uint8Array): void {
    into.set(new Uint8Array(this.of(context).f.buffer, 0, RISCV64.fpBytes));
  }
  restoreFp(context: ContextId, from: Uint8Array): void {
    new Uint8Array(this.of(context).f.buffer).set(from.subarray(0, RISCV64.fpBytes));
  }
  of(context: number): TinyContext & { view: RegisterView } {
    if (context === this.running) panic('hal/context', `${context} is running`);
    return this.live.get(context) ?? panic('hal/context', `${context} is not alive`);
  }
}

/** One instruction is one nanosecond; idle time is skipped by the kernel. */
class TinyClock implements Clock {
  readonly virtual = true;
  deadline = Infinity;
  time = 0;

  now = (): Nanoseconds => this.time as Nanoseconds;
  setDeadline(at: Nanoseconds): void {
    this.deadline = at;
  }
  advance(to: Nanoseconds): void {
    if (Number.isNaN(to)) throw new RangeError(`to: expected nanoseconds, got ${to}`);
    this.time = Math.max(this.time, Math.ceil(to));
  }
}

/** Every access walks the tables, so an edit is only an exchange: there is nothing to invalidate. */
class TinyMmu implements MmuPort {
  private readonly region: MemoryRegion;

  constructor(region: MemoryRegion) {
    this.region = region;
  }

  apply(edits: MmuEdits): void {
    const words = this.region.u32;
    for (let i = 0; i < edits.count; i++) {
      const at = (edits.entry[i] - RAM) / 4;
      edits.oldLo[i] = words[at];
      edits.oldHi[i] = words[at + 1];
      words[at] = edits.valueLo[i];
      words[at + 1] = edits.valueHi[i];
    }
  }
  flushAddressSpace(): void {
    // No translation is remembered.
  }
  syncCode(): void {
    // No instruction is remembered.
  }
}

export class TinyMachine implements Machine, Cpu {
  readonly info: MachineInfo = { name: 'tiny', description: 'a tiny RV64I machine', layout: RISCV64 };
  readonly features: MachineFeatures;
  readonly memory: readonly MemoryRegion[];
  readonly cpus: readonly Cpu[] = [this];
  readonly contexts = new TinyContexts();
  readonly mmu: MmuPort;
  readonly bus = new DeviceBus();
  readonly interrupts: PlicInterrupts;
  readonly clock = new TinyClock();
  readonly firmware: Firmware;
  readonly uart: Uart16550;

  // The one CPU.
  readonly id = 0 as CpuId;
  readonly trap = {
    kind: TrapKind.Budget as TrapKind,
    context: 0 as ContextId,
    consumed: 0 as Instructions,
    fault: FaultKind.None as FaultKind,
    access: Access.Read as Access,
    addressLo: 0,
    addressHi: 0,
  };
  private readonly core: TinyCpu;
  private kicked = false;
  private readonly kicks = new Kicks(1);
  private started: { context: ContextId; budget: Instructions } | undefined;

  constructor(console: ConsolePort = { output: () => undefined }) {
    const u8 = new Uint8Array(RAM_BYTES);
    const region = { base: RAM as PhysAddr, length: RAM_BYTES, node: 0, tier: 0, u8, u32: new Uint32Array(u8.buffer) };
    this.memory = [region];
    this.mmu = new TinyMmu(region);
    const { bus } = this;
    this.core = new TinyCpu(region, {
      has: (address) => bus.has(address, 0, 1),
      read: (address, bytes) => bus.load(address, 0, bytes),
      write: (address, bytes, value) => bus.store(address, 0, bytes, value, 0),
    });
    const plic = new Plic(31, 2, (context, high) => {
      if (context === SUPERVISOR_CONTEXT && high) this.interrupt();
    });
    this.interrupts = new PlicInterrupts(plic);
    this.uart = new Uart16550(
      (bytes) => console.output(bytes),
      (high) => plic.setLevel(UART.source, high),
    );
    this.bus.attach(PLIC.base, PLIC.length, plic, 'riscv,plic0');
    this.bus.attach(UART.base, UART.length, this.uart, 'ns16550a', UART.source);
    this.firmware = { kind: 'fdt', blob: deviceTree(), address: 0x1000 as PhysAddr };
    this.features = {
      isa: 'riscv64',
      pageTables: 'sv39',
      exactBudget: true,
      deterministic: true,
      hardwareAccessedDirty: true,
      misaligned: true,
      maxContexts: 64,
      devices: this.bus.ranges,
    };
  }

  run(context: ContextId, budget: Instructions): typeof this.trap {
    if (!(Number.isInteger(budget) && budget >= 1 && budget < 2 ** 31)) panic('cpu/budget', `got ${budget}`);
    if (this.started !== undefined) panic('cpu/start', 'CPU 0 is started');
    const state = this.contexts.of(context);
    const before = this.clock.time;
    const stop = this.until(state, before + budget);
    const { trap } = this;
    trap.kind = stop.kind;
    trap.context = context;
    trap.consumed = (this.clock.time - before) as Instructions;
    trap.fault = stop.fault;
    trap.access = stop.access;
    trap.addressLo = Number(BigInt.asUintN(32, stop.address));
    trap.addressHi = Number(BigInt.asUintN(64, stop.address) >> 32n);
    return trap;
  }

  /** Instructions until something happens; that something. */
  private until(state: TinyContext, end: number): Stop {
    const { clock, kicks } = this;
    for (;;) {
      if (kicks.take(0)) this.kicked = true;
      if (this.kicked || clock.time >= clock.deadline) {
        if (!this.kicked) clock.deadline = Infinity;
        this.kicked = false;
        return new Stop(TrapKind.Interrupt);
      }
      if (clock.time >= end) return new Stop(TrapKind.Budget);
      try {
        this.core.step(state);
        clock.time++;
      } catch (stop) {
        if (!(stop instanceof Stop)) throw stop;
        if (stop.kind === TrapKind.Syscall) clock.time++;
        return stop;
      }
    }
  }

  interrupt(): void {
    this.kicked = true;
  }

  kickHandle(cpu: CpuId): KickHandle {
    return this.kicks.handle(cpu);
  }

  start(cpu: CpuId, context: ContextId, budget: Instructions): void {
    if (cpu !== 0 || this.started !== undefined) panic('cpu/start', `CPU ${cpu}`);
    this.contexts.of(context);
    this.contexts.running = context;
    this.started = { context, budget };
  }

  next(): CpuId | -1 {
    if (this.started === undefined) return NONE;
    const { context, budget } = this.started;
    this.started = undefined;
    this.contexts.running = NONE;
    this.run(context, budget);
    return this.id;
  }

  receive(bytes: Uint8Array): void {
    this.uart.receive(bytes);
  }

  dispose(): void {
    this.started = undefined;
    this.kicks.close();
  }
}

/** What the kernel's first boot stage reads: CPUs, memory, devices. */
function deviceTree(): Uint8Array {
  const tree = new FdtWriter();
  tree.begin('').property('#address-cells', [2]).property('#size-cells', [2]).property('model', 'tiny');
  tree.begin('chosen').property('stdout-path', '/serial@10000000').end();
  tree.begin('cpus').property('#address-cells', [1]).property('#size-cells', [0]);
  tree.property('timebase-frequency', [10_000_000]);
  tree.begin('cpu@0').property('device_type', 'cpu').property('reg', [0]).property('riscv,isa', 'rv64i').end().end();
  tree.begin('memory@80000000').property('device_type', 'memory').property('reg', [0, RAM, 0, RAM_BYTES]).end();
  tree.begin('plic@c000000').property('compatible', ['riscv,plic0']).property('reg', [0, PLIC.base, 0, PLIC.length]);
  tree.property('#interrupt-cells', [1]).property('interrupt-controller', null).property('phandle', [1]).end();
  tree.begin('serial@10000000').property('compatible', ['ns16550a']).property('reg', [0, UART.base, 0, UART.length]);
  tree.property('interrupt-parent', [1]).property('interrupts', [UART.source]).end();
  return tree.end().finish();
}
