/** The conformance kit of every machine, everything translated at first sight. */
import { describe, it } from '@jest/globals';
import { machineKit } from '@veridian-os/hal/testing';
import { EmulatedMachine } from '@veridian-os/machine-emulated';
import { kickFromThread } from '../../../../tools/kick-from-thread.js';

const translation = { threshold: 0, interval: 1 };

machineKit(
  { describe, it },
  () => EmulatedMachine.create({ memoryBytes: 8 * 1024 * 1024, maxContexts: 1500, translation }),
  { kickFromThread },
);
