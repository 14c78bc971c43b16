/** Modes, owners, times, device numbers, and what else stat shows. */
import {
  EOPNOTSUPP,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
  type FileStat,
} from '@veridian-os/abi';
import { O_CREAT, O_RDONLY, O_RDWR } from '../../api.js';
import { createFileSystemStat } from '../../internal/stat.js';
import { holds, same } from './runner.js';
import type { Suite } from './suite.js';

const mtime = (stat: FileStat): number => stat.mtimeSec * 1e9 + stat.mtimeNsec;
const ctime = (stat: FileStat): number => stat.ctimeSec * 1e9 + stat.ctimeNsec;

export function attributeCases(suite: Suite): void {
  suite.group('attributes', () => {
    types(suite);
    if (suite.features.modes) modes(suite);
    if (suite.features.times) times(suite);
  });
}

function types(suite: Suite): void {
  suite.test('types and sizes', (env) => {
    env.file('/f', 'abc');
    env.mkdir('/d');
    same(env.stat('/f').mode & S_IFMT, S_IFREG, 'type of a file');
    same(env.stat('/f').size, 3, 'size of a file');
    same(env.stat('/d').mode & S_IFMT, S_IFDIR, 'type of a directory');
    if (!suite.features.symlinks) return;
    env.ok('symlink', () => env.vfs.symlink('some/where', env.context, '/l'));
    same(env.stat('/l', false).mode & S_IFMT, S_IFLNK, 'type of a link');
    same(env.stat('/l', false).size, 10, 'size of a link');
  });
  suite.test('statfs says what it is', (env) => {
    const out = createFileSystemStat();
    env.ok('statfs', () => env.vfs.statfs(env.context, '/', out));
    holds(out.type > 0 && out.blockSize > 0 && out.nameMax >= 255, `statfs gave ${JSON.stringify(out)}`);
    holds(out.blocksFree <= out.blocks && out.filesFree <= out.files, 'more free than there is');
  });
  if (!suite.features.nodes) return;
  suite.test('device nodes keep their number, others have none', (env) => {
    for (const [type, rdev] of [
      [S_IFCHR, 0x0103],
      [S_IFIFO, 0],
      [S_IFSOCK, 0],
      [S_IFREG, 0],
    ] as const) {
      env.ok('mknod', () => env.vfs.mknod(env.context, `/n${type}`, type | 0o640, 0x0103));
      const stat = env.stat(`/n${type}`);
      same(stat.mode & S_IFMT, type, 'type');
      same(stat.rdev, rdev, 'device number');
    }
  });
}

function modes(suite: Suite): void {
  suite.test('the umask takes bits away at creation', (env) => {
    const strict = { ...env.context, umask: 0o077 };
    env.open('/f', O_CREAT | O_RDWR, 0o666, strict);
    env.ok('mkdir', () => env.vfs.mkdir(strict, '/d', 0o777));
    same(env.stat('/f').mode & 0o7777, 0o600, 'mode of the file');
    same(env.stat('/d').mode & 0o7777, 0o700, 'mode of the directory');
    env.open('/f', O_CREAT | O_RDWR, 0o777, env.context);
    same(env.stat('/f').mode & 0o7777, 0o600, 'mode after opening it again');
  });
  suite.test('chmod changes permission bits only', (env) => {
    env.file('/f', 'abc');
    env.ok('chmod', () => env.vfs.setattr(env.context, '/f', true, { mode: 0o4711 }));
    same(env.stat('/f').mode, S_IFREG | 0o4711, 'mode');
    env.ok('fchmod', () => env.open('/f', O_RDONLY).setattr({ mode: 0o600 | S_IFDIR }));
    same(env.stat('/f').mode, S_IFREG | 0o600, 'mode');
    same(env.contents('/f'), 'abc', 'contents');
    if (!suite.features.symlinks) return;
    env.ok('symlink', () => env.vfs.symlink('f', env.context, '/l'));
    env.fails('chmod of a link', EOPNOTSUPP, () => env.vfs.setattr(env.context, '/l', false, { mode: 0o600 }));
    env.ok('chmod through a link', () => env.vfs.setattr(env.context, '/l', true, { mode: 0o640 }));
    same(env.stat('/f').mode & 0o7777, 0o640, 'mode');
  });
  suite.test('chown sets each owner alone', (env) => {
    env.file('/f');
    env.ok('chown', () => env.vfs.setattr(env.context, '/f', true, { uid: 1000 }));
    env.ok('chown', () => env.vfs.setattr(env.context, '/f', true, { gid: 70000 }));
    same(env.stat('/f').uid, 1000, 'uid');
    same(env.stat('/f').gid, 70000, 'gid');
  });
}

