import { expectTypeOf } from 'expect-type';
import { libc, libcProblem, MappedMemory, type Libc } from '@veridian-os/libc';

expectTypeOf(libc).returns.toEqualTypeOf<Libc>();
expectTypeOf(libcProblem).returns.toEqualTypeOf<string | undefined>();
expectTypeOf<MappedMemory['windows']>().toEqualTypeOf<readonly ArrayBuffer[]>();

// @ts-expect-error structures go through ioctlBytes
libc().ioctl(0, 0, new Uint8Array(8));
// @ts-expect-error memory is made by its factories
new MappedMemory();
