/** What happens when frames run short: reclaim between operations, and the end of a process when nothing is left to reclaim. */
import { PAGE_SIZE } from '@veridian-os/abi';
import { chooseVictim, explainOom, type OomCandidate } from '@veridian-os/memory';
import type { Kernel } from '../kernel.js';
import { SIGKILL } from '../signals/numbers.js';
import type { Process } from './process.js';
import type { Thread } from './thread.js';

const MEBIBYTE = 1024 * 1024;

export class MemoryPressure {
  private readonly kernel: Kernel;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /** Called between operations on address spaces, when frames are short. */
  relieve(): void {
    const { memory } = this.kernel;
    if (memory.balance()) return;
    this.killSomebody();
    memory.balance(); // wakes who waits for what that gave back
  }

  /** A thread's page cannot come: its own limit, or all memory, is spent. */
  outOfMemory(thread: Thread): void {
    const { process } = thread;
    const { limits } = this.kernel;
    const space = process.memory?.space;
    const held = space === undefined ? 0 : space.residentFrames + space.tableFrames;
    if (held < limits.residentFrames) this.killSomebody();
    else this.kill(process, `its limit of ${(limits.residentFrames * PAGE_SIZE) / MEBIBYTE} MiB of memory is spent`);
  }

  private killSomebody(): void {
    const processes = this.kernel
      .processList()
      .filter(({ memory, ending }) => memory !== undefined && ending === undefined);
    const candidates = processes.map(candidateOf);
    const situation = this.kernel.memory.statistics();
    const victim = chooseVictim(candidates, situation.totalFrames + situation.swapPages);
    if (victim >= 0) this.kill(processes[victim], explainOom(candidates, victim, situation));
  }

  private kill(process: Process, why: string): void {
    this.kernel.noteLimit('memory');
    this.kernel.reportEnd(process, `out of memory: ${why}`);
    this.kernel.processes.terminate(process, { kind: 'signal', value: SIGKILL, core: false });
  }
}

function candidateOf(process: Process): OomCandidate {
  const space = process.memory?.space;
  return {
    name: `${process.name}[${process.pid}]`,
    resident: space?.residentFrames ?? 0,
    tables: space?.tableFrames ?? 0,
    swapped: space?.swappedPages ?? 0,
  };
}
