/** mem: where the machine's memory is. */
import { PAGE_SIZE } from '@veridian-os/abi';
import type { Kernel } from '@veridian-os/kernel';
import { humanSize, table } from '../internal/format.js';
import { needsSystem } from '../internal/inspection.js';
import type { Utility } from '../internal/tool.js';

export const mem: Utility = {
  name: 'mem',
  summary: 'show how memory is used',
  usage: '',
  options: 'h',
  help: 'Frames of 4096 bytes, page faults since boot, and each process that has an address space. Needs the System capability.',
  *run(tool) {
    const report = yield* tool.sys.inspect(describe);
    if (typeof report === 'number') return yield* needsSystem(tool, report);
    yield* tool.print(report);
    return 0;
  },
};

function describe(kernel: Kernel): string {
  const memory = kernel.memory.statistics();
  const used = memory.totalFrames - memory.freeFrames;
  const frames = (name: string, count: number): string[] => [name, String(count), humanSize(count * PAGE_SIZE)];
  const totals = [
    ['', 'FRAMES', 'SIZE'],
    frames('total', memory.totalFrames),
    frames('free', memory.freeFrames),
    frames('used', used),
    frames('  page cache', kernel.vfs.cachedPages),
    frames('  page tables', memory.tableFrames),
  ];
  const { demandZeroFaults, copyOnWriteFaults, fileFaults } = memory;
  const faults = `page faults: ${demandZeroFaults} demand-zero, ${copyOnWriteFaults} copy-on-write, ${fileFaults} file`;
  const rows: string[][] = [];
  for (const process of kernel.processList()) {
    const space = process.memory?.space;
    if (space === undefined) continue;
    const resident = space.residentFrames * PAGE_SIZE;
    rows.push([String(process.pid), humanSize(resident), humanSize(space.virtualBytes), process.name]);
  }
  const processes = rows.length === 0 ? '' : `\n${table([['PID', 'RESIDENT', 'VIRTUAL', 'PROGRAM'], ...rows], '>>><')}`;
  return `${table(totals, '<>>')}\n${faults}\n${processes}`;
}
