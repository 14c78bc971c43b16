/** Bugs of kicks from other threads. */
import type { CpuId } from '@veridian-os/abi';
import { Kicks } from '../kick.js';
import type { Machine } from '../machine.js';
import { has, type SeededBug } from './bug-tools.js';
import { fail } from './assert.js';
import { override } from './override.js';

const group = 'kicks from threads';
const needs = has.kickHandles;

type Handles = NonNullable<Machine['kickHandle']>;

const handlesOf = (machine: Machine): Handles => machine.kickHandle?.bind(machine) ?? fail('kickHandle: expected one');

/** Does `work` for a CPU before it runs or is started. */
function withBegin(machine: Machine, work: (cpu: CpuId) => void): Partial<Machine> {
  return {
    start(cpu, context, budget) {
      work(cpu);
      machine.start(cpu, context, budget);
    },
    cpus: machine.cpus.map((cpu) =>
      override(cpu, {
        run(context, budget) {
          work(cpu.id);
          return cpu.run(context, budget);
        },
      }),
    ),
  };
}

/** Forgets what CPU was kicked, behind the machine's back. */
function forget(machine: Machine, cpu: CpuId): void {
  const { words } = handlesOf(machine)(cpu);
  Atomics.store(words, 1 + cpu, 0);
}

export const threadBugs: readonly SeededBug[] = [
  {
    name: 'kicks from other threads are lost',
    group,
    needs,
    plant(machine) {
      const nobodys = new Kicks(machine.cpus.length);
      return override(machine, { kickHandle: (cpu) => nobodys.handle(cpu) });
    },
  },
  {
    name: 'a kick from another thread is lost when the CPU has not started yet',
    group,
    needs,
    plant: (machine) =>
      override(
        machine,
        withBegin(machine, (cpu) => forget(machine, cpu)),
      ),
  },
  {
    name: 'a kick from another thread is not sticky: what comes between start and next is lost',
    group,
    needs,
    plant: (machine) =>
      override(machine, {
        next(deadline) {
          forget(machine, 0 as CpuId);
          return machine.next(deadline);
        },
      }),
  },
  {
    name: 'a kick from another thread waits for the next run',
    group,
    needs,
    plant(machine) {
      const kicks = new Kicks(machine.cpus.length);
      const pass = (cpu: CpuId): void => {
        if (kicks.take(cpu)) machine.cpus[cpu]?.interrupt();
      };
      return override(machine, { ...withBegin(machine, pass), kickHandle: (cpu) => kicks.handle(cpu) });
    },
  },
  {
    name: 'a kick from another thread reaches the wrong CPU',
    group,
    needs: (machine) => needs(machine) && has.severalCpus(machine),
    plant: (machine) =>
      override(machine, { kickHandle: (cpu) => handlesOf(machine)(((cpu + 1) % machine.cpus.length) as CpuId) }),
  },
  {
    name: 'a kick from another thread interrupts again and again',
    group,
    needs,
    plant(machine) {
      const kicked = new Set<CpuId>();
      const again = (cpu: CpuId): void => {
        const { words } = handlesOf(machine)(cpu);
        if (Atomics.load(words, 1 + cpu) !== 0) kicked.add(cpu);
        if (kicked.has(cpu)) machine.cpus[cpu]?.interrupt();
      };
      return override(machine, withBegin(machine, again));
    },
  },
];
