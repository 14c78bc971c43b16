/** Validation of options: RangeError with name, expected, got. */
import type { Isa } from '@veridian-os/hal';
import type { QemuMachineOptions } from './api.js';
import { MAX_CPUS } from './layout.js';

export type Accelerator = 'tcg' | 'kvm';

export interface Settings {
  readonly isa: Isa;
  readonly memoryBytes: number;
  readonly maxContexts: number;
  readonly cpus: number;
  readonly spinning: boolean;
  readonly commandLine: string;
  readonly qemu: string;
  readonly hangMs: number;
  readonly accelerator: Accelerator;
  readonly sharing: 'auto' | 'mapped' | 'mirrored';
}

/** What was asked for, before it is known which accelerator works. */
export type Wanted = Omit<Settings, 'accelerator'> & { readonly accelerator: 'auto' | Accelerator };

const ISAS: readonly Isa[] = ['riscv64', 'aarch64', 'x86_64'];
const PAGE = 4096;
const LEAST_RAM = 4 * 1024 * 1024;
/** Twelve bits less than the guest physical address space of the smallest of the boards. */
const MOST_RAM = 64 * 2 ** 30;
const DEFAULT_RAM = 256 * 1024 * 1024;

function integer(name: string, value: number, low: number, high: number): number {
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw new RangeError(`${name}: expected an integer ${low} .. ${high}, got ${value}`);
}

function oneOf<T extends string>(name: string, value: T, allowed: readonly T[]): T {
  if (allowed.includes(value)) return value;
  throw new RangeError(`${name}: expected ${allowed.join(', ')}, got ${value}`);
}

function ram(value: number): number {
  if (Number.isSafeInteger(value) && value >= LEAST_RAM && value <= MOST_RAM && value % PAGE === 0) return value;
  throw new RangeError(`memoryBytes: expected a multiple of ${PAGE}, ${LEAST_RAM} .. ${MOST_RAM}, got ${value}`);
}

/** @throws RangeError naming the option */
export function readOptions(options: QemuMachineOptions): Wanted {
  const isa = oneOf('isa', options.isa ?? 'riscv64', ISAS);
  return {
    isa,
    memoryBytes: ram(options.memoryBytes ?? DEFAULT_RAM),
    maxContexts: integer('maxContexts', options.maxContexts ?? 4096, 1, 65536),
    cpus: integer('cpus', options.cpus ?? 1, 1, MAX_CPUS),
    spinning: oneOf('waiting', options.waiting ?? 'blocking', ['blocking', 'spinning']) === 'spinning',
    commandLine: options.commandLine ?? '',
    qemu: options.qemu ?? `qemu-system-${isa}`,
    hangMs: integer('hangMs', options.hangMs ?? 20_000, 100, 2 ** 31 - 1),
    accelerator: oneOf('accelerator', options.accelerator ?? 'auto', ['auto', 'tcg', 'kvm']),
    sharing: oneOf('sharing', options.sharing ?? 'auto', ['auto', 'mapped', 'mirrored']),
  };
}
