/** Names: what is cached must never differ from what is there. */
import { EEXIST, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, EXDEV, RENAME_EXCHANGE } from '@veridian-os/abi';
import { O_RDONLY } from '../../api.js';
import { createTmpfs } from '../../filesystems/tmpfs.js';
import { createFileStat } from '../../internal/stat.js';
import { alike, same } from './runner.js';
import type { Suite } from './suite.js';

export function nameCases(suite: Suite): void {
  suite.group('names', () => {
    presence(suite);
    moving(suite);
    if (suite.features.symlinks) links(suite);
    limits(suite);
  });
}

function presence(suite: Suite): void {
  suite.test('a name that was looked up in vain is found once it is created', (env) => {
    const out = createFileStat();
    for (const make of [() => env.file('/a'), () => env.mkdir('/a')]) {
      env.fails('stat', ENOENT, () => env.vfs.stat(env.context, '/a', true, out));
      make();
      env.stat('/a');
      if (env.list('/').includes('a') && env.stat('/a').size === 0) {
        env.call(() => env.vfs.unlink(env.context, '/a'));
        env.call(() => env.vfs.rmdir(env.context, '/a'));
      }
    }
  });
  suite.test('create and remove the same name fifty times', (env) => {
    for (let i = 0; i < 50; i++) {
      env.file('/a', `${i}`);
      same(env.contents('/a'), `${i}`, 'contents');
      env.ok('unlink', () => env.vfs.unlink(env.context, '/a'));
      env.fails('open', ENOENT, () => env.vfs.open(env.context, '/a', O_RDONLY, 0));
    }
  });
  suite.test('the same name as file and directory in turn', (env) => {
    for (let i = 0; i < 5; i++) {
      env.file('/a');
      env.fails('below a file', ENOTDIR, () => env.vfs.mkdir(env.context, '/a/b', 0o755));
      env.ok('unlink', () => env.vfs.unlink(env.context, '/a'));
      env.mkdir('/a');
      env.mkdir('/a/b');
      env.ok('rmdir', () => env.vfs.rmdir(env.context, '/a/b'));
      env.ok('rmdir', () => env.vfs.rmdir(env.context, '/a'));
    }
  });
  suite.test('more names than the cache holds', (env) => {
    for (let i = 0; i < 60; i++) env.file(`/f${i}`, `${i}`);
    for (let i = 59; i >= 0; i--) same(env.contents(`/f${i}`), `${i}`, `contents of f${i}`);
    same(env.list('/').length, 60, 'names');
  });
  suite.test('inode numbers tell files apart', (env) => {
    for (let i = 0; i < 20; i++) env.file(`/f${i}`);
    const numbers = env.list('/').map((name) => env.stat(`/${name}`).ino);
    same(new Set(numbers).size, 20, 'distinct inode numbers');
    same(env.stat('/f1').dev, env.stat('/f2').dev, 'one device');
  });
}

