/** What the personality remembers about address spaces, processes and threads. */
import { panic } from '@veridian-os/abi';
import type { MaybeBlocking, Process, Thread } from '@veridian-os/kernel';
import type { Call } from './call.js';
import type { FaultRecord } from './isa/isa.js';
import type { AlternateStack } from './layout/signal.js';
import type { Row } from './table/row.js';
import type { ProcessTimers } from './time/process-timers.js';

/** Belongs to an address space: shared by vfork parent and child. */
export interface ImageState {
  /** Program break: start of the heap and its present end. */
  heapStart: number;
  heapEnd: number;
  /** Address of the signal-return code. */
  trampoline: number;
}

export class LinuxProcess {
  image: ImageState = { heapStart: 0, heapEnd: 0, trampoline: 0 };
  readonly timers: ProcessTimers;
  /** personality(2). */
  persona = 0;
  dumpable = 1;
  noNewPrivileges = false;
  keepCapabilities = false;
  /** PR_SET_PDEATHSIG, 0 = none. */
  parentDeathSignal = 0;
  timerSlack = 50_000;

  constructor(timers: ProcessTimers) {
    this.timers = timers;
  }
}

/** Scheduling attributes as the sched_* calls show them. */
export interface SchedulingState {
  policy: number;
  priority: number;
  nice: number;
  /** CPUs that it may run on, bit for bit; undefined: all. */
  affinity: number | undefined;
}

export class LinuxThread {
  readonly call: Call;
  /** Call in progress; the last one afterwards. */
  row: Row | undefined = undefined;
  stack: AlternateStack = { base: 0, size: 0, flags: 0 };
  /** The last exception, for signal frames. */
  readonly fault: FaultRecord = { number: 0, code: 0, addressLo: 0, addressHi: 0 };
  /** set_tid_address: zeroed and woken when the thread ends; 0 = none. */
  clearChildTid = 0;
  robustList = 0;
  /** The last call answered RESTART and nobody has decided yet what becomes of it. */
  interrupted = false;
  /** What restart_syscall continues: the rest of an interrupted sleep. */
  restart: (() => MaybeBlocking) | undefined = undefined;
  readonly scheduling: SchedulingState = { policy: 0, priority: 0, nice: 0, affinity: undefined };
  /** Status given to exit(2), for the trace. */
  exitStatus = 0;

  constructor(call: Call) {
    this.call = call;
  }
}

/** @throws KernelPanic when the thread never went through `reset` or clone */
export function stateOf(thread: Thread): LinuxThread {
  const { personal } = thread;
  if (personal === undefined) panic('linux/thread-state', `thread ${thread.tid}`);
  return personal as LinuxThread;
}

export function sharedOf(process: Process): LinuxProcess {
  const { personal } = process;
  if (personal === undefined) panic('linux/process-state', `process ${process.pid}`);
  return personal as LinuxProcess;
}
