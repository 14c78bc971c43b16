/** Machines by name: what is listed, what is refused, which one an ISA gets. */
import { describe, expect, it } from '@jest/globals';
import {
  createKernel,
  createMachine,
  isMachineUnavailable,
  machineFor,
  MACHINE_NAMES,
  MachineUnavailable,
  run,
  type MachineName,
} from '@veridian-os/veridian';
import { isaOf } from '../../src/host/machines.js';
import { exits } from '../../src/testing.js';

describe('a machine by name', () => {
  it('runs a program and is disposed of', async () => {
    const result = await run(exits(3), { machine: 'emulated' });
    expect([result.kind, result.status, result.statistics.exact]).toEqual(['exit', 3, true]);
  });

  it('boots a kernel', () => {
    const kernel = createKernel({ machine: 'emulated', verbose: false });
    expect(kernel.machine.info.name).toBe('emulated');
    kernel.machine.dispose();
  });

  it('that is none is refused by its value', async () => {
    const expected = `machine: expected ${MACHINE_NAMES.join(', ')}`;
    expect(() => createMachine('vax' as MachineName)).toThrow(`${expected}, got "vax"`);
    await expect(run(exits(0), { machine: 'vax' as MachineName })).rejects.toThrow(
      `${expected} or a machine, got "vax"`,
    );
  });

  it('that does not work here is no mistake of anybody', () => {
    // The command's tests see one refused: only a process of its own finds no QEMU.
    const error = new MachineUnavailable('kvm', new Error('/dev/kvm is not there.'));
    expect([error.name, error.machine, error.message]).toEqual([
      'MachineUnavailable',
      'kvm',
      'machine kvm: /dev/kvm is not there.',
    ]);
    expect([error, new RangeError('cpus'), 'kvm'].map(isMachineUnavailable)).toEqual([true, false, false]);
  });

  it('has as many CPUs as it can have', async () => {
    expect((await run(exits(5), { machine: 'emulated', cpus: 2 })).status).toBe(5);
    for (const name of MACHINE_NAMES)
      expect(() => createMachine(name, { cpus: 0 })).toThrow(/^cpus: expected .*1.*, got 0$/);
    const machine = createMachine('emulated');
    await expect(run(exits(5), { machine, cpus: 2 })).rejects.toThrow('cpus: expected none beside a machine, got 2');
    machine.dispose();
  });

  it('takes a terminal, which a machine of the caller cannot have', async () => {
    const terminal = { output: () => undefined, connect: () => () => undefined };
    const result = await run(exits(4), { machine: 'emulated', terminal });
    expect(result.status).toBe(4);
    const machine = createMachine('emulated');
    await expect(run(exits(4), { machine, terminal })).rejects.toThrow('terminal: expected no machine beside it');
    machine.dispose();
  });
});

describe('the machine for a program', () => {
  it.each([
    [0xf3, 'riscv64'],
    [0x3e, 'x86_64'],
    [0xb7, 'aarch64'],
    [0x08, 'riscv64'],
  ])('e_machine 0x%s', (number, isa) => {
    const header = new Uint8Array(64);
    header[18] = number;
    expect(isaOf(header)).toBe(isa);
  });

  it('of a file that is no ELF is the default one', () => {
    expect(isaOf(new Uint8Array(0))).toBe('riscv64');
  });

  it('is the emulated one for riscv64, whatever else is there', async () => {
    expect(await machineFor('riscv64')).toBe('emulated');
  });
});
