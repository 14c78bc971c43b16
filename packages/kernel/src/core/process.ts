/** One process: an address space, a capability space, descriptors, signals, family. */
import type { ProcessId, WaitQueueId } from '@veridian-os/abi';
import type { SpaceId } from '@veridian-os/capabilities';
import type { UserSpace } from '@veridian-os/memory';
import type { OpenFile } from '@veridian-os/vfs';
import { PendingSignals, SignalActions } from '../signals/signal-state.js';
import type { Program } from '../exec/image.js';
import type { FdTable, Token } from '../files/fd-table.js';
import type { Personality } from '../api.js';
import type { Terminal } from '../tty/terminal.js';
import type { Thread } from './thread.js';

export const ProcessState = { Running: 0, Stopped: 1, Zombie: 2, Gone: 3 } as const;
export type ProcessState = (typeof ProcessState)[keyof typeof ProcessState];

/** How a process ended: `exit` with its status, or `signal`. */
export interface ProcessEnd {
  readonly kind: 'exit' | 'signal';
  /** Exit status 0..255, or signal number. */
  readonly value: number;
  readonly core: boolean;
}

/** An address space shared by vfork parent and child, freed with its last user. */
export interface SharedSpace {
  readonly space: UserSpace;
  users: number;
}

/** Session: the processes of one terminal login. */
export interface Session {
  readonly id: number;
  terminal: Terminal | undefined;
}

/** Capabilities a process was started with, by what they are for; all in its own capability space. */
export interface Endowment {
  /** Endpoint of the file server; undefined = every path call fails. */
  fileServer: Token | undefined;
  /** Host's time of day; undefined = CLOCK_REALTIME counts from 1970-01-01 with virtual time. */
  clock: Token | undefined;
  entropy: Token | undefined;
  /** Inspection of the kernel (ps, mem, caps). */
  system: Token | undefined;
  /** Endpoints of services by name; a service finds its own here, to receive on. */
  readonly services: Map<string, Token>;
}

/** Resource limits, as prlimit(2) numbers them; Infinity = unlimited. */
export const Limit = {
  Cpu: 0,
  FileSize: 1,
  Data: 2,
  Stack: 3,
  Core: 4,
  Processes: 6,
  Files: 7,
  LockedMemory: 8,
  AddressSpace: 9,
} as const;
export type Limit = (typeof Limit)[keyof typeof Limit];
export const LIMIT_COUNT = 16;

export class Process {
  readonly pid: ProcessId;
  parent: Process | undefined;
  readonly children = new Set<Process>();
  readonly threads = new Set<Thread>();
  /** The thread whose tid is the pid; may end before the others. */
  leader: Thread | undefined = undefined;
  state: ProcessState = 0;
  end: ProcessEnd | undefined = undefined;
  /** Set when the whole process is going down, so that the first reason wins. */
  ending: ProcessEnd | undefined = undefined;
  /** Stop or continue not yet reported to wait(2): the signal, or 0. */
  unreportedStop = 0;
  unreportedContinue = false;
  /** Signal sent to the parent at the end (SIGCHLD, 0 = none). */
  exitSignal = 17;

  personality: Personality | undefined = undefined;
  memory: SharedSpace | undefined = undefined;
  readonly capabilities: SpaceId;
  readonly endowment: Endowment = {
    fileServer: undefined,
    clock: undefined,
    entropy: undefined,
    system: undefined,
    services: new Map(),
  };
  readonly files: FdTable;
  /** Directory capabilities that relative and absolute names start from. */
  cwd: Token | undefined = undefined;
  root: Token | undefined = undefined;
  umask = 0o022;

  readonly actions = new SignalActions();
  readonly pending = new PendingSignals();
  group: number;
  session: Session;
  /** Woken (POLLIN) whenever a child changes state. */
  readonly childQueue: WaitQueueId;
  /** Woken (POLLIN) whenever a signal becomes pending (sigtimedwait, signalfd). */
  readonly signalQueue: WaitQueueId;
  /** Woken (POLLIN) when the process gives up the memory it shares with a vfork parent: at execve or its end. */
  readonly imageQueue: WaitQueueId;
  /** Services and init: signals whose default action would end or stop them are refused. */
  isProtected = false;
  /** prctl(PR_SET_CHILD_SUBREAPER): adopts its descendants' orphans. */
  isSubreaper = false;

  name: string;
  executable = '';
  /** Opened by the parent, not yet begun to load: released with a process that ends before it runs at all. */
  loading: Program | undefined = undefined;
  /** The running image, retained: /proc/PID/exe. */
  executableFile: OpenFile | undefined = undefined;
  args: readonly string[] = [];
  env: readonly string[] = [];
  readonly uid = 0;
  readonly gid = 0;
  /** Soft and hard limits: index 2*limit and 2*limit+1. */
  readonly limits = new Float64Array(LIMIT_COUNT * 2).fill(Infinity);
  /** State of the personality that all threads share (brk, robust futexes, timers...). */
  personal: object | undefined = undefined;
  readonly startTime: number;
  /** CPU time of threads that ended, and of waited-for children, ns. */
  pastCpuTime = 0;
  childrenCpuTime = 0;

  constructor(
    pid: ProcessId,
    name: string,
    capabilities: SpaceId,
    files: FdTable,
    queues: { readonly child: WaitQueueId; readonly signal: WaitQueueId; readonly image: WaitQueueId },
    session: Session | undefined,
    group: number,
    startTime: number,
  ) {
    this.pid = pid;
    this.name = name;
    this.capabilities = capabilities;
    this.files = files;
    this.childQueue = queues.child;
    this.signalQueue = queues.signal;
    this.imageQueue = queues.image;
    this.session = session ?? { id: pid, terminal: undefined };
    this.group = group;
    this.startTime = startTime;
  }
}