function times(suite: Suite): void {
  suite.test('times are kept to the nanosecond', (env) => {
    env.file('/f');
    const change = { atimeSec: 1, atimeNsec: 999_999_999, mtimeSec: 2 ** 33, mtimeNsec: 1 };
    env.ok('utimens', () => env.vfs.setattr(env.context, '/f', true, change));
    const stat = env.stat('/f');
    for (const [key, value] of Object.entries(change)) same(stat[key as keyof FileStat], value, key);
  });
  suite.test('a write changes mtime, a read does not', (env) => {
    const file = env.open('/f', O_CREAT | O_RDWR);
    const before = mtime(env.fileStat(file));
    env.write(file, 'x');
    const after = mtime(env.fileStat(file));
    holds(after > before, 'mtime after a write');
    env.read(file, 1, 0);
    same(mtime(env.fileStat(file)), after, 'mtime after a read');
    env.ok('truncate', () => file.setattr({ size: 0 }));
    holds(mtime(env.fileStat(file)) > after, 'mtime after a truncation');
  });
  suite.test('times set after writing stay when the file is closed', (env) => {
    const file = env.open('/f', O_CREAT | O_RDWR);
    env.write(file, 'x'.repeat(9000));
    env.ok('futimens', () => file.setattr({ mtimeSec: 1234, mtimeNsec: 5 }));
    env.drop(file);
    env.ok('sync', () => env.vfs.sync());
    same(mtime(env.stat('/f')), 1234e9 + 5, 'mtime');
  });
  suite.test('a directory changes with its names', (env) => {
    env.mkdir('/d');
    env.mkdir('/e');
    let last = mtime(env.stat('/d'));
    const changed = (what: string): void => {
      const now = mtime(env.stat('/d'));
      holds(now > last, `mtime of the directory after ${what}`);
      last = now;
    };
    env.file('/d/f');
    changed('create');
    env.ok('rename', () => env.vfs.rename(env.context, '/d/f', env.context, '/d/g', 0));
    changed('rename');
    env.ok('rename', () => env.vfs.rename(env.context, '/d/g', env.context, '/e/g', 0));
    changed('a move away');
    env.ok('rename', () => env.vfs.rename(env.context, '/e/g', env.context, '/d/g', 0));
    changed('a move back');
    env.ok('unlink', () => env.vfs.unlink(env.context, '/d/g'));
    changed('unlink');
    env.stat('/d');
    same(mtime(env.stat('/d')), last, 'mtime without a change');
  });
  suite.test('ctime follows attributes and links', (env) => {
    env.file('/f');
    const before = env.stat('/f');
    env.ok('chmod', () => env.vfs.setattr(env.context, '/f', true, { mode: 0o600 }));
    const after = env.stat('/f');
    holds(ctime(after) > ctime(before), 'ctime after chmod');
    same(mtime(after), mtime(before), 'mtime after chmod');
    if (!suite.features.hardLinks) return;
    env.ok('link', () => env.vfs.link(env.context, '/f', env.context, '/g', false));
    holds(ctime(env.stat('/f')) > ctime(after), 'ctime after link');
  });
}
