/** Ways to change one part of a working machine. */
import type { ContextId, Instructions } from '@veridian-os/abi';
import type { Cpu, Machine } from '../machine.js';
import type { Trap } from '../trap.js';
import { guestIsa } from './guest-isa.js';
import type { MachineKitGroup } from './machine-kit.js';
import { override, writable, type WritableTrap } from './override.js';

export interface SeededBug {
  readonly name: string;
  /** A group of cases in which at least one must fail. */
  readonly group: MachineKitGroup;
  /** Whether a machine has what the bug breaks; absent: every machine has. */
  readonly needs?: (machine: Machine) => boolean;
  plant(machine: Machine): Machine;
}

/** Reasons for {@link SeededBug.needs}. */
export const has = {
  severalCpus: ({ cpus }: Machine): boolean => cpus.length > 1,
  kickHandles: ({ kickHandle }: Machine): boolean => kickHandle !== undefined,
  exactBudgets: ({ features }: Machine): boolean => features.exactBudget,
  determinism: ({ features }: Machine): boolean => features.deterministic,
  counter: ({ counter }: Machine): boolean => counter !== undefined,
  virtualTime: ({ clock }: Machine): boolean => clock.virtual,
  busFaults: ({ features }: Machine): boolean => features.busFaults !== false,
  fewContexts: ({ features }: Machine): boolean => features.maxContexts <= 10_000,
  deviceTree: ({ firmware }: Machine): boolean => firmware.kind === 'fdt',
  /** A UART that can interrupt. */
  uart: ({ features }: Machine): boolean =>
    features.devices.some(({ compatible, interrupt }) => compatible === 'ns16550a' && interrupt !== 0),
  finisher: ({ features }: Machine): boolean =>
    features.devices.some(({ compatible }) => compatible.startsWith('sifive,test')),
  arithmeticTraps: ({ info }: Machine): boolean => 'fault' in guestIsa(info.layout).divisionByZero,
  singleStep: ({ info }: Machine): boolean => guestIsa(info.layout).setSingleStep !== undefined,
  flags: ({ info }: Machine): boolean => guestIsa(info.layout).flags !== undefined,
} as const;

/** Replaces the way CPU 0 runs; `run` is the original. */
export type RunChange = (run: Cpu['run'], machine: Machine) => Cpu['run'];

export function withRun(machine: Machine, change: RunChange): Machine {
  const cpu = machine.cpus[0];
  const run = change(cpu.run.bind(cpu), machine);
  return override(machine, { cpus: [override(cpu, { run })] });
}

/** Changes every trap record on its way out; the record stays one object. */
export function withTrap(machine: Machine, change: (trap: WritableTrap, machine: Machine) => void): Machine {
  const cpu = machine.cpus[0];
  const record = writable(cpu.trap);
  const run = (context: ContextId, budget: Instructions): Trap => {
    Object.assign(record, writable(cpu.run(context, budget)));
    change(record, machine);
    return record;
  };
  return override(machine, { cpus: [override(cpu, { run, trap: record })] });
}

export const withInterrupt = (machine: Machine, interrupt: () => void): Machine =>
  override(machine, { cpus: [override(machine.cpus[0], { interrupt })] });

export const withMmu = (machine: Machine, changes: Partial<Machine['mmu']>): Machine =>
  override(machine, { mmu: override(machine.mmu, changes) });

export const withContexts = (machine: Machine, changes: Partial<Machine['contexts']>): Machine =>
  override(machine, { contexts: override(machine.contexts, changes) });

export const withClock = (machine: Machine, changes: Partial<Machine['clock']>): Machine =>
  override(machine, { clock: override(machine.clock, changes) });

export const withInterrupts = (machine: Machine, changes: Partial<Machine['interrupts']>): Machine =>
  override(machine, { interrupts: override(machine.interrupts, changes) });
