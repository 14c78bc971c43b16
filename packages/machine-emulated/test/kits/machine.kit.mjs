/** The kit of every machine on the built emulated one: run under vitest, node:test and in the browser. */
import { machineKit } from '@veridian-os/hal/testing';
import { EmulatedMachine } from '@veridian-os/machine-emulated';

export default function run(runner) {
  machineKit(runner, () => EmulatedMachine.create({ memoryBytes: 16 * 1024 * 1024, maxContexts: 1500 }));
}
