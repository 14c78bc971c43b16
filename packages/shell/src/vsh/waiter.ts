/** Waiting for jobs, and telling what became of them. */
import { EINTR } from '@veridian-os/abi';
import { SIGINT, SIGPIPE } from '@veridian-os/kernel';
import { writeText, type Step } from '../internal/io.js';
import { signalWords } from '../internal/signals.js';
import { endStatus, type Job } from './jobs.js';
import { INTERRUPTED_STATUS, type Shell } from './shell.js';

/** Statuses of ended background processes that nobody has asked for: at most this many. */
const MAX_FINISHED = 1000;

export class Waiter {
  private readonly shell: Shell;
  /** Exit status by pid, oldest first. */
  private readonly finished = new Map<number, number>();

  constructor(shell: Shell) {
    this.shell = shell;
  }

  /** Waits until a job has ended or stopped: its status. The shell has the terminal again afterwards. */
  *foreground(job: Job): Step<number> {
    const { control, jobs } = this.shell;
    while (job.state === 'running') {
      const next = yield* this.next();
      if (next === 'none') break;
    }
    if (control !== undefined && job.processes.length > 0) yield* control.takeBack(job);
    if (job.state === 'stopped') {
      job.background = true;
      jobs.touch(job);
      yield* this.say(`\n${jobs.line(job)}\n`);
      job.reported = 'stopped';
      return job.status;
    }
    jobs.remove(job);
    yield* this.tellDeath(job);
    return job.status;
  }

  /** A job was started with `&`. */
  *background(job: Job): Step<number> {
    const { jobs, state, control } = this.shell;
    const last = job.processes[job.processes.length - 1];
    if (last === undefined) {
      jobs.remove(job);
      return job.status;
    }
    state.lastBackground = last.pid;
    jobs.touch(job);
    if (control !== undefined) yield* this.say(`[${job.number}] ${last.pid}\n`);
    return 0;
  }

  /** Takes note of every change so far, without waiting. */
  *poll(): Step<void> {
    const { sys, jobs } = this.shell;
    for (;;) {
      const result = yield* sys.wait({ noHang: true, stopped: true, continued: true });
      if (typeof result === 'number' || result.kind === 'none') break;
      jobs.record(result);
    }
    if (this.shell.control === undefined) for (const job of [...jobs.all]) this.forgetEnded(job);
  }

  /** Tells what became of background jobs since the last time; ended ones are forgotten. */
  *notices(): Step<void> {
    const { jobs } = this.shell;
    yield* this.poll();
    for (const job of [...jobs.all]) {
      if (job.state === 'ended') {
        yield* this.say(`${jobs.line(job)}\n`);
        this.forgetEnded(job);
      } else if (job.state === 'stopped' && job.reported !== 'stopped') {
        yield* this.say(`${jobs.line(job)}\n`);
        job.reported = 'stopped';
      }
    }
  }

  /** `wait` for one job: its status, or 130 when Ctrl-C came first. */
  *job(job: Job): Step<number> {
    while (job.state === 'running') {
      const next = yield* this.next();
      if (next === 'interrupted') return INTERRUPTED_STATUS;
      if (next === 'none') break;
    }
    const { status } = job;
    if (job.state === 'ended') {
      this.forgetEnded(job);
      this.finished.delete(job.processes[job.processes.length - 1].pid);
    }
    return status;
  }

  /** Status of a background process that has ended and was not asked for yet. */
  takeFinished(pid: number): number | undefined {
    const status = this.finished.get(pid);
    this.finished.delete(pid);
    return status;
  }

  /** `wait` for everything: 0, or 130 when Ctrl-C came first. */
  *all(): Step<number> {
    while (this.shell.jobs.all.some((job) => job.state === 'running')) {
      const next = yield* this.next();
      if (next === 'interrupted') return INTERRUPTED_STATUS;
      if (next === 'none') break;
    }
    if (this.shell.control === undefined) for (const job of [...this.shell.jobs.all]) this.forgetEnded(job);
    this.finished.clear();
    return 0;
  }

  /** Waits for one child that is no job: its status. */
  *child(pid: number): Step<number> {
    for (;;) {
      const result = yield* this.shell.sys.wait({ pid });
      if (result === EINTR) continue;
      if (typeof result === 'number' || result.kind !== 'ended') return 1;
      if (this.isInteractive && result.end.kind === 'signal' && result.end.value === SIGINT) this.shell.interrupt();
      return endStatus(result.end);
    }
  }

  private get isInteractive(): boolean {
    return this.shell.control !== undefined;
  }

  /** Waits for one change of any child. */
  private *next(): Step<'change' | 'interrupted' | 'none'> {
    const { sys, jobs } = this.shell;
    const result = yield* sys.wait({ stopped: this.isInteractive });
    if (typeof result === 'number') return result === EINTR ? 'interrupted' : 'none';
    jobs.record(result);
    return 'change';
  }

  private forgetEnded(job: Job): void {
    if (job.state !== 'ended') return;
    this.shell.jobs.remove(job);
    const last = job.processes[job.processes.length - 1];
    if (last === undefined) return;
    this.finished.set(last.pid, job.status);
    if (this.finished.size > MAX_FINISHED) this.finished.delete(this.finished.keys().next().value ?? 0);
  }

  /** A foreground job that died of a signal; Ctrl-C and a closed pipe need no words. */
  private *tellDeath(job: Job): Step<void> {
    const { signal } = job;
    if (signal === 0 || signal === SIGPIPE) return;
    if (signal === SIGINT) {
      this.shell.interrupted = this.isInteractive;
      if (this.isInteractive) yield* this.say('\n');
      return;
    }
    if (!this.isInteractive) {
      yield* this.shell.complain(`${job.text}: ${signalWords(signal)}`, 0);
      return;
    }
    yield* this.say(`${signalWords(signal)}\n`);
    yield* this.tellFault(job);
  }

  /** Program counter and cause, when the kernel noted them: the console's reader wants to know. */
  private *tellFault(job: Job): Step<void> {
    const marks = job.processes.map(({ pid }) => `[${pid}]: `);
    const reports = yield* this.shell.sys.inspect((kernel) => [...kernel.faultLog]);
    if (typeof reports === 'number') return;
    const report = reports.reverse().find((line) => marks.some((mark) => line.includes(mark)));
    if (report !== undefined) yield* this.say(`${report}\n`);
  }

  private *say(text: string): Step<void> {
    yield* writeText(this.shell.sys, this.shell.fds[2], text);
  }
}
