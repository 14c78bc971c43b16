import { expect, test } from '@jest/globals';
import { EBUSY, EINVAL, ENOENT, ENOTDIR, WOULD_BLOCK, isKernelPanic } from '@veridian-os/abi';
import { O_CREAT, O_RDWR, createTmpfs, createVfs, type OpenFile, type Path } from '../../src/index.js';
import { createDiskFs, createSlowFs } from '../../src/testing.js';
import { parts } from '../helpers/fixtures.js';
import { names, readText, text, world } from '../helpers/world.js';

test('the root comes first, and once', () => {
  const base = parts();
  const vfs = createVfs(base);
  expect(vfs.mount('/mnt', createTmpfs(base))).toBe(ENOENT);
  let caught: unknown;
  try {
    vfs.root();
  } catch (error) {
    caught = error;
  }
  expect(isKernelPanic(caught)).toBe(true);
  expect(vfs.mount('/', createTmpfs(base))).toBe(0);
  expect(vfs.mount('/', createTmpfs(base))).toBe(EBUSY);
  expect(vfs.unmount('/')).toBe(EINVAL);
});

test('mounts need a directory; their options show', () => {
  const { vfs, context, mount, open, wait, now } = world();
  open('/file', O_CREAT | O_RDWR).release();
  expect(vfs.mount('/file', createTmpfs({ wait, now }))).toBe(ENOTDIR);
  expect(vfs.mount('/none', createTmpfs({ wait, now }))).toBe(ENOENT);
  mount('/ro', createTmpfs({ wait, now }), { readOnly: true, source: 'disk0' });
  expect(vfs.mounts()).toEqual([
    { path: '/', type: 'tmpfs', source: 'tmpfs', readOnly: false },
    { path: '/ro', type: 'tmpfs', source: 'disk0', readOnly: true },
  ]);
  expect(vfs.unmount('/file')).toBe(EINVAL);
  expect(vfs.rmdir(context, '/ro')).toBe(EBUSY);
  expect(vfs.rename(context, '/ro', context, '/rw', 0)).toBe(EBUSY);
});

test("'..' leaves a mount and names show the whole path", () => {
  const { vfs, context, mount, open, wait, now } = world();
  mount('/a', createTmpfs({ wait, now }));
  mount('/a/b', createTmpfs({ wait, now }));
  open('/a/mark', O_CREAT | O_RDWR).write(text('a'));
  vfs.mkdir(context, '/a/b/c', 0o755);
  const start = vfs.resolve(context, '/a/b/c', true) as Path;
  expect(vfs.pathName(start)).toBe('/a/b/c');
  const file = vfs.open({ ...context, start }, '../../mark', 0, 0) as OpenFile;
  expect(readText(file)).toBe('a');
  expect(file.name).toBe('/a/mark');
  const up = vfs.resolve({ ...context, start }, '../../../../..', true) as Path;
  expect(vfs.pathName(up)).toBe('/');
});

test('a mount hides what was there, stacks, and comes off in order', () => {
  const { vfs, context, mount, open, stat, wait, now } = world();
  vfs.mkdir(context, '/m', 0o755);
  open('/m/under', O_CREAT).release();
  mount('/m', createTmpfs({ wait, now }));
  expect(stat('/m/under')).toBe(ENOENT);
  open('/m/first', O_CREAT).release();
  mount('/m', createTmpfs({ wait, now }));
  expect(names(open('/m'))).toEqual(['.', '..']);
  expect(vfs.unmount('/m')).toBe(EBUSY);
});

test('unmounting one of two on the same directory uncovers the other', () => {
  const { vfs, mount, open, wait, now } = world();
  mount('/m', createTmpfs({ wait, now }));
  open('/m/first', O_CREAT).release();
  mount('/m', createTmpfs({ wait, now }));
  expect(vfs.unmount('/m')).toBe(0);
  const directory = open('/m');
  expect(names(directory)).toEqual(['.', '..', 'first']);
  directory.release();
  expect(vfs.unmount('/m')).toBe(0);
});

test('one file system in two places is one file system', () => {
  const { vfs, context, mount, open, wait, now, frames } = world();
  const shared = createTmpfs({ wait, now });
  mount('/one', shared);
  mount('/two', shared, { readOnly: true });
  const file = open('/one/f', O_CREAT | O_RDWR);
  file.write(text('x'.repeat(5000)));
  const other = open('/two/f');
  expect(readText(other, 3)).toBe('xxx');
  expect(other.name).toBe('/two/f');
  expect(vfs.unlink(context, '/two/f')).toBe(-30);
  file.release();
  expect(vfs.unmount('/one')).toBe(0);
  expect(readText(other, 3)).toBe('xxx');
  other.release();
  expect(frames.usedFrames).toBe(2);
  expect(vfs.unmount('/two')).toBe(0);
  expect(frames.usedFrames).toBe(0);
});

test('unmounting writes back and waits for it', () => {
  const { vfs, mount, open, ...base } = world();
  const disk = createDiskFs(base);
  const fs = createSlowFs(disk, { wait: base.wait, slow: ['writePage'] });
  mount('/disk', fs);
  const file = open('/disk/f', O_CREAT | O_RDWR);
  file.write(text('kept'));
  file.release();
  expect(vfs.unmount('/disk')).toBe(WOULD_BLOCK);
  expect(vfs.blockedOn).toBe(fs.ioQueue);
  fs.completeAll();
  expect(vfs.unmount('/disk')).toBe(0);
  expect([...disk.store.values()].map((pages) => pages.size)).toEqual([1]);
  expect(base.frames.usedFrames).toBe(0);
});

test('a directory that is open keeps its mount busy, and readdir shows the parent above the mount', () => {
  const { vfs, mount, open, stat, wait, now } = world();
  mount('/m', createTmpfs({ wait, now }));
  const directory = open('/m');
  expect(vfs.unmount('/m')).toBe(EBUSY);
  const numbers = new Map<string, number>();
  directory.readdir((name, ino) => numbers.set(name, ino).size > 0);
  expect(numbers.get('..')).toBe((stat('/') as { ino: number }).ino);
  directory.release();
  expect(vfs.unmount('/m')).toBe(0);
});

test('cache sizes out of range are RangeErrors', () => {
  for (const bad of [0, 15, 1.5, NaN, 2 ** 31]) {
    expect(() => createVfs({ ...parts(), cachePages: bad })).toThrow(RangeError);
    expect(() => createVfs({ ...parts(), cacheNames: bad })).toThrow(RangeError);
  }
});
