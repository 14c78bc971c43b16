/** Nothing outside the folder can be read, changed or waited for. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import {
  EACCES,
  ENOENT,
  EPERM,
  EROFS,
  ESTALE,
  S_IFCHR,
  S_IFIFO,
  S_IFMT,
  type FileSystem,
  type Ino,
} from '@veridian-os/abi';
import { O_CREAT, O_NONBLOCK, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } from '@veridian-os/vfs';
import { bytes, emptyStat, hostFolderPath, textOf, world } from '../helpers/world.js';

/** A folder outside, with one file. */
function outside(): { folder: string; secret: string } {
  const folder = hostFolderPath();
  const secret = join(folder, 'secret');
  writeFileSync(secret, 'secret', { mode: 0o640 });
  return { folder, secret };
}

const intact = (secret: string): void => {
  expect(readFileSync(secret, 'utf8')).toBe('secret');
  expect(statSync(secret).mode & 0o7777).toBe(0o640);
};

test('a symbolic link of the host leads through the guest tree', () => {
  const { folder, context, vfs, stat, read, open } = world();
  const { secret } = outside();
  symlinkSync(secret, join(folder, 'absolute'));
  symlinkSync('../../../../../../../../etc/hostname', join(folder, 'relative'));
  expect(stat('/h/absolute')).toBe('ENOENT');
  expect(stat('/h/relative')).toBe('ENOENT');
  expect(vfs.readlink(context, '/h/absolute')).toBe(secret);
  vfs.mkdir(context, '/etc', 0o755);
  open('/etc/hostname', O_CREAT | O_WRONLY).write(bytes('guest'));
  expect(read('/h/relative')).toBe('guest');
});

test("'..' of the mounted folder is the guest's", () => {
  const { names, stat } = world();
  expect(names('/h/..')).toEqual(['h']);
  expect(stat('/h/../../../etc/passwd')).toBe('ENOENT');
});

test('a file that became a link through another mount of the folder is not followed', () => {
  const { context, vfs, open, stat } = world(['/a', '/b']);
  const { secret } = outside();
  const file = open('/a/f', O_CREAT | O_RDWR);
  file.write(bytes('mine'));
  file.sync();
  const closed = vfs.resolve(context, '/a/f', true);
  expect(vfs.unlink(context, '/b/f')).toBe(0);
  expect(vfs.symlink(secret, context, '/b/f')).toBe(0);
  expect(file.setattr({ mode: 0o777 })).toBe(0);
  expect(file.setattr({ size: 2 })).toBe(0);
  expect(textOf(file)).toBe('mi');
  expect(vfs.setattr(context, '/a/f', true, { size: 0 })).toBe(ENOENT);
  expect(stat('/a/f')).toBe('ENOENT');
  expect(typeof closed).toBe('object');
  intact(secret);
});

/** Calls on inodes that a VFS may still hold after the host's tree has changed. */
const attempts: Record<string, (fs: FileSystem, directory: Ino, file: Ino) => unknown> = {
  lookup: (fs, directory) => fs.lookup(directory, 'secret'),
  'getattr of a file': (fs, _, file) => fs.getattr(file, emptyStat()),
  'getattr of a directory': (fs, directory) => fs.getattr(directory, emptyStat()),
  chmod: (fs, _, file) => fs.setattr(file, { mode: 0o777 }),
  utimes: (fs, _, file) => fs.setattr(file, { mtimeSec: 1, mtimeNsec: 0 }),
  truncate: (fs, _, file) => fs.setattr(file, { size: 0 }),
  'open to write': (fs, _, file) => fs.openSpecial?.(file, O_RDWR),
  'open to read': (fs, _, file) => fs.openSpecial?.(file, O_RDONLY),
  create: (fs, directory) => fs.create(directory, 'new', 0o100644, 0),
  mkdir: (fs, directory) => fs.create(directory, 'new', 0o040755, 0),
  symlink: (fs, directory) => fs.symlink(directory, 'new', 'x'),
  link: (fs, directory, file) => fs.link(directory, 'new', file),
  unlink: (fs, directory) => fs.unlink(directory, 'secret'),
  rename: (fs, directory) => fs.rename(directory, 'secret', fs.root, 'stolen', 0),
  'rename into it': (fs, directory) => fs.rename(fs.root, 'own', directory, 'new', 0),
  readdir: (fs, directory) => fs.readdir(directory, 0, () => true),
};

