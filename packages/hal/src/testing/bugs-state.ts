/** Bugs in contexts, devices, firmware and the machine's end. */
import type { ContextId, PhysAddr } from '@veridian-os/abi';
import type { Machine } from '../machine.js';
import { has, withContexts, withInterrupts, withRun, type SeededBug } from './bug-tools.js';
import { override } from './override.js';

export const stateBugs: readonly SeededBug[] = [
  {
    name: 'floating-point state leaks into the next context',
    group: 'contexts',
    plant(machine) {
      let last: ContextId | undefined;
      return withRun(machine, (run) => (context, budget) => {
        if (last !== undefined && last !== context) carryFp(machine, last, context);
        last = context;
        return run(context, budget);
      });
    },
  },
  {
    name: 'copy leaves floating-point state behind',
    group: 'contexts',
    plant: (machine) =>
      withContexts(machine, {
        copy: (from, to) => machine.contexts.registers(to).set(machine.contexts.registers(from)),
      }),
  },
  {
    name: 'reset keeps floating-point state',
    group: 'contexts',
    plant: (machine) => withContexts(machine, { reset: (context) => void machine.contexts.registers(context).fill(0) }),
  },
  {
    name: 'a context is born with the registers of a dead one',
    group: 'contexts',
    plant(machine) {
      let corpse: Uint32Array | undefined;
      return withContexts(machine, {
        create() {
          const id = machine.contexts.create();
          if (corpse !== undefined && id >= 0) machine.contexts.registers(id as ContextId).set(corpse);
          return id;
        },
        destroy(context) {
          corpse = machine.contexts.registers(context).slice();
          machine.contexts.destroy(context);
        },
      });
    },
  },
  {
    name: 'register views are copies',
    group: 'contexts',
    plant: (machine) => withContexts(machine, { registers: (context) => machine.contexts.registers(context).slice() }),
  },
  {
    name: 'a dead context can still be used',
    group: 'contexts',
    plant: (machine) => withContexts(machine, { destroy: () => undefined }),
  },
  {
    name: 'creation beyond the limit throws',
    group: 'contexts',
    needs: has.fewContexts,
    plant: (machine) =>
      withContexts(machine, {
        create() {
          const id = machine.contexts.create();
          if (id < 0) throw new RangeError('contexts: too many');
          return id;
        },
      }),
  },
  {
    name: 'restoreFp takes the first register only',
    group: 'contexts',
    plant: (machine) =>
      withContexts(machine, {
        restoreFp(context, from) {
          const state = new Uint8Array(from.length);
          machine.contexts.saveFp(context, state);
          state.set(from.subarray(0, 8));
          machine.contexts.restoreFp(context, state);
        },
      }),
  },
];

function carryFp(machine: Machine, from: ContextId, to: ContextId): void {
  const state = new Uint8Array(machine.info.layout.fpBytes);
  machine.contexts.saveFp(from, state);
  machine.contexts.restoreFp(to, state);
}

export const deviceBugs: readonly SeededBug[] = [
  {
    name: 'writes to devices are lost',
    group: 'devices and firmware',
    needs: has.uart,
    plant: (machine) => override(machine, { bus: override(machine.bus, { write8: () => undefined }) }),
  },
  {
    name: 'device registers are off by one',
    group: 'devices and firmware',
    needs: has.uart,
    plant: (machine) =>
      override(machine, {
        bus: override(machine.bus, { read8: (address) => machine.bus.read8((address + 1) as PhysAddr) }),
      }),
  },
  {
    name: 'a source in service can be claimed again',
    group: 'devices and firmware',
    needs: has.uart,
    plant(machine) {
      let serving = 0;
      return withInterrupts(machine, {
        claim: () => (serving = machine.interrupts.claim() || serving),
      });
    },
  },
  {
    name: 'complete does not look at the level again',
    group: 'devices and firmware',
    needs: has.uart,
    plant: (machine) => withInterrupts(machine, { complete: () => undefined }),
  },
  {
    name: 'disable does nothing',
    group: 'devices and firmware',
    needs: has.uart,
    plant: (machine) => withInterrupts(machine, { disable: () => undefined }),
  },
  {
    name: 'source 0 can be enabled',
    group: 'devices and firmware',
    plant: (machine) =>
      withInterrupts(machine, {
        enable: (source, priority) => void (source === 0 || machine.interrupts.enable(source, priority)),
      }),
  },
  {
    name: 'firmware does not know the memory',
    group: 'devices and firmware',
    needs: has.deviceTree,
    plant: (machine) =>
      override(machine, { memory: machine.memory.map((region) => ({ ...region, node: region.node + 1 })) }),
  },
  {
    name: 'dispose works once',
    group: 'misuse',
    plant(machine) {
      let disposed = 0;
      return override(machine, {
        dispose() {
          if (disposed++ > 0) throw new Error('disposed twice');
          machine.dispose();
        },
      });
    },
  },
];
