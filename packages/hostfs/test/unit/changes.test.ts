/** What the host changes is seen; what the guest changes arrives. */
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { EACCES, EPERM, type FileStat, type Ino } from '@veridian-os/abi';
import { O_APPEND, O_CREAT, O_RDONLY, O_RDWR, O_WRONLY } from '@veridian-os/vfs';
import { bytes, emptyStat, textOf, world, type World } from '../helpers/world.js';

test('files that the host makes, changes, renames and removes', () => {
  const { folder, read, stat, names } = world();
  expect(stat('/h/f')).toBe('ENOENT');
  writeFileSync(join(folder, 'f'), 'one');
  expect(read('/h/f')).toBe('one');
  writeFileSync(join(folder, 'f'), 'another text');
  expect(read('/h/f')).toBe('another text');
  renameSync(join(folder, 'f'), join(folder, 'g'));
  expect(stat('/h/f')).toBe('ENOENT');
  expect(read('/h/g')).toBe('another text');
  writeFileSync(join(folder, 'new'), 'replaced');
  renameSync(join(folder, 'new'), join(folder, 'g'));
  expect(read('/h/g')).toBe('replaced');
  rmSync(join(folder, 'g'));
  mkdirSync(join(folder, 'g'));
  expect(names('/h')).toEqual(['g']);
  expect(names('/h/g')).toEqual([]);
});

test('an exclusive folder is asked less, and still never confused', () => {
  const { folder, open, read, context, vfs, stat } = world(['/h'], { exclusive: true });
  open('/h/f', O_CREAT | O_WRONLY).write(bytes('mine'));
  const file = open('/h/f');
  unlinkSync(join(folder, 'f'));
  writeFileSync(join(folder, 'f'), 'not mine');
  expect(textOf(file)).toBe('mine');
  expect(vfs.unlink(context, '/h/f')).toBe(0);
  expect(stat('/h/f')).toBe('ENOENT');
  open('/h/f', O_CREAT | O_WRONLY).write(bytes('again'));
  expect(read('/h/f')).toBe('again');
});

test('a reader at the end sees what the host appends', () => {
  const { folder, open } = world();
  writeFileSync(join(folder, 'log'), 'one\n');
  const file = open('/h/log');
  expect(textOf(file, 4)).toBe('');
  writeFileSync(join(folder, 'log'), 'two\n', { flag: 'a' });
  expect(textOf(file, 4)).toBe('two\n');
});

test('an appending guest writes after what the host appended', () => {
  const { folder, open } = world();
  writeFileSync(join(folder, 'log'), 'one\n');
  const file = open('/h/log', O_WRONLY | O_APPEND);
  writeFileSync(join(folder, 'log'), 'two\n', { flag: 'a' });
  expect(file.write(bytes('three\n'))).toBe(6);
  file.release();
  expect(readFileSync(join(folder, 'log'), 'utf8')).toBe('one\ntwo\nthree\n');
});

test('an open file stays the same when the host replaces or removes its name', () => {
  const { folder, open, read } = world();
  for (const name of ['a', 'b']) writeFileSync(join(folder, name), `old ${name}`);
  const [a, b] = [open('/h/a'), open('/h/b')];
  writeFileSync(join(folder, 'new'), 'new a');
  renameSync(join(folder, 'new'), join(folder, 'a'));
  unlinkSync(join(folder, 'b'));
  expect(textOf(a)).toBe('old a');
  expect(textOf(b)).toBe('old b');
  expect(read('/h/a')).toBe('new a');
});

test('a directory is read while its entries vanish', () => {
  const { folder, open } = world();
  for (let i = 0; i < 50; i++) writeFileSync(join(folder, `f${i}`), '');
  const directory = open('/h');
  const seen: string[] = [];
  for (let round = 0; ; round++) {
    const batch: string[] = [];
    directory.readdir((name) => batch.length < 5 && batch.push(name) > 0);
    if (batch.length === 0) break;
    seen.push(...batch);
    // Once by the host: something seen and something not.
    if (round === 2) for (const name of [batch[0], 'f9']) unlinkSync(join(folder, name));
  }
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen).not.toContain('f9');
  for (const name of readdirSync(folder)) expect(seen).toContain(name);
});

test('the number of a removed directory or file is not that of the next', () => {
  const { fs } = world();
  const old = fs.create(fs.root, 'a', 0o040755, 0) as Ino;
  fs.retain(old);
  expect(fs.rmdir(fs.root, 'a')).toBe(0);
  for (let i = 0; i < 20; i++) expect(fs.create(fs.root, `b${i}`, 0o040755, 0)).not.toBe(old);
  const out = emptyStat();
  expect(fs.getattr(old, out)).toBe(0);
  expect(out).toMatchObject({ ino: old, nlink: 0 });
});

