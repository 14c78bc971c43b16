/** Link counts, and what two names of one file share. */
import { ENOENT, RENAME_EXCHANGE } from '@veridian-os/abi';
import { O_RDONLY } from '../../api.js';
import type { KitEnv } from './env.js';
import { same } from './runner.js';
import type { Suite } from './suite.js';

const counts = (env: KitEnv, expected: Record<string, number>): void => {
  for (const [name, links] of Object.entries(expected)) same(env.stat(name, false).nlink, links, `links of ${name}`);
};
const rename = (env: KitEnv, from: string, to: string, flags = 0): void => {
  env.ok(`rename ${from} ${to}`, () => env.vfs.rename(env.context, from, env.context, to, flags));
};
const link = (env: KitEnv, from: string, to: string): void => {
  env.ok(`link ${from} ${to}`, () => env.vfs.link(env.context, from, env.context, to, false));
};
const unlink = (env: KitEnv, name: string): void => {
  env.ok(`unlink ${name}`, () => env.vfs.unlink(env.context, name));
};

export function linkCases(suite: Suite): void {
  suite.group('links', () => {
    if (suite.features.linkCounts) directoryCounts(suite);
    if (suite.features.hardLinks) hardLinks(suite);
  });
}

function directoryCounts(suite: Suite): void {
  suite.test('a directory has two links and one per subdirectory', (env) => {
    env.mkdir('/d');
    env.file('/d/f');
    counts(env, { '/d': 2, '/': 3, '/d/f': 1 });
    env.mkdir('/d/s');
    env.mkdir('/d/t');
    counts(env, { '/d': 4, '/': 3 });
    env.ok('rmdir', () => env.vfs.rmdir(env.context, '/d/s'));
    counts(env, { '/d': 3 });
  });
  suite.test('moving a directory moves its link', (env) => {
    for (const name of ['/a', '/b', '/a/s']) env.mkdir(name);
    rename(env, '/a/s', '/b/s');
    counts(env, { '/a': 2, '/b': 3, '/b/s': 2 });
    rename(env, '/b/s', '/b/t');
    counts(env, { '/b': 3 });
  });
  suite.test('a directory renamed over an empty one replaces its link', (env) => {
    for (const name of ['/a', '/b', '/a/s', '/b/t']) env.mkdir(name);
    rename(env, '/a/s', '/b/t');
    counts(env, { '/a': 2, '/b': 3 });
  });
  if (!suite.features.exchange) return;
  suite.test('exchanging a directory and a file moves one link', (env) => {
    for (const name of ['/a', '/b', '/a/s']) env.mkdir(name);
    env.file('/b/f');
    rename(env, '/a/s', '/b/f', RENAME_EXCHANGE);
    counts(env, { '/a': 2, '/b': 3, '/b/f': 2, '/a/s': 1 });
    rename(env, '/a/s', '/b/f', RENAME_EXCHANGE);
    counts(env, { '/a': 3, '/b': 2 });
  });
  suite.test('exchanging two directories changes no count', (env) => {
    for (const name of ['/a', '/b', '/a/s', '/b/t', '/b/t/u']) env.mkdir(name);
    rename(env, '/a/s', '/b/t', RENAME_EXCHANGE);
    counts(env, { '/a': 3, '/b': 3, '/a/s': 3, '/b/t': 2 });
  });
}

function hardLinks(suite: Suite): void {
  suite.test('two names, one file', (env) => {
    env.file('/a', 'one');
    env.mkdir('/d');
    link(env, '/a', '/d/b');
    counts(env, { '/a': 2, '/d/b': 2 });
    same(env.stat('/a').ino, env.stat('/d/b').ino, 'inode');
    env.file('/d/b', 'two');
    same(env.contents('/a'), 'two', 'contents');
    unlink(env, '/a');
    counts(env, { '/d/b': 1 });
    same(env.contents('/d/b'), 'two', 'contents');
  });
  suite.test('a name removed from an open file with another', (env) => {
    env.file('/a', 'x');
    link(env, '/a', '/b');
    const file = env.open('/a');
    unlink(env, '/a');
    same(env.fileStat(file).nlink, 1, 'links');
    unlink(env, '/b');
    same(env.fileStat(file).nlink, 0, 'links');
    same(env.text(file), 'x', 'contents');
  });
  suite.test('a rename over one of two names', (env) => {
    env.file('/a', 'a');
    env.file('/x', 'x');
    link(env, '/a', '/b');
    rename(env, '/x', '/a');
    counts(env, { '/a': 1, '/b': 1 });
    same(env.contents('/b'), 'a', 'contents');
    same(env.contents('/a'), 'x', 'contents');
  });
  suite.test('a rename between two names of one file does nothing', (env) => {
    env.file('/a', 'a');
    link(env, '/a', '/b');
    rename(env, '/a', '/b');
    counts(env, { '/a': 2, '/b': 2 });
  });
  suite.test('a hundred links', (env) => {
    env.file('/f');
    for (let i = 0; i < 99; i++) link(env, '/f', `/l${i}`);
    counts(env, { '/l42': 100 });
    for (let i = 0; i < 99; i++) unlink(env, `/l${i}`);
    counts(env, { '/f': 1 });
  });
  suite.test('a link follows the file, not the name', (env) => {
    env.file('/a', 'a');
    link(env, '/a', '/b');
    unlink(env, '/a');
    env.fails('open', ENOENT, () => env.vfs.open(env.context, '/a', O_RDONLY, 0));
    env.file('/a', 'new');
    same(env.contents('/b'), 'a', 'contents');
  });
}
