/** QEMU's machines against the conformance kit of every machine. */
import { describe, it } from '@jest/globals';
import { machineKit, type MachineKitOptions } from '@veridian-os/hal/testing';
import { processKit, reusing } from '@veridian-os/machine-qemu/testing';
import { kickFromThread } from '../../../tools/kick-from-thread.js';
import { WITHOUT, available, small } from './helpers/qemu.js';

for (const isa of available()) {
  const kit = (options: Parameters<typeof small>[1], more: MachineKitOptions): void =>
    machineKit(
      { describe, it },
      reusing(() => small(isa, options)),
      more,
    );
  kit({}, { without: WITHOUT[isa], createLarge: () => small(isa, { memoryBytes: 1.25 * 2 ** 30 }) });
  kit({ cpus: 2 }, { name: `qemu-${isa}, two CPUs`, groups: ['cpus', 'contexts', 'interrupts and time'] });
  kit({ waiting: 'spinning' }, { name: `qemu-${isa}, spinning`, groups: ['traps', 'interrupts and time', 'mmu'] });
  // Started, not renewed: their processes end while other threads kick.
  machineKit({ describe, it }, () => small(isa, { cpus: 2 }), {
    name: `qemu-${isa}, two CPUs, kicked`,
    groups: ['kicks from threads'],
    kickFromThread,
  });
  describe(`qemu-${isa}`, () => {
    processKit(
      { describe, it },
      { create: (hangMs) => small(isa, { hangMs }), kill: (pid, signal) => process.kill(pid, signal) },
    );
  });
}

if (available().length === 0) {
  describe('machine kit', () => {
    it.skip('needs QEMU', () => undefined);
  });
}