test('a hard link outlives the other name, open or not', () => {
  const { folder, context, vfs, open, stat, read } = world();
  writeFileSync(join(folder, 'a'), 'text');
  linkSync(join(folder, 'a'), join(folder, 'b'));
  const file = open('/h/b');
  expect(stat('/h/a')).toMatchObject({ nlink: 2, ino: (stat('/h/b') as FileStat).ino });
  expect(vfs.unlink(context, '/h/a')).toBe(0);
  expect(textOf(file)).toBe('text');
  expect(stat('/h/b')).toMatchObject({ nlink: 1 });
  expect(read('/h/b')).toBe('text');
});

test('names of an exclusive folder that lead to one file go one by one', () => {
  const { folder, context, vfs, read, stat } = world(['/h'], { exclusive: true });
  writeFileSync(join(folder, 'a'), 'text');
  for (const name of ['b', 'c', 'd']) linkSync(join(folder, 'a'), join(folder, name));
  for (const name of ['a', 'b', 'c', 'd']) expect(stat(`/h/${name}`)).toMatchObject({ nlink: 4 });
  expect(vfs.rename(context, '/h/b', context, '/h/e', 0)).toBe(0);
  expect(vfs.unlink(context, '/h/d')).toBe(0);
  expect(read('/h/a')).toBe('text');
  expect(vfs.unlink(context, '/h/a')).toBe(0);
  expect(stat('/h/c')).toMatchObject({ nlink: 2 });
  expect(vfs.unlink(context, '/h/c')).toBe(0);
  expect(read('/h/e')).toBe('text');
});

test.each(['x', 'y'])('of two names of an exclusive folder, %s goes', (removed) => {
  const { folder, context, vfs, read, stat } = world(['/h'], { exclusive: true });
  writeFileSync(join(folder, 'x'), 'text');
  linkSync(join(folder, 'x'), join(folder, 'y'));
  for (const name of ['x', 'y']) expect(stat(`/h/${name}`)).toMatchObject({ nlink: 2 });
  expect(vfs.unlink(context, `/h/${removed}`)).toBe(0);
  expect(read(removed === 'x' ? '/h/y' : '/h/x')).toBe('text');
});

test('one reader of a directory does not disturb another', () => {
  const { folder, open } = world();
  for (let i = 0; i < 30; i++) writeFileSync(join(folder, `f${i}`), '');
  const seen: string[] = [];
  const some = (limit: number) => (name: string) => seen.length < limit && seen.push(name) > 0;
  const first = open('/h');
  first.readdir(some(10));
  unlinkSync(join(folder, seen[3]));
  writeFileSync(join(folder, 'a-new-one'), '');
  open('/h').readdir(() => true);
  first.readdir(some(1000));
  expect(new Set(seen).size).toBe(seen.length);
  for (let i = 0; i < 30; i++) expect(seen).toContain(`f${i}`);
});

const isRoot = process.getuid?.() === 0;

/** Makes hostfs close the descriptors that it can do without. */
function useManyFiles(open: World['open']): void {
  for (let i = 0; i < 70; i++) open(`/h/many${i}`, O_CREAT | O_RDWR).release();
}

