/** Builtins about jobs. */
import { errnoMessage } from '@veridian-os/abi';
import { SIGCONT, SIGHUP, signalNumber, SIGTERM } from '@veridian-os/kernel';
import type { Step } from '../../internal/io.js';
import { runUtility, type Tool } from '../../internal/tool.js';
import { kill as killUtility } from '../../utilities/kill.js';
import type { JobControl } from '../job-control.js';
import type { Job } from '../jobs.js';
import type { Shell } from '../shell.js';
import type { Builtin } from './builtin.js';

export const jobs: Builtin = {
  name: 'jobs',
  summary: 'list the jobs of this shell',
  usage: '[-lp]',
  options: 'lp',
  help: '-l  with process numbers\n-p  only process numbers',
  *run(shell, tool) {
    yield* shell.waiter.poll();
    for (const job of [...shell.jobs.all]) {
      const line = tool.has('p') ? String(job.processes[0].pid) : shell.jobs.line(job, tool.has('l'));
      yield* tool.print(`${line}\n`);
      if (job.state === 'ended') shell.jobs.remove(job);
      else if (job.state === 'stopped') job.reported = 'stopped';
    }
    return 0;
  },
};

/** The job that the first operand names, or a message. */
function* chosen(shell: Shell, tool: Tool): Step<{ job: Job; control: JobControl } | number> {
  const { control } = shell;
  if (control === undefined) return yield* tool.complain('no job control in this shell');
  yield* shell.waiter.poll();
  const [spec] = tool.operands;
  const job = shell.jobs.find(spec);
  if (job === undefined) return yield* tool.complain(`${spec ?? 'current'}: no such job`);
  return { job, control };
}

export const fg: Builtin = {
  name: 'fg',
  summary: 'continue a job in the foreground',
  usage: '[%JOB]',
  options: '',
  *run(shell, tool) {
    const found = yield* chosen(shell, tool);
    if (typeof found === 'number') return found;
    const { job, control } = found;
    yield* tool.print(`${job.text}\n`);
    yield* tool.flush();
    job.background = false;
    job.continued();
    yield* control.give(job);
    yield* shell.sys.kill(-job.group, SIGCONT);
    return yield* shell.waiter.foreground(job);
  },
};

export const bg: Builtin = {
  name: 'bg',
  summary: 'continue a stopped job in the background',
  usage: '[%JOB]',
  options: '',
  *run(shell, tool) {
    const found = yield* chosen(shell, tool);
    if (typeof found === 'number') return found;
    const { job } = found;
    job.background = true;
    job.continued();
    yield* tool.print(`[${job.number}]${shell.jobs.mark(job)} ${job.text} &\n`);
    const result = yield* shell.sys.kill(-job.group, SIGCONT);
    return result < 0 ? yield* tool.complain(errnoMessage(result)) : 0;
  },
};

export const wait: Builtin = {
  name: 'wait',
  summary: 'wait for background jobs',
  usage: '[%JOB | PID]...',
  options: '',
  help: 'Without operands waits for all of them. The status is that of the last one waited for.',
  *run(shell, tool) {
    if (tool.operands.length === 0) return yield* shell.waiter.all();
    let status = 0;
    for (const operand of tool.operands) status = yield* waitFor(shell, tool, operand);
    return status;
  },
};

function* waitFor(shell: Shell, tool: Tool, operand: string): Step<number> {
  const pid = Number(operand);
  const job = operand.startsWith('%') ? shell.jobs.find(operand) : shell.jobs.withProcess(pid);
  if (job !== undefined) return yield* shell.waiter.job(job);
  return shell.waiter.takeFinished(pid) ?? (yield* tool.complain(`${operand}: no such job`, 127));
}

export const kill: Builtin = {
  ...killUtility,
  usage: '[-SIGNAL | -s SIGNAL] %JOB|PID... | -l [NUMBER]...',
  *run(shell, tool) {
    const args: string[] = [];
    const stopped: Job[] = [];
    for (const word of tool.args) {
      const job = word.startsWith('%') ? shell.jobs.find(word) : undefined;
      if (job !== undefined) {
        args.push(...targets(job));
        if (job.state === 'stopped') stopped.push(job);
      } else if (word.startsWith('%')) return yield* tool.complain(`${word}: no such job`);
      else args.push(word);
    }
    const status = yield* runUtility(shell.sys, killUtility, args, tool.streams);
    // A stopped job would not notice that it has been asked to end.
    if (status === 0 && asksToEnd(args)) for (const job of stopped) yield* shell.sys.kill(-job.group, SIGCONT);
    return status;
  },
};

/** TERM, the default, or HUP. */
function asksToEnd([, first, second]: readonly string[]): boolean {
  const name = first === '-s' ? second : /^-[^-]/.test(first) ? first.slice(1) : 'TERM';
  const signal = signalNumber(name);
  return signal === SIGTERM || signal === SIGHUP;
}

/** Operands of kill(1) that reach every process of a job. */
function targets(job: Job): string[] {
  if (job.group !== 0) return ['--', `-${job.group}`];
  return job.processes.filter((process) => process.state !== 'ended').map((process) => String(process.pid));
}
