/** Text of the files directly below /proc. Formats: proc(5). */
import { PAGE_SIZE } from '@veridian-os/abi';
import { formatMounts } from '@veridian-os/vfs';
import { ThreadState } from '../core/thread.js';
import type { Kernel } from '../kernel.js';

export function systemFiles(kernel: Kernel): Record<string, () => string> {
  return {
    meminfo: () => memoryInfo(kernel),
    uptime: () => uptime(kernel),
    loadavg: () => loadAverage(kernel),
    cpuinfo: () => cpuInfo(kernel),
    mounts: () => formatMounts(kernel.vfs),
    version: () => `Linux version 6.12.0-veridian (${kernel.machine.info.name}) #1\n`,
    stat: () => stat(kernel),
    filesystems: () => 'nodev\ttmpfs\nnodev\tdevtmpfs\nnodev\tproc\n',
    'sys/kernel/hostname': () => `${kernel.hostname}\n`,
    'sys/kernel/osrelease': () => '6.12.0-veridian\n',
    'sys/kernel/ostype': () => 'Linux\n',
    'sys/kernel/pid_max': () => '4194304\n',
    'sys/kernel/threads-max': () => `${kernel.limits.threads}\n`,
    'sys/kernel/cap_last_cap': () => '40\n',
    'sys/kernel/random/boot_id': () => uuid(kernel),
    'sys/vm/overcommit_memory': () => `${OVERCOMMIT[kernel.options.overcommit ?? 'always']}\n`,
    'sys/vm/max_map_count': () => '65530\n',
    'sys/fs/pipe-max-size': () => '1048576\n',
  };
}

/** Linux's numbers. */
const OVERCOMMIT = { heuristic: 0, always: 1, never: 2 } as const;

/** Frames; Linux shows what `never` would promise whatever the policy is. */
function commitLimit({ memory }: Kernel): number {
  const { totalFrames, swapPages } = memory.statistics();
  return memory.commit.limit === Infinity ? Math.floor(totalFrames / 2) + swapPages : memory.commit.limit / PAGE_SIZE;
}

/** Frames that huge pages map. */
function hugeFrames(kernel: Kernel): number {
  return kernel.processList().reduce((sum, { memory }) => sum + (memory?.space.hugeBytes ?? 0) / PAGE_SIZE, 0);
}

function memoryInfo(kernel: Kernel): string {
  const { totalFrames, freeFrames, swapPages, freeSwapPages } = kernel.memory.statistics();
  const kilobytes = (frames: number): number => (frames * PAGE_SIZE) / 1024;
  const cached = kernel.vfs.cachedPages;
  const rows: [string, number][] = [
    ['MemTotal', totalFrames],
    ['MemFree', freeFrames],
    ['MemAvailable', freeFrames],
    ['Buffers', 0],
    ['Cached', cached],
    ['SwapTotal', swapPages],
    ['SwapFree', freeSwapPages],
    ['AnonHugePages', hugeFrames(kernel)],
    ['CommitLimit', commitLimit(kernel)],
    ['Committed_AS', kernel.memory.commit.committed / PAGE_SIZE],
  ];
  return rows.map(([name, frames]) => `${`${name}:`.padEnd(16)}${String(kilobytes(frames)).padStart(8)} kB\n`).join('');
}

function uptime(kernel: Kernel): string {
  const seconds = kernel.now() / 1e9;
  const idle = Math.max(0, seconds - kernel.dispatcher.retired / 1e9);
  return `${seconds.toFixed(2)} ${idle.toFixed(2)}\n`;
}

function loadAverage(kernel: Kernel): string {
  const { runnableCount } = kernel.scheduler;
  const last = Math.max(0, ...kernel.processes.list().map((process) => process.pid));
  return `0.00 0.00 0.00 ${runnableCount}/${kernel.processes.threadCount} ${last}\n`;
}

/** Like Linux, the mode that translations use, not the largest that the processor has. */
function cpuInfo(kernel: Kernel): string {
  const mmu = kernel.machine.features.pageTables;
  return kernel.hardware.cpus
    .map((cpu, index) => `processor\t: ${index}\nhart\t\t: ${cpu.id}\nisa\t\t: ${cpu.isa}\nmmu\t\t: ${mmu}\n\n`)
    .join('');
}

function stat(kernel: Kernel): string {
  const busy = Math.floor(kernel.dispatcher.retired / 1e7);
  const idle = Math.max(0, Math.floor(kernel.now() / 1e7) - busy);
  // Services wait for requests, which is no wait for I/O.
  const blocked = kernel.threads.filter(
    (thread) => thread?.state === ThreadState.Waiting && !thread.interruptible && !thread.process.isProtected,
  ).length;
  return [
    `cpu  ${busy} 0 0 ${idle} 0 0 0 0 0 0`,
    `cpu0 ${busy} 0 0 ${idle} 0 0 0 0 0 0`,
    `intr ${kernel.dispatcher.traps}`,
    `ctxt ${kernel.dispatcher.switches}`,
    `btime ${Math.floor((kernel.host.epochMs ?? 0) / 1000)}`,
    `processes ${kernel.processes.created}`,
    `procs_running ${kernel.scheduler.runnableCount}`,
    `procs_blocked ${blocked}`,
    '',
  ].join('\n');
}

/** Fixed for a boot: drawn from nothing, so that reading it does not change a replay. */
function uuid(kernel: Kernel): string {
  const seed = (kernel.options.seed ?? 1).toString(16).padStart(12, '0').slice(-12);
  return `00000000-0000-4000-8000-${seed}\n`;
}
