/**
 * All CPUs of a machine: who is started, who is back. CPU 0 is inline and moves only inside `run` and `next`; the others
 * run by themselves. None of them needs a thread of this process: QEMU has one for each.
 */
import type { ContextId, CpuId, Instructions, Nanoseconds } from '@veridian-os/abi';
import { NONE, panic } from '@veridian-os/abi';
import type { HostClock } from './clock.js';
import type { QemuCpu } from './cpu.js';
import type { HostMonitor } from './host-monitor.js';

const NS_PER_MS = 1e6;

export class CpuSet {
  readonly cpus: readonly QemuCpu[];
  private readonly clock: HostClock;
  private readonly monitor: HostMonitor;

  constructor(cpus: readonly QemuCpu[], clock: HostClock, monitor: HostMonitor) {
    this.cpus = cpus;
    this.clock = clock;
    this.monitor = monitor;
  }

  start(id: CpuId, context: ContextId, budget: Instructions): void {
    const cpu = this.cpus[id] ?? panic('cpu/start', `no CPU ${id}`);
    cpu.start(context, budget);
    if (id !== 0) cpu.resume();
  }

  next(deadline: Nanoseconds): CpuId | -1 {
    const inline = this.cpus[0];
    for (;;) {
      const back = this.back();
      if (back !== undefined) return this.standStill(back);
      const now = this.clock.now();
      if (!this.cpus.some(({ isStarted }) => isStarted)) return NONE;
      if (now >= deadline) return this.standStill();
      if (inline.isStarted && !inline.isRunning) inline.resume();
      this.interruptAtDeadline(now);
      const running = this.cpus.filter(({ isRunning }) => isRunning).map(({ mailbox }) => mailbox);
      this.wait(running, deadline - now);
    }
  }

  /** A CPU whose run has ended, taken off the list of those that are started. */
  private back(): QemuCpu | undefined {
    return this.cpus.find((cpu) => cpu.isRunning && cpu.mailbox.isDone && cpu.finish());
  }

  /** The inline CPU makes no progress outside. If it comes back just now, the next call finds it. */
  private standStill(back?: QemuCpu): CpuId | -1 {
    const inline = this.cpus[0];
    if (inline.isRunning && !inline.mailbox.isDone) inline.pause();
    return back?.id ?? NONE;
  }

  private interruptAtDeadline(now: number): void {
    if (!this.clock.isDue(now)) return;
    for (const cpu of this.cpus) if (cpu.isRunning) cpu.interrupt();
  }

  private wait(running: Parameters<HostMonitor['awaitAny']>[0], ns: number): void {
    const untilDeadline = this.clock.deadline - this.clock.now();
    const longest = this.monitor.process.patienceMs + Math.max(...this.cpus.map(({ promised }) => promised));
    const limit = Math.min(ns, Math.max(0, untilDeadline)) / NS_PER_MS;
    const answered = this.monitor.awaitAny(running, Math.ceil(Math.min(limit, longest)));
    if (!answered && limit > longest) this.monitor.process.fail(`QEMU has not answered for ${Math.round(longest)} ms`);
  }
}
