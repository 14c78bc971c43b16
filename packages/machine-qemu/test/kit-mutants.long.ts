/** Proof that the kit watches these machines: every planted bug is noticed. */
import { describe, it } from '@jest/globals';
import { machineKitProof } from '@veridian-os/hal/testing';
import { reusing } from '@veridian-os/machine-qemu/testing';
import { kickFromThread } from '../../../tools/kick-from-thread.js';
import { available, small } from './helpers/qemu.js';

const ALL = 'QEMU forgets all translations of all address spaces at once';
const hidden: Readonly<Record<string, string>> = {
  'apply flushes the first address of a batch only': ALL,
  'apply flushes another address space': ALL,
  'all address spaces share one tag': ALL,
  'a batch is flushed in the address space of its first edit only': ALL,
};

for (const isa of available()) {
  machineKitProof(
    { describe, it },
    reusing(() => small(isa)),
    { hidden },
  );
  machineKitProof(
    { describe, it },
    reusing(() => small(isa, { cpus: 2 })),
    { name: `qemu-${isa}, two CPUs`, groups: ['kicks from threads'], kickFromThread },
  );
}

if (available().length === 0) {
  describe('the machine kit notices, on QEMU', () => {
    it.skip('needs QEMU', () => undefined);
  });
}
