/** Bugs in budgets, kicks, deadlines and the clock. */
import type { ContextId, Instructions, Nanoseconds } from '@veridian-os/abi';
import { TrapKind, type Trap } from '../trap.js';
import { has, withClock, withInterrupt, withRun, withTrap, type SeededBug } from './bug-tools.js';
import { override } from './override.js';

/** Made anew for each use: one of them counts its machines. */
export function timeBugs(): readonly SeededBug[] {
  let machines = 0;
  return [
    {
      name: 'budgets are one too large',
      group: 'budgets',
      needs: has.exactBudgets,
      plant: (machine) =>
        withRun(machine, (run) => (context, budget) => run(context, Math.min(2 ** 31 - 1, budget + 1) as Instructions)),
    },
    {
      name: 'large budgets are rounded up to blocks',
      group: 'budgets',
      needs: has.exactBudgets,
      plant: (machine) =>
        withRun(machine, (run) => (context, budget) => {
          const rounded = budget < 4096 ? budget : Math.min(2 ** 31 - 1, Math.ceil(budget / 16) * 16);
          return run(context, rounded as Instructions);
        }),
    },
    {
      name: 'a system call is not counted',
      group: 'budgets',
      needs: has.exactBudgets,
      plant: (machine) =>
        withTrap(machine, (trap) => {
          if (trap.kind === TrapKind.Syscall) trap.consumed = (trap.consumed - 1) as Instructions;
        }),
    },
    {
      name: 'a budget of 0 runs nothing and says nothing',
      group: 'misuse',
      plant: (machine) =>
        withRun(machine, (run) => (context, budget) => run(context, Math.max(1, budget) as Instructions)),
    },
    {
      name: 'kicks are lost when nothing runs',
      group: 'interrupts and time',
      plant: (machine) => withInterrupt(machine, () => undefined),
    },
    {
      name: 'a kick is forgotten when another context runs next',
      group: 'interrupts and time',
      plant(machine) {
        const cpu = machine.cpus[0];
        let last = -1;
        let kickedFor = -2;
        const run = (context: ContextId, budget: Instructions): Trap => {
          if (kickedFor === context || (kickedFor === -1 && last === -1)) cpu.interrupt();
          kickedFor = -2;
          last = context;
          return cpu.run(context, budget);
        };
        return override(machine, { cpus: [override(cpu, { run, interrupt: () => void (kickedFor = last) })] });
      },
    },
    {
      name: 'a kick is delivered twice',
      group: 'interrupts and time',
      needs: has.determinism,
      plant(machine) {
        const cpu = machine.cpus[0];
        let pending = 0;
        const run = (context: ContextId, budget: Instructions): Trap => {
          if (pending-- > 0) cpu.interrupt();
          return cpu.run(context, budget);
        };
        return override(machine, { cpus: [override(cpu, { run, interrupt: () => void (pending = 2) })] });
      },
    },
    {
      name: 'a kick swallows a system call',
      group: 'interrupts and time',
      plant(machine) {
        let kicked = false;
        const broken = withTrap(machine, (trap) => {
          if (trap.kind !== TrapKind.Syscall || !kicked) return;
          trap.kind = TrapKind.Interrupt;
          kicked = false;
        });
        return withInterrupt(broken, () => {
          kicked = true;
          machine.cpus[0].interrupt();
        });
      },
    },
    {
      name: 'deadlines are ignored',
      group: 'interrupts and time',
      plant: (machine) => withClock(machine, { setDeadline: () => undefined }),
    },
    {
      name: 'a deadline cannot be taken back',
      group: 'interrupts and time',
      needs: has.determinism,
      plant: (machine) =>
        withClock(machine, { setDeadline: (at) => void (at === Infinity || machine.clock.setDeadline(at)) }),
    },
    {
      name: 'advance goes back as well',
      group: 'interrupts and time',
      needs: has.virtualTime,
      plant(machine) {
        let shift = 0;
        const now = (): Nanoseconds => (machine.clock.now() - shift) as Nanoseconds;
        const advance = (to: Nanoseconds): void => {
          if (to < now()) shift += now() - to;
          else machine.clock.advance(to);
        };
        return withClock(machine, { now, advance });
      },
    },
    {
      name: 'time depends on the host',
      group: 'interrupts and time',
      needs: has.determinism,
      plant(machine) {
        const jitter = machines++;
        return withClock(machine, { now: () => (machine.clock.now() + jitter) as Nanoseconds });
      },
    },
    {
      name: 'next forgets that a CPU was started',
      group: 'interrupts and time',
      plant: (machine) => override(machine, { next: () => -1 as const }),
    },
  ];
}
