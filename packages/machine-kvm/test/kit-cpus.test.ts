/** Several CPUs: the first on this thread, the others on workers. */
import { describe, it } from '@jest/globals';
import { machineKit } from '@veridian-os/hal/testing';
import { KvmMachine } from '@veridian-os/machine-kvm';
import { kickFromThread } from '../../../tools/kick-from-thread.js';
import { answer } from './helpers/rig.js';

if (answer.available) {
  const create = (cpus: number) => KvmMachine.create({ memoryBytes: 8 << 20, maxContexts: 1500, cpus });
  machineKit({ describe, it }, () => create(2), { name: 'kvm, 2 CPUs', kickFromThread });
  machineKit({ describe, it }, () => create(3), { name: 'kvm, 3 CPUs', groups: ['cpus'] });
} else {
  describe('machine: kvm, several CPUs', () => it.skip('KVM is not available', () => undefined));
}
