/** Bugs that show when edits and programs are many and mixed. */
import { TrapKind } from '../trap.js';
import { guestIsa } from './guest-isa.js';
import { has, withMmu, withRun, withTrap, type SeededBug } from './bug-tools.js';

export const randomBugs: readonly SeededBug[] = [
  {
    name: 'a batch is flushed in the address space of its first edit only',
    group: 'random',
    plant: (machine) =>
      withMmu(machine, {
        apply(edits) {
          const asid = edits.asid.slice();
          edits.asid.fill(asid[0]);
          machine.mmu.apply(edits);
          edits.asid.set(asid);
        },
      }),
  },
  {
    name: 'a spent budget forgets what the run did to one register',
    group: 'random',
    needs: has.exactBudgets,
    plant(machine) {
      const register = guestIsa(machine.info.layout).work[3];
      return withRun(machine, (run) => (context, budget) => {
        const view = machine.contexts.registers(context);
        const before = view[register * 2];
        const trap = run(context, budget);
        if (trap.kind === TrapKind.Budget) view[register * 2] = before;
        return trap;
      });
    },
  },
  {
    name: 'a budget that ends in the middle of a page runs its last instruction again',
    group: 'random',
    needs: has.exactBudgets,
    plant: (machine) =>
      withTrap(machine, (trap) => {
        const { pc, syscallBytes } = machine.info.layout;
        const view = machine.contexts.registers(trap.context);
        if (trap.kind === TrapKind.Budget && (view[pc * 2] & 0xfff) > 0x800) view[pc * 2] -= syscallBytes;
      }),
  },
];
