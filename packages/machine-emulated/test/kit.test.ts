/** The emulated machine against the conformance kit of every machine. */
import { describe, it } from '@jest/globals';
import { machineKit } from '@veridian-os/hal/testing';
import { EmulatedMachine } from '@veridian-os/machine-emulated';
import { kickFromThread } from '../../../tools/kick-from-thread.js';

machineKit({ describe, it }, () => EmulatedMachine.create({ memoryBytes: 8 * 1024 * 1024, maxContexts: 1500 }), {
  kickFromThread,
});
