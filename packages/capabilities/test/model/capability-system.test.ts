import { describe, it } from '@jest/globals';
import * as fc from 'fast-check';
import { createCapabilityTable } from '../../src/index.js';
import { CapabilityRun, capabilityCommands, capabilityKit } from '../../src/testing.js';

capabilityKit({ describe, it }, (capacity) => createCapabilityTable({ capacity, spaces: 8 }));

// Slots wear out all the time, so that moves must change them; the table is too large to run out of slots.
it.each([1, 2, 3])('agrees with the model when a slot lasts for %p capabilities', (generations) => {
  const capacity = 1024;
  fc.assert(
    fc.property(capabilityCommands, (commands) => {
      const run = new CapabilityRun(createCapabilityTable({ capacity, spaces: 8, generations }), capacity);
      for (const command of commands) run.step(command);
    }),
  );
});
