import { expectTypeOf } from 'expect-type';
import type { Machine } from '@veridian-os/hal';
import { QemuMachine, probeQemu, type QemuProbe } from '@veridian-os/machine-qemu';

expectTypeOf<QemuMachine>().toExtend<Machine>();
expectTypeOf(probeQemu).returns.toEqualTypeOf<QemuProbe>();
const found = probeQemu('riscv64');
if (found.ok) expectTypeOf(found.version).toEqualTypeOf<string>();
else expectTypeOf(found.reason).toEqualTypeOf<string>();

// @ts-expect-error no such architecture
QemuMachine.create({ isa: 'mips' });
// @ts-expect-error made by create
new QemuMachine();
