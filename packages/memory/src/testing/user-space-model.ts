/** The property that any `UserSpace` must have: it behaves like the naive model under every history. */
import fc from 'fast-check';
import type { MemoryManager } from '../api.js';
import { equal } from './assert.js';
import { FakeMachine } from './fake-machine.js';
import { spaceHistory } from './space-commands.js';
import { SpaceHistory } from './space-history.js';

/** Makes the implementation under test over a machine's memory. */
export type ManagerFactory = (machine: FakeMachine) => MemoryManager;

/**
 * Runs random histories, with plenty and with too little memory, with and without accessed and dirty bits in hardware.
 * @throws Error with the seed and the shrunk history at the first difference
 */
export function checkHistories(create: ManagerFactory, parameters: fc.Parameters<unknown>, maxCommands = 60): void {
  const scenario = fc.record({
    frames: fc.constantFrom(600, 600, 24, 40),
    hardwareAccessedDirty: fc.boolean(),
    slow: fc.boolean(),
    peeks: fc.boolean(),
    history: spaceHistory(maxCommands),
  });
  fc.assert(
    fc.property(scenario, ({ frames, hardwareAccessedDirty, slow, peeks, history }) => {
      const machine = new FakeMachine({ regionFrames: [frames / 2, frames / 2], hardwareAccessedDirty });
      const manager = create(machine);
      const before = manager.frames.freeFrames;
      const run = new SpaceHistory(machine, manager, { slow, peeks });
      for (const command of history) run.run(command);
      run.end();
      equal(manager.frames.freeFrames, before, 'free frames after everything was destroyed');
      equal(manager.statistics().tableFrames, 0, 'table frames after everything was destroyed');
    }),
    parameters,
  );
}
