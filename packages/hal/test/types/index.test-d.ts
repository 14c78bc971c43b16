import { expectTypeOf } from 'expect-type';
import type { ContextId, CpuId, Instructions } from '@veridian-os/abi';
import type { Access, FaultKind } from '@veridian-os/hal';
import {
  TrapKind,
  describeHardware,
  parseFdt,
  type Cpu,
  type FdtError,
  type FdtTree,
  type HardwareDescription,
  type Machine,
  type Trap,
} from '@veridian-os/hal';
import {
  buildFdt,
  machineKit,
  pageEdits,
  relaxedMachine,
  seededBugs,
  straightLineProgram,
  type PageEdit,
  type ProgramStep,
} from '@veridian-os/hal/testing';
import type { Arbitrary } from 'fast-check';

expectTypeOf<Cpu['run']>().toEqualTypeOf<(context: ContextId, budget: Instructions) => Trap>();
expectTypeOf<Machine['next']>().returns.toEqualTypeOf<CpuId | -1>();
declare const machine: Machine;
// @ts-expect-error a context is not a CPU
machine.start(0 as ContextId, 0 as ContextId, 1 as Instructions);
// @ts-expect-error a plain number is no budget
machine.cpus[0].run(0 as ContextId, 1000);
// @ts-expect-error the kernel reads the trap record, the machine writes it
machine.cpus[0].trap.kind = TrapKind.Halt;

// A switch over all ways back is exhaustive.
function name(kind: TrapKind): string {
  switch (kind) {
    case TrapKind.Budget:
    case TrapKind.Syscall:
    case TrapKind.Fault:
    case TrapKind.Breakpoint:
    case TrapKind.Interrupt:
    case TrapKind.Idle:
    case TrapKind.Halt:
      return 'known';
  }
}
expectTypeOf(name).returns.toBeString();
expectTypeOf<FaultKind>().toEqualTypeOf<0 | 1 | 2 | 3 | 4 | 5 | 6>();
expectTypeOf<Access>().toEqualTypeOf<0 | 1 | 2>();

const tree = parseFdt(new Uint8Array(0));
expectTypeOf(tree).toEqualTypeOf<FdtTree | FdtError>();
if (!tree.ok) expectTypeOf(tree.offset).toBeNumber();
expectTypeOf(describeHardware).returns.toEqualTypeOf<HardwareDescription>();

const runner = { describe: (_: string, body: () => void) => body(), it: (_: string, body: () => void) => body() };
expectTypeOf(machineKit).toBeCallableWith(runner, () => machine, { groups: ['mmu'] });
// @ts-expect-error groups are known by name
machineKit(runner, () => machine, { groups: ['nonsense'] });
expectTypeOf(seededBugs()[0].plant(machine)).toEqualTypeOf<Machine>();
expectTypeOf(relaxedMachine).returns.toEqualTypeOf<Machine>();
expectTypeOf(buildFdt({})).toExtend<Uint8Array>();
expectTypeOf(pageEdits).returns.toEqualTypeOf<Arbitrary<PageEdit[]>>();
expectTypeOf(straightLineProgram).returns.toEqualTypeOf<Arbitrary<ProgramStep[]>>();
