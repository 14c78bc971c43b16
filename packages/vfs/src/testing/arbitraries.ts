/** Random inputs: names, paths, sequences of file-system calls, sequences of pipe calls. */
import { RENAME_EXCHANGE, RENAME_NOREPLACE } from '@veridian-os/abi';
import * as fc from 'fast-check';
import {
  O_APPEND,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_PATH,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  O_WRONLY,
} from '../api.js';

/** One call of a sequence; slots are open descriptions, numbered from 0. */
export type FileSystemStep =
  | { readonly op: 'open'; readonly slot: number; readonly path: string; readonly flags: number }
  | { readonly op: 'close' | 'fsync' | 'fstat'; readonly slot: number }
  | { readonly op: 'read'; readonly slot: number; readonly length: number; readonly position: number | undefined }
  | {
      readonly op: 'write';
      readonly slot: number;
      readonly length: number;
      readonly position: number | undefined;
      readonly seed: number;
    }
  | { readonly op: 'seek'; readonly slot: number; readonly offset: number; readonly whence: number }
  | { readonly op: 'ftruncate'; readonly slot: number; readonly size: number }
  | { readonly op: 'store'; readonly slot: number; readonly position: number; readonly value: number }
  | { readonly op: 'truncate'; readonly path: string; readonly size: number }
  | {
      readonly op: 'mkdir' | 'rmdir' | 'unlink' | 'stat' | 'lstat' | 'list' | 'readlink';
      readonly path: string;
    }
  | { readonly op: 'rename'; readonly path: string; readonly to: string; readonly flags: number }
  | { readonly op: 'link'; readonly path: string; readonly to: string; readonly follow: boolean }
  | { readonly op: 'symlink'; readonly target: string; readonly path: string }
  | { readonly op: 'sync' };

/** Open descriptions that a sequence uses at the same time. */
export const SLOTS = 4;

/** A component that is likely to exist: one of a few letters, '.' or '..'. */
export const components: fc.Arbitrary<string> = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom('a', 'b', 'c', 'd') },
  { weight: 1, arbitrary: fc.constantFrom('.', '..') },
);

/** A short path, absolute or relative, sometimes with slashes at its end or doubled. */
export const paths: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom('', '', '/'),
    fc.array(components, { minLength: 1, maxLength: 4 }),
    fc.constantFrom('/', '/', '/', '//'),
    fc.constantFrom('', '', '', '', '', '/'),
  )
  .map(([start, names, separator, end]) => `${start}${names.join(separator)}${end}`);

const slot = fc.nat({ max: SLOTS - 1 });
/** Around the edges of pages, up to a few of them. */
const sizes = fc.oneof(fc.nat({ max: 20 }), fc.constantFrom(4095, 4096, 4097, 8192, 12288), fc.nat({ max: 30_000 }));
const position = fc.oneof(fc.constant(undefined), sizes);
const openFlags = fc
  .tuple(
    fc.constantFrom(O_RDONLY, O_WRONLY, O_RDWR, O_RDWR, O_RDWR),
    fc.constantFrom(0, O_CREAT, O_CREAT, O_CREAT, O_CREAT | O_EXCL),
    fc.constantFrom(0, 0, 0, O_TRUNC),
    fc.constantFrom(0, 0, 0, O_APPEND),
    fc.constantFrom(0, 0, 0, 0, 0, O_NOFOLLOW, O_DIRECTORY, O_PATH),
  )
  .map((flags) => flags.reduce((all, flag) => all | flag, 0));

const onPath = (...ops: ('mkdir' | 'rmdir' | 'unlink' | 'stat' | 'lstat' | 'list' | 'readlink')[]) =>
  fc.record({ op: fc.constantFrom(...ops), path: paths });

const oneStep: fc.Arbitrary<FileSystemStep> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ op: fc.constant('open' as const), slot, path: paths, flags: openFlags }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constantFrom('close' as const, 'fsync', 'fstat'), slot }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('read' as const), slot, length: sizes, position }) },
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant('write' as const),
      slot,
      length: sizes,
      position,
      seed: fc.nat({ max: 250 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('seek' as const),
      slot,
      offset: fc.integer({ min: -5000, max: 20_000 }),
      whence: fc.nat({ max: 2 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('ftruncate' as const), slot, size: sizes }) },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant('store' as const), slot, position: sizes, value: fc.nat({ max: 255 }) }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('truncate' as const), path: paths, size: sizes }) },
  { weight: 8, arbitrary: onPath('mkdir', 'mkdir', 'rmdir', 'unlink', 'unlink') },
  { weight: 4, arbitrary: onPath('stat', 'lstat', 'list', 'readlink') },
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant('rename' as const),
      path: paths,
      to: paths,
      flags: fc.constantFrom(0, 0, 0, RENAME_NOREPLACE, RENAME_EXCHANGE),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ op: fc.constant('link' as const), path: paths, to: paths, follow: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('symlink' as const), target: paths, path: paths }) },
  { weight: 1, arbitrary: fc.constant({ op: 'sync' as const }) },
);

/** Sequences of calls on a small tree with several open files. */
export const fileSystemSteps: fc.Arbitrary<FileSystemStep[]> = fc.array(oneStep, {
  minLength: 1,
  maxLength: 120,
  size: 'max',
});

/** One call on a pipe. */
export interface PipeStep {
  readonly kind: 'read' | 'write';
  readonly length: number;
}

/** Sequences of reads and writes around the limits of a 64 KiB pipe. */
export const pipeSteps: fc.Arbitrary<PipeStep[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('read' as const, 'write' as const),
    length: fc.oneof(fc.nat({ max: 100 }), fc.constantFrom(4095, 4096, 4097, 65535, 65536), fc.nat({ max: 70_000 })),
  }),
  { maxLength: 40 },
);
