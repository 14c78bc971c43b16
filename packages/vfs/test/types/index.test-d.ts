import { expectTypeOf } from 'expect-type';
import type { Errno, FileSystem, Frame } from '@veridian-os/abi';
import {
  createDevfs,
  createProcfs,
  createTmpfs,
  createVfs,
  type FilePages,
  type OpenFile,
  type Path,
  type PathContext,
  type PipeFile,
  type ProcSource,
  type Vfs,
  type VfsConfig,
} from '@veridian-os/vfs';
import { HeapFrames, RecordingWait, countingClock, fileSystemKit, pipeKit } from '@veridian-os/vfs/testing';

const frames = new HeapFrames(16);
const base = { frames, bytes: frames, wait: new RecordingWait(), now: countingClock() };
expectTypeOf(createVfs).parameter(0).toEqualTypeOf<VfsConfig>();
const vfs = createVfs(base);
expectTypeOf(vfs).toEqualTypeOf<Vfs>();
expectTypeOf(createTmpfs(base)).toEqualTypeOf<FileSystem>();
expectTypeOf(createProcfs).parameter(0).toEqualTypeOf<ProcSource>();

const root = vfs.root();
const context: PathContext = { root, start: root, umask: 0 };
expectTypeOf(vfs.open(context, '/', 0, 0)).toEqualTypeOf<OpenFile | Errno>();
expectTypeOf(vfs.resolve(context, '/', true)).toEqualTypeOf<Path | Errno>();
expectTypeOf(vfs.readlink(context, '/')).toEqualTypeOf<string | Errno>();
expectTypeOf<FilePages['page']>().returns.toEqualTypeOf<Frame | Errno>();
expectTypeOf<PipeFile>().toExtend<OpenFile>();
expectTypeOf(fileSystemKit).parameter(0).toHaveProperty('describe');
expectTypeOf(pipeKit).parameter(1).returns.toHaveProperty('woken');

// @ts-expect-error the result may be an Errno
export const opened: OpenFile = vfs.open(context, '/', 0, 0);
// @ts-expect-error a plain number is not an inode number, nor a Path
vfs.statPath({ mount: 1, ino: 1 }, {});
// @ts-expect-error entropy is not optional
createDevfs(base);
// @ts-expect-error a clock is not optional
createVfs({ frames, bytes: frames, wait: base.wait });
