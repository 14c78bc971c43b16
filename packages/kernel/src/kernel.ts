/**
 * The reference kernel: composes the subsystems over a machine. It is the only package that knows them all.
 *
 * Subsystems answer with decisions; `Dispatcher` acts on them. This class holds the parts together and offers what
 * system-call handlers, services and hosts share.
 */
import type { Errno, Nanoseconds } from '@veridian-os/abi';
import { ENXIO, EPERM, NONE, isKernelPanic } from '@veridian-os/abi';
import type { CapabilityTable } from '@veridian-os/capabilities';
import type { ElfImage } from '@veridian-os/elf';
import type { HardwareDescription, Machine, Trap } from '@veridian-os/hal';
import type { Ipc } from '@veridian-os/ipc';
import type { MemoryManager } from '@veridian-os/memory';
import { createScheduler, type CpuScheduler } from '@veridian-os/scheduler';
import type { OpenFile, Vfs } from '@veridian-os/vfs';
import type { HostPorts, KernelOptions, LimitName, Personality, StepResult } from './api.js';
import type { Blocking } from './core/blocking.js';
import { NO_RESULT } from './core/blocking.js';
import { Dispatcher } from './core/dispatcher.js';
import { MemoryPressure } from './core/memory-pressure.js';
import { ParallelDispatcher } from './core/parallel-dispatcher.js';
import { Futexes } from './core/futex.js';
import { fillLimits, type EffectiveLimits } from './core/limits.js';
import { Messages } from './core/messages.js';
import { ObjectTable, ObjectType, type DeviceGrant, type InterruptGrant, type KernelObjects } from './core/objects.js';
import type { Process } from './core/process.js';
import { seededEntropy } from './core/seeded-entropy.js';
import { kernelStatistics, type KernelStatistics } from './core/statistics.js';
import { createCoreServices, createMemory, describeHardwareLine, findHardware } from './core/subsystems.js';
import { BootLog } from './core/boot-log.js';
import type { Thread } from './core/thread.js';
import { Timekeeping, type TimeOfDay } from './core/timekeeping.js';
import { TimerQueue } from './core/timers.js';
import { Waiting } from './core/waiting.js';
import { WaitQueues } from './core/wait-queues.js';
import { Words } from './core/words.js';
import { Inputs } from './host/inputs.js';
import { Processes } from './exec/processes.js';
import { spawn, type SpawnOptions } from './exec/spawn.js';
import { Descriptors } from './files/descriptors.js';
import type { Token } from './files/fd-table.js';
import { FileIo } from './files/io.js';
import { PathOperations } from './files/paths.js';
import { pollFiles } from './files/poll.js';
import { SIGKILL } from './signals/numbers.js';
import type { SignalInfo } from './signals/signal-state.js';
import { Signals } from './signals/signals.js';
import { faultReport } from './signals/fault-report.js';
import { retireService } from './services/endow.js';
import type { PollRequest } from './tasks/sys.js';
import type { TaskGenerator, TaskMain } from './tasks/task.js';
import type { Terminal } from './tty/terminal.js';
import type { ConsoleLog } from './core/console-log.js';
import { earlyConsole } from './core/console-log.js';

export class Kernel {
  readonly options: KernelOptions;
  readonly machine: Machine;
  readonly host: HostPorts;
  readonly limits: EffectiveLimits;
  readonly hostname: string;

  readonly memory: MemoryManager;
  readonly capabilities: CapabilityTable;
  readonly ipc: Ipc;
  readonly scheduler: CpuScheduler;
  readonly vfs: Vfs;

  /** User words that other CPUs may be using. */
  readonly words: Words;
  readonly waits: WaitQueues;
  readonly timers = new TimerQueue();
  readonly time: Timekeeping = new Timekeeping(this);
  readonly objects: KernelObjects = {
    files: new ObjectTable<OpenFile>('file'),
    processes: new ObjectTable<Process>('process'),
    interrupts: new ObjectTable<InterruptGrant>('interrupt'),
    devices: new ObjectTable<DeviceGrant>('device'),
  };
  readonly threads: (Thread | undefined)[] = [];

