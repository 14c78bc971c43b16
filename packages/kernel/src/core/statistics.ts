/** Counters since boot and what is in use now: `mem`, `--stats`, leak checks. */
import type { Kernel } from '../kernel.js';

export interface KernelStatistics {
  readonly instructions: number;
  /** Of each CPU. */
  readonly instructionsByCpu: readonly number[];
  readonly systemCalls: number;
  readonly faults: number;
  readonly traps: number;
  readonly contextSwitches: number;
  readonly messages: number;
  readonly capabilities: number;
  readonly processes: number;
  readonly threads: number;
  readonly openFiles: number;
  readonly totalFrames: number;
  readonly freeFrames: number;
  readonly virtualNs: number;
}

export function kernelStatistics(kernel: Kernel): KernelStatistics {
  const memory = kernel.memory.statistics();
  const { dispatcher } = kernel;
  return {
    instructions: dispatcher.retired,
    instructionsByCpu: [...dispatcher.retiredBy],
    systemCalls: kernel.systemCalls,
    faults: dispatcher.faults,
    traps: dispatcher.traps,
    contextSwitches: dispatcher.switches,
    messages: kernel.ipc.messageCount,
    capabilities: kernel.capabilities.liveCount,
    processes: kernel.processes.list().length,
    threads: kernel.processes.threadCount,
    openFiles: kernel.objects.files.size,
    totalFrames: memory.totalFrames,
    freeFrames: memory.freeFrames,
    virtualNs: kernel.now(),
  };
}
