import { expect, test } from '@jest/globals';
import {
  EBADF,
  EINVAL,
  ENOTDIR,
  ENOTTY,
  ENXIO,
  ESPIPE,
  POLLIN,
  POLLOUT,
  S_IFMT,
  S_IFSOCK,
  isKernelPanic,
  type SpecialFile,
} from '@veridian-os/abi';
import {
  O_APPEND,
  O_CREAT,
  O_EXCL,
  O_PATH,
  O_RDWR,
  O_TRUNC,
  O_WRONLY,
  createFileStat,
  createVfs,
  type OpenFile,
} from '../../src/index.js';
import { parts } from '../helpers/fixtures.js';
import { readText, text, world } from '../helpers/world.js';

test('O_PATH names a place and opens nothing', () => {
  const { open, vfs, context } = world();
  open('/f', O_CREAT | O_RDWR).write(text('abc'));
  const path = open('/f', O_PATH | O_RDWR);
  expect(path).toMatchObject({ kind: 'path', readable: false, writable: false });
  expect(readText(path)).toBe(EBADF);
  expect(path.write(text('x'))).toBe(EBADF);
  expect(path.setattr({ mode: 0 })).toBe(EBADF);
  expect(path.seek(0, 0)).toBe(EBADF);
  expect(path.readdir(() => true)).toBe(EBADF);
  expect(path.ioctl(0, new Uint8Array(4))).toBe(EBADF);
  expect(path.sync()).toBe(EBADF);
  expect(path.pages()).toBeUndefined();
  const out = createFileStat();
  expect(path.stat(out)).toBe(0);
  expect(out.size).toBe(3);
  const directory = open('/', O_PATH);
  if (directory.path === undefined) throw new Error('no path');
  expect(typeof vfs.open({ ...context, start: directory.path }, 'f', 0, 0)).toBe('object');
});

test('names start where the context says: a file is no directory', () => {
  const { open, vfs, context } = world();
  const file = open('/f', O_CREAT | O_RDWR);
  if (file.path === undefined) throw new Error('no path');
  expect(vfs.open({ ...context, start: file.path }, 'x', 0, 0)).toBe(ENOTDIR);
  expect(typeof vfs.open({ ...context, start: file.path }, '/f', 0, 0)).toBe('object');
});

test('flags that only matter while opening are not kept', () => {
  const { open } = world();
  const file = open('/f', O_CREAT | O_EXCL | O_TRUNC | O_APPEND | O_RDWR);
  expect(file.flags).toBe(O_APPEND | O_RDWR);
  expect(file.poll()).toBe(POLLIN | POLLOUT);
  expect(file.connected).toBe(true);
});

test('F_SETFL may switch O_APPEND', () => {
  const { open } = world();
  const file = open('/f', O_CREAT | O_RDWR);
  file.write(text('abc'));
  file.seek(0, 0);
  file.flags |= O_APPEND;
  file.write(text('d'));
  expect(readText(file, 10, 0)).toBe('abcd');
});

test('FIONREAD of a regular file', () => {
  const { open } = world();
  const file = open('/f', O_CREAT | O_RDWR);
  file.write([new Uint8Array(1000)]);
  file.seek(300, 0);
  const out = new Uint8Array(4);
  expect(file.ioctl(0x541b, out)).toBe(0);
  expect(new DataView(out.buffer).getInt32(0, true)).toBe(700);
  expect(file.ioctl(0x541b, new Uint8Array(3))).toBe(ENOTTY);
  expect(file.ioctl(1, out)).toBe(ENOTTY);
});

test('references beyond the last are a panic', () => {
  const { open } = world();
  const file = open('/f', O_CREAT | O_RDWR);
  file.release();
  for (const misuse of [() => file.release(), () => file.retain()]) {
    let caught: unknown;
    try {
      misuse();
    } catch (error) {
      caught = error;
    }
    expect(isKernelPanic(caught)).toBe(true);
  }
});

test('a socket in the tree cannot be opened', () => {
  const { vfs, context } = world();
  expect(vfs.mknod(context, '/s', S_IFSOCK | 0o600, 0)).toBe(0);
  expect(vfs.open(context, '/s', O_RDWR, 0)).toBe(ENXIO);
});

class Counter implements SpecialFile {
  readonly seekable: boolean;
  readonly waitQueue = 5 as SpecialFile['waitQueue'];
  closed = 0;
  positions: number[] = [];
  constructor(seekable: boolean) {
    this.seekable = seekable;
  }
  read(_into: readonly Uint8Array[], position: number): number {
    this.positions.push(position);
    return 10;
  }
  write(_from: readonly Uint8Array[], position: number): number {
    this.positions.push(position);
    return 5;
  }
  poll(): number {
    return POLLOUT;
  }
  close(): void {
    this.closed++;
  }
}

test('a wrapped special file: stat, access mode, positions', () => {
  const { vfs } = world();
  const plain = new Counter(false);
  const file = vfs.openSpecial(plain, O_RDWR, 'anon_inode:[eventfd]');
  expect(file).toMatchObject({ kind: 'special', name: 'anon_inode:[eventfd]', seekable: false, waitQueue: 5 });
  expect([file.read([]), file.write([]), file.offset]).toEqual([10, 5, 0]);
  expect(file.read([], 0)).toBe(ESPIPE);
  expect(file.write([], 0)).toBe(ESPIPE);
  expect(file.seek(0, 0)).toBe(ESPIPE);
  expect(file.ioctl(1, new Uint8Array(1))).toBe(ENOTTY);
  expect(file.poll()).toBe(POLLOUT);
  const out = createFileStat();
  expect(file.stat(out)).toBe(0);
  expect([out.mode, out.nlink]).toEqual([0o600, 1]);
  expect(file.setattr({ mode: 0o640 })).toBe(0);
  file.stat(out);
  expect(out.mode & ~S_IFMT).toBe(0o640);
  file.release();
  expect(plain.closed).toBe(1);

  const seekable = new Counter(true);
  const other = vfs.openSpecial(seekable, O_RDWR, 'x', 0o020600);
  other.read([]);
  other.write([]);
  other.read([], 3);
  expect(seekable.positions).toEqual([0, 10, 3]);
  expect(other.seek(-5, 1)).toBe(10);
  expect(other.seek(-50, 1)).toBe(EINVAL);
  const reader = vfs.openSpecial(new Counter(true), 0, 'x');
  expect(reader.write([])).toBe(EBADF);
  expect(vfs.openSpecial(new Counter(true), O_WRONLY, 'x').read([])).toBe(EBADF);
});

test('pipes have names, numbers and capacities, and leave nothing behind', () => {
  const base = parts();
  const vfs = createVfs(base);
  const queues = base.wait.live.size;
  const ends = vfs.pipe(0, 100) as [OpenFile, OpenFile];
  expect(ends[0].name).toMatch(/^pipe:\[\d+\]$/);
  expect(ends[0].name).toBe(ends[1].name);
  const out = createFileStat();
  ends[0].stat(out);
  expect(out.mode).toBe(0o010600);
  for (const end of ends) end.release();
  expect(base.wait.live.size).toBe(queues);
  expect(vfs.pipe(0, 0)).toBe(EINVAL);
  expect(vfs.pipe(0, 1 << 30)).toBe(-1);
});

test('a NUL in a name or target is EINVAL', () => {
  const { vfs, context } = world();
  expect(vfs.open(context, 'a\0b', O_CREAT, 0o666)).toBe(EINVAL);
  expect(vfs.mkdir(context, '/a\0', 0o755)).toBe(EINVAL);
  expect(vfs.symlink('a\0b', context, 'l')).toBe(EINVAL);
});
