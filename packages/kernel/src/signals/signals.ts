/** Sending and delivering signals. Source: signal(7), POSIX.1-2017 2.4. */
import type { Errno } from '@veridian-os/abi';
import { EAGAIN, EINTR, EINVAL, EPERM, ESRCH, POLLIN, RESTART } from '@veridian-os/abi';
import { isBlocking, Wake } from '../core/blocking.js';
import { ProcessState, type Process } from '../core/process.js';
import { ThreadState, type Thread } from '../core/thread.js';
import type { Kernel } from '../kernel.js';
import * as sig from './numbers.js';
import type { SignalInfo } from './signal-state.js';
import { signalInfo } from './signal-state.js';

const STOP_SIGNALS = [sig.SIGSTOP, sig.SIGTSTP, sig.SIGTTIN, sig.SIGTTOU];

export class Signals {
  private readonly kernel: Kernel;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /** kill(2) addressing: pid > 0 process, 0 own group, -1 everybody else, < -1 group. Signal 0 only checks. */
  kill(caller: Process, pid: number, info: SignalInfo): number {
    if (info.signal < 0 || info.signal > sig.SIGNAL_COUNT) return EINVAL;
    if (pid > 0) {
      const process = this.kernel.processes.get(pid);
      return process === undefined ? ESRCH : this.sendProcess(process, info);
    }
    if (pid === -1) {
      const others = this.kernel.processes.list().filter((process) => process !== caller && process.pid !== 1);
      return this.sendAll(others, info);
    }
    return this.sendGroup(pid === 0 ? caller.group : -pid, info);
  }

  /** ESRCH when the group has no members. */
  sendGroup(group: number, info: SignalInfo): number {
    return this.sendAll(this.kernel.processes.group(group), info);
  }

  sendProcess(process: Process, info: SignalInfo): 0 | Errno {
    if (process.state >= ProcessState.Zombie) return process.state === ProcessState.Zombie ? 0 : ESRCH;
    if (info.signal === 0) return 0;
    if (process.isProtected && this.isFatalDefault(process, info.signal)) return EPERM;
    if (!this.admit(process, info.signal)) return 0;
    if (info.signal === sig.SIGKILL) {
      this.killProcess(process);
      return 0;
    }
    if (!process.pending.add(info) && info.signal >= 32) return EAGAIN;
    this.alert(process, info.signal);
    return 0;
  }

  sendThread(thread: Thread, info: SignalInfo): 0 | Errno {
    if (thread.state === ThreadState.Dead) return ESRCH;
    if (info.signal === 0) return 0;
    if (info.signal === sig.SIGKILL) return this.sendProcess(thread.process, info);
    if (thread.process.isProtected && this.isFatalDefault(thread.process, info.signal)) return EPERM;
    if (!this.admit(thread.process, info.signal)) return 0;
    if (!thread.pending.add(info) && info.signal >= 32) return EAGAIN;
    this.alertThread(thread, info.signal);
    return 0;
  }

  /** A fault of the thread's own: cannot be blocked or ignored away. */
  forceThread(thread: Thread, info: SignalInfo): void {
    const { actions } = thread.process;
    if (thread.blocked.has(info.signal) || actions.isIgnored(info.signal)) {
      const action = actions.get(info.signal);
      action.handlerLo = 0;
      action.handlerHi = 0;
      thread.blocked.delete(info.signal);
    }
    thread.pending.add(info);
    thread.attention = true;
  }

  /** True when a signal that is not blocked (or a stop, or death) waits for the thread. */
  deliverable(thread: Thread): boolean {
    if (thread.dying) return true;
    return this.next(thread) !== 0;
  }

  /** Recomputes whether a thread must look at signals, after its mask changed. */
  maskChanged(thread: Thread): void {
    thread.attention = this.deliverable(thread);
  }

