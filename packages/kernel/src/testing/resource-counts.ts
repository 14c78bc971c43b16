/** What a kernel has in use, for tests that nothing is left behind. */
import type { Kernel } from '../kernel.js';

export interface ResourceCounts {
  readonly freeFrames: number;
  readonly capabilities: number;
  readonly openFiles: number;
  readonly processes: number;
  readonly threads: number;
  readonly waitQueues: number;
  readonly futexes: number;
}

/** Equal before and after anything that claims to leave nothing behind; caches count as in use until they are warm. */
export function resourceCounts(kernel: Kernel): ResourceCounts {
  const { freeFrames, capabilities, openFiles, processes, threads } = kernel.statistics();
  return {
    freeFrames,
    capabilities,
    openFiles,
    processes,
    threads,
    waitQueues: kernel.waits.liveQueues,
    futexes: kernel.futexes.size,
  };
}
