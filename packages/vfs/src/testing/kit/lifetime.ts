/** Files live as long as somebody holds them, and no longer. */
import { EBUSY, ENOENT, EROFS } from '@veridian-os/abi';
import { O_CREAT, O_RDONLY, O_RDWR, O_WRONLY, type FilePages } from '../../api.js';
import { createFileStat } from '../../internal/stat.js';
import { alike, holds, same } from './runner.js';
import type { Suite } from './suite.js';

export function lifetimeCases(suite: Suite): void {
  suite.group('lifetimes', () => {
    unlinked(suite);
    frames(suite);
    mounts(suite);
  });
}

function unlinked(suite: Suite): void {
  suite.test('an unlinked open file reads, writes, grows and shrinks', (env) => {
    const file = env.open('/f', O_CREAT | O_RDWR);
    env.write(file, 'hello');
    env.ok('unlink', () => env.vfs.unlink(env.context, '/f'));
    env.write(file, ' world');
    same(env.text(file, 20, 0), 'hello world', 'contents');
    env.ok('truncate', () => file.setattr({ size: 5 }));
    env.ok('fsync', () => file.sync());
    same(env.text(file, 20, 0), 'hello', 'contents');
    if (suite.features.linkCounts) same(env.fileStat(file).nlink, 0, 'links');
  });
  suite.test('a new file under an unlinked name is another file', (env) => {
    const old = env.open('/f', O_CREAT | O_RDWR);
    env.write(old, 'old');
    env.ok('unlink', () => env.vfs.unlink(env.context, '/f'));
    env.file('/f', 'new');
    same(env.text(old, 9, 0), 'old', 'the open one');
    same(env.contents('/f'), 'new', 'the new one');
    env.drop(old);
    same(env.contents('/f'), 'new', 'after the old one is gone');
  });
  suite.test('inode numbers of the dead are not those of the living', (env) => {
    const held = Array.from({ length: 10 }, (_, i) => env.open(`/f${i}`, O_CREAT | O_RDWR));
    for (let i = 0; i < 10; i++) env.ok('unlink', () => env.vfs.unlink(env.context, `/f${i}`));
    for (let i = 0; i < 10; i++) env.file(`/g${i}`);
    const numbers = [...held.map((file) => env.fileStat(file).ino), ...env.list('/').map((n) => env.stat(`/${n}`).ino)];
    same(new Set(numbers).size, 20, 'distinct inode numbers');
  });
  suite.test('an open file without a name says so', (env) => {
    const file = env.open('/f', O_CREAT | O_RDWR);
    same(file.name, '/mnt/f', 'name');
    env.ok('unlink', () => env.vfs.unlink(env.context, '/f'));
    same(file.name, '/mnt/f (deleted)', 'name');
  });
}

function frames(suite: Suite): void {
  suite.test('removing files gives their memory back', (env) => {
    const { frames: source } = env.fixture;
    const before = source.freeFrames;
    for (let i = 0; i < 8; i++) env.file(`/f${i}`, 'x'.repeat(40_000));
    holds(source.freeFrames < before, 'writing took no memory');
    for (let i = 0; i < 8; i++) env.ok('unlink', () => env.vfs.unlink(env.context, `/f${i}`));
    env.settle();
    same(source.freeFrames, before, 'free frames');
  });
  suite.test('an unlinked file keeps its memory until the last description and mapping go', (env) => {
    const { frames: source } = env.fixture;
    const before = source.freeFrames;
    const file = env.open('/f', O_CREAT | O_RDWR);
    env.write(file, 'x'.repeat(40_000));
    const pages = file.pages() as FilePages;
    pages.retain();
    env.ok('page', () => pages.page(0, true));
    env.ok('unlink', () => env.vfs.unlink(env.context, '/f'));
    env.drop(file);
    holds(source.freeFrames < before, 'freed while mapped');
    pages.release();
    env.settle();
    same(source.freeFrames, before, 'free frames');
  });
  suite.test('truncation gives memory back', (env) => {
    const { frames: source } = env.fixture;
    const before = source.freeFrames;
    const file = env.open('/f', O_CREAT | O_RDWR);
    env.write(file, 'x'.repeat(40_000));
    env.ok('truncate', () => file.setattr({ size: 0 }));
    env.settle();
    same(source.freeFrames, before, 'free frames');
  });
}

function mounts(suite: Suite): void {
  suite.test('a file system in use is busy', (env) => {
    const file = env.open('/f', O_CREAT | O_RDWR);
    same(
      env.call(() => env.vfs.unmount('/mnt')),
      EBUSY,
      'unmount with an open file',
    );
    same(env.text(file), '', 'still usable');
  });
  suite.test('a read-only mount refuses changes and nothing else', (env) => {
    env.file('/f', 'abc');
    env.mkdir('/d');
    env.remount({ readOnly: true });
    const { vfs, context } = env;
    const changes: Record<string, () => unknown> = {
      create: () => vfs.open(context, '/new', O_CREAT | O_RDWR, 0o666),
      'open to write': () => vfs.open(context, '/f', O_WRONLY, 0),
      mkdir: () => vfs.mkdir(context, '/new', 0o755),
      mknod: () => vfs.mknod(context, '/new', 0o644, 0),
      symlink: () => vfs.symlink('f', context, '/new'),
      link: () => vfs.link(context, '/f', context, '/new', false),
      unlink: () => vfs.unlink(context, '/f'),
      rmdir: () => vfs.rmdir(context, '/d'),
      rename: () => vfs.rename(context, '/f', context, '/new', 0),
      truncate: () => vfs.setattr(context, '/f', true, { size: 0 }),
      chmod: () => vfs.setattr(context, '/f', true, { mode: 0o600 }),
    };
    for (const [what, change] of Object.entries(changes)) env.fails(what, EROFS, change);
    env.fails('missing', ENOENT, () => vfs.stat(context, '/new', true, createFileStat()));
    env.open('/f', O_CREAT | O_RDONLY);
    alike(env.list('/'), ['d', 'f'], 'names');
    env.remount();
  });
}