  readonly waiting: Waiting;
  readonly messages: Messages;
  readonly descriptors: Descriptors;
  readonly io: FileIo;
  readonly paths: PathOperations;
  readonly futexes: Futexes;
  readonly processes: Processes;
  readonly signals: Signals;
  readonly dispatcher: Dispatcher;
  readonly pressure: MemoryPressure;
  readonly console: ConsoleLog;
  readonly boot: BootLog;
  /** Where everything from the host enters. */
  readonly inputs: Inputs;
  readonly hardware: HardwareDescription;

  readonly personalities: readonly Personality[];
  readonly programs: Readonly<Record<string, TaskMain>>;
  /** Told just before the last capability of an open file goes (epoll sets, file locks). */
  readonly fileObservers: ((file: OpenFile) => void)[] = [];
  /** Told when a process has ended, before its parent is. */
  readonly processObservers: ((process: Process) => void)[] = [];

  /** Thread whose system call or task runs now. */
  running: Thread | undefined;
  /** Processes that were killed from inside their own system call. */
  readonly doomed: Process[] = [];
  /** Why the last program was refused, one sentence. */
  execError = '';
  /** Why the host's program could not be started. */
  launchError: string | undefined;
  /** Reports of programs that died by a fault: pc and cause. */
  readonly faultLog: string[] = [];
  /** First limit that a program hit. */
  limitHit: LimitName | undefined;
  haltReason: string | undefined;
  systemCalls = 0;
  /** Idle time follows the host instead of jumping to the next timer; always, where the machine's clock is real. */
  pacedTime: boolean;
  /** Steps so far: where inputs enter, for record and replay. */
  steps = 0;

  private readonly random: (into: Uint8Array) => void;

  constructor(options: KernelOptions) {
    this.options = options;
    this.machine = options.machine;
    this.pacedTime = !options.machine.clock.virtual;
    this.host = options.host ?? {};
    this.limits = fillLimits(options);
    this.hostname = options.hostname ?? 'veridian';
    this.personalities = options.personalities ?? [];
    this.programs = options.programs ?? {};
    this.random = this.host.entropy?.bind(this.host) ?? seededEntropy(options.seed ?? 1);
    this.console = earlyConsole(options.machine, options.verbose ?? true);
    this.inputs = new Inputs(this);
    this.words = new Words(options.machine.memory);
    this.waits = new WaitQueues(this.limits.slots);
    this.waiting = new Waiting(this);
    this.pressure = new MemoryPressure(this);
    this.messages = new Messages(this, this.limits.slots);
    this.descriptors = new Descriptors(this);
    this.io = new FileIo(this);
    this.paths = new PathOperations(this);
    this.futexes = new Futexes(this);
    this.signals = new Signals(this);
    this.dispatcher = this.machine.cpus.length > 1 ? new ParallelDispatcher(this) : new Dispatcher(this);
    const boot = new BootLog(this.host.hostNow?.bind(this.host), (text) => this.console.write(text));
    this.boot = boot;
    this.hardware = boot.stage(1, () => findHardware(this), describeHardwareLine(options.machine.info));
    this.memory = boot.stage(
      2,
      () => createMemory(this),
      (memory) => `${memory.frames.freeFrames} of ${memory.frames.totalFrames} frames free`,
    );
    this.processes = boot.stage(
      3,
      () => new Processes(this),
      () => `up to ${this.limits.processes} processes, ${this.limits.threads} threads`,
    );
    const services = boot.stage(
      4,
      () => createCoreServices(this, this.memory),
      () => 'capabilities, IPC, virtual file system',
    );
    this.capabilities = services.capabilities;
    this.ipc = services.ipc;
    this.vfs = services.vfs;
    this.scheduler = boot.stage(
      5,
      () => createScheduler({ cpus: this.machine.cpus.length, maxThreads: this.limits.slots }),
      () => 'real-time, fair and idle classes',
    );
  }

