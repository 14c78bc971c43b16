/** Proof that the kit watches machines with several CPUs; all other bugs are planted in kit-mutants.long.ts. */
import { describe, it } from '@jest/globals';
import { machineKitProof } from '@veridian-os/hal/testing';
import type { Machine } from '@veridian-os/hal';
import { EmulatedMachine } from '@veridian-os/machine-emulated';
import { kickFromThread } from '../../../tools/kick-from-thread.js';

const create = (): Machine => EmulatedMachine.create({ cpus: 2, memoryBytes: 8 * 1024 * 1024, maxContexts: 1500 });

machineKitProof({ describe, it: (name, body) => it(name, body, 120_000) }, create, {
  name: 'emulated, 2 CPUs',
  groups: ['cpus', 'kicks from threads'],
  kickFromThread,
});
