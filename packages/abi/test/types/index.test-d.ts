import { expectTypeOf } from 'expect-type';
import {
  ENOMEM,
  createMmuEdits,
  isErrno,
  isKernelPanic,
  panic,
  type Asid,
  type ContextId,
  type CpuId,
  type Errno,
  type Frame,
  type FrameSource,
  type Ino,
  type Instructions,
  type KernelPanic,
  type MmuEdits,
  type Nanoseconds,
  type Order,
  type PhysAddr,
  type ProcessId,
  type ThreadId,
  type VirtAddr,
  type WaitQueueId,
} from '@veridian-os/abi';
import { createFramePool, frameSourceKit } from '@veridian-os/abi/testing';

// Every brand is a number, no number is a brand, and no brand is another one.
type Brands = {
  PhysAddr: PhysAddr;
  VirtAddr: VirtAddr;
  Frame: Frame;
  Order: Order;
  Asid: Asid;
  ContextId: ContextId;
  CpuId: CpuId;
  Instructions: Instructions;
  Nanoseconds: Nanoseconds;
  ThreadId: ThreadId;
  ProcessId: ProcessId;
  WaitQueueId: WaitQueueId;
  Ino: Ino;
  Errno: Errno;
};
type Assignable<From, To> = From extends To ? true : false;
/** Names of brands that a value of another brand could be passed for. */
type Confusable = {
  [A in keyof Brands]: {
    [B in Exclude<keyof Brands, A>]: Assignable<Brands[A], Brands[B]> extends true ? A : never;
  }[Exclude<keyof Brands, A>];
}[keyof Brands];
expectTypeOf<Confusable>().toBeNever();
expectTypeOf<Brands[keyof Brands]>().toExtend<number>();
expectTypeOf<number extends Brands[keyof Brands] ? true : false>().toEqualTypeOf<false>();

// A result is narrowed by isErrno.
declare const frames: FrameSource;
const frame = frames.alloc();
expectTypeOf(frame).toEqualTypeOf<Frame | Errno>();
if (isErrno(frame)) expectTypeOf(frame).toExtend<Errno>();
else frames.release(frame);
// @ts-expect-error an error must be ruled out first
frames.release(frame);
// @ts-expect-error a plain number is no frame
frames.release(3);
// @ts-expect-error an address is no frame
frames.release(0 as PhysAddr);

expectTypeOf(ENOMEM).toEqualTypeOf<Errno>();
expectTypeOf(panic).returns.toBeNever();
declare const error: unknown;
if (isKernelPanic(error)) expectTypeOf(error).toEqualTypeOf<KernelPanic>();

expectTypeOf(createMmuEdits(1)).toEqualTypeOf<MmuEdits>();
// @ts-expect-error the capacity is fixed
createMmuEdits(1).capacity = 2;

expectTypeOf(createFramePool(1)).toExtend<FrameSource>();
expectTypeOf(frameSourceKit).returns.toBeVoid();
