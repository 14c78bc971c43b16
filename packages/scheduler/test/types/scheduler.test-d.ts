import { expectTypeOf } from 'expect-type';
import type { CpuId, Nanoseconds, ThreadId } from '@veridian-os/abi';
import type { CpuScheduler, SchedulingClass } from '@veridian-os/scheduler';
import { createScheduler, type Scheduler, type ThreadParameters } from '@veridian-os/scheduler';

expectTypeOf(createScheduler).toBeCallableWith();
expectTypeOf(createScheduler).toBeCallableWith({ cpus: 2, maxThreads: 8 });
expectTypeOf<CpuScheduler>().toExtend<Scheduler>();
expectTypeOf<Scheduler['pick']>().toEqualTypeOf<(cpu: CpuId, now: Nanoseconds) => ThreadId | -1>();
expectTypeOf<SchedulingClass>().toEqualTypeOf<0 | 1 | 2 | 3>();
expectTypeOf<{ class: typeof SchedulingClass.Fair; nice: number }>().toExtend<ThreadParameters>();

declare const scheduler: Scheduler;

// @ts-expect-error a plain number is no time
scheduler.wake(0 as ThreadId, 5);
// @ts-expect-error a class is required
scheduler.addThread(0 as ThreadId, { nice: 3 });
// @ts-expect-error a thread is no CPU
scheduler.current(0 as ThreadId);