  /**
   * Acts on pending signals before user code runs. False: the thread may not run now (stopped, dead, or a delivery
   * that waits).
   */
  prepareUser(thread: Thread): boolean {
    for (let round = 0; round < sig.SIGNAL_COUNT; round++) {
      if (thread.state !== ThreadState.Runnable) return false;
      const info = this.take(thread);
      if (info === undefined) {
        thread.attention = false;
        this.restoreMask(thread);
        return true;
      }
      if (!this.act(thread, info)) return false;
    }
    return true;
  }

  /** Next signal that would be delivered, or 0. */
  private next(thread: Thread): number {
    const own = thread.pending.set.firstOutside(thread.blocked);
    const shared = thread.process.pending.set.firstOutside(thread.blocked);
    if (own === 0 || shared === 0) return own + shared;
    return Math.min(own, shared);
  }

  /** Takes the next deliverable signal off its queue, synchronous faults first. */
  take(thread: Thread): SignalInfo | undefined {
    const { pending, blocked } = thread;
    const fault = sig.FAULT_SIGNALS.find((signal) => pending.set.has(signal) && !blocked.has(signal));
    const own = fault ?? pending.set.firstOutside(blocked);
    if (own !== 0) return thread.pending.take(own);
    const shared = thread.process.pending.set.firstOutside(thread.blocked);
    return shared === 0 ? undefined : thread.process.pending.take(shared);
  }

  /** One signal: handler, or default action. False when the thread does not go on to user code. */
  private act(thread: Thread, info: SignalInfo): boolean {
    const { process } = thread;
    const action = process.actions.get(info.signal);
    if (process.actions.isIgnored(info.signal)) return true;
    if (process.actions.isDefault(info.signal)) return this.defaultAct(thread, info);
    const { personality } = process;
    if (personality === undefined) return interruptTask(thread);
    const chosen = { ...action };
    personality.interrupted(thread, chosen);
    const delivered = personality.deliver(thread, info, chosen);
    if (isBlocking(delivered)) {
      thread.continuation = this.kernel.finishDelivery(thread, delivered);
      return false;
    }
    return delivered || this.stackFailed(thread);
  }

  /** The user stack cannot take a frame: SIGSEGV with its default action. */
  stackFailed(thread: Thread): false {
    this.kernel.reportFault(thread, 'no room on its stack for a signal frame');
    this.kernel.processes.terminate(thread.process, { kind: 'signal', value: sig.SIGSEGV, core: true });
    return false;
  }

  private defaultAct(thread: Thread, info: SignalInfo): boolean {
    const { process } = thread;
    switch (sig.defaultAction(info.signal)) {
      case sig.DefaultAction.Ignore:
      case sig.DefaultAction.Continue:
        return true;
      case sig.DefaultAction.Stop:
        this.stopProcess(process, info.signal);
        return false;
      case sig.DefaultAction.Core:
        this.kernel.processes.terminate(process, { kind: 'signal', value: info.signal, core: true });
        return false;
      default:
        this.kernel.processes.terminate(process, { kind: 'signal', value: info.signal, core: false });
        return false;
    }
  }

  /** No handler ran: the mask that sigsuspend and friends replaced comes back, an interrupted call restarts. */
  private restoreMask(thread: Thread): void {
    thread.process.personality?.interrupted(thread, undefined);
    if (!thread.restoreMask) return;
    thread.restoreMask = false;
    thread.blocked.copyFrom(thread.savedMask);
    this.maskChanged(thread);
  }

  /** Effects that happen at sending time; false when the signal is to be forgotten (ignored). */
  private admit(process: Process, signal: number): boolean {
    if (signal === sig.SIGCONT) {
      for (const stop of STOP_SIGNALS) this.discard(process, stop);
      this.continueProcess(process);
    } else if (STOP_SIGNALS.includes(signal)) this.discard(process, sig.SIGCONT);
    const { actions } = process;
    const ignored =
      actions.isIgnored(signal) ||
      (actions.isDefault(signal) && sig.defaultAction(signal) === sig.DefaultAction.Ignore) ||
      (actions.isDefault(signal) && signal === sig.SIGCONT);
    // A blocked signal stays pending even if ignored: sigwait may want it.
    return !ignored || [...process.threads].some((thread) => thread.blocked.has(signal));
  }

