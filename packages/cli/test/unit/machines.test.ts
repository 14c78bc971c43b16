import { expect, it } from '@jest/globals';
import type { MachineReport } from '@veridian-os/veridian';
import { machinesText } from '../../src/commands/machines.js';

it('lists machines in columns, with what works or why not', () => {
  const reports: MachineReport[] = [
    { name: 'emulated', isa: 'riscv64', works: 'exact budgets', available: true, version: 'built in' },
    { name: 'kvm', isa: 'x86_64', works: 'real time', available: false, reason: '/dev/kvm is not there.' },
  ];
  expect(machinesText(reports)).toBe(
    [
      'MACHINE   ISA      VERSION      WHAT WORKS',
      'emulated  riscv64  built in     exact budgets',
      'kvm       x86_64   unavailable  /dev/kvm is not there.',
      '',
    ].join('\n'),
  );
});
