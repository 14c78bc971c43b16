/** Validation of options: RangeError with name, expected, got. */
import type { EmulatedMachineOptions, RamOptions, TranslationOptions } from '../api.js';
import { MEMORY_MAP, VIRTIO_SLOTS } from '../api.js';
import { MAX_REGIONS } from './layout.js';

export interface Settings {
  readonly cpus: number;
  readonly ram: readonly Required<RamOptions>[];
  readonly picoseconds: number;
  readonly maxContexts: number;
  readonly codePages: number;
  /** Null = interpret everything. */
  readonly translation: Required<TranslationOptions> | null;
}

const PAGE = 4096;
const MAX_CPUS = 16;
const DEFAULT_RAM = 256 * 1024 * 1024;
const HIGHEST = 2 ** 44 * PAGE; // what a page-table entry's 44-bit page number reaches

function integer(name: string, value: number, low: number, high: number): number {
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw new RangeError(`${name}: expected an integer ${low} .. ${high}, got ${value}`);
}

function pages(name: string, value: number, low: number): number {
  if (Number.isSafeInteger(value) && value >= low && value % PAGE === 0 && value < HIGHEST) return value;
  throw new RangeError(`${name}: expected a multiple of 4096 from ${low}, got ${value}`);
}

function ramOf(options: EmulatedMachineOptions): readonly RamOptions[] {
  if (options.ram === undefined) {
    return [{ base: MEMORY_MAP.ram.base, bytes: pages('memoryBytes', options.memoryBytes ?? DEFAULT_RAM, PAGE) }];
  }
  if (options.memoryBytes !== undefined)
    throw new RangeError('memoryBytes: expected to be absent beside ram, got both');
  if (options.ram.length >= 1 && options.ram.length <= MAX_REGIONS) return options.ram;
  throw new RangeError(`ram: expected 1 .. ${MAX_REGIONS} pieces, got ${options.ram.length}`);
}

function checkOverlaps(ram: readonly RamOptions[]): void {
  const { ram: _, virtio, ...others } = MEMORY_MAP;
  const slots = { base: virtio.base, length: VIRTIO_SLOTS * virtio.stride };
  const devices = { ...others, slots };
  const taken: { base: number; end: number }[] = Object.values(devices).map((d) => ({
    base: d.base,
    end: d.base + d.length,
  }));
  for (const piece of ram) {
    const end = piece.base + piece.bytes;
    if (taken.some((t) => piece.base < t.end && t.base < end)) {
      throw new RangeError(
        `ram: expected pieces apart from each other and the devices, got one at 0x${piece.base.toString(16)}`,
      );
    }
    taken.push({ base: piece.base, end });
  }
}

function translationOf({ translation = {}, cpus = 1 }: EmulatedMachineOptions): Required<TranslationOptions> | null {
  if (translation === false) return null;
  const settings = {
    threshold: integer('translation.threshold', translation.threshold ?? 20_000, 0, 1_000_000),
    interval: integer('translation.interval', translation.interval ?? 4093, 1, 8192),
    maxBytes: integer('translation.maxBytes', translation.maxBytes ?? 64 * 1024 * 1024, 65536, 2 ** 31),
  };
  return cpus === 1 ? settings : null;
}

/** @throws RangeError naming the option */
export function readOptions(options: EmulatedMachineOptions): Settings {
  const ram = ramOf(options).map((piece, i) => ({
    base: pages(`ram[${i}].base`, piece.base, 0),
    bytes: pages(`ram[${i}].bytes`, piece.bytes, PAGE),
    node: integer(`ram[${i}].node`, piece.node ?? 0, 0, 255),
    tier: integer(`ram[${i}].tier`, piece.tier ?? 0, 0, 2),
  }));
  checkOverlaps(ram);
  const { length } = options.virtio ?? [];
  if (length > VIRTIO_SLOTS) throw new RangeError(`virtio: expected at most ${VIRTIO_SLOTS} devices, got ${length}`);
  return {
    cpus: integer('cpus', options.cpus ?? 1, 1, MAX_CPUS),
    ram,
    picoseconds: integer('picosecondsPerInstruction', options.picosecondsPerInstruction ?? 1000, 1, 1_000_000),
    maxContexts: integer('maxContexts', options.maxContexts ?? 4096, 1, 65536),
    codePages: integer('codePages', options.codePages ?? 1024, 16, 65536),
    translation: translationOf(options),
  };
}

/** @throws RangeError when a WebAssembly memory cannot hold all of it */
export function checkTotal(total: number, ram: readonly RamOptions[]): void {
  if (total <= 2 ** 32 - 65536) return;
  const bytes = ram.reduce((sum, piece) => sum + piece.bytes, 0);
  throw new RangeError(`memoryBytes: expected RAM that fits below 4 GiB with the machine's own tables, got ${bytes}`);
}
