import { expectTypeOf } from 'expect-type';
import type { Errno, FileStat, Nanoseconds } from '@veridian-os/abi';
import type { Machine } from '@veridian-os/hal';
import {
  createKernel,
  KernelDriver,
  type BootedKernel,
  type Kernel,
  type LimitName,
  type Personality,
  type Process,
  type Service,
  type ServiceSys,
  type TaskMain,
  type TaskStep,
  type WaitResult,
} from '@veridian-os/kernel';

declare const machine: Machine;

expectTypeOf(createKernel).toBeCallableWith({ machine });
expectTypeOf(createKernel).toBeCallableWith({ machine, limits: { instructions: 1 }, seed: 1, record: true });
expectTypeOf<BootedKernel>().toExtend<Kernel>();
expectTypeOf<BootedKernel['launch']>().returns.toEqualTypeOf<Process | Errno>();
expectTypeOf<Kernel['limitHit']>().toEqualTypeOf<LimitName | undefined>();
expectTypeOf(KernelDriver.prototype.run).returns.toEqualTypeOf<Promise<void>>();

// Every request has the type of its own result.
const program: TaskMain = function* program(sys, args) {
  expectTypeOf(sys).toEqualTypeOf<ServiceSys>();
  expectTypeOf(args).toEqualTypeOf<readonly string[]>();
  expectTypeOf(yield* sys.read(0, new Uint8Array(1))).toEqualTypeOf<number>();
  expectTypeOf(yield* sys.pipe()).toEqualTypeOf<readonly [number, number] | Errno>();
  expectTypeOf(yield* sys.getcwd()).toEqualTypeOf<string | Errno>();
  expectTypeOf(yield* sys.wait({})).toEqualTypeOf<WaitResult | Errno>();
  expectTypeOf(yield* sys.now()).toEqualTypeOf<Nanoseconds>();
  expectTypeOf(yield* sys.inspect((kernel) => kernel.hostname)).toEqualTypeOf<string | Errno>();
  expectTypeOf(yield* part(sys)).toEqualTypeOf<string>();
  return 0;
};

function* part(sys: ServiceSys): TaskStep<string> {
  const stat = {} as FileStat;
  return `${yield* sys.stat('/', stat)}`;
}

const service: Service = { name: 'x', main: program, endowment: { files: true, services: ['y'] } };
expectTypeOf(createKernel).toBeCallableWith({ machine, services: [service], programs: { program } });

// @ts-expect-error a program ends with a number
const noStatus: TaskMain = function* noStatus(sys) {
  yield* sys.sleep(1);
};
// @ts-expect-error a machine is needed
createKernel({});
// @ts-expect-error authority is named, and this is no name of one
const wrong: Service = { name: 'x', main: program, endowment: { network: true } };
// @ts-expect-error a personality says what it accepts
const incomplete: Personality = { name: 'x' };
void [noStatus, wrong, incomplete];
