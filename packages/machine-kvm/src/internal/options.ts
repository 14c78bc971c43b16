/** Validation of options: RangeError with name, expected, got. */
import type { KvmMachineOptions } from '../api.js';
import { MEMORY_MAP } from '../api.js';

export interface RamPiece {
  readonly base: number;
  readonly length: number;
}

export interface Settings {
  readonly ram: readonly RamPiece[];
  readonly maxContexts: number;
  readonly cpus: number;
  readonly vcpus: number;
}

const PAGE = 4096;
const GIB = 2 ** 30;
const DEFAULT_RAM = 256 * 1024 * 1024;
const MOST_RAM = 256 * GIB;

function integer(name: string, value: number, low: number, high: number): number {
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw new RangeError(`${name}: expected an integer ${low} .. ${high}, got ${value}`);
}

/** One GiB below the host's own addresses, then windows of one GiB each. */
function pieces(bytes: number): RamPiece[] {
  const { ram, highRam } = MEMORY_MAP;
  const found: RamPiece[] = [{ base: ram.base, length: Math.min(bytes, ram.length) }];
  for (let done = ram.length; done < bytes; done += GIB) {
    found.push({ base: highRam.base + done - ram.length, length: Math.min(GIB, bytes - done) });
  }
  return found;
}

/** @throws RangeError naming the option */
export function readOptions(options: KvmMachineOptions): Settings {
  const bytes = options.memoryBytes ?? DEFAULT_RAM;
  if (!Number.isSafeInteger(bytes) || bytes < PAGE || bytes > MOST_RAM || bytes % PAGE !== 0) {
    throw new RangeError(`memoryBytes: expected a multiple of 4096 up to ${MOST_RAM}, got ${bytes}`);
  }
  return {
    ram: pieces(bytes),
    maxContexts: integer('maxContexts', options.maxContexts ?? 4096, 1, 65536),
    cpus: integer('cpus', options.cpus ?? 1, 1, 16),
    vcpus: integer('vcpus', options.vcpus ?? 8, 1, 64),
  };
}
