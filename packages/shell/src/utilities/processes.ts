/** ps: the processes of the kernel. */
import { PAGE_SIZE } from '@veridian-os/abi';
import { ProcessState, ThreadState, type Process } from '@veridian-os/kernel';
import { humanSize, table } from '../internal/format.js';
import { needsSystem } from '../internal/inspection.js';
import type { Utility } from '../internal/tool.js';

export const ps: Utility = {
  name: 'ps',
  summary: 'list processes',
  usage: '[-q]',
  options: 'aefq',
  help: [
    'STATE: R runs or waits for the CPU, S sleeps, T stopped, Z ended and not waited for',
    'KIND:  task (TypeScript), or the personality that runs machine code      -q  only numbers',
    'TIME:  CPU time in ms      RES: resident memory      Needs the System capability.',
  ].join('\n'),
  *run(tool) {
    const rows = yield* tool.sys.inspect((kernel) => kernel.processList().map(row));
    if (typeof rows === 'number') return yield* needsSystem(tool, rows);
    if (tool.has('q')) yield* tool.print(rows.map(([pid]) => `${pid}\n`).join(''));
    else yield* tool.print(table([HEADINGS, ...rows], '>>><<>>><'));
    return 0;
  },
};

const HEADINGS = ['PID', 'PPID', 'GROUP', 'STATE', 'KIND', 'THREADS', 'TIME', 'RES', 'COMMAND'];

function row(process: Process): string[] {
  const space = process.memory?.space;
  const isTask = [...process.threads].some((thread) => thread.task !== undefined);
  return [
    String(process.pid),
    String(process.parent?.pid ?? 0),
    String(process.group),
    state(process),
    isTask ? 'task' : (process.personality?.name ?? '-'),
    String(process.threads.size),
    (cpuTime(process) / 1e6).toFixed(1),
    space === undefined ? '-' : humanSize(space.residentFrames * PAGE_SIZE),
    process.args.length > 0 ? process.args.join(' ') : `[${process.name}]`,
  ];
}

function state(process: Process): string {
  if (process.state === ProcessState.Zombie) return 'Z';
  if (process.state === ProcessState.Stopped) return 'T';
  return [...process.threads].some((thread) => thread.state === ThreadState.Runnable) ? 'R' : 'S';
}

function cpuTime(process: Process): number {
  let total = process.pastCpuTime;
  for (const thread of process.threads) total += thread.cpuTime;
  return total;
}
