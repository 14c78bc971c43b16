/** Bugs of machines with several CPUs. */
import { NONE, isKernelPanic, type ContextId, type CpuId, type Instructions } from '@veridian-os/abi';
import type { Cpu, Machine } from '../machine.js';
import { has, withContexts, withMmu, type SeededBug } from './bug-tools.js';
import { exchangeOnly } from './bugs-mmu.js';
import { override } from './override.js';

const group = 'cpus';
const needs = has.severalCpus;

/** Changes every CPU but the first. */
function withOthers(machine: Machine, change: (cpu: Cpu) => Partial<Cpu>): Machine {
  return override(machine, { cpus: machine.cpus.map((cpu) => (cpu.id === 0 ? cpu : override(cpu, change(cpu)))) });
}

/** Misuse that the machine refuses is quietly accepted. */
function accepted<A extends readonly never[]>(action: (...args: A) => void): (...args: A) => void {
  return (...args) => {
    try {
      action(...args);
    } catch (error) {
      if (!isKernelPanic(error)) throw error;
    }
  };
}

export const cpuBugs: readonly SeededBug[] = [
  {
    name: 'apply stores entries and reaches no CPU that runs',
    group,
    needs,
    plant: (machine) => withMmu(machine, { apply: (edits) => exchangeOnly(machine, edits, 0) }),
  },
  {
    name: 'flushAddressSpace reaches no CPU that runs',
    group,
    needs,
    plant: (machine) => withMmu(machine, { flushAddressSpace: () => undefined }),
  },
  {
    name: 'syncCode reaches no CPU that runs',
    group,
    needs,
    plant: (machine) => withMmu(machine, { syncCode: () => undefined }),
  },
  {
    name: 'kicks of other CPUs are lost',
    group,
    needs,
    plant: (machine) => withOthers(machine, () => ({ interrupt: () => undefined })),
  },
  {
    name: 'a kick of one CPU reaches another',
    group,
    needs,
    plant: (machine) => withOthers(machine, () => ({ interrupt: () => machine.cpus[0]?.interrupt() })),
  },
  {
    name: 'other CPUs spend one instruction more than their budget',
    group,
    needs: (machine) => needs(machine) && has.exactBudgets(machine),
    plant: (machine) =>
      withOthers(machine, (cpu) => ({ run: (context, budget) => cpu.run(context, (budget + 1) as Instructions) })),
  },
  {
    name: 'CPUs run one after the other',
    group,
    needs,
    plant(machine) {
      const started: [CpuId, ContextId, Instructions][] = [];
      return override(machine, {
        start: (cpu, context, budget) => void started.push([cpu, context, budget]),
        next() {
          const first = started.shift();
          if (first === undefined) return NONE;
          machine.cpus[first[0]]?.run(first[1], first[2]);
          return first[0];
        },
      });
    },
  },
  {
    name: 'a CPU that is started may be started again',
    group,
    needs,
    plant: (machine) => override(machine, { start: accepted(machine.start.bind(machine)) }),
  },
  {
    name: 'running contexts may be destroyed, changed and copied',
    group,
    needs,
    plant(machine) {
      const { contexts } = machine;
      return withContexts(machine, {
        reset: accepted(contexts.reset.bind(contexts)),
        copy: accepted(contexts.copy.bind(contexts)),
        saveFp: accepted(contexts.saveFp.bind(contexts)),
      });
    },
  },
];
