/** Timers of one process: setitimer's three and those of timer_create. */
import type { Errno } from '@veridian-os/abi';
import { EAGAIN, EINVAL } from '@veridian-os/abi';
import {
  SIGALRM,
  SIGPROF,
  SIGVTALRM,
  SI_KERNEL,
  SI_TIMER,
  signalInfo,
  type SignalInfo,
  type Kernel,
  type Process,
  type Thread,
} from '@veridian-os/kernel';
import { CpuTimer } from './cpu-timer.js';
import { IntervalTimer } from './interval-timer.js';

/** RLIMIT_SIGPENDING of a small system bounds timers too. */
const MAX_TIMERS = 256;

/** What both kinds of timers offer. */
export type AnyTimer = Pick<IntervalTimer, 'arm' | 'cancel' | 'setting'>;

/** How a timer of timer_create tells that it expired (struct sigevent). */
export interface TimerNotice {
  /** 0 = nothing (SIGEV_NONE). */
  readonly signal: number;
  readonly valueLo: number;
  readonly valueHi: number;
  /** SIGEV_THREAD_ID: only this thread. */
  readonly thread: Thread | undefined;
}

export interface PosixTimer {
  readonly timer: AnyTimer;
  readonly clock: number;
  /** Expirations beyond the one that the last signal to arrive announced. */
  overrun: number;
  /** The signal that has not arrived yet: further expirations are counted in it. */
  announced: TimerSignal | undefined;
}

/** Signal of a timer: at most one is pending, and tells when it arrives how often the timer expired meanwhile. */
export class TimerSignal implements SignalInfo {
  readonly code = SI_TIMER;
  readonly status = 0;
  readonly signal: number;
  /** Number of the timer. */
  readonly pid: number;
  /** Overrun. */
  uid = 0;
  readonly valueLo: number;
  readonly valueHi: number;
  private readonly timer: PosixTimer;

  constructor(id: number, timer: PosixTimer, notice: TimerNotice) {
    this.pid = id;
    this.timer = timer;
    this.signal = notice.signal;
    this.valueLo = notice.valueLo;
    this.valueHi = notice.valueHi;
  }

  /** The program has it now. */
  arrived(): void {
    this.timer.overrun = this.uid;
    if (this.timer.announced === this) this.timer.announced = undefined;
  }
}

/** Tells a timer that its signal has been taken off the queue. */
export function signalArrived(info: SignalInfo): void {
  if (info instanceof TimerSignal) info.arrived();
}

export class ProcessTimers {
  /** ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF. All CPU time is user time, so the last two tick alike. */
  readonly interval: readonly AnyTimer[];
  private readonly kernel: Kernel;
  private readonly process: Process;
  private readonly created = new Map<number, PosixTimer>();

  constructor(kernel: Kernel, process: Process) {
    this.kernel = kernel;
    this.process = process;
    const send = (signal: number) => () => void kernel.signals.sendProcess(process, signalInfo(signal, SI_KERNEL));
    this.interval = [
      new IntervalTimer(kernel, send(SIGALRM)),
      new CpuTimer(kernel, process, send(SIGVTALRM)),
      new CpuTimer(kernel, process, send(SIGPROF)),
    ];
  }

  /** New timer: its number, or EAGAIN. */
  create(clock: number, onCpuTime: boolean, wanted: TimerNotice | undefined): number | Errno {
    const id = this.freeId();
    if (id < 0) return id;
    // Without a sigevent it is SIGALRM with the timer's number as its value.
    const notice = wanted ?? { signal: SIGALRM, valueLo: id, valueHi: 0, thread: undefined };
    const expired = (times: number): void => this.expired(id, times, notice);
    const { kernel, process } = this;
    const timer = onCpuTime ? new CpuTimer(kernel, process, expired) : new IntervalTimer(kernel, expired);
    this.created.set(id, { timer, clock, overrun: 0, announced: undefined });
    return id;
  }

  get(id: number): PosixTimer | undefined {
    return this.created.get(id);
  }

  delete(id: number): 0 | Errno {
    const timer = this.created.get(id);
    if (timer === undefined) return EINVAL;
    timer.timer.cancel();
    this.created.delete(id);
    return 0;
  }

  /** The process ends, or execve: nothing may fire any more. */
  cancelAll(): void {
    for (const timer of this.interval) timer.cancel();
    for (const { timer } of this.created.values()) timer.cancel();
    this.created.clear();
  }

  private freeId(): number {
    for (let id = 0; id < MAX_TIMERS; id++) if (!this.created.has(id)) return id;
    return EAGAIN;
  }

  private expired(id: number, times: number, notice: TimerNotice): void {
    const timer = this.created.get(id);
    if (timer === undefined || notice.signal === 0) return;
    const target = notice.thread ?? this.process;
    if (timer.announced !== undefined && target.pending.set.has(notice.signal)) {
      timer.announced.uid += times;
      return;
    }
    const info = new TimerSignal(id, timer, notice);
    info.uid = times - 1;
    timer.announced = info;
    if (notice.thread === undefined) this.kernel.signals.sendProcess(this.process, info);
    else this.kernel.signals.sendThread(notice.thread, info);
  }
}
