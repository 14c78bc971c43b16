/**
 * The emulated RV64GC machine: one WebAssembly memory, one hart or several, QEMU's `virt` devices.
 *
 * With one CPU nothing is shared and there is no worker; with several another build of the core is used (harts.ts).
 */
import type { ContextId, CpuId, Instructions, MemoryRegion, MmuPort, Nanoseconds, PhysAddr } from '@veridian-os/abi';
import { NONE, panic } from '@veridian-os/abi';
import type { DeviceBus, StopRequest, Uart16550 } from '@veridian-os/devices';
import { RegionMemory } from '@veridian-os/devices';
import type {
  Clock,
  Firmware,
  InterruptController,
  KickHandle,
  Machine,
  MachineFeatures,
  MachineInfo,
} from '@veridian-os/hal';
import { Kicks, RISCV64 } from '@veridian-os/hal';
import type { EmulatedMachineOptions } from './api.js';
import { MEMORY_MAP } from './api.js';
import { FDT_OFFSET, LINE, VirtBoard } from './board.js';
import { VirtualClock } from './clock.js';
import { ContextTable } from './contexts.js';
import { EmulatedCpu, checkBudget } from './cpu.js';
import { Harts } from './harts.js';
import { HartsClock } from './harts-clock.js';
import { startWorker } from './host/worker.js';
import { loadPiece } from './boot/load.js';
import { FW_DYNAMIC_AT, handoffRom, planBoot, type BootImages } from './boot/system-boot.js';
import { virtTree } from './firmware/virt-tree.js';
import type { CoreExports, CoreMemory, CoreModule, SharedCoreExports } from './internal/core.js';
import { compileCore, compileCoreAsync, createMemory, instantiateCore } from './internal/core.js';
import { GuestRam } from './internal/guest-ram.js';
import type { MemoryPlan } from './internal/layout.js';
import { HART, HART_BYTES, planMemory } from './internal/layout.js';
import { checkTotal, readOptions, type Settings } from './internal/options.js';
import { EmulatedMmu } from './mmu.js';
import { SharedMmu } from './shared-mmu.js';
import type { SystemTrap } from './system.js';
import { SystemHart } from './system.js';
import type { TranslationStatistics } from './translator/translator.js';
import { Translator } from './translator/translator.js';

export class EmulatedMachine implements Machine {
  readonly info: MachineInfo;
  readonly features: MachineFeatures;
  readonly memory: readonly MemoryRegion[];
  readonly cpus: readonly EmulatedCpu[];
  readonly contexts: ContextTable;
  readonly mmu: MmuPort;
  readonly bus: DeviceBus;
  readonly interrupts: InterruptController;
  readonly clock: Clock;
  readonly firmware: Firmware;
  readonly uart: Uart16550;
  private readonly board: VirtBoard;
  private readonly rom: Uint8Array;
  private readonly ram: Settings['ram'];
  private readonly commandLine: string;
  /** Of each CPU, on this thread. */
  private readonly cores: readonly SharedCoreExports[];
  /** Undefined with one CPU. */
  private readonly harts: Harts | undefined;
  private readonly systemHart: SystemHart | undefined;
  private readonly translator: Translator | undefined;
  private readonly kicks: Kicks;
  private readonly words: Uint32Array<ArrayBufferLike>;
  private started: { context: ContextId; budget: Instructions } | null = null;

  /** @throws RangeError for a bad option; compiling takes some milliseconds */
  static create(options: EmulatedMachineOptions = {}): EmulatedMachine {
    return new EmulatedMachine(options, compileCore(options.cpus));
  }

  /** Like `create`, for hosts that compile on the main thread only asynchronously. */
  static async createAsync(options: EmulatedMachineOptions = {}): Promise<EmulatedMachine> {
    return new EmulatedMachine(options, await compileCoreAsync(options.cpus));
  }

