/** Proof of the machine kit: it fails on machines with a planted bug, and passes on one that uses every freedom. */
import { describe, it } from '@jest/globals';
import { machineKit, machineKitProof, relaxedMachine } from '@veridian-os/hal/testing';
import type { Machine } from '@veridian-os/hal';
import { EmulatedMachine } from '@veridian-os/machine-emulated';
import { kickFromThread } from '../../../tools/kick-from-thread.js';

const create = (): Machine => EmulatedMachine.create({ memoryBytes: 8 * 1024 * 1024, maxContexts: 1500 });

machineKitProof({ describe, it }, create, { kickFromThread });

machineKit({ describe, it }, () => relaxedMachine(create()), {
  name: 'emulated, with every freedom used',
  kickFromThread,
});
