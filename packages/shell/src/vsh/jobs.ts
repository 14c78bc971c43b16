/** Jobs: the pipelines that a shell started and has not forgotten. Pure bookkeeping; waiting is the shell's affair. */
import type { ProcessEnd, WaitResult } from '@veridian-os/kernel';
import { SIGPIPE } from '@veridian-os/kernel';
import { signalWords } from '../internal/signals.js';

/** One process of a job. */
export interface JobProcess {
  readonly pid: number;
  state: 'running' | 'stopped' | 'ended';
  /** Signal that stopped it. */
  stopSignal: number;
  end: ProcessEnd | undefined;
}

export class Job {
  /** `%1`, ... */
  readonly number: number;
  readonly text: string;
  /** Process group; 0 = none of its own. */
  group = 0;
  readonly processes: JobProcess[] = [];
  /** Status of the last command when it was no process: a builtin, or a program that could not start. */
  lastStatus: number | undefined;
  /** Started with `&` or continued with `bg`: its end is news. */
  background = false;
  /** What was said about it last. */
  reported: 'running' | 'stopped' = 'running';
  /** Terminal modes it left when it stopped, for `fg`. */
  modes: Uint8Array | undefined;

  constructor(number: number, text: string) {
    this.number = number;
    this.text = text;
  }

  add(pid: number): void {
    this.processes.push({ pid, state: 'running', stopSignal: 0, end: undefined });
    this.lastStatus = undefined;
  }

  get state(): 'running' | 'stopped' | 'ended' {
    if (this.processes.every((process) => process.state === 'ended')) return 'ended';
    return this.processes.some((process) => process.state === 'running') ? 'running' : 'stopped';
  }

  /** Exit status of the last command; 128+n for a signal, also one that stopped it. */
  get status(): number {
    if (this.lastStatus !== undefined) return this.lastStatus;
    const last = this.processes[this.processes.length - 1];
    if (last.end !== undefined) return endStatus(last.end);
    return 128 + last.stopSignal;
  }

  /** The signal that ended the last command, 0 = none. */
  get signal(): number {
    const end = this.lastStatus === undefined ? this.processes[this.processes.length - 1]?.end : undefined;
    return end?.kind === 'signal' ? end.value : 0;
  }

  /** `Running`, `Done`, `Exit 3`, `Terminated`, `Stopped`. */
  get description(): string {
    const { state } = this;
    if (state === 'running') return 'Running';
    if (state === 'stopped') {
      const process = this.processes.find((candidate) => candidate.state === 'stopped');
      return signalWords(process?.stopSignal ?? 0);
    }
    if (this.signal !== 0 && this.signal !== SIGPIPE) return signalWords(this.signal);
    return this.status === 0 ? 'Done' : `Exit ${this.status}`;
  }

  /** Says that a stopped job goes on. */
  continued(): void {
    for (const process of this.processes) if (process.state === 'stopped') process.state = 'running';
    this.reported = 'running';
  }
}

export function endStatus(end: ProcessEnd): number {
  return end.kind === 'signal' ? 128 + end.value : end.value;
}

export class JobTable {
  private readonly jobs: Job[] = [];
  /** Most recently used last: `%+` and `%-`. */
  private readonly recent: Job[] = [];

  get all(): readonly Job[] {
    return this.jobs;
  }

  /** The same jobs in a table of their own: what a subshell shows. */
  snapshot(): JobTable {
    const copy = new JobTable();
    copy.jobs.push(...this.jobs);
    copy.recent.push(...this.recent);
    return copy;
  }

  /** A job with the next free number; it is in the table until `remove`. */
  create(text: string): Job {
    const number = Math.max(0, ...this.jobs.map((job) => job.number)) + 1;
    const job = new Job(number, text);
    this.jobs.push(job);
    this.touch(job);
    return job;
  }

  remove(job: Job): void {
    for (const list of [this.jobs, this.recent]) {
      const index = list.indexOf(job);
      if (index >= 0) list.splice(index, 1);
    }
  }

  /** Makes a job the current one. */
  touch(job: Job): void {
    const index = this.recent.indexOf(job);
    if (index >= 0) this.recent.splice(index, 1);
    this.recent.push(job);
  }

  /** `+` for the current job, `-` for the one before, else a blank. */
  mark(job: Job): string {
    const index = this.recent.indexOf(job);
    return index === this.recent.length - 1 ? '+' : index === this.recent.length - 2 ? '-' : ' ';
  }

  /** `%1`, `%+`, `%%`, `%-`, `%text`; without an argument the current job. */
  find(spec = '%+'): Job | undefined {
    const name = spec.replace(/^%/, '');
    if (name === '' || name === '+' || name === '%') return this.recent[this.recent.length - 1];
    if (name === '-') return this.recent[this.recent.length - 2] ?? this.recent[0];
    if (/^\d+$/.test(name)) return this.jobs.find((job) => job.number === Number(name));
    return [...this.recent].reverse().find((job) => job.text.startsWith(name));
  }

  withProcess(pid: number): Job | undefined {
    return this.jobs.find((job) => job.processes.some((process) => process.pid === pid));
  }

  /** Notes what wait(2) said about a child. */
  record(result: WaitResult): void {
    if (result.kind === 'none') return;
    const process = this.withProcess(result.pid)?.processes.find((candidate) => candidate.pid === result.pid);
    if (process === undefined) return;
    if (result.kind === 'ended') {
      process.state = 'ended';
      process.end = result.end;
    } else if (result.kind === 'stopped') {
      process.state = 'stopped';
      process.stopSignal = result.signal;
    } else process.state = 'running';
  }

  /** `[1]+  Done                    sleep 5` */
  line(job: Job, pids = false): string {
    const pid = pids ? `${String(job.processes[0]?.pid ?? 0).padStart(5)} ` : '';
    const suffix = job.state === 'running' ? ' &' : '';
    return `[${job.number}]${this.mark(job)} ${pid} ${job.description.padEnd(23)} ${job.text}${suffix}`;
  }
}
