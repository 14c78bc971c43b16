/** Bugs in vector state, arithmetic, single steps, timers, power, and in what `start` and `next` refuse. */
import type { ContextId } from '@veridian-os/abi';
import type { Machine } from '../machine.js';
import { FaultKind, TrapKind } from '../trap.js';
import { has, withContexts, withRun, withTrap, type SeededBug } from './bug-tools.js';
import { guestIsa } from './guest-isa.js';
import { override } from './override.js';

/** Changes the saved state of a context. */
function changeFp(machine: Machine, context: ContextId, change: (state: Uint8Array) => Uint8Array): void {
  const state = new Uint8Array(machine.info.layout.fpBytes);
  machine.contexts.saveFp(context, state);
  machine.contexts.restoreFp(context, change(state));
}

export const fpBugs: readonly SeededBug[] = [
  {
    name: 'restoreFp loses register 15',
    group: 'vectors',
    plant(machine) {
      const { fp } = guestIsa(machine.info.layout);
      return withContexts(machine, {
        restoreFp(context, from) {
          const state = from.slice();
          fp.setDouble(state, 15, 0);
          machine.contexts.restoreFp(context, state);
        },
      });
    },
  },
  {
    name: 'saveFp shows register 1 in place of register 2',
    group: 'vectors',
    plant(machine) {
      const { fp } = guestIsa(machine.info.layout);
      return withContexts(machine, {
        saveFp(context, into) {
          machine.contexts.saveFp(context, into);
          fp.setDouble(into, 2, fp.getDouble(into, 1));
        },
      });
    },
  },
  {
    name: 'a spent budget costs a program its vector registers',
    group: 'vectors',
    plant(machine) {
      const { fp } = guestIsa(machine.info.layout);
      return withTrap(machine, (trap) => {
        if (trap.kind === TrapKind.Budget) changeFp(machine, trap.context, () => fp.initial());
      });
    },
  },
  {
    name: 'saving a state resets it',
    group: 'vectors',
    plant(machine) {
      const { fp } = guestIsa(machine.info.layout);
      return withContexts(machine, {
        saveFp(context, into) {
          machine.contexts.saveFp(context, into);
          machine.contexts.restoreFp(context, fp.initial());
        },
      });
    },
  },
];

export const laterBugs: readonly SeededBug[] = [
  {
    name: 'an arithmetic fault is an illegal instruction',
    group: 'arithmetic',
    needs: has.arithmeticTraps,
    plant: (machine) =>
      withTrap(machine, (trap) => {
        if (trap.fault === FaultKind.Arithmetic) trap.fault = FaultKind.Illegal;
      }),
  },
  {
    name: 'a single step comes back as an interrupt',
    group: 'arithmetic',
    needs: has.singleStep,
    plant: (machine) =>
      withTrap(machine, (trap) => {
        if (trap.kind === TrapKind.Breakpoint) trap.kind = TrapKind.Interrupt;
      }),
  },
  {
    name: 'the thread pointer is the one of the context before',
    group: 'traps',
    plant(machine) {
      const { tp } = machine.info.layout;
      let last = [0, 0];
      return withRun(machine, (run) => (context, budget) => {
        const view = machine.contexts.registers(context);
        const own = [view[tp * 2], view[tp * 2 + 1]];
        view.set(last, tp * 2);
        last = own;
        const trap = run(context, budget);
        view.set(own, tp * 2);
        return trap;
      });
    },
  },
  {
    name: 'a spent budget clears the flags',
    group: 'traps',
    needs: has.flags,
    plant(machine) {
      const flags = guestIsa(machine.info.layout).flags ?? { register: 0, mask: 0 };
      return withTrap(machine, (trap) => {
        const view = machine.contexts.registers(trap.context);
        if (trap.kind === TrapKind.Budget) view[flags.register * 2] &= ~flags.mask;
      });
    },
  },
  {
    name: 'a fault forgets the deadline',
    group: 'timers',
    plant: (machine) =>
      withTrap(machine, (trap) => {
        if (trap.kind === TrapKind.Fault) machine.clock.setDeadline(Infinity as never);
      }),
  },
  {
    name: 'a kick uses the deadline up',
    group: 'timers',
    plant: (machine) => {
      const cpu = machine.cpus[0];
      const interrupt = (): void => {
        machine.clock.setDeadline(Infinity as never);
        cpu.interrupt();
      };
      return override(machine, { cpus: [override(cpu, { interrupt })] });
    },
  },
  {
    name: 'power off comes back as an interrupt',
    group: 'power',
    needs: has.finisher,
    plant: (machine) =>
      withTrap(machine, (trap) => {
        if (trap.kind === TrapKind.Halt) trap.kind = TrapKind.Interrupt;
      }),
  },
  {
    name: 'a second start is ignored',
    group: 'misuse',
    plant(machine) {
      let started = false;
      return override(machine, {
        start(cpu, context, budget) {
          if (!started || cpu !== 0) machine.start(cpu, context, budget);
          started = true;
        },
        next(deadline) {
          started = false;
          return machine.next(deadline);
        },
      });
    },
  },
];
