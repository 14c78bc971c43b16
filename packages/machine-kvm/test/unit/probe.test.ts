/** The probe answers whatever the host is, in time, and agrees with the machine. */
import { expect, it } from '@jest/globals';
import { KvmMachine, probeKvm, probeKvmSync } from '@veridian-os/machine-kvm';
import { answer, describeWithKvm } from '../helpers/rig.js';

it('is asked either way and answers the same', async () => {
  expect(await probeKvm()).toEqual(answer);
});

it('a child that does not come back in time is stuck, in one sentence', async () => {
  const stuck = { available: false, problem: 'KVM did not come back from the first system call within 1 ms.' };
  if (!answer.available) return expect(answer.problem).toMatch(/^[^\n]+\.$/);
  expect(await probeKvm({ timeoutMs: 1 })).toEqual(stuck);
  expect(probeKvmSync({ timeoutMs: 1 })).toEqual(stuck);
});

describeWithKvm('where it says yes', () => {
  it('a machine is made, of the same kind', () => {
    const machine = KvmMachine.create({ memoryBytes: 1 << 20 });
    expect(machine.kind).toBe(answer.available ? answer.kind : '');
    expect(machine.info.description).toContain(machine.kind);
    machine.dispose();
  });
});
