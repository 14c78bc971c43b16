/** readdir: order, offsets, and directories that change while they are read. */
import { ENOENT, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '@veridian-os/abi';
import { O_DIRECTORY, O_RDONLY, type OpenFile } from '../../api.js';
import { createFileStat } from '../../internal/stat.js';
import type { KitEnv } from './env.js';
import { alike, holds, same } from './runner.js';
import type { Suite } from './suite.js';

const fill = (env: KitEnv, count: number): string[] => {
  const names = Array.from({ length: count }, (_, i) => `f${i}`);
  for (const name of names) env.file(`/${name}`);
  return names;
};
const unlink = (env: KitEnv, name: string): void => {
  env.ok(`unlink ${name}`, () => env.vfs.unlink(env.context, `/${name}`));
};
const openRoot = (env: KitEnv): OpenFile => env.open('/', O_RDONLY | O_DIRECTORY);

export function directoryCases(suite: Suite): void {
  suite.group('directories', () => {
    listing(suite);
    changing(suite);
    removed(suite);
  });
}

function listing(suite: Suite): void {
  suite.test('an empty directory has . and ..', (env) => {
    env.mkdir('/d');
    alike(env.entries(env.open('/d', O_RDONLY)), ['.', '..'], 'entries');
  });
  suite.test('entries carry type and inode number', (env) => {
    env.mkdir('/d');
    env.mkdir('/d/dir');
    env.file('/d/file');
    if (suite.features.symlinks) env.ok('symlink', () => env.vfs.symlink('x', env.context, '/d/link'));
    const kinds: Record<string, number> = { '.': S_IFDIR, '..': S_IFDIR, dir: S_IFDIR, file: S_IFREG, link: S_IFLNK };
    const directory = env.open('/d', O_RDONLY);
    env.ok('readdir', () =>
      directory.readdir((name, ino, mode) => {
        same(mode & S_IFMT, kinds[name] ?? -1, `type of ${name}`);
        same(ino, env.stat(`/d/${name}`, false).ino, `inode of ${name}`);
        return true;
      }),
    );
  });
  for (const count of [1, 2, 30, 31, 32, 33, 300]) {
    suite.test(`${count} entries, each once, however few at a time`, (env) => {
      const names = fill(env, count);
      for (const chunk of [1, 2, 31, 1000]) {
        const seen = env.entries(openRoot(env), chunk).slice(2);
        alike(seen.sort(), [...names].sort(), `entries, ${chunk} at a time`);
      }
    });
  }
  suite.test('an offset leads back to where it was taken', (env) => {
    fill(env, 40);
    const directory = openRoot(env);
    const seen: [number, string][] = [];
    env.ok('readdir', () =>
      directory.readdir((name, _ino, _mode, next) => {
        seen.push([next, name]);
        return true;
      }),
    );
    seen.forEach(([next], i) => {
      directory.seek(next, 0);
      same(env.some(directory, 1)[0], seen[i + 1]?.[1], `entry after offset ${next}`);
    });
    directory.seek(0, 0);
    same(env.some(directory, 1)[0], '.', 'first entry after rewinding');
  });
  suite.test('an entry that the sink refuses comes again', (env) => {
    fill(env, 3);
    const directory = openRoot(env);
    env.some(directory, 3);
    env.ok('readdir', () => directory.readdir(() => false));
    same(env.entries(directory).length, 2, 'entries left');
  });
}

function changing(suite: Suite): void {
  for (const count of [1, 10, 100, 300]) {
    for (const chunk of [1, 3, 64]) {
      suite.test(`removing ${count} entries while reading ${chunk} at a time removes all`, (env) => {
        fill(env, count);
        const directory = openRoot(env);
        for (let batch = env.some(directory, chunk); batch.length > 0; batch = env.some(directory, chunk)) {
          for (const name of batch) if (name.startsWith('f')) unlink(env, name);
        }
        alike(env.list('/'), [], 'names left');
      });
    }
  }
  suite.test('what stays is seen exactly once, whatever comes and goes', (env) => {
    const names = fill(env, 120);
    const staying = names.filter((_name, i) => i % 3 === 0);
    const directory = openRoot(env);
    const seen: string[] = [];
    let round = 0;
    for (let batch = env.some(directory, 5); batch.length > 0; batch = env.some(directory, 5)) {
      seen.push(...batch.filter((name) => staying.includes(name)));
      const victim = names[(round * 7) % names.length];
      if (!staying.includes(victim)) env.call(() => env.vfs.unlink(env.context, `/${victim}`));
      if (round < 20) env.file(`/new${round}`);
      holds(round++ < 1000, 'the directory never ends');
    }
    alike(seen.sort(), [...staying].sort(), 'entries that stayed');
  });
  suite.test('an entry created before the end is reached may be seen once, after rewinding surely', (env) => {
    fill(env, 10);
    const directory = openRoot(env);
    env.some(directory, 5);
    env.file('/late');
    holds(env.entries(directory).filter((name) => name === 'late').length <= 1, 'seen more than once');
    directory.seek(0, 0);
    same(env.entries(directory).filter((name) => name === 'late').length, 1, 'seen after rewinding');
  });
}

function removed(suite: Suite): void {
  suite.test('a removed directory that is open or in use is empty and takes nothing', (env) => {
    env.mkdir('/d');
    const inside = env.in('/d');
    const directory = env.open('/d', O_RDONLY);
    env.ok('rmdir', () => env.vfs.rmdir(env.context, '/d'));
    env.fails('readdir', ENOENT, () => directory.readdir(() => true));
    env.fails('create', ENOENT, () => env.vfs.mknod(inside, 'x', 0o644, 0));
    env.fails('mkdir', ENOENT, () => env.vfs.mkdir(inside, 'x', 0o755));
    env.fails('getcwd', ENOENT, () => env.vfs.pathName(inside.start));
    env.ok('stat .', () => env.vfs.stat(inside, '.', true, createFileStat()));
    env.ok('stat ..', () => env.vfs.stat(inside, '..', true, createFileStat()));
    env.mkdir('/d');
    env.fails('still gone', ENOENT, () => env.vfs.mknod(inside, 'x', 0o644, 0));
  });
  suite.test('a directory replaced by a rename is removed', (env) => {
    env.mkdir('/a');
    env.mkdir('/b');
    const inside = env.in('/b');
    env.ok('rename', () => env.vfs.rename(env.context, '/a', env.context, '/b', 0));
    env.fails('create', ENOENT, () => env.vfs.mknod(inside, 'x', 0o644, 0));
    env.file('/b/x');
    alike(env.list('/b'), ['x'], 'names');
  });
}
