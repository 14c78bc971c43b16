/** A process of its own that has a machine: prints QEMU's process id, then waits to be killed. */
import type { Isa } from '@veridian-os/hal';
import { QemuMachine, type QemuMachineOptions } from '@veridian-os/machine-qemu';

const [isa, sharing] = process.argv.slice(2) as [Isa, QemuMachineOptions['sharing']];
const machine = QemuMachine.create({ isa, sharing, memoryBytes: 4 * 1024 * 1024, maxContexts: 8 });
process.stdout.write(`${machine.pid}\n`);
setInterval(() => machine.clock.now(), 1000);
