/** The property that any `UserSpace` must have: it behaves like the naive model under every history. */
import fc from 'fast-check';
import type { BlockDevice } from '@veridian-os/abi';
import type { MemoryManager } from '../api.js';
import { equal } from './assert.js';
import { FakeDisk } from './fake-disk.js';
import { FakeMachine } from './fake-machine.js';
import { spaceHistory } from './space-commands.js';
import { SpaceHistory } from './space-history.js';

/** Makes the implementation under test over a machine's memory, with a swap area where one is given. */
export type ManagerFactory = (machine: FakeMachine, swap?: BlockDevice) => MemoryManager;

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
    swap: fc.constantFrom(0, 0, 300, 20),
    slowDisk: fc.boolean(),
    history: spaceHistory(maxCommands),
  });
  fc.assert(
    fc.property(scenario, ({ frames, hardwareAccessedDirty, slow, peeks, swap, slowDisk, history }) => {
      const machine = new FakeMachine({ regionFrames: [frames / 2, frames / 2], hardwareAccessedDirty });
      const disk = swap === 0 ? undefined : new FakeDisk(machine, { pages: swap, slow: slowDisk });
      const manager = create(machine, disk);
      const before = manager.frames.freeFrames;
      const run = new SpaceHistory(machine, manager, { slow, peeks }, disk);
      for (const command of history) run.run(command);
      run.end();
      equal(manager.frames.freeFrames, before, 'free frames after everything was destroyed');
      equal(manager.statistics().tableFrames, 0, 'table frames after everything was destroyed');
    }),
    parameters,
  );
}