function moving(suite: Suite): void {
  suite.test('a rename takes the old name away and replaces the new one', (env) => {
    env.file('/a', 'a');
    env.file('/b', 'b');
    const before = env.stat('/a').ino;
    env.ok('rename', () => env.vfs.rename(env.context, '/a', env.context, '/b', 0));
    alike(env.list('/'), ['b'], 'names');
    same(env.contents('/b'), 'a', 'contents');
    same(env.stat('/b').ino, before, 'inode');
  });
  suite.test('a moved directory takes its children along', (env) => {
    env.mkdir('/a');
    env.mkdir('/a/b');
    env.file('/a/b/c', 'c');
    env.mkdir('/z');
    const inside = env.in('/a/b');
    env.ok('rename', () => env.vfs.rename(env.context, '/a/b', env.context, '/z/y', 0));
    same(env.contents('/z/y/c'), 'c', 'contents');
    env.fails('old path', ENOENT, () => env.vfs.stat(env.context, '/a/b/c', true, createFileStat()));
    same(
      env.ok('name', () => env.vfs.pathName(inside.start)),
      '/mnt/z/y',
      'path of the directory',
    );
    env.file('/z/mark');
    env.ok('..', () => env.vfs.stat(inside, '../mark', true, createFileStat()));
  });
  suite.test('a name missed in a directory is missed there only', (env) => {
    env.mkdir('/a');
    env.mkdir('/b');
    env.file('/a/x', 'x');
    const out = createFileStat();
    env.fails('stat', ENOENT, () => env.vfs.stat(env.context, '/b/x', true, out));
    env.ok('rename', () => env.vfs.rename(env.context, '/a/x', env.context, '/b/x', 0));
    same(env.contents('/b/x'), 'x', 'contents');
    env.fails('stat', ENOENT, () => env.vfs.stat(env.context, '/a/x', true, out));
  });
  suite.test('a directory moved to a name that was missed before stays one directory', (env) => {
    const missing = (name: string): void => {
      env.fails('stat', ENOENT, () => env.vfs.stat(env.context, name, true, createFileStat()));
    };
    missing('/x');
    env.mkdir('/d');
    const inside = env.in('/d');
    env.ok('rename', () => env.vfs.rename(env.context, '/d', env.context, '/x', 0));
    for (let i = 0; i < 60; i++) missing(`/missing${i}`);
    env.ok('rename', () => env.vfs.rename(env.context, '/x', env.context, '/y', 0));
    same(
      env.ok('name', () => env.vfs.pathName(inside.start)),
      '/mnt/y',
      'path of the directory',
    );
    env.file('/y/f', 'f');
    env.ok('seen from inside', () => env.vfs.stat(inside, 'f', true, createFileStat()));
  });
  suite.test('a file renamed over an open one leaves the open one alone', (env) => {
    env.file('/a', 'new');
    env.file('/b', 'old');
    const file = env.open('/b');
    env.ok('rename', () => env.vfs.rename(env.context, '/a', env.context, '/b', 0));
    same(env.text(file), 'old', 'contents of the open file');
    same(env.contents('/b'), 'new', 'contents of the new file');
  });
  suite.test('rename across file systems is EXDEV', (env) => {
    env.file('/a');
    env.mkdir('/other');
    const { wait, now } = env.fixture;
    env.ok('mount', () => env.vfs.mount('/mnt/other', createTmpfs({ wait, now })));
    env.fails('rename', EXDEV, () => env.vfs.rename(env.context, '/a', env.context, '/other/a', 0));
    env.fails('link', EXDEV, () => env.vfs.link(env.context, '/a', env.context, '/other/a', false));
    env.ok('unmount', () => env.vfs.unmount('/mnt/other'));
  });
  if (!suite.features.exchange) return;
  suite.test('exchanged directories take their children along', (env) => {
    env.mkdir('/a');
    env.file('/a/x', 'x');
    env.mkdir('/b');
    env.mkdir('/b/c');
    env.file('/b/c/y', 'y');
    env.ok('rename', () => env.vfs.rename(env.context, '/a', env.context, '/b/c', RENAME_EXCHANGE));
    same(env.contents('/a/y'), 'y', 'contents');
    same(env.contents('/b/c/x'), 'x', 'contents');
    const inside = env.in('/b/c');
    same(
      env.ok('name', () => env.vfs.pathName(inside.start)),
      '/mnt/b/c',
      'path',
    );
  });
}

