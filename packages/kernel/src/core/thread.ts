/** One thread: machine code on a context, or a TypeScript task. */
import type { ContextId, CpuId, Nanoseconds, ThreadId, WaitQueueId } from '@veridian-os/abi';
import { NONE } from '@veridian-os/abi';
import type { RegisterView } from '@veridian-os/hal';
import { PendingSignals } from '../signals/signal-state.js';
import { SignalSet } from '../signals/signal-set.js';
import type { Blocking, Wake } from './blocking.js';
import type { Process } from './process.js';
import type { RunningTask } from '../tasks/task.js';
import type { Timer } from './timers.js';

export const ThreadState = {
  /** Known to the scheduler as runnable, or running. */
  Runnable: 0,
  /** Asleep in a system call or IPC operation. */
  Waiting: 1,
  /** Job control: not run until SIGCONT or SIGKILL. */
  Stopped: 2,
  /** Gone; the record may linger until it is collected. */
  Dead: 3,
} as const;
export type ThreadState = (typeof ThreadState)[keyof typeof ThreadState];

const EMPTY_REGISTERS: RegisterView = new Uint32Array(0);

export class Thread {
  /** Index in the tables of scheduler, ipc and wait queues; recycled. */
  readonly slot: ThreadId;
  /** Number that guests see; the first thread's is the process's, and that of a thread that calls execve becomes it. */
  tid: number;
  readonly process: Process;

  /** Machine code: its register file; NONE for tasks. */
  context: ContextId = NONE as ContextId;
  registers: RegisterView = EMPTY_REGISTERS;
  /** CPU that runs it at this moment, beside the kernel: its context must be left alone; else NONE. */
  cpu: CpuId | -1 = NONE;
  /** TypeScript task, undefined for machine code. */
  task: RunningTask | undefined = undefined;

  state: ThreadState = ThreadState.Runnable;
  /** System call in progress, resumed when the thread runs next. */
  continuation: Blocking | undefined = undefined;
  wake: Wake = 0;
  /** Signals may end the present wait. */
  interruptible = false;
  timer: Timer | undefined = undefined;
  /** Stopped while waiting: the state to return to. */
  stoppedFrom: ThreadState = ThreadState.Runnable;

  readonly blocked = new SignalSet();
  /** Mask to restore after the handler that ended sigsuspend, ppoll... */
  readonly savedMask = new SignalSet();
  restoreMask = false;
  readonly pending = new PendingSignals();
  /** Must pass through `prepareUser` before user code runs: signals, stop, death. */
  attention = false;
  /** Killed: unwinds at the next chance. */
  dying = false;

  /** State of the personality (alternate stack, tid pointers, robust list...). */
  personal: object | undefined = undefined;
  /** CPU time charged, ns. */
  cpuTime = 0 as Nanoseconds;
  /** Waiters for this thread's end (joins, vfork parents). */
  endQueue: WaitQueueId = NONE as WaitQueueId;
  /** Name, as prctl(PR_SET_NAME) sets it. */
  name: string;
  systemCalls = 0;

  constructor(slot: ThreadId, tid: number, process: Process, name: string) {
    this.slot = slot;
    this.tid = tid;
    this.process = process;
    this.name = name;
  }
}
