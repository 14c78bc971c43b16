/** Text of /proc/PID/NAME. Field order and units: proc(5). */
import { PAGE_SIZE } from '@veridian-os/abi';
import type { MappingInfo } from '@veridian-os/memory';
import { Limit, ProcessState, type Process } from '../core/process.js';
import { ThreadState, type Thread } from '../core/thread.js';
import type { Kernel } from '../kernel.js';
import type { SignalSet } from '../signals/signal-set.js';
import { SIGNAL_COUNT } from '../signals/numbers.js';

/** Ticks per second of the times in /proc/PID/stat. */
const CLOCK_TICKS = 100;
const NS_PER_TICK = 1e9 / CLOCK_TICKS;
const encoder = new TextEncoder();

export function processText(
  kernel: Kernel,
  process: Process,
  thread: Thread | undefined,
  name: string,
): string | Uint8Array | undefined {
  switch (name) {
    case 'cmdline':
      return nulTerminated(process.args);
    case 'environ':
      return nulTerminated(process.env);
    case 'comm':
      return `${thread?.name ?? process.name}\n`;
    case 'stat':
      return stat(process, thread);
    case 'statm':
      return statm(process);
    case 'status':
      return status(process, thread);
    case 'maps':
      return process.memory === undefined ? '' : process.memory.space.mappings().map(mapLine).join('');
    case 'limits':
      return limits(kernel, process);
    case 'oom_score_adj':
      return '0\n';
    default:
      return undefined;
  }
}

function nulTerminated(strings: readonly string[]): Uint8Array {
  return encoder.encode(strings.map((text) => `${text}\0`).join(''));
}

/** One letter as ps(1) shows it. */
export function stateLetter(process: Process, thread: Thread | undefined): string {
  if (process.state === ProcessState.Zombie) return 'Z';
  if (process.state === ProcessState.Stopped) return 'T';
  return thread?.state === ThreadState.Waiting ? 'S' : 'R';
}

function ticks(ns: number): number {
  return Math.floor(ns / NS_PER_TICK);
}

/** CPU time of a process with its ended threads, ns. */
export function cpuTime(process: Process): number {
  let total = process.pastCpuTime;
  for (const thread of process.threads) total += thread.cpuTime;
  return total;
}

function stat(process: Process, thread: Thread | undefined): string {
  const space = process.memory?.space;
  const { terminal } = process.session;
  const fields: (string | number)[] = [
    thread?.tid ?? process.pid,
    `(${thread?.name ?? process.name})`,
    stateLetter(process, thread),
    process.parent?.pid ?? 0,
    process.group,
    process.session.id,
    terminal === undefined ? 0 : (4 << 8) | 64,
    terminal?.foreground ?? -1,
    ...[0, 0, 0, 0, 0],
    ticks(cpuTime(process)),
    0,
    ticks(process.childrenCpuTime),
    ...[0, 20, 0],
    process.threads.size,
    0,
    ticks(process.startTime),
    space?.virtualBytes ?? 0,
    space?.residentFrames ?? 0,
  ];
  return `${[...fields, ...new Array<number>(52 - fields.length).fill(0)].join(' ')}\n`;
}

function statm(process: Process): string {
  const space = process.memory?.space;
  const pages = Math.ceil((space?.virtualBytes ?? 0) / PAGE_SIZE);
  return `${pages} ${space?.residentFrames ?? 0} 0 0 0 0 0\n`;
}

