/** The host's processor through KVM: CPUs on the kernel's thread and on workers, devices as models in JavaScript. */
import type { ContextId, CpuId, Instructions, MemoryRegion, Nanoseconds, PhysAddr } from '@veridian-os/abi';
import { NONE, panic } from '@veridian-os/abi';
import {
  DeviceBus,
  Plic,
  PlicInterrupts,
  Rom,
  SUPERVISOR_CONTEXT,
  TestFinisher,
  Uart16550,
} from '@veridian-os/devices';
import type {
  Clock,
  Counter,
  Firmware,
  InterruptController,
  KickHandle,
  Machine,
  MachineFeatures,
  MachineInfo,
} from '@veridian-os/hal';
import { X86_64 } from '@veridian-os/hal';
import { libc, libcProblem } from '@veridian-os/libc';
import type { KvmKind, KvmMachineOptions } from './api.js';
import { MEMORY_MAP, UART_SOURCE } from './api.js';
import { KvmContexts } from './contexts.js';
import { KvmCpu } from './cpu.js';
import { Cpus } from './cpus.js';
import { PLIC_SOURCES, kvmTree } from './firmware-tree.js';
import { HostClock } from './host/clock.js';
import { Backend } from './internal/backend.js';
import { findKind } from './internal/kind.js';
import { adoptRoot } from './internal/monitor.js';
import { DIRECT_HIGH } from './internal/monitor-image.js';
import { readOptions } from './internal/options.js';
import { KvmUnavailable } from './internal/vm.js';
import { KvmMmu } from './mmu.js';

const FDT_OFFSET = 0x100;

export class KvmMachine implements Machine {
  readonly info: MachineInfo;
  readonly features: MachineFeatures;
  readonly memory: readonly MemoryRegion[];
  readonly cpus: readonly KvmCpu[];
  readonly contexts: KvmContexts;
  readonly mmu: KvmMmu;
  readonly bus: DeviceBus;
  readonly interrupts: InterruptController;
  readonly clock: Clock;
  readonly counter?: Counter;
  readonly firmware: Firmware;
  readonly uart: Uart16550;
  /** How the host's KVM runs ring 0. */
  readonly kind: KvmKind;
  private readonly backend: Backend;
  private readonly runner: Cpus;
  private disposed = false;

  /**
   * Belongs to the calling thread.
   * @throws RangeError for a bad option, KvmUnavailable (one sentence) where the host has no usable KVM
   */
  static create(options: KvmMachineOptions = {}): KvmMachine {
    const settings = readOptions(options);
    const problem = libcProblem();
    if (problem !== undefined) throw new KvmUnavailable(problem);
    const clock = new HostClock();
    const backend = Backend.open(libc(), settings, clock);
    try {
      return new KvmMachine(options, settings, backend, clock);
    } catch (error) {
      backend.close();
      throw error;
    }
  }

  private constructor(
    options: KvmMachineOptions,
    settings: ReturnType<typeof readOptions>,
    backend: Backend,
    clock: HostClock,
  ) {
    const { ram, plan, pool, monitor, alarm } = backend;
    this.backend = backend;
    this.kind = findKind(backend);
    const counter = backend.counter?.follow(clock);
    if (counter !== undefined) this.counter = counter;
    this.memory = ram.regions;
    this.clock = clock;
    this.bus = new DeviceBus();
    this.mmu = new KvmMmu(ram, monitor, settings.cpus === 1);
    this.contexts = new KvmContexts(settings.maxContexts, pool, {
      nothing: plan.root,
      adopt: (root, asid) => {
        if (!adoptRoot(ram, plan, root)) panic('machine-kvm/root', `root table at ${root}`);
        this.mmu.register(root, asid);
      },
    });
    const { contexts, bus } = this;
    const refresh = monitor.refresh.bind(monitor);
    const entry = { entryLo: backend.entry, entryHi: this.kind === 'interpreted' ? DIRECT_HIGH : NONE };
    const runner = new Cpus(settings.cpus, backend.vm.libc, clock, alarm);
    const parts = { runner, pool, contexts, ram, bus, clock, refresh, ...entry };
    this.cpus = Array.from({ length: settings.cpus }, (_, id) => new KvmCpu(id as CpuId, parts));
    this.runner = runner;
    monitor.shootDown = () => runner.shootDown();
    const plic = new Plic(PLIC_SOURCES, 2, (context, high) => this.onPlic(context, high));
    this.interrupts = new PlicInterrupts(plic);
    const output = (bytes: Uint8Array): void => options.console?.output(bytes);
    this.uart = new Uart16550(output, (high) => plic.setLevel(UART_SOURCE, high));
    const blob = kvmTree(settings.ram, settings.cpus, options.commandLine ?? '');
    this.attachDevices(plic, blob);
    this.firmware = { kind: 'fdt', blob, address: (MEMORY_MAP.bootRom.base + FDT_OFFSET) as PhysAddr };
    this.info = { name: 'kvm', description: `x86_64, KVM (${this.kind} ring 0)`, layout: X86_64 };
    this.features = {
      isa: 'x86_64',
      pageTables: 'x86_64',
      exactBudget: false,
      deterministic: false,
      hardwareAccessedDirty: true,
      misaligned: true,
      maxContexts: settings.maxContexts,
      devices: this.bus.ranges,
    };
    try {
      runner.open(this.cpus);
    } catch (error) {
      runner.close();
      throw error;
    }
  }

  receive(bytes: Uint8Array): void {
    this.uart.receive(bytes);
  }

  start(cpu: CpuId, context: ContextId, budget: Instructions): void {
    this.runner.start(cpu, context, budget);
  }

  next(deadline: Nanoseconds): CpuId | -1 {
    return this.runner.next(deadline);
  }

  /** Starts a thread that passes kicks on, when it is first called. */
  kickHandle(cpu: CpuId): KickHandle {
    return this.runner.kicks.handle(cpu);
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.runner.close();
    this.backend.close();
  }

  private attachDevices(plic: Plic, blob: Uint8Array): void {
    const { bootRom, testFinisher, plic: plicAt, uart } = MEMORY_MAP;
    const rom = new Uint8Array(FDT_OFFSET + blob.length);
    rom.set(blob, FDT_OFFSET);
    this.bus.attach(bootRom.base, bootRom.length, new Rom(rom));
    const finisher = new TestFinisher(() => this.cpus[0].halt());
    this.bus.attach(testFinisher.base, testFinisher.length, finisher, 'sifive,test1');
    this.bus.attach(plicAt.base, plicAt.length, plic, 'riscv,plic0');
    this.bus.attach(uart.base, uart.length, this.uart, 'ns16550a', UART_SOURCE);
  }

  private onPlic(context: number, high: boolean): void {
    if (high && context === SUPERVISOR_CONTEXT) this.cpus[0].interrupt();
  }
}
