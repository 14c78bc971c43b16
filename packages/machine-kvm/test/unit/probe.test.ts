/** The probe answers whatever the host is, in time, and agrees with the machine. */
import { expect, it } from '@jest/globals';
import { KvmMachine, probeKvm, probeKvmSync } from '@veridian-os/machine-kvm';
import { libc, type Libc } from '@veridian-os/libc';
import { KVM } from '../../src/internal/kvm-abi.js';
import { KvmVm } from '../../src/internal/vm.js';
import { answer, describeWithKvm } from '../helpers/rig.js';

const EINTR = -4;

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
  it('a signal in the middle of making the virtual machine only makes it take longer', () => {
    const calls = libc();
    let interruptions = 3;
    const interrupted: Libc = {
      ...calls,
      ioctl: (fd, request, argument) =>
        request === KVM.CREATE_VM && interruptions-- > 0 ? EINTR : calls.ioctl(fd, request, argument),
    };
    new KvmVm(interrupted).close();
    expect(interruptions).toBe(-1);
  });

  it('a machine is made, of the same kind', () => {
    const machine = KvmMachine.create({ memoryBytes: 1 << 20 });
    expect(machine.kind).toBe(answer.available ? answer.kind : '');
    expect(machine.info.description).toContain(machine.kind);
    machine.dispose();
  });
});
