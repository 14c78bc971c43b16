/** QEMU as a machine: one process, a monitor of ours in it, guest RAM shared with this process. */
import type { ContextId, CpuId, Instructions, MemoryRegion, Nanoseconds } from '@veridian-os/abi';
import { Kicks } from '@veridian-os/hal';
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
import { Relay } from '@veridian-os/libc';
import { startEngine } from './accelerator.js';
import type { QemuMachineOptions } from './api.js';
import { Board, QemuBus } from './board.js';
import { HostClock } from './clock.js';
import { ContextTable } from './contexts.js';
import { QemuCpu } from './cpu.js';
import { CpuSet } from './cpu-set.js';
import type { Engine } from './engine.js';
import { GuestCounter } from './guest-counter.js';
import { KICK, Opcode } from './layout.js';
import type { Mailbox } from './mailbox.js';
import { QemuMmu } from './mmu.js';
import { readOptions, type Accelerator, type Settings } from './options.js';

export class QemuMachine implements Machine {
  readonly info: MachineInfo;
  readonly features: MachineFeatures;
  readonly memory: readonly MemoryRegion[];
  readonly cpus: readonly QemuCpu[];
  readonly contexts: ContextTable;
  readonly mmu: QemuMmu;
  readonly bus: QemuBus;
  readonly interrupts: InterruptController;
  readonly clock: Clock;
  readonly counter?: Counter;
  readonly firmware: Firmware;
  /** QEMU's process id. */
  readonly pid: number;
  private readonly board: Board;
  private readonly engine: Engine;
  private readonly all: CpuSet;
  private readonly kicks: Kicks;
  private readonly options: QemuMachineOptions;
  /** What QEMU runs guests with. */
  readonly accelerator: Accelerator;
  private disposed = false;

  /**
   * Starts QEMU and waits until its monitor runs: some tens of milliseconds.
   * @throws RangeError for a bad option; Error, with QEMU's last output, when it does not start
   */
  static create(options: QemuMachineOptions = {}): QemuMachine {
    return new QemuMachine(options, startEngine(readOptions(options)));
  }

  private constructor(options: QemuMachineOptions, engine: Engine) {
    const { isa, monitor, ram, settings, ticksPerSecond } = engine;
    this.options = options;
    this.engine = engine;
    this.memory = ram.regions;
    this.pid = engine.process.pid;
    this.accelerator = settings.accelerator;
    const clock = new HostClock();
    this.clock = clock;
    this.contexts = createContexts(engine);
    const followed = GuestCounter.follow(engine, clock);
    if (followed !== undefined) this.counter = followed.counter;
    const gates = new Int32Array(new SharedArrayBuffer(settings.cpus * 4));
    this.kicks = new Kicks(settings.cpus, (words) => listen(engine, words, gates));
    const hosts = { clock, kicks: this.kicks, gates, guest: followed?.guest };
    const parts = { isa, monitor, contexts: this.contexts, ticksPerSecond, ...hosts };
    this.cpus = monitor.mailboxes.map((_, i) => new QemuCpu(i as CpuId, parts));
    this.all = new CpuSet(this.cpus, clock, monitor);
    this.mmu = new QemuMmu(monitor, ram, isa.prepareRoot !== undefined);
    this.board = new Board(engine.map, options.console, {
      interrupt: () => this.cpus[0].interrupt(),
      stop: () => this.cpus[0].halt(),
    });
    this.bus = new QemuBus(this.board.models, monitor, isa.ports === true);
    this.interrupts = this.board.interrupts;
    this.firmware = engine.firmware;
    this.info = describe(settings, isa);
    this.features = describeFeatures(engine, this.board);
  }

  /**
   * A new machine in this one's process, which is disposed; tens of times faster than starting another. Memory is empty
   * and nothing of the old machine is left, but QEMU's own devices stay as they are, and so do views of memory that
   * somebody kept: for tests.
   * @throws KernelPanic `cpu/host` when this one's process has ended or does not answer
   */
  renew(): QemuMachine {
    this.kicks.close();
    this.engine.renew();
    this.disposed = true;
    return new QemuMachine(this.options, this.engine);
  }

  receive(bytes: Uint8Array): void {
    this.board.uart.receive(bytes);
  }

  /** Starts a thread that passes kicks on, when it is first called. */
  kickHandle(cpu: CpuId): KickHandle {
    return this.kicks.handle(cpu);
  }

  start(cpu: CpuId, context: ContextId, budget: Instructions): void {
    this.all.start(cpu, context, budget);
  }

  next(deadline: Nanoseconds): CpuId | -1 {
    return this.all.next(deadline);
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.kicks.close();
    this.engine.dispose();
  }
}

/** Kicks from other threads become bytes on the doorbell. */
function listen(
  { process, settings }: Engine,
  words: Int32Array<SharedArrayBuffer>,
  gates: Int32Array<SharedArrayBuffer>,
): Relay {
  return process.lendBell((socket) => {
    const line = (id: number) => ({ call: { socket, byte: KICK + id }, gate: id, open: 1 });
    return new Relay({ words, gates, lines: Array.from({ length: settings.cpus }, (_, id) => line(id)) });
  });
}

function createContexts({ isa, features, monitor, ram, settings }: Engine): ContextTable {
  // A CPU that was told to run another context is about to store this one's state: then nobody has it.
  const owner = (address: number): Mailbox | undefined => {
    const mailbox = monitor.mailboxes.find(({ fpOwner }) => fpOwner === address);
    if (mailbox !== undefined) monitor.awaitFpOwner(mailbox, address);
    return mailbox?.fpOwner === address ? mailbox : undefined;
  };
  const flush = (address: number): void => {
    const mailbox = owner(address);
    if (mailbox !== undefined) monitor.command(mailbox, Opcode.SaveFp);
  };
  return new ContextTable(ram, isa, settings.maxContexts, features, flush, (address) => owner(address)?.dropFp());
}

function describeFeatures({ isa, settings }: Engine, { models }: Board): MachineFeatures {
  return {
    isa: settings.isa,
    pageTables: isa.pageTables,
    exactBudget: false,
    deterministic: false,
    hardwareAccessedDirty: isa.hardwareAccessedDirty,
    misaligned: true,
    ...(isa.busFaults === false ? { busFaults: false } : {}),
    maxContexts: settings.maxContexts,
    devices: models.ranges.map((range) => ({ ...range, hosted: true })),
  };
}

function describe(settings: Settings, isa: Engine['isa']): MachineInfo {
  const cpus = settings.cpus === 1 ? '' : `, ${settings.cpus} CPUs`;
  return {
    name: `qemu-${settings.isa}`,
    description: `QEMU ${settings.isa} (${settings.accelerator}), ${isa.pageTables} page tables${cpus}`,
    layout: isa.layout,
  };
}