test.each(Object.keys(attempts))('a directory that became a link to elsewhere: %s', (what) => {
  const { folder, fs } = world();
  const { folder: elsewhere, secret } = outside();
  mkdirSync(join(folder, 'd'));
  writeFileSync(join(folder, 'own'), 'own');
  writeFileSync(join(folder, 'd/secret'), 'decoy!');
  const directory = fs.lookup(fs.root, 'd') as Ino;
  const file = fs.lookup(directory, 'secret') as Ino;
  fs.retain(directory);
  fs.retain(file);
  renameSync(join(folder, 'd'), join(folder, 'moved'));
  symlinkSync(elsewhere, join(folder, 'd'));
  expect(attempts[what](fs, directory, file)).toBe(ESTALE);
  intact(secret);
  expect(existsSync(join(elsewhere, 'new'))).toBe(false);
  expect(readFileSync(join(folder, 'moved/secret'), 'utf8')).toBe('decoy!');
});

test('a FIFO of the host is one between guest programs only, and never waits for the host', () => {
  const { folder, context, vfs, open, stat } = world();
  execFileSync('mkfifo', [join(folder, 'p')]);
  expect((stat('/h/p') as { mode: number }).mode & S_IFMT).toBe(S_IFIFO);
  const pipe = open('/h/p', O_RDWR | O_NONBLOCK);
  expect(pipe.write(bytes('inside'))).toBe(6);
  pipe.release();
  expect(vfs.unlink(context, '/h/p')).toBe(0);
});

const canMakeDevices = process.platform === 'linux' && process.getuid?.() === 0;
(canMakeDevices ? test : test.skip)('a device of the host cannot be opened', () => {
  const { folder, context, vfs, stat } = world();
  try {
    execFileSync('mknod', [join(folder, 'null'), 'c', '1', '3'], { stdio: 'ignore' });
  } catch {
    return; // a container without the right to make devices
  }
  expect((stat('/h/null') as { mode: number }).mode & S_IFMT).toBe(S_IFCHR);
  expect(stat('/h/null')).toMatchObject({ rdev: 0 });
  expect(vfs.open(context, '/h/null', O_RDWR, 0)).toBe(EACCES);
});

test('devices, FIFOs and sockets are not made on the host', () => {
  const { context, vfs, names } = world();
  for (const type of [S_IFCHR, S_IFIFO]) expect(vfs.mknod(context, '/h/n', type | 0o666, 0x103)).toBe(EPERM);
  expect(names('/h')).toEqual([]);
});

test('a read-only folder takes no change', () => {
  const { folder, context, vfs, fs, read } = world(['/h'], { readOnly: true });
  writeFileSync(join(folder, 'f'), 'abc');
  expect(read('/h/f')).toBe('abc');
  expect(vfs.open(context, '/h/f', O_WRONLY, 0)).toBe(EROFS);
  expect(vfs.open(context, '/h/f', O_RDONLY | O_TRUNC, 0)).toBe(EROFS);
  expect(vfs.open(context, '/h/new', O_CREAT | O_WRONLY, 0o666)).toBe(EROFS);
  expect(vfs.unlink(context, '/h/f')).toBe(EROFS);
  const ino = fs.lookup(fs.root, 'f') as Ino;
  expect(fs.setattr(ino, { size: 0 })).toBe(EROFS);
  expect(fs.openSpecial?.(ino, O_RDWR)).toBe(EROFS);
  expect(fs.rename(fs.root, 'f', fs.root, 'g', 0)).toBe(EROFS);
  expect(readFileSync(join(folder, 'f'), 'utf8')).toBe('abc');
});
