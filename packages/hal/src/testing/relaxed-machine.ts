/**
 * A machine that uses every freedom the interface gives: spurious interrupts, inexact budgets, no promise beyond.
 *
 * The kit must pass on it; that shows that the kit asks for no more than the interface does.
 */
import type { ContextId, Instructions } from '@veridian-os/abi';
import type { Machine } from '../machine.js';
import type { Trap } from '../trap.js';
import { override } from './override.js';

export function relaxedMachine(machine: Machine): Machine {
  const cpu = machine.cpus[0];
  let runs = 0;
  const run = (context: ContextId, budget: Instructions): Trap => {
    runs++;
    if (runs % 3 === 0) cpu.interrupt();
    const slack = budget >= 1 && budget < 2 ** 30 ? runs % 7 : 0;
    return cpu.run(context, (budget + slack) as Instructions);
  };
  return override(machine, {
    cpus: [override(cpu, { run })],
    features: { ...machine.features, exactBudget: false, deterministic: false },
  });
}