  /** Runs for one step; see `Dispatcher`. A broken invariant halts the kernel with its reason on the console. */
  step(): StepResult {
    this.steps++;
    try {
      this.time.steer();
      return this.dispatcher.step();
    } catch (error) {
      this.running = undefined;
      if (isKernelPanic(error)) {
        this.console.write(`KERNEL PANIC ${error.message}\n`);
        this.halt(`panic: ${error.message}`);
      }
      throw error;
    }
  }

  now(): Nanoseconds {
    return this.machine.clock.now();
  }

  /** Time of day: the host's at boot plus virtual time with the Clock capability, else since 1970. */
  realTime(process: Process): TimeOfDay {
    return this.time.timeOfDay(this.time.knowsDay(process));
  }

  /** Time stamps of files. */
  fileTime(): TimeOfDay {
    return this.time.timeOfDay(true);
  }

  /** Random bytes for a process that holds the Entropy capability; EPERM without. */
  entropy(process: Process, into: Uint8Array): 0 | Errno {
    if (!this.holds(process, process.endowment.entropy, ObjectType.Entropy)) return EPERM;
    this.random(into);
    return 0;
  }

  /** Random bytes for the kernel's own devices. */
  fillRandom(into: Uint8Array): void {
    this.random(into);
  }

  /** True when the process holds this capability of an object without an owner table. */
  holds(process: Process, token: Token | undefined, type: ObjectType): boolean {
    return token !== undefined && this.capabilities.lookup(process.capabilities, token.lo, token.hi, type, 0) >= 0;
  }

  /** What /dev/tty opens: the terminal that came with the file-server capability of the client being served. */
  clientTerminal(): Terminal | Errno {
    return this.clientTerminals.get(this.servedBadge) ?? ENXIO;
  }

  /** Badge of the client that the file server works for now. */
  servedBadge = 0;
  /** Thread that the file server works for now. */
  servedThread: Thread | undefined;
  /** Services that run, by name: their endpoints' root capabilities in init's space, and their processes. */
  readonly services = new Map<string, { readonly root: Token; readonly process: Process }>();
  /** Terminals granted with a file-server capability, by its badge. */
  readonly clientTerminals = new Map<number, Terminal>();

  threadByTid(tid: number): Thread | undefined {
    return this.processes.thread(tid);
  }

  processByPid(pid: number): Process | undefined {
    return this.processes.get(pid);
  }

  processList(): Process[] {
    return this.processes.list();
  }

  get trace(): ((line: string) => void) | undefined {
    return this.options.trace;
  }

  /** Hands a thread to the scheduler. */
  makeRunnable(thread: Thread): void {
    if (this.scheduler.wake(thread.slot, this.now()) !== NONE) this.dispatcher.reschedule = true;
  }

  personalityFor(image: ElfImage): Personality | undefined {
    return this.personalities.find((personality) => personality.accepts(image));
  }

  pipe(process: Process, flags: number): readonly [number, number] | Errno {
    const ends = this.vfs.pipe(flags);
    if (typeof ends === 'number') return ends;
    const cloexec = (flags & 0o2000000) !== 0;
    const reader = this.descriptors.install(process, ends[0], cloexec);
    if (reader < 0) {
      ends[1].release();
      return reader as Errno;
    }
    const writer = this.descriptors.install(process, ends[1], cloexec);
    if (writer >= 0) return [reader, writer];
    this.descriptors.close(process, reader);
    return writer as Errno;
  }

  pollFiles(thread: Thread, requests: readonly PollRequest[], timeoutNs: number): number | Blocking {
    return pollFiles(this, thread, requests, timeoutNs);
  }

  spawn(thread: Thread, options: SpawnOptions): Blocking {
    return spawn(this, thread, options);
  }

