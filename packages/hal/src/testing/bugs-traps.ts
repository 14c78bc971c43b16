/** Bugs in what comes back from a run. */
import type { ContextId } from '@veridian-os/abi';
import { Access, FaultKind, TrapKind } from '../trap.js';
import { has, withRun, withTrap, type SeededBug } from './bug-tools.js';
import { writable } from './override.js';

export const trapBugs: readonly SeededBug[] = [
  {
    name: 'pc is not past the system call',
    group: 'traps',
    plant: (machine) =>
      withTrap(machine, (trap) => {
        const { pc, syscallBytes } = machine.info.layout;
        if (trap.kind === TrapKind.Syscall) machine.contexts.registers(trap.context)[pc * 2] -= syscallBytes;
      }),
  },
  {
    name: 'pc is past a breakpoint',
    group: 'traps',
    plant: (machine) =>
      withTrap(machine, (trap) => {
        const { pc, syscallBytes } = machine.info.layout;
        if (trap.kind === TrapKind.Breakpoint) machine.contexts.registers(trap.context)[pc * 2] += syscallBytes;
      }),
  },
  {
    name: 'an illegal instruction comes back as a breakpoint',
    group: 'traps',
    plant: (machine) =>
      withTrap(machine, (trap) => {
        if (trap.kind === TrapKind.Fault && trap.fault === FaultKind.Illegal) trap.kind = TrapKind.Breakpoint;
      }),
  },
  {
    name: 'the trap names the context of the run before',
    group: 'traps',
    plant(machine) {
      let before = -1 as ContextId;
      return withTrap(machine, (trap) => {
        const { context } = trap;
        trap.context = before;
        before = context;
      });
    },
  },
  {
    name: 'each run returns a new trap record',
    group: 'traps',
    plant: (machine) => withRun(machine, (run) => (context, budget) => ({ ...writable(run(context, budget)) })),
  },
  {
    name: 'a faulting run loses the high halves of registers',
    group: 'traps',
    plant: (machine) =>
      withTrap(machine, (trap) => {
        const view = machine.contexts.registers(trap.context);
        if (trap.kind === TrapKind.Fault) for (let word = 1; word < 64; word += 2) view[word] = 0;
      }),
  },
  {
    name: 'the high half of the fault address is lost',
    group: 'faults',
    plant: (machine) => withTrap(machine, (trap) => void (trap.addressHi = 0)),
  },
  {
    name: 'the fault address is rounded down to its page',
    group: 'faults',
    plant: (machine) => withTrap(machine, (trap) => void (trap.addressLo = (trap.addressLo & ~0xfff) >>> 0)),
  },
  {
    name: 'write faults are reported as reads',
    group: 'faults',
    plant: (machine) =>
      withTrap(machine, (trap) => {
        if (trap.kind === TrapKind.Fault && trap.access === Access.Write) trap.access = Access.Read;
      }),
  },
  {
    name: 'bus faults are reported as page faults',
    group: 'faults',
    needs: has.busFaults,
    plant: (machine) =>
      withTrap(machine, (trap) => {
        if (trap.fault === FaultKind.Bus) trap.fault = FaultKind.Page;
      }),
  },
];
