import { expectTypeOf } from 'expect-type';
import type { Errno, Frame, Order } from '@veridian-os/abi';
import { BuddyAllocator, type BlockAllocator } from '@veridian-os/buddy-alloc';

expectTypeOf(BuddyAllocator).toBeConstructibleWith({ frameCount: 16 });
expectTypeOf<BuddyAllocator>().toExtend<BlockAllocator>();
expectTypeOf<BlockAllocator['alloc']>().toEqualTypeOf<(order: Order, owner?: number) => Frame | Errno>();

declare const allocator: BlockAllocator;
declare const result: Frame | Errno;

// @ts-expect-error a plain number is no order
allocator.alloc(3);
// @ts-expect-error an error must be ruled out before the block is freed
allocator.free(result, 0 as Order);
