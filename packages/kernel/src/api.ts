/** What the kernel asks of personalities, services and its host. */
import type { BlockDevice, Errno, FileSystem, FrameBytes, Nanoseconds } from '@veridian-os/abi';
import type { ElfImage } from '@veridian-os/elf';
import type { Machine, Trap } from '@veridian-os/hal';
import type { ExecutePolicy, FaultResult, HugePagePolicy, OvercommitPolicy } from '@veridian-os/memory';
import type { OpenFile } from '@veridian-os/vfs';
import type { Blocking, MaybeBlocking } from './core/blocking.js';
import type { Process } from './core/process.js';
import type { Thread } from './core/thread.js';
import type { Kernel } from './kernel.js';
import type { SignalAction, SignalInfo } from './signals/signal-state.js';
import type { TaskMain } from './tasks/task.js';

/** An executable that was opened and checked, on its way into a process. */
export interface ExecImage {
  readonly image: ElfImage;
  readonly file: OpenFile;
  /** Program interpreter of a dynamic executable. */
  readonly interpreter: { readonly image: ElfImage; readonly file: OpenFile } | undefined;
  /** Path given to execve, for AT_EXECFN. */
  readonly path: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
}

/**
 * One system-call interface for machine code: decodes a request, checks user pointers and capabilities, calls kernel
 * operations. It holds no authority of its own: what a process may do follows from its capabilities.
 */
export interface Personality {
  /** `'linux'`, `'native'`, ... */
  readonly name: string;
  /** Whether user pages may be writable and executable at once: `'linux'` as mmap and mprotect ask, `'strict'` never. */
  readonly executePolicy: ExecutePolicy;
  /** Executables it takes. */
  accepts(image: ElfImage): boolean;
  /** Called once, when the kernel boots. */
  attach(kernel: Kernel): void;
  /**
   * Gives `thread` (the only one of its process) the new image: maps segments, stack and TLS in the fresh
   * `process.memory`, sets its registers. 0, or an Errno (then the process dies: the old image is gone).
   */
  load(thread: Thread, exec: ExecImage): MaybeBlocking<0 | Errno>;
  /** Fresh `personal` state of a process and its first thread at spawn or exec. */
  reset(process: Process, thread: Thread): void;
  /** Called for a Syscall trap: the result (>= 0 or Errno, RESTART, NO_RESULT), or a generator that ends with it. */
  syscall(thread: Thread): MaybeBlocking<number>;
  /** Stores a finished system call's result in the registers; decides about restart; traces. */
  complete(thread: Thread, result: number): void;
  /** A Fault or Breakpoint trap that memory could not handle (and why not), as the signal it means. */
  faultSignal(thread: Thread, trap: Trap, result: FaultResult): SignalInfo;
  /**
   * Runs a handler: pushes a signal frame and redirects the thread. `restored` mask is what sigreturn must restore.
   * False when the stack cannot take the frame (the kernel then kills the process with SIGSEGV).
   */
  deliver(thread: Thread, info: SignalInfo, action: SignalAction): MaybeBlocking<boolean>;
  /** A signal is pending and the interrupted call answered RESTART: `handled` says whether a handler will run. */
  interrupted(thread: Thread, action: SignalAction | undefined): void;
  /** The thread is ending: clear_child_tid, robust futexes. */
  threadExit(thread: Thread): void;
}

/** Why `run` or the kernel stopped a program: which limit. */
export type LimitName = 'instructions' | 'memory' | 'time' | 'output' | 'processes' | 'descriptors';

export interface KernelLimits {
  /** Retired guest instructions, all processes together. */
  readonly instructions?: number;
  /** Processes alive at once, default 1,024. */
  readonly processes?: number;
  /** Threads alive at once, default 4,096. */
  readonly threads?: number;
  /** Descriptors per process, default 1,024. */
  readonly descriptors?: number;
  /** Resident bytes per process; default: all of the machine's memory. */
  readonly memory?: number;
}

/**
 * Everything that is not a function of the program: time of day, randomness, console. The kernel draws from nothing
 * else, so a run is a function of its seed and its inputs.
 */
export interface HostPorts {
  /** Fills `into` with random bytes; default: a generator seeded with `seed`. */
  entropy?(into: Uint8Array): void;
  /** Milliseconds since 1970 at boot, for the Clock capability; default 0. */
  readonly epochMs?: number;
  /** Monotonic host milliseconds since the process or page began, only for boot timings. */
  hostNow?(): number;
}

/** What a process is given beside its descriptors; whatever is absent it does not get. */
export interface EndowmentOptions {
  /** The file server: every path call needs it. */
  readonly files?: boolean;
  /** The host's time of day; without it time starts in 1970. */
  readonly clock?: boolean;
  readonly entropy?: boolean;
  /** Looking at the kernel's own tables: ps, mem, caps. */
  readonly system?: boolean;
  /** Endpoints of these services. */
  readonly services?: readonly string[];
}

/**
 * A service: a TypeScript task with a process of its own, started in boot stage 6 in the order given. Its clients hold its
 * endpoint (`EndowmentOptions.services`) and call it with `sys.call`; it receives on `sys.service(NAME)`, its own name.
 */
export interface Service {
  readonly name: string;
  /** Must not return while the kernel runs: its endpoint goes with it, and callers get ECANCELED. */
  readonly main: TaskMain;
  /** What it may use itself; default nothing. `services` may name earlier ones. */
  readonly endowment?: EndowmentOptions;
}

export interface MountOptions {
  readonly path: string;
  readonly fs: (kernel: Kernel) => FileSystem;
  readonly readOnly?: boolean;
  readonly source?: string;
}

export interface KernelOptions {
  readonly machine: Machine;
  readonly personalities?: readonly Personality[];
  readonly services?: readonly Service[];
  /** TypeScript programs by name; each also appears as `/bin/NAME`. */
  readonly programs?: Readonly<Record<string, TaskMain>>;
  readonly mounts?: readonly MountOptions[];
  readonly limits?: KernelLimits;
  /**
   * Where private pages go when frames run out: bytes of host memory, taken when they are needed, or a device made for the
   * machine's frames. Default: nowhere; a program that no frame is left for is killed.
   */
  readonly swap?: number | ((bytes: FrameBytes) => BlockDevice);
  /** Which private memory gets 2 MiB pages by itself; default `'madvise'`: what asks for them. */
  readonly hugePages?: HugePagePolicy;
  /** Whether programs are promised more memory than there is; default `'always'`, Linux's overcommit_memory 1. */
  readonly overcommit?: OvercommitPolicy;
  readonly host?: HostPorts;
  /** Seed of the default entropy; default 1. */
  readonly seed?: number;
  /** Boot messages and panics go to the machine's console; default true. */
  readonly verbose?: boolean;
  /** One line per system call, in strace's format. */
  readonly trace?: (line: string) => void;
  /** One line per program that dies by a fault: pc and cause. */
  readonly onFault?: (line: string) => void;
  readonly hostname?: string;
  /** Keeps every input for `kernel.inputs.log()`; default false. */
  readonly record?: boolean;
}

/** How a `step` ended. */
export interface StepResult {
  /** `busy`: call again; `idle`: nothing to run before `deadline` or an input; `halted`: no process is left or panic. */
  readonly state: 'busy' | 'idle' | 'halted';
  /** Next timer, Infinity = none. Valid for `idle`. */
  readonly deadline: Nanoseconds;
}

export type { Blocking, MaybeBlocking };
