import { expectTypeOf } from 'expect-type';
import type { Errno } from '@veridian-os/abi';
import type { BuddyAllocator } from '@veridian-os/buddy-alloc';
import { SlabAllocator } from '@veridian-os/slab';
import type { ObjectAddress, ObjectAllocator, SlabSource, ObjectCache } from '@veridian-os/slab';

expectTypeOf(SlabAllocator).toBeConstructibleWith({ memory: new ArrayBuffer(4096) });
expectTypeOf(SlabAllocator).toBeConstructibleWith({ memory: new SharedArrayBuffer(4096) });
expectTypeOf<ObjectCache>().toExtend<ObjectAllocator>();
expectTypeOf<BuddyAllocator>().toExtend<SlabSource>();
expectTypeOf<ObjectAllocator['alloc']>().toEqualTypeOf<(cpu?: number, site?: number) => ObjectAddress | Errno>();

declare const cache: ObjectAllocator;
declare const result: ObjectAddress | Errno;

// @ts-expect-error a plain number is no object
cache.free(4096);
// @ts-expect-error an error must be ruled out before the object is freed
cache.free(result);