  private isFatalDefault(process: Process, signal: number): boolean {
    const action = sig.defaultAction(signal);
    return (
      process.actions.isDefault(signal) && action !== sig.DefaultAction.Ignore && action !== sig.DefaultAction.Continue
    );
  }

  private discard(process: Process, signal: number): void {
    process.pending.discard(signal);
    for (const thread of process.threads) thread.pending.discard(signal);
  }

  /** Lets one thread that does not block the signal see it; the leader first. */
  private alert(process: Process, signal: number): void {
    this.kernel.waits.wake(process.signalQueue, POLLIN);
    const { leader } = process;
    if (leader !== undefined && process.threads.has(leader) && !leader.blocked.has(signal)) {
      this.alertThread(leader, signal);
      return;
    }
    for (const thread of process.threads) {
      if (thread.blocked.has(signal)) continue;
      this.alertThread(thread, signal);
      return;
    }
  }

  private alertThread(thread: Thread, signal: number): void {
    this.kernel.waits.wake(thread.process.signalQueue, POLLIN);
    if (thread.blocked.has(signal)) return;
    thread.attention = true;
    if (thread.interruptible) this.kernel.waiting.wake(thread, Wake.Signal);
  }

  private killProcess(process: Process): void {
    const { running } = this.kernel;
    const end = { kind: 'signal', value: sig.SIGKILL, core: false } as const;
    process.ending ??= end;
    if (running === undefined || running.process !== process) {
      this.kernel.processes.terminate(process, end);
      return;
    }
    running.dying = true;
    running.attention = true;
    this.kernel.doomed.push(process);
  }

  private stopProcess(process: Process, signal: number): void {
    if (process.state !== ProcessState.Running) return;
    process.state = ProcessState.Stopped;
    process.unreportedStop = signal;
    process.unreportedContinue = false;
    for (const thread of process.threads) {
      // Whoever hears of the stop must find nobody running any more.
      this.kernel.dispatcher.recall(thread);
      thread.stoppedFrom = thread.state;
      thread.state = ThreadState.Stopped;
      this.kernel.scheduler.block(thread.slot, this.kernel.now());
    }
    this.tellParent(process, sig.CLD_STOPPED, signal);
  }

  continueProcess(process: Process): void {
    if (process.state !== ProcessState.Stopped) return;
    process.state = ProcessState.Running;
    process.unreportedContinue = true;
    process.unreportedStop = 0;
    for (const thread of process.threads) {
      if (thread.state !== ThreadState.Stopped) continue;
      thread.state = thread.stoppedFrom;
      if (thread.state === ThreadState.Runnable) this.kernel.makeRunnable(thread);
    }
    this.tellParent(process, sig.CLD_CONTINUED, sig.SIGCONT);
  }

  private tellParent(process: Process, code: number, status: number): void {
    const { parent } = process;
    if (parent === undefined) return;
    if ((parent.actions.get(sig.SIGCHLD).flags & sig.SA_NOCLDSTOP) === 0) {
      this.sendProcess(parent, signalInfo(sig.SIGCHLD, code, { pid: process.pid, status }));
    }
    this.kernel.waits.wake(parent.childQueue, POLLIN);
  }

  /** 0 when anybody was told, as kill(2) has it; else why the last one was not. */
  private sendAll(processes: readonly Process[], info: SignalInfo): number {
    let result: number = ESRCH;
    for (const process of processes) {
      const sent = this.sendProcess(process, info);
      if (result !== 0) result = sent;
    }
    return result;
  }
}

/** A task that wants to know of a signal: its wait, if it was in one, ends with EINTR. */
function interruptTask(thread: Thread): true {
  if (thread.task?.result === RESTART) thread.task.result = EINTR;
  return true;
}
