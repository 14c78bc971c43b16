import { expectTypeOf } from 'expect-type';
import type { Machine } from '@veridian-os/hal';
import { KvmMachine, probeKvm, type KvmMachineOptions, type KvmProbe } from '@veridian-os/machine-kvm';

expectTypeOf<KvmMachine>().toExtend<Machine>();
expectTypeOf(probeKvm).returns.resolves.toEqualTypeOf<KvmProbe>();
expectTypeOf<KvmMachineOptions['memoryBytes']>().toEqualTypeOf<number | undefined>();

declare const probe: KvmProbe;
// @ts-expect-error there is a kind only where KVM is available
void probe.kind;
// @ts-expect-error a machine is made by its factory
new KvmMachine();