/** As a user whom permission bits bind. */
function asOrdinaryUser(folder: string, body: () => void): void {
  chmodSync(folder, 0o777);
  if (isRoot) process.seteuid?.(65534);
  try {
    body();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

test('a file that may not be opened again is written by who made it', () => {
  const { folder, open } = world();
  asOrdinaryUser(folder, () => {
    const made = open('/h/object', O_CREAT | O_WRONLY, 0o444);
    expect(made.write(bytes('read-only'))).toBe(9);
    made.release();
    writeFileSync(join(folder, 'later'), '');
    const changed = open('/h/later', O_WRONLY);
    expect(changed.write(bytes('sealed'))).toBe(6);
    useManyFiles(open);
    expect(changed.setattr({ mode: 0o400 })).toBe(0);
    changed.release();
  });
  expect(readFileSync(join(folder, 'object'), 'utf8')).toBe('read-only');
  expect(statSync(join(folder, 'object')).mode & 0o777).toBe(0o444);
  expect(readFileSync(join(folder, 'later'), 'utf8')).toBe('sealed');
});

test('permissions of the host are checked at open, and its owner may change them', () => {
  const { folder, context, vfs, stat, read } = world();
  asOrdinaryUser(folder, () => {
    writeFileSync(join(folder, 'f'), 'text', { mode: 0o400 });
    expect(vfs.open(context, '/h/f', O_RDWR, 0)).toBe(EACCES);
    expect(read('/h/f')).toBe('text');
    mkdirSync(join(folder, 'closed'), { mode: 0o000 });
    expect(vfs.open(context, '/h/closed/f', O_CREAT | O_WRONLY, 0o666)).toBe(EACCES);
    expect(vfs.setattr(context, '/h/closed', true, { mode: 0o700 })).toBe(0);
    expect(vfs.setattr(context, '/h/f', true, { mode: 0o600 })).toBe(0);
    expect((stat('/h/f') as FileStat).mode & 0o777).toBe(0o600);
    expect(typeof vfs.open(context, '/h/f', O_RDWR, 0)).toBe('object');
  });
});

test("modes are the umask's of the guest, owners are root, times are set", () => {
  const { folder, context, vfs, open, stat } = world();
  open('/h/f', O_CREAT | O_WRONLY, 0o777).release();
  vfs.mkdir(context, '/h/d', 0o1777);
  expect(statSync(join(folder, 'f')).mode & 0o7777).toBe(0o755);
  expect(stat('/h/f')).toMatchObject({ uid: 0, gid: 0 });
  expect(vfs.setattr(context, '/h/f', true, { uid: 1000 })).toBe(EPERM);
  expect(vfs.setattr(context, '/h/f', true, { uid: 0, gid: 0 })).toBe(0);
  for (const name of ['f', 'd']) {
    expect(vfs.setattr(context, `/h/${name}`, true, { mode: 0o4700 })).toBe(0);
    // Set-user-ID would be for the host's users to run: it stays away.
    expect(statSync(join(folder, name)).mode & 0o7777).toBe(0o700);
    const times = { atimeSec: 1_000_000_001, atimeNsec: 0, mtimeSec: 1_000_000_002, mtimeNsec: 500_000_000 };
    expect(vfs.setattr(context, `/h/${name}`, true, times)).toBe(0);
    expect(stat(`/h/${name}`)).toMatchObject(times);
  }
  vfs.symlink('nowhere', context, '/h/l');
  expect(vfs.setattr(context, '/h/l', false, { mtimeSec: 7, mtimeNsec: 0 })).toBe(0);
  expect(lstatSync(join(folder, 'l')).mtimeMs).toBe(7000);
});

test('offsets beyond 4 GiB', () => {
  const { folder, open } = world();
  const far = 5 * 2 ** 30 + 123;
  const file = open('/h/sparse', O_CREAT | O_RDWR);
  expect(file.write(bytes('far away'), far)).toBe(8);
  expect(file.sync()).toBe(0);
  expect(statSync(join(folder, 'sparse')).size).toBe(far + 8);
  expect(textOf(open('/h/sparse', O_RDONLY), far)).toBe('far away');
  expect(file.setattr({ size: 2 ** 32 + 1 })).toBe(0);
  expect(statSync(join(folder, 'sparse')).size).toBe(2 ** 32 + 1);
});

test('more open files than descriptors are kept', () => {
  const { folder, context, vfs, open } = world();
  const files = Array.from({ length: 150 }, (_, i) => open(`/h/f${i}`, O_CREAT | O_RDWR));
  files.forEach((file, i) => file.write(bytes(`text ${i}`)));
  for (let i = 0; i < 150; i += 2) expect(vfs.unlink(context, `/h/f${i}`)).toBe(0);
  files.forEach((file, i) => {
    expect(file.sync()).toBe(0);
    expect(textOf(file)).toBe(`text ${i}`);
  });
  files.forEach((file) => file.release());
  expect(readFileSync(join(folder, 'f149'), 'utf8')).toBe('text 149');
});

test('an unlinked file can be read whenever it was opened', () => {
  const { folder, context, vfs, open } = world();
  for (const name of ['a', 'b']) writeFileSync(join(folder, name), `contents of ${name}`);
  const a = open('/h/a');
  useManyFiles(open); // the descriptor is closed before the name goes
  expect(vfs.unlink(context, '/h/a')).toBe(0);
  const b = open('/h/b');
  expect(vfs.unlink(context, '/h/b')).toBe(0);
  useManyFiles(open); // and would be closed after it
  expect(textOf(a)).toBe('contents of a');
  expect(textOf(b)).toBe('contents of b');
});

const open = (): number => readdirSync('/proc/self/fd').length;
(process.platform === 'linux' ? test : test.skip)('no descriptor of the host is left behind', () => {
  const before = open();
  const w = world();
  for (let i = 0; i < 100; i++) {
    const file = w.open(`/h/f${i}`, O_CREAT | O_RDWR);
    file.write(bytes('x'));
    file.release();
    expect(w.vfs.unlink(w.context, `/h/f${i}`)).toBe(0);
  }
  expect(w.vfs.unmount('/h')).toBe(0);
  expect(open()).toBe(before);
});
