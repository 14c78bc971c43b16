/** What can be asked for, and what a probe says where it cannot be had. */
import { describe, expect, it } from '@jest/globals';
import { QemuMachine, probeQemu, type QemuMachineOptions } from '@veridian-os/machine-qemu';
import { hasQemu } from '../helpers/qemu.js';

describe('options', () => {
  const bad: readonly [keyof QemuMachineOptions, unknown][] = [
    ['isa', 'mips'],
    ['memoryBytes', 4096],
    ['memoryBytes', 4 * 1024 * 1024 + 1],
    ['memoryBytes', Number.NaN],
    ['maxContexts', 0],
    ['maxContexts', 65537],
    ['cpus', 0],
    ['cpus', 17],
    ['waiting', 'sometimes'],
    ['hangMs', 99],
    ['accelerator', 'magic'],
    ['sharing', 'nothing'],
  ];
  it.each(bad)('%s: %p is a RangeError that names it', (name, value) => {
    expect(() => QemuMachine.create({ [name]: value })).toThrow(RangeError);
    expect(() => QemuMachine.create({ [name]: value })).toThrow(`${name}: expected`);
  });
});

describe('probe', () => {
  it('an executable that is not there: one sentence, no exception', () => {
    const found = probeQemu('riscv64', { qemu: 'qemu-system-of-nobody' });
    expect(found).toEqual({ ok: false, reason: expect.stringMatching(/^qemu-system-of-nobody does not run.*\.$/) });
  });

  it('an executable that is something else', () => {
    expect(probeQemu('riscv64', { qemu: 'true' })).toEqual({
      ok: false,
      reason: 'true --version does not say what it is.',
    });
  });

  (hasQemu('riscv64') ? it : it.skip)('the one that is there, and one that cannot start', () => {
    expect(probeQemu('riscv64')).toMatchObject({ ok: true, version: expect.stringMatching(/^\d+\.\d+/) });
    const other = probeQemu('riscv64', { accelerator: 'kvm' });
    expect(other).toMatchObject({ ok: false, reason: expect.stringContaining('does not start a machine') });
  });
});
