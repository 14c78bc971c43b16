/** Proof that the kit watches this machine, and that it asks for no more than the interface does. */
import { describe, it } from '@jest/globals';
import { machineKit, machineKitProof, relaxedMachine } from '@veridian-os/hal/testing';
import type { Machine } from '@veridian-os/hal';
import { KvmMachine } from '@veridian-os/machine-kvm';
import { kickFromThread } from '../../../tools/kick-from-thread.js';
import { answer } from './helpers/rig.js';

const create = (cpus = 1): Machine => KvmMachine.create({ memoryBytes: 8 << 20, maxContexts: 1500, cpus });

const EVERYWHERE = 'an edit reaches every address space';
const COHERENT = 'x86 keeps code coherent by itself';
const hidden: Readonly<Record<string, string>> = {
  'apply flushes another address space': EVERYWHERE,
  'a batch is flushed in the address space of its first edit only': EVERYWHERE,
  'syncCode does nothing': COHERENT,
  'syncCode takes the first frame only': COHERENT,
};

if (answer.available) {
  machineKitProof({ describe, it }, create, { hidden });
  machineKitProof({ describe, it }, () => create(2), {
    name: 'kvm, 2 CPUs',
    groups: ['kicks from threads'],
    kickFromThread,
  });
  machineKit({ describe, it }, () => relaxedMachine(create()), { name: 'kvm, with every freedom used' });
} else {
  describe('proof of the kit on kvm', () => it.skip('KVM is not available', () => undefined));
}
