/** What tools/kvm-hardware.mjs runs inside its guest: the kit of every machine, on one that uses KVM. */
import { machineKit } from '@veridian-os/hal/testing';
import { KvmMachine, probeKvmSync } from '@veridian-os/machine-kvm';
import { QemuMachine } from '@veridian-os/machine-qemu';
import { reusing } from '@veridian-os/machine-qemu/testing';
import { PrintRunner } from './print-runner.mjs';

const SMALL = { memoryBytes: 8 << 20, maxContexts: 1500 };
/** QEMU in a translated guest: what takes 100 ms elsewhere takes half a minute. */
const HANG_MS = 600_000;

const factories = {
  kvm: () => KvmMachine.create(SMALL),
  qemu: reusing(() => QemuMachine.create({ ...SMALL, isa: 'x86_64', accelerator: 'kvm', hangMs: HANG_MS })),
};

const [machine, part, from] = process.argv.slice(2);
console.log(`kvm: ${JSON.stringify(probeKvmSync())}`);
const runner = new PrintRunner();
machineKit(runner, factories[machine]);
const { passed, failed, of } = await runner.run(part, Number(from));
console.log(`kit: ${passed} passed, ${failed} failed, of ${of}`);
process.exit(0);
