/** The figures of `--stats`. */
import type { RunStatistics } from '@veridian-os/veridian';

export function statisticsText(statistics: RunStatistics): string {
  const { instructions, instructionsByCpu, exact, hostMs } = statistics;
  const work = (value: number): string => (exact ? count(value) : `${(value / 1e6).toFixed(3)} ms`);
  const byCpu = instructionsByCpu.map((value, cpu): [string, string] => [`  on CPU ${cpu}`, work(value)]);
  const mips = exact ? ` (${(instructions / hostMs / 1000).toFixed(0)} MIPS)` : '';
  const rows: [string, string][] = [
    [exact ? 'instructions' : 'user time', work(instructions)],
    ...(byCpu.length > 1 ? byCpu : []),
    ['system calls', count(statistics.systemCalls)],
    ['page faults', count(statistics.faults)],
    ['traps', count(statistics.traps)],
    ['context switches', count(statistics.contextSwitches)],
    ['IPC messages', count(statistics.messages)],
    ['frames used', `${count(statistics.usedFrames)} of ${count(statistics.totalFrames)}`],
    [exact ? 'virtual time' : 'machine time', `${statistics.virtualMs.toFixed(3)} ms`],
    ['host time', `${hostMs.toFixed(1)} ms${mips}`],
  ];
  return rows.map(([name, value]) => `${name.padEnd(18)}${value}\n`).join('');
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
