/** A process of its own, bundled to where no koffi is: says what a probe and a machine find there, as JSON. */
import type { ContextId, Instructions } from '@veridian-os/abi';
import type { Isa } from '@veridian-os/hal';
import { libcProblem } from '@veridian-os/libc';
import { QemuMachine, probeQemu, type QemuMachineOptions } from '@veridian-os/machine-qemu';

const isa = process.argv[2] as Isa;
const refusal = (options: QemuMachineOptions): string => {
  try {
    QemuMachine.create({ isa, ...options }).dispose();
    return '';
  } catch (error) {
    return String(error);
  }
};

const machine = QemuMachine.create({ isa, memoryBytes: 8 * 1024 * 1024, maxContexts: 8 });
const context = machine.contexts.create() as ContextId;
const { kind } = machine.cpus[0].run(context, 1000 as Instructions);
machine.dispose();
const found = { problem: libcProblem(), probe: probeQemu(isa), kind };
const refusals = { cpus: refusal({ cpus: 2 }), mapped: refusal({ sharing: 'mapped' }) };
process.stdout.write(JSON.stringify({ ...found, ...refusals }));
