/** Limits of a kernel, with their defaults filled in. */
import { PAGE_SIZE } from '@veridian-os/abi';
import type { KernelLimits, KernelOptions } from '../api.js';

export interface EffectiveLimits {
  readonly instructions: number;
  readonly processes: number;
  readonly threads: number;
  readonly descriptors: number;
  /** Frames one process may have resident. */
  readonly residentFrames: number;
  /** Entries of the tables indexed by thread slot: the threads of programs and of services. */
  readonly slots: number;
}

/** Services are not counted by the limits; more of them than this do not fit beside `limits.threads` threads. */
const SERVICE_SLOTS = 64;
/** The largest that tables are made for. */
const CEILINGS: Readonly<Record<keyof KernelLimits, number>> = {
  instructions: Infinity,
  processes: 2 ** 16,
  threads: 2 ** 16,
  descriptors: 2 ** 20,
  memory: Infinity,
};
/** Counts that tables are made for. */
const WHOLE: readonly string[] = ['processes', 'threads', 'descriptors'];

/** @throws RangeError naming the limit, what was expected and what came */
export function fillLimits(options: KernelOptions): EffectiveLimits {
  const { limits = {} } = options;
  for (const [name, value] of Object.entries(limits) as [keyof KernelLimits, number | undefined][]) {
    if (value !== undefined) checkLimit(name, value);
  }
  const threads = limits.threads ?? 4096;
  return {
    instructions: limits.instructions ?? Infinity,
    processes: limits.processes ?? 1024,
    threads,
    descriptors: limits.descriptors ?? 1024,
    residentFrames: limits.memory === undefined ? Infinity : Math.ceil(limits.memory / PAGE_SIZE),
    slots: threads + SERVICE_SLOTS,
  };
}

function checkLimit(name: keyof KernelLimits, value: number): void {
  const ceiling = CEILINGS[name];
  if (ceiling === undefined) {
    throw new RangeError(`limits: expected ${Object.keys(CEILINGS).join(', ')}, got ${JSON.stringify(name)}`);
  }
  const isWhole = WHOLE.includes(name);
  if (value > 0 && value <= ceiling && (!isWhole || Number.isInteger(value))) return;
  const kind = isWhole ? `a whole number from 1 to ${ceiling}` : 'a positive number';
  throw new RangeError(`limits.${name}: expected ${kind}, got ${value}`);
}
