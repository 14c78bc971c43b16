import { expectTypeOf } from 'expect-type';
import type { Errno, ThreadId } from '@veridian-os/abi';
import type { IpcSystem } from '@veridian-os/ipc';
import { createIpc, type Ipc, type MessageCarrier } from '@veridian-os/ipc';

expectTypeOf(createIpc).toBeCallableWith();
expectTypeOf(createIpc).toBeCallableWith({ maxThreads: 1, carrier: undefined });
expectTypeOf<IpcSystem>().toExtend<Ipc>();
expectTypeOf<Ipc['takeRunnable']>().toEqualTypeOf<() => ThreadId | -1>();
expectTypeOf<Ipc['cancel']>().toEqualTypeOf<(thread: ThreadId, reason: Errno) => boolean>();
expectTypeOf<MessageCarrier['transferCaps']>().parameters.toEqualTypeOf<[ThreadId, ThreadId, number]>();

declare const ipc: Ipc;

// @ts-expect-error a plain number is no thread
ipc.recv(3, 0, true);
// @ts-expect-error a reason is an errno
ipc.cancel(0 as ThreadId, 0);
// @ts-expect-error the arrays stay, their contents change
ipc.records.label = new Int32Array(4);
