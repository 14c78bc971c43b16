/** The kit of every machine on the built KVM one, where KVM runs: under vitest and node:test. */
import { machineKit } from '@veridian-os/hal/testing';
import { KvmMachine } from '@veridian-os/machine-kvm';
import { kvmForTests } from '@veridian-os/machine-kvm/testing';

export default function run(runner) {
  const answer = kvmForTests((line) => console.log(line));
  if (answer.available) machineKit(runner, () => KvmMachine.create({ memoryBytes: 8 << 20, maxContexts: 1500 }));
  else runner.describe('machine: kvm', () => runner.it(`not here: ${answer.problem}`, () => undefined));
}
