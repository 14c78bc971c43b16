/** QEMU's machines without the C library: memory that is copied instead of mapped, against the kit of every machine. */
import { describe, it } from '@jest/globals';
import type { Isa } from '@veridian-os/hal';
import { machineKit } from '@veridian-os/hal/testing';
import { processKit, reusing } from '@veridian-os/machine-qemu/testing';
import type { QemuMachineOptions } from '@veridian-os/machine-qemu';
import { WITHOUT, available, small } from './helpers/qemu.js';

const mirrored = (isa: Isa, more: QemuMachineOptions = {}) => small(isa, { sharing: 'mirrored', ...more });

for (const isa of available()) {
  machineKit(
    { describe, it },
    reusing(() => mirrored(isa)),
    {
      name: `qemu-${isa}, mirrored`,
      without: WITHOUT[isa],
      // What is copied and when is the same code on every ISA: one has the whole kit. Arrays of a gigabyte stay until they
      // are collected: once is enough.
      ...(isa === 'riscv64'
        ? { createLarge: () => mirrored(isa, { memoryBytes: 1.25 * 2 ** 30 }) }
        : { groups: ['traps', 'faults', 'mmu', 'contexts', 'vectors', 'interrupts and time'] }),
    },
  );
  describe(`qemu-${isa}, mirrored`, () => {
    processKit(
      { describe, it },
      { create: (hangMs) => mirrored(isa, { hangMs }), kill: (pid, signal) => process.kill(pid, signal) },
    );
  });
}

if (available().length === 0) {
  describe('machine kit, mirrored', () => {
    it.skip('needs QEMU', () => undefined);
  });
}
