import { expectTypeOf } from 'expect-type';
import type { Errno } from '@veridian-os/abi';
import type { CapabilitySystem } from '@veridian-os/capabilities';
import { createCapabilityTable, type CapabilityTable, type ObjectId, type SpaceId } from '@veridian-os/capabilities';

expectTypeOf(createCapabilityTable).toBeCallableWith();
expectTypeOf(createCapabilityTable).toBeCallableWith({ capacity: 16, spaces: 2, generations: 8 });
expectTypeOf<CapabilitySystem>().toExtend<CapabilityTable>();
expectTypeOf<CapabilityTable['createSpace']>().toEqualTypeOf<(maxSlots: number) => SpaceId | Errno>();
expectTypeOf<ReturnType<CapabilityTable['lookup']>>().toEqualTypeOf<ObjectId | Errno>();
expectTypeOf<ReturnType<CapabilityTable['delete']>>().toEqualTypeOf<0 | Errno>();

declare const table: CapabilityTable;

// @ts-expect-error a token has two words
table.delete(0, 1);
// @ts-expect-error tokens are read-only
table.tokenLo = 3;
// @ts-expect-error no such option
createCapabilityTable({ slots: 3 });
