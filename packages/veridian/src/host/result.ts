/** How a run ended, as its caller hears it. */
import { signalName, type BootedKernel, type Process } from '@veridian-os/kernel';
import type { RunResult, RunStatistics } from '../api.js';

/** What `timeout(1)` reports. */
const TIMEOUT_STATUS = 124;
const KILLED_STATUS = 137;

/** The host stopped the run. */
export type Ending = 'time' | 'aborted';

export interface RunEnd {
  /** The program's first process; undefined when there was no room for one. */
  readonly process: Process | undefined;
  /** Why the host stopped a program that had not ended. */
  readonly ending: Ending | undefined;
  readonly outcome: {
    readonly stdout: Uint8Array;
    readonly stderr: Uint8Array;
    readonly faults: readonly string[];
    readonly hostMs: number;
    readonly usedFrames: number;
  };
}

export function resultOf(kernel: BootedKernel, { process, ending, outcome }: RunEnd): RunResult {
  const { hostMs, usedFrames, ...output } = outcome;
  const common = { ...output, statistics: statisticsOf(kernel, hostMs, usedFrames) };
  if (ending === 'aborted') return { ...common, kind: 'aborted', status: KILLED_STATUS };
  if (ending === 'time') return { ...common, kind: 'limit', limit: 'time', status: TIMEOUT_STATUS };
  const end = process?.end;
  const { limitHit } = kernel;
  // A program that met a limit and went on to succeed did not fail by it.
  if (limitHit !== undefined && (end === undefined || end.kind === 'signal' || end.value !== 0)) {
    const status = end?.kind === 'exit' ? end.value : KILLED_STATUS;
    return { ...common, kind: 'limit', limit: limitHit, status };
  }
  if (end === undefined) return { ...common, kind: 'deadlock', status: KILLED_STATUS };
  const { kind, value } = end;
  if (kind === 'signal') return { ...common, kind, signal: value, signalName: signalName(value), status: 128 + value };
  const { launchError } = kernel;
  if (launchError !== undefined) return { ...common, kind: 'refused', reason: launchError, status: value };
  return { ...common, kind, status: value };
}

function statisticsOf(kernel: BootedKernel, hostMs: number, usedFrames: number): RunStatistics {
  const statistics = kernel.statistics();
  return {
    instructions: statistics.instructions,
    instructionsByCpu: statistics.instructionsByCpu,
    exact: kernel.machine.features.exactBudget,
    systemCalls: statistics.systemCalls,
    faults: statistics.faults,
    traps: statistics.traps,
    contextSwitches: statistics.contextSwitches,
    messages: statistics.messages,
    usedFrames,
    totalFrames: statistics.totalFrames,
    virtualMs: statistics.virtualNs / 1e6,
    hostMs,
  };
}
