/** The Linux personality on an emulated machine, for the kit and for tests of the kernel with machine code. */
import { linux } from '@veridian-os/linux';
import { EmulatedMachine } from '@veridian-os/machine-emulated';
import { exits } from '@veridian-os/veridian/testing';
import { copies, illegal, readsNull, shows, spins } from '@veridian-os/veridian/testing';
import { createKernel, type BootedKernel, type KernelOptions } from '../../src/index.js';
import type { PersonalityFixture } from '../../src/testing.js';

const MEMORY_BYTES = 16 << 20;

export function bootLinux(options: Partial<KernelOptions> = {}): BootedKernel {
  const machine = EmulatedMachine.create({ memoryBytes: MEMORY_BYTES });
  return createKernel({ machine, personalities: [linux()], verbose: false, ...options });
}

export function linuxFixture(): PersonalityFixture {
  return {
    programs: { exits, spins, faults: readsNull, illegal, copies, shows },
    boot: (limits = {}) => bootLinux({ limits }),
  };
}