function links(suite: Suite): void {
  const chain = (length: number) => (env: Parameters<Parameters<Suite['test']>[1]>[0]) => {
    env.file('/end', 'end');
    env.ok('symlink', () => env.vfs.symlink('end', env.context, '/l1'));
    for (let i = 2; i <= length; i++) env.ok('symlink', () => env.vfs.symlink(`l${i - 1}`, env.context, `/l${i}`));
  };
  suite.test('forty links in a row lead somewhere', (env) => {
    chain(40)(env);
    same(env.contents('/l40'), 'end', 'contents');
  });
  suite.test('forty-one are ELOOP', (env) => {
    chain(41)(env);
    env.fails('open', ELOOP, () => env.vfs.open(env.context, '/l41', O_RDONLY, 0));
  });
  suite.test('the same link many times on one path', (env) => {
    env.mkdir('/d');
    env.file('/d/f', 'f');
    env.ok('symlink', () => env.vfs.symlink('.', env.context, '/d/here'));
    same(env.contents('/d/here/here/here/here/here/f'), 'f', 'contents');
  });
  suite.test('an absolute target starts at the root of the context', (env) => {
    env.mkdir('/jail');
    env.mkdir('/jail/etc');
    env.file('/jail/etc/f', 'inside');
    env.mkdir('/etc');
    env.file('/etc/f', 'outside');
    env.ok('symlink', () => env.vfs.symlink('/etc/f', env.context, '/jail/link'));
    const jail = env.in('/jail').start;
    const inside = { root: jail, start: jail, umask: 0 };
    const file = env.open('/link', O_RDONLY, 0, inside);
    same(env.text(file), 'inside', 'contents seen from inside');
    same(env.contents('/jail/link'), 'outside', 'contents seen from outside');
    const up = env.open('../../../etc/f', O_RDONLY, 0, inside);
    same(env.text(up), 'inside', "'..' stops at the root");
  });
  suite.test("'..' after a link to a directory leaves the directory, not the link", (env) => {
    env.mkdir('/a');
    env.mkdir('/a/b');
    env.file('/a/mark', 'a');
    env.file('/mark', 'root');
    env.ok('symlink', () => env.vfs.symlink('/a/b', env.context, '/link'));
    same(env.contents('/link/../mark'), 'a', 'contents');
  });
  suite.test('a link is created where a dangling link points', (env) => {
    env.mkdir('/d');
    env.ok('symlink', () => env.vfs.symlink('d/new', env.context, '/link'));
    env.file('/link', 'through');
    same(env.contents('/d/new'), 'through', 'contents');
    same(
      env.ok('readlink', () => env.vfs.readlink(env.context, '/link')),
      'd/new',
      'target',
    );
  });
}

function limits(suite: Suite): void {
  suite.test('names of 255 bytes exist, of 256 are ENAMETOOLONG, counted in UTF-8', (env) => {
    const long = suite.features.posixNames ? `${'é'.repeat(127)}x` : 'x'.repeat(255);
    env.file(`/${long}`, 'long');
    same(env.contents(`/${long}`), 'long', 'contents');
    alike(env.list('/'), [long], 'names');
    env.fails('mkdir', ENAMETOOLONG, () => env.vfs.mkdir(env.context, `/${'é'.repeat(128)}`, 0o755));
  });
  suite.test('a tree two hundred directories deep', (env) => {
    let path = '';
    for (let i = 0; i < 200; i++) env.mkdir((path += '/d'));
    env.file(`${path}/f`, 'deep');
    same(env.contents(`${path}/f`), 'deep', 'contents');
    const inside = env.in(path);
    same(
      env.ok('name', () => env.vfs.pathName(inside.start)),
      `/mnt${path}`,
      'path',
    );
    env.ok('..', () => env.vfs.stat(inside, '../'.repeat(199), true, createFileStat()));
  });
  if (!suite.features.posixNames) return;
  suite.test('names are any UTF-8, case matters', (env) => {
    const names = ['A', 'a', 'é', 'e\u0301', ' ', '\n', '日本', '🙂', '..a', '...', '-', '\\'];
    for (const name of names) env.file(`/${name}`, name);
    for (const name of names) same(env.contents(`/${name}`), name, `contents of ${JSON.stringify(name)}`);
    alike(env.list('/'), [...names].sort(), 'names');
    env.fails('mkdir', EEXIST, () => env.vfs.mkdir(env.context, '/🙂', 0o755));
  });
}
