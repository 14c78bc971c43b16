import { expect, test } from '@jest/globals';
import {
  EAGAIN,
  EEXIST,
  EINVAL,
  ENOSPC,
  ENOTDIR,
  ENXIO,
  POLLIN,
  S_IFBLK,
  S_IFCHR,
  S_IFMT,
  S_IFREG,
  type SpecialFile,
  type WaitQueueId,
} from '@veridian-os/abi';
import { O_RDWR, O_WRONLY, createDevfs } from '../../src/index.js';
import { readText, text, world } from '../helpers/world.js';

function withDevices() {
  const base = world();
  const devfs = createDevfs({ ...base, entropy: (into) => into.fill(0x5a) });
  base.mount('/dev', devfs);
  return { ...base, devfs };
}

test('null swallows and is empty, zero and full read zeroes, full refuses', () => {
  const { open } = withDevices();
  expect(open('/dev/null', O_RDWR).write(text('gone'))).toBe(4);
  expect(readText(open('/dev/null'))).toBe('');
  expect(readText(open('/dev/zero'), 3)).toBe('\0\0\0');
  expect(readText(open('/dev/full'), 2)).toBe('\0\0');
  expect(open('/dev/full', O_WRONLY).write(text('x'))).toBe(ENOSPC);
});

test('random and urandom come from the given entropy', () => {
  const { open } = withDevices();
  expect(readText(open('/dev/random'), 2)).toBe('ZZ');
  expect(readText(open('/dev/urandom'), 2)).toBe('ZZ');
  expect(open('/dev/urandom', O_WRONLY).write(text('seed'))).toBe(4);
});

test("nodes have Linux's numbers and O_TRUNC leaves them alone", () => {
  const { stat, open } = withDevices();
  expect(stat('/dev/null')).toMatchObject({ mode: S_IFCHR | 0o666, rdev: 0x103 });
  expect(stat('/dev/urandom')).toMatchObject({ rdev: 0x109 });
  open('/dev/null', O_WRONLY | 0o1000).release();
  expect(stat('/dev/null')).toMatchObject({ rdev: 0x103 });
});

test('stdin, stdout, stderr and fd are links into /proc/self', () => {
  const { vfs, context } = withDevices();
  expect(vfs.readlink(context, '/dev/stdin')).toBe('/proc/self/fd/0');
  expect(vfs.readlink(context, '/dev/stdout')).toBe('/proc/self/fd/1');
  expect(vfs.readlink(context, '/dev/stderr')).toBe('/proc/self/fd/2');
  expect(vfs.readlink(context, '/dev/fd')).toBe('/proc/self/fd');
});

test('a registered device is opened each time, with the flags, and closed', () => {
  const { devfs, open, stat } = withDevices();
  const log: string[] = [];
  const opener = (flags: number): SpecialFile => {
    log.push(`open ${flags}`);
    return {
      waitQueue: 77 as WaitQueueId,
      seekable: false,
      read: () => EAGAIN,
      write: (from) => from.length,
      poll: () => POLLIN,
      ioctl: (request) => request + 1,
      close: () => log.push('close'),
    };
  };
  expect(devfs.register('pts/0', S_IFCHR | 0o620, 0x8800, opener)).toBe(0);
  expect(stat('/dev/pts/0')).toMatchObject({ mode: S_IFCHR | 0o620, rdev: 0x8800 });
  const file = open('/dev/pts/0', O_RDWR);
  expect(file).toMatchObject({ kind: 'special', waitQueue: 77, seekable: false, name: '/dev/pts/0' });
  expect(file.read([new Uint8Array(1)])).toBe(EAGAIN);
  expect(file.poll()).toBe(POLLIN);
  expect(file.ioctl(41, new Uint8Array(0))).toBe(42);
  file.retain();
  file.release();
  expect(log).toEqual([`open ${O_RDWR}`]);
  file.release();
  expect(log).toEqual([`open ${O_RDWR}`, 'close']);
});

test('register refuses what cannot be', () => {
  const { devfs } = withDevices();
  const open = () => ENXIO;
  expect(devfs.register('null', S_IFCHR, 0x999, open)).toBe(EEXIST);
  expect(devfs.register('other', S_IFCHR, 0x103, open)).toBe(EEXIST);
  expect(devfs.register('block', S_IFBLK, 0x103, open)).toBe(0);
  expect(devfs.register('x', S_IFREG, 0x998, open)).toBe(EINVAL);
  expect(devfs.register('', S_IFCHR, 0x998, open)).toBe(EINVAL);
  expect(devfs.register('a//b', S_IFCHR, 0x998, open)).toBe(EINVAL);
  expect(devfs.register('null/b', S_IFCHR, 0x998, open)).toBe(ENOTDIR);
});

test('a device node elsewhere opens through openDevice, or not at all', () => {
  const { vfs, context } = withDevices();
  expect(vfs.mknod(context, '/mynull', S_IFCHR | 0o666, 0x103)).toBe(0);
  expect(vfs.open(context, '/mynull', O_RDWR, 0)).toBe(ENXIO);

  const base = world({ openDevice: (mode, rdev, flags) => devfs.openDevice(mode, rdev, flags) });
  const devfs = createDevfs({ ...base, entropy: () => {} });
  expect(base.vfs.mknod(base.context, '/myzero', S_IFCHR | 0o666, 0x105)).toBe(0);
  expect(readText(base.open('/myzero'), 1)).toBe('\0');
  expect(base.vfs.mknod(base.context, '/nothing', S_IFCHR | 0o666, 0x777)).toBe(0);
  expect(base.vfs.open(base.context, '/nothing', 0, 0)).toBe(ENXIO);
});

test('a devfs is otherwise a tmpfs', () => {
  const { vfs, context, open, stat } = withDevices();
  expect(vfs.mkdir(context, '/dev/shm', 0o777)).toBe(0);
  const file = open('/dev/shm/x', 0o102);
  expect(file.write(text('shared'))).toBe(6);
  expect(stat('/dev/shm/x')).toMatchObject({ size: 6 });
  expect((stat('/dev/shm') as { mode: number }).mode & S_IFMT).toBe(0o040000);
  expect(vfs.mounts()[1]).toMatchObject({ path: '/dev', type: 'devtmpfs' });
});
