/**
 * The machines by name: what each needs, how it is made, and whether it works here.
 *
 * A name is a machine and, for QEMU, an ISA. Whether one works is found out by booting it, never by looking for a device
 * node or an executable.
 */
import { isKernelPanic } from '@veridian-os/abi';
import type { ConsolePort, Isa, Machine } from '@veridian-os/hal';
import { EmulatedMachine } from '@veridian-os/machine-emulated';
import { KvmMachine, probeKvm } from '@veridian-os/machine-kvm';
import { QemuMachine, probeQemu } from '@veridian-os/machine-qemu';

export const MACHINE_NAMES = ['emulated', 'kvm', 'qemu-riscv64', 'qemu-aarch64', 'qemu-x86_64'] as const;
export type MachineName = (typeof MACHINE_NAMES)[number];

export interface MachineSettings {
  /** Guest RAM in bytes, a multiple of 4096, at least 4 MiB; default 256 MiB. */
  readonly memoryBytes?: number;
  /** Where bytes go that are written to the machine's UART; default: nowhere. */
  readonly console?: ConsolePort;
  /** CPUs that run user code at the same time; default 1, which alone is deterministic on the emulated machine. */
  readonly cpus?: number;
}

/** What looking for a machine found: what it is, or one sentence that says why it is not to be had. */
export type MachineProbe =
  | {
      readonly available: true;
      readonly version: string;
      /** What works, where that is less than it could be, and why. */
      readonly works?: string;
    }
  | { readonly available: false; readonly reason: string };

export type MachineReport = { readonly name: MachineName; readonly isa: Isa; readonly works: string } & MachineProbe;

interface Kind {
  readonly isa: Isa;
  /** What works on it, beside running programs. */
  readonly works: string;
  readonly create: (settings: MachineSettings) => Machine;
  readonly probe: () => Promise<MachineProbe>;
}

const qemu = (isa: Isa): Kind => ({
  isa,
  works: 'several CPUs, real time',
  create: (settings) => QemuMachine.create({ ...settings, isa }),
  probe() {
    const found = probeQemu(isa);
    if (!found.ok) return Promise.resolve({ available: false, reason: found.reason });
    const { version, accelerator, slower } = found;
    const works = slower === undefined ? {} : { works: `one CPU, real time. ${slower}` };
    return Promise.resolve({
      available: true,
      version: `QEMU ${version}${accelerator === 'kvm' ? ', KVM' : ''}`,
      ...works,
    });
  },
});

const KINDS: Readonly<Record<MachineName, Kind>> = {
  emulated: {
    isa: 'riscv64',
    works: 'exact budgets, virtual time, replay; several CPUs without them',
    create: (settings) => EmulatedMachine.create(settings),
    probe: () => Promise.resolve({ available: true, version: 'built in' }),
  },
  kvm: {
    isa: 'x86_64',
    works: "the host's own processor, several CPUs, real time",
    create: (settings) => KvmMachine.create(settings),
    async probe() {
      const found = await probeKvm();
      return found.available
        ? { available: true, version: `KVM, ${found.kind} kind` }
        : { available: false, reason: found.problem };
    },
  },
  'qemu-riscv64': qemu('riscv64'),
  'qemu-aarch64': qemu('aarch64'),
  'qemu-x86_64': qemu('x86_64'),
};

/** Machines for an ISA, the preferred one first. */
const PREFERRED: Readonly<Record<Isa, readonly MachineName[]>> = {
  riscv64: ['emulated'],
  x86_64: ['kvm', 'qemu-x86_64'],
  aarch64: ['qemu-aarch64'],
};

/** ELF's e_machine numbers. */
const ISA_OF: Readonly<Record<number, Isa>> = { 0xf3: 'riscv64', 0x3e: 'x86_64', 0xb7: 'aarch64' };
const E_MACHINE = 18;

export function isMachineName(value: unknown): value is MachineName {
  return MACHINE_NAMES.some((name) => name === value);
}

/**
 * The machine does not work here; the message says in one sentence why, `cause` is what it failed with. Recognise it by
 * {@link isMachineUnavailable}: this package is bundled twice.
 */
export class MachineUnavailable extends Error {
  override readonly name = 'MachineUnavailable';
  readonly machine: MachineName;

  constructor(machine: MachineName, cause: Error) {
    super(`machine ${machine}: ${cause.message}`, { cause });
    this.machine = machine;
  }
}

export function isMachineUnavailable(error: unknown): error is MachineUnavailable {
  return error instanceof Error && error.name === 'MachineUnavailable';
}

/** Other errors are mistakes: of the caller, or ours. */
function isHostProblem(error: unknown): error is Error {
  if (!(error instanceof Error) || error instanceof RangeError || error instanceof TypeError) return false;
  return !isKernelPanic(error) || error.code === 'cpu/host';
}

/**
 * Makes a machine.
 * @throws RangeError for a name or setting that is none; {@link MachineUnavailable} when the machine does not work here
 */
export function createMachine(name: MachineName, settings: MachineSettings = {}): Machine {
  if (!isMachineName(name)) {
    throw new RangeError(`machine: expected ${MACHINE_NAMES.join(', ')}, got ${JSON.stringify(name)}`);
  }
  try {
    return KINDS[name].create(settings);
  } catch (error) {
    throw isHostProblem(error) ? new MachineUnavailable(name, error) : error;
  }
}

/** Boots each machine, one after the other, and says what was found. */
export async function listMachines(): Promise<MachineReport[]> {
  const reports: MachineReport[] = [];
  for (const name of MACHINE_NAMES) {
    const { isa, works, probe } = KINDS[name];
    reports.push({ name, isa, works, ...(await probe()) });
  }
  return reports;
}

/** ISA of an ELF executable's first bytes; riscv64, the default machine's, for anything else. */
export function isaOf(program: Uint8Array): Isa {
  return ISA_OF[program[E_MACHINE] | (program[E_MACHINE + 1] << 8)] ?? 'riscv64';
}

/**
 * The machine that runs programs of an ISA here.
 * @returns its name, or one sentence that says what each candidate lacks
 */
export async function machineFor(isa: Isa): Promise<MachineName | { readonly reason: string }> {
  const reasons: string[] = [];
  for (const name of PREFERRED[isa]) {
    const found = await KINDS[name].probe();
    if (found.available) return name;
    reasons.push(`${name}: ${found.reason}`);
  }
  return { reason: `no machine for ${isa} programs here: ${reasons.join(' ')}` };
}
