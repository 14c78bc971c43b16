/** The FileSystem interface itself, called as a VFS calls it. */
import {
  EEXIST,
  EINVAL,
  EISDIR,
  ENOENT,
  ENOTDIR,
  ENOTEMPTY,
  EPERM,
  RENAME_NOREPLACE,
  S_IFDIR,
  S_IFMT,
  S_IFREG,
  type Ino,
} from '@veridian-os/abi';
import { createFileStat } from '../../internal/stat.js';
import type { KitEnv } from './env.js';
import { alike, holds, same } from './runner.js';
import type { Suite } from './suite.js';

function tree(env: KitEnv): { root: Ino; file: Ino; directory: Ino; inner: Ino } {
  const { fs } = env;
  const { root } = fs;
  const file = env.ok('create', () => fs.create(root, 'file', S_IFREG | 0o644, 0));
  const directory = env.ok('create', () => fs.create(root, 'dir', S_IFDIR | 0o755, 0));
  const inner = env.ok('create', () => fs.create(directory, 'inner', S_IFDIR | 0o755, 0));
  return { root, file, directory, inner };
}

export function contractCases(suite: Suite): void {
  suite.group('the interface', () => {
    refusals(suite);
    suite.test('lookup gives what create gave', (env) => {
      const { root, file, directory, inner } = tree(env);
      same(
        env.ok('lookup', () => env.fs.lookup(root, 'file')),
        file,
        'file',
      );
      same(
        env.ok('lookup', () => env.fs.lookup(root, 'dir')),
        directory,
        'directory',
      );
      same(
        env.ok('lookup', () => env.fs.lookup(directory, 'inner')),
        inner,
        'inner directory',
      );
    });
    suite.test('getattr of the root', (env) => {
      const out = createFileStat();
      env.ok('getattr', () => env.fs.getattr(env.fs.root, out));
      same(out.mode & S_IFMT, S_IFDIR, 'type');
      same(out.ino, env.fs.root, 'inode');
    });
    suite.test('readdir goes on at the cursor it gave', (env) => {
      const { root } = tree(env);
      const all: [string, number][] = [];
      env.ok('readdir', () => env.fs.readdir(root, 0, (name, _ino, _mode, next) => all.push([name, next]) > 0));
      alike(all.map(([name]) => name).sort(), ['dir', 'file'], 'names');
      all.forEach(([, next], i) => {
        const rest: string[] = [];
        env.ok('readdir', () => env.fs.readdir(root, next, (name) => rest.push(name) > 0));
        alike(
          rest,
          all.slice(i + 1).map(([name]) => name),
          `names after cursor ${next}`,
        );
      });
    });
    suite.test('a retained inode outlives its name', (env) => {
      const { root, file } = tree(env);
      const out = createFileStat();
      env.fs.retain(file);
      env.ok('unlink', () => env.fs.unlink(root, 'file'));
      env.ok('getattr', () => env.fs.getattr(file, out));
      same(out.nlink, 0, 'links');
      env.fs.release(file);
    });
  });
}

function refusals(suite: Suite): void {
  suite.test('refusals leave everything as it was', (env) => {
    const { fs } = env;
    const { root, file, directory, inner } = tree(env);
    env.fails('lookup of nothing', ENOENT, () => fs.lookup(root, 'none'));
    env.fails('lookup in a file', ENOTDIR, () => fs.lookup(file, 'x'));
    env.fails('create twice', EEXIST, () => fs.create(root, 'file', S_IFREG, 0));
    env.fails('create in a file', ENOTDIR, () => fs.create(file, 'x', S_IFREG, 0));
    holds(env.call(() => fs.create(root, 'x', 0o644, 0)) < 0, 'create without a type');
    env.fails('unlink of nothing', ENOENT, () => fs.unlink(root, 'none'));
    env.fails('unlink of a directory', EISDIR, () => fs.unlink(root, 'dir'));
    env.fails('rmdir of nothing', ENOENT, () => fs.rmdir(root, 'none'));
    env.fails('rmdir of a file', ENOTDIR, () => fs.rmdir(root, 'file'));
    env.fails('rmdir of a full directory', ENOTEMPTY, () => fs.rmdir(root, 'dir'));
    env.fails('readlink of a file', EINVAL, () => fs.readlink(file));
    env.fails('readdir of a file', ENOTDIR, () => fs.readdir(file, 0, () => true));
    env.fails('rename of nothing', ENOENT, () => fs.rename(root, 'none', root, 'x', 0));
    env.fails('rename into itself', EINVAL, () => fs.rename(root, 'dir', directory, 'x', 0));
    env.fails('rename below itself', EINVAL, () => fs.rename(root, 'dir', inner, 'x', 0));
    env.fails('rename over its parent', ENOTEMPTY, () => fs.rename(directory, 'inner', root, 'dir', 0));
    env.fails('rename over something', EEXIST, () => fs.rename(root, 'file', root, 'dir', RENAME_NOREPLACE));
    env.fails('file over directory', EISDIR, () => fs.rename(root, 'file', directory, 'inner', 0));
    env.fails('directory over file', ENOTDIR, () => fs.rename(directory, 'inner', root, 'file', 0));
    if (suite.features.hardLinks) {
      env.fails('link to a directory', EPERM, () => fs.link(root, 'x', directory));
      env.fails('link over something', EEXIST, () => fs.link(root, 'dir', file));
    }
    alike(env.list('/'), ['dir', 'file'], 'names');
    alike(env.list('/dir'), ['inner'], 'names');
  });
}