function status(process: Process, thread: Thread | undefined): string {
  const space = process.memory?.space;
  const letter = stateLetter(process, thread);
  const names: Record<string, string> = { R: 'running', S: 'sleeping', T: 'stopped', Z: 'zombie' };
  const rows: [string, string][] = [
    ['Name', thread?.name ?? process.name],
    ['Umask', process.umask.toString(8).padStart(4, '0')],
    ['State', `${letter} (${names[letter]})`],
    ['Tgid', String(process.pid)],
    ['Pid', String(thread?.tid ?? process.pid)],
    ['PPid', String(process.parent?.pid ?? 0)],
    ['TracerPid', '0'],
    ['Uid', '0\t0\t0\t0'],
    ['Gid', '0\t0\t0\t0'],
    ['FDSize', String(process.files.openCount)],
    ['VmSize', kilobytes(space?.virtualBytes ?? 0)],
    ['VmLck', kilobytes(space?.lockedBytes ?? 0)],
    ['VmRSS', kilobytes((space?.residentFrames ?? 0) * PAGE_SIZE)],
    ['VmPTE', kilobytes((space?.tableFrames ?? 0) * PAGE_SIZE)],
    ['HugePages', kilobytes(space?.hugeBytes ?? 0)],
    ['VmSwap', kilobytes((space?.swappedPages ?? 0) * PAGE_SIZE)],
    ['Threads', String(process.threads.size)],
    ['SigPnd', thread === undefined ? '0'.repeat(16) : setText(thread.pending.set)],
    ['ShdPnd', setText(process.pending.set)],
    ['SigBlk', thread === undefined ? '0'.repeat(16) : setText(thread.blocked)],
    ['SigIgn', actionSet(process, true)],
    ['SigCgt', actionSet(process, false)],
    ['Cpus_allowed', '1'],
    ['Cpus_allowed_list', '0'],
  ];
  return rows.map(([key, value]) => `${key}:\t${value}\n`).join('');
}

function kilobytes(bytes: number): string {
  return `${String(Math.ceil(bytes / 1024)).padStart(8)} kB`;
}

function setText(set: SignalSet): string {
  return (set.hi >>> 0).toString(16).padStart(8, '0') + (set.lo >>> 0).toString(16).padStart(8, '0');
}

function actionSet(process: Process, ignored: boolean): string {
  let value = 0n;
  for (let signal = 1; signal <= SIGNAL_COUNT; signal++) {
    const member = ignored
      ? process.actions.isIgnored(signal)
      : !process.actions.isIgnored(signal) && !process.actions.isDefault(signal);
    if (member) value |= 1n << BigInt(signal - 1);
  }
  return value.toString(16).padStart(16, '0');
}

function mapLine(mapping: MappingInfo): string {
  const { start, end, prot, shared, offset, label, ino } = mapping;
  const rights = `${(prot & 1) !== 0 ? 'r' : '-'}${(prot & 2) !== 0 ? 'w' : '-'}${(prot & 4) !== 0 ? 'x' : '-'}${shared ? 's' : 'p'}`;
  const hex = (value: number, width: number): string => value.toString(16).padStart(width, '0');
  const head = `${hex(start, 8)}-${hex(end, 8)} ${rights} ${hex(offset, 8)} 00:00 ${ino} `;
  return label === '' ? `${head}\n` : `${head.padEnd(73)}${label}\n`;
}

const LIMIT_ROWS: readonly (readonly [string, Limit, string])[] = [
  ['Max cpu time', Limit.Cpu, 'seconds'],
  ['Max file size', Limit.FileSize, 'bytes'],
  ['Max data size', Limit.Data, 'bytes'],
  ['Max stack size', Limit.Stack, 'bytes'],
  ['Max core file size', Limit.Core, 'bytes'],
  ['Max processes', Limit.Processes, 'processes'],
  ['Max open files', Limit.Files, 'files'],
  ['Max address space', Limit.AddressSpace, 'bytes'],
];

/** Soft and hard limit; the kernel's own bounds show as those of descriptors and processes. */
function limitPair({ limits }: Kernel, process: Process, limit: Limit): readonly [number, number] {
  const [soft, hard] = [process.limits[2 * limit], process.limits[2 * limit + 1]];
  if (limit === Limit.Files) return [process.files.limit, Math.min(hard, limits.descriptors)];
  if (limit === Limit.Processes) return [Math.min(soft, limits.processes), Math.min(hard, limits.processes)];
  return [soft, hard];
}

function limits(kernel: Kernel, process: Process): string {
  const text = (value: number): string => (value === Infinity ? 'unlimited' : String(value)).padEnd(21);
  const rows = LIMIT_ROWS.map(([name, limit, unit]) => {
    const [soft, hard] = limitPair(kernel, process, limit);
    return `${name.padEnd(26)}${text(soft)}${text(hard)}${unit.padEnd(10)}\n`;
  });
  return `Limit                     Soft Limit           Hard Limit           Units     \n${rows.join('')}`;
}
