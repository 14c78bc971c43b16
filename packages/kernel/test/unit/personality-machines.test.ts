/** The personality kit with Linux on the machines of every ISA that are here. */
import { describe, it } from '@jest/globals';
import type { Isa, Machine } from '@veridian-os/hal';
import { libcProblem } from '@veridian-os/libc';
import { linux } from '@veridian-os/linux';
import { KvmMachine, probeKvmSync } from '@veridian-os/machine-kvm';
import { QemuMachine } from '@veridian-os/machine-qemu';
import { copies, exits, illegal, readsNull, shows, spins } from '@veridian-os/veridian/testing';
import { needs } from '../../../../tools/require-tool.js';
import { createKernel } from '../../src/index.js';
import { personalityKit } from '../../src/testing.js';

const MEMORY_BYTES = 16 << 20;

function kitOn(name: string, isa: Isa, isHere: boolean, create: () => Machine): void {
  (isHere ? describe : describe.skip)(name, () =>
    personalityKit({ describe, it }, () => ({
      programs: {
        exits: (status) => exits(status, isa),
        spins: () => spins(isa),
        faults: () => readsNull(isa),
        illegal: () => illegal(isa),
        copies: () => copies(isa),
        shows: (path) => shows(path, isa),
      },
      boot: (limits = {}) => createKernel({ machine: create(), personalities: [linux()], verbose: false, limits }),
    })),
  );
}

const kvm = probeKvmSync();
process.stderr.write(`KVM: ${kvm.available ? 'used' : kvm.problem}\n`);
kitOn('kvm', 'x86_64', kvm.available, () => KvmMachine.create({ memoryBytes: MEMORY_BYTES }));
for (const isa of ['riscv64', 'aarch64', 'x86_64'] as const) {
  const isHere = libcProblem() === undefined && needs(`qemu-system-${isa}`);
  kitOn(`qemu-${isa}`, isa, isHere, () => QemuMachine.create({ isa, memoryBytes: MEMORY_BYTES }));
}
