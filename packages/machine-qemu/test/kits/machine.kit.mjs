/** The kit of every machine on the built package: run under vitest and node:test, where QEMU is. */
import { machineKit } from '@veridian-os/hal/testing';
import { QemuMachine, probeQemu } from '@veridian-os/machine-qemu';

export default function run(runner) {
  const found = probeQemu('riscv64');
  if (!found.ok) {
    runner.describe('machine: qemu-riscv64', () => runner.it(`not run: ${found.reason}`, () => undefined));
    return;
  }
  const create = () => QemuMachine.create({ isa: 'riscv64', memoryBytes: 8 * 1024 * 1024, maxContexts: 100 });
  machineKit(runner, create, { groups: ['traps', 'budgets', 'misuse'] });
}
