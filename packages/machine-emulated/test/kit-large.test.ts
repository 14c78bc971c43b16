/** A gigabyte of guest memory on the emulated machine: reserved, and paid for when it is used. */
import { describe, it } from '@jest/globals';
import { machineKit } from '@veridian-os/hal/testing';
import { EmulatedMachine } from '@veridian-os/machine-emulated';

machineKit({ describe, it }, () => EmulatedMachine.create({ memoryBytes: 8 * 1024 * 1024 }), {
  name: 'emulated, 1 GiB',
  groups: ['large memory'],
  createLarge: () => EmulatedMachine.create({ memoryBytes: 2 ** 30 }),
});