  private constructor(options: EmulatedMachineOptions, module: CoreModule) {
    const settings = readOptions(options);
    const { cpus, codePages } = settings;
    const sizes = settings.ram.map((piece) => piece.bytes);
    const plan = planMemory(settings.maxContexts, codePages, sizes, cpus);
    checkTotal(plan.total, settings.ram);
    const memory = createMemory(plan.total, cpus > 1);
    const ram = new GuestRam(memory.buffer, settings.ram, plan.ram);
    this.words = ram.words;
    this.memory = ram.regions;
    const clock = this.createClock(settings);
    this.clock = clock;
    this.board = this.createBoard(options, clock);
    this.bus = this.board.bus;
    this.cores = plan.code.map((code, i) => {
      const core = instantiateCore(module, memory, this.bus, i * HART_BYTES, (...at) => this.translator?.sample(...at));
      core.init(code.codePages, codePages, code.codeOwners, code.pageInfo);
      settings.ram.forEach((piece, r) => core.addRegion(piece.base / 4096, piece.bytes / 4096, plan.ram[r]));
      return core;
    });
    this.translator = createTranslator(settings, plan, memory, this.cores[0]);
    this.contexts = new ContextTable(memory.buffer, plan.contexts, settings.maxContexts, () => this.dropReservations());
    this.kicks = new Kicks(cpus);
    if (clock instanceof HartsClock) {
      this.harts = new Harts(this.cores, this.words, this.contexts, clock, this.kicks);
      this.cpus = this.harts.cpus;
      this.mmu = new SharedMmu(this.harts, ram, plan.code);
      startWorkers(this.harts, module, memory);
    } else {
      const [core] = this.cores;
      this.cpus = [new EmulatedCpu(0 as CpuId, core, this.words, this.contexts, this.kicks)];
      this.mmu = new EmulatedMmu(core, ram);
      this.systemHart = new SystemHart(core, this.words, this.contexts, clock, this.kicks, this.board.alarm);
    }
    this.interrupts = this.board.interrupts;
    this.uart = this.board.uart;
    this.ram = settings.ram;
    this.commandLine = options.commandLine ?? '';
    const blob = virtTree(settings.ram, { commandLine: this.commandLine }, cpus);
    this.rom = new Uint8Array(FDT_OFFSET + blob.length);
    this.rom.set(blob, FDT_OFFSET);
    this.board.attachRom(this.rom);
    this.firmware = { kind: 'fdt', blob, address: (MEMORY_MAP.bootRom.base + FDT_OFFSET) as PhysAddr };
    this.info = {
      name: 'emulated',
      description: `emulated RV64GC, Sv39, predecoded interpreter in WebAssembly${cpus > 1 ? `, ${cpus} CPUs` : ''}`,
      layout: RISCV64,
    };
    this.features = {
      isa: 'riscv64',
      pageTables: 'sv39',
      exactBudget: true,
      deterministic: cpus === 1,
      hardwareAccessedDirty: true,
      misaligned: true,
      maxContexts: settings.maxContexts,
      devices: this.bus.ranges,
    };
  }

  receive(bytes: Uint8Array): void {
    this.uart.receive(bytes);
  }

  /**
   * The hart with its M and S modes, for guests that bring their own kernel.
   * @throws KernelPanic `machine-emulated/system` with several CPUs
   */
  get system(): SystemHart {
    return this.systemHart ?? panic('machine-emulated/system', 'a whole computer needs a machine with cpus: 1');
  }

  /**
   * Loads files as QEMU's `virt` board does and puts the hart where its boot ROM would: `system.run` then boots them.
   * @throws RangeError when they do not fit or are damaged
   * @throws KernelPanic `machine-emulated/system` with several CPUs
   */
  boot(images: BootImages): void {
    const { system, memory } = this;
    const { rngSeed, commandLine = this.commandLine } = images;
    const seed = rngSeed === undefined ? {} : { rngSeed };
    const measure = virtTree(this.ram, { commandLine, ...seed, initrd: { start: 0, end: 0 } }, 1).length;
    const plan = planBoot(this.ram[0], images, measure);
    for (const { name, piece } of plan.pieces) loadPiece(memory, name, piece);
    const disk = plan.initrd === undefined ? {} : { initrd: plan.initrd };
    const bytes = virtTree(this.ram, { commandLine, ...seed, ...disk }, 1);
    loadPiece(memory, 'device tree', { address: plan.fdtAddress, bytes, memoryBytes: bytes.length });
    this.rom.set(handoffRom(plan));
    system.reset(plan.entry);
    const view = system.registers;
    const handed = { 5: plan.entry, 10: 0, 11: plan.fdtAddress, 12: MEMORY_MAP.bootRom.base + FW_DYNAMIC_AT };
    for (const [register, value] of Object.entries(handed)) {
      view[Number(register) * 2] = value >>> 0;
      view[Number(register) * 2 + 1] = Math.floor(value / 2 ** 32);
    }
  }

