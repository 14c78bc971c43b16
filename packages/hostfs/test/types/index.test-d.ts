import { expectTypeOf } from 'expect-type';
import type { FileSystem, FrameBytes, WaitPort } from '@veridian-os/abi';
import { createHostfs, hostFolder, type HostFileSystem, type HostfsOptions } from '@veridian-os/hostfs';
import { temporaryFolder, type TemporaryFolder } from '@veridian-os/hostfs/testing';

declare const bytes: FrameBytes;
declare const wait: WaitPort;

expectTypeOf(createHostfs({ folder: '.', bytes, wait })).toEqualTypeOf<HostFileSystem>();
expectTypeOf<HostfsOptions['readOnly']>().toEqualTypeOf<boolean | undefined>();
// @ts-expect-error the folder is required
createHostfs({ bytes, wait });

// A kernel has more than the mount needs.
const kernel = { memory: { bytes, totalFrames: 1 }, waits: wait, launch: () => 0 };
expectTypeOf(hostFolder('./src', { readOnly: true })(kernel)).toEqualTypeOf<FileSystem>();
// @ts-expect-error options have no other fields
hostFolder('./src', { readonly: true });

expectTypeOf(temporaryFolder()).toEqualTypeOf<TemporaryFolder>();
