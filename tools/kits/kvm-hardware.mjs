/** What tools/kvm-hardware.mjs runs inside its guest: the kit of every machine on KVM. */
import { machineKit } from '@veridian-os/hal/testing';
import { KvmMachine, probeKvmSync } from '@veridian-os/machine-kvm';
import { PrintRunner } from './print-runner.mjs';

console.log(`kvm: ${JSON.stringify(probeKvmSync())}`);
const runner = new PrintRunner();
machineKit(runner, () => KvmMachine.create({ memoryBytes: 8 << 20, maxContexts: 1500 }));
const { passed, failed } = await runner.run(process.argv[2]);
console.log(`kit: ${passed} passed, ${failed} failed`);
process.exit(0);