  /** What the translating tier has done; undefined without one. */
  get translation(): TranslationStatistics | undefined {
    return this.translator?.statistics;
  }

  start(cpu: CpuId, context: ContextId, budget: Instructions): void {
    if (this.harts !== undefined) {
      this.harts.start(cpu, context, budget);
      return;
    }
    if (cpu !== 0) panic('cpu/start', `no CPU ${cpu}`);
    if (this.started !== null) panic('cpu/start', `CPU ${cpu} is started already`);
    checkBudget(budget);
    this.cpus[0].hold(context);
    this.started = { context, budget };
  }

  next(deadline: Nanoseconds): CpuId | -1 {
    if (this.harts !== undefined) return this.harts.next(deadline);
    if (this.started === null) return NONE;
    const { context, budget } = this.started;
    this.started = null;
    const cpu = this.cpus[0];
    cpu.letGo();
    cpu.run(context, budget);
    return cpu.id;
  }

  /** From then on runs look for kicks every 10,000 instructions. */
  kickHandle(cpu: CpuId): KickHandle {
    return this.kicks.handle(cpu);
  }

  dispose(): void {
    this.started = null;
    this.kicks.close();
    this.harts?.quit();
  }

  /**
   * Forgets everything derived from guest memory: translations, decoded instructions, the reservation. For hosts that
   * replaced guest memory behind the machine's back, such as a restored snapshot. No CPU may be started.
   */
  forgetDerived(): void {
    for (const core of this.cores) core.forgetAll();
  }

  private createClock({ cpus, picoseconds }: Settings): VirtualClock | HartsClock {
    return cpus > 1 ? new HartsClock(this.words, picoseconds, cpus) : new VirtualClock(this.words, picoseconds);
  }

  /** Those of running CPUs belong to what they run, which nobody takes away. */
  private dropReservations(): void {
    for (const core of this.cores) core.dropReservation();
  }

  private createBoard(options: EmulatedMachineOptions, clock: VirtualClock | HartsClock): VirtBoard {
    const board = new VirtBoard({
      timer: clock.timerPort,
      now: () => clock.now(),
      epochNs: options.epochNs ?? 0n,
      output: (bytes) => options.console?.output(bytes),
      setLine: (line, high) => this.setLine(line, high),
      stop: (request) => this.onStop(request),
    });
    const regions = this.memory.map(({ base, u8 }) => ({ base, bytes: u8 }));
    board.attachVirtio(options.virtio ?? [], new RegionMemory(regions));
    return board;
  }

  private onStop(request: StopRequest): void {
    if (this.systemHart !== undefined) this.systemHart.stopped = request;
    for (const cpu of this.cpus) cpu.halt();
  }

  private setLine(line: number, high: boolean): void {
    const at = HART.LINES / 4;
    this.words[at] = high ? this.words[at] | line : this.words[at] & ~line;
    // A hosted CPU has no interrupts of its own: it comes back to the kernel, which asks the controller.
    if (high && line !== LINE.MSI && this.systemHart?.inUse !== true) this.cpus[0].interrupt();
  }
}

function createTranslator(
  { translation }: Settings,
  { code, generations, records, targetMaps, microTlbs }: MemoryPlan,
  memory: CoreMemory,
  core: CoreExports,
): Translator | undefined {
  if (translation === null) return undefined;
  const plan = { codePages: code[0].codePages, generations, records, targetMaps, microTlbs };
  return new Translator(memory, core.table, plan, translation);
}

function startWorkers(harts: Harts, module: CoreModule, memory: CoreMemory): void {
  const failed = (error: unknown): void => void (harts.failure ??= String(error));
  for (let i = 1; i < harts.cpus.length; i++) startWorker(module, memory, i * HART_BYTES, failed);
}

export type { SystemTrap };
