/** The KVM machine against the conformance kit of every machine. */
import { describe, it } from '@jest/globals';
import { machineKit } from '@veridian-os/hal/testing';
import { KvmMachine } from '@veridian-os/machine-kvm';
import { kickFromThread } from '../../../tools/kick-from-thread.js';
import { answer } from './helpers/rig.js';

if (answer.available) {
  machineKit({ describe, it }, () => KvmMachine.create({ memoryBytes: 8 << 20, maxContexts: 1500 }), {
    kickFromThread,
    createLarge: () => KvmMachine.create({ memoryBytes: 2 ** 30 }),
  });
} else {
  describe('machine: kvm', () => it.skip('KVM is not available', () => undefined));
}