  /** Destroys objects whose last capability has gone. */
  reap(): void {
    const { capabilities, objects } = this;
    while (capabilities.takeDead()) {
      const id = capabilities.deadObject;
      if (capabilities.deadType === ObjectType.File) this.closeFile(objects.files.remove(id));
      else if (capabilities.deadType === ObjectType.Endpoint) this.ipc.destroyEndpoint(id);
      else if (capabilities.deadType === ObjectType.Notification) this.ipc.destroyNotification(id);
      else if (capabilities.deadType === ObjectType.Interrupt)
        this.machine.interrupts.disable(objects.interrupts.remove(id).source);
      else if (capabilities.deadType === ObjectType.Device) objects.devices.remove(id);
    }
    this.messages.drain();
  }

  /** Interrupts that arrived: each is claimed and becomes a notification of the driver that holds its capability. */
  takeInterrupts(): void {
    const { interrupts } = this.machine;
    for (let source = interrupts.claim(); source !== 0; source = interrupts.claim()) {
      const grant = this.interruptGrants.get(source);
      if (grant === undefined || grant.notification === NONE) {
        interrupts.disable(source);
        interrupts.complete(source);
      } else this.ipc.signal(grant.notification, grant.badge);
    }
    this.messages.drain();
  }

  /** Sources that somebody holds a capability for. */
  readonly interruptGrants = new Map<number, InterruptGrant>();

  killDoomed(): void {
    for (;;) {
      const process = this.doomed.pop();
      if (process === undefined) return;
      this.processes.terminate(process, process.ending ?? { kind: 'signal', value: SIGKILL, core: false });
    }
  }

  /** Ends a generator that will never be resumed; one that is running now unwinds by itself. */
  abandon(thread: Thread, continuation: Blocking | undefined, task: TaskGenerator | undefined): void {
    if (thread === this.running) return;
    continuation?.return(NO_RESULT);
    task?.return(0);
  }

  threadIsEnding(thread: Thread): void {
    if (this.running === thread) this.dispatcher.reschedule = true;
  }

  processEnded(process: Process): void {
    for (const observer of this.processObservers) observer(process);
    this.clientTerminals.delete(process.pid);
    retireService(this, process);
    if (process === this.processes.init) this.halt('init has ended');
  }

  *finishDelivery(thread: Thread, delivery: Blocking<boolean>): Blocking {
    const delivered = yield* delivery;
    if (!delivered) this.signals.stackFailed(thread);
    return NO_RESULT;
  }

  noteFault(thread: Thread, trap: Trap, info: SignalInfo): void {
    const action = thread.process.actions.get(info.signal);
    const handled = action.handlerLo > 1 || action.handlerHi !== 0;
    if (!handled || thread.blocked.has(info.signal))
      this.reportFault(thread, faultReport(this.machine, thread, trap, info));
  }

  reportFault({ process, tid }: Thread, what: string): void {
    this.reportLine(`${process.name}[${tid}]: ${what}`);
  }

  reportEnd({ name, pid }: Process, why: string): void {
    this.reportLine(`${name}[${pid}]: ${why}`);
  }

  private reportLine(line: string): void {
    if (this.faultLog.length < 100) this.faultLog.push(line);
    this.options.onFault?.(line);
  }

  noteLimit(name: LimitName): void {
    this.limitHit ??= name;
  }

  /** A limit of the whole kernel is spent: everything stops. */
  limitReached(name: LimitName): void {
    this.noteLimit(name);
    this.halt(`limit: ${name}`);
  }

  get isHalted(): boolean {
    return this.haltReason !== undefined;
  }

  halt(reason: string): void {
    this.haltReason ??= reason;
  }

  /** Counters since boot and what is in use now. */
  statistics(): KernelStatistics {
    return kernelStatistics(this);
  }

  private closeFile(file: OpenFile): void {
    for (const observer of this.fileObservers) observer(file);
    file.release();
  }
}
