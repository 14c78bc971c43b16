import { expect, test } from '@jest/globals';
import { WAIT_IO, WOULD_BLOCK } from '@veridian-os/abi';
import { O_CREAT, O_RDWR, type OpenFile } from '../../src/index.js';
import { createDiskFs, createSlowFs } from '../../src/testing.js';
import { readText, text, world } from '../helpers/world.js';

function withSlowDisk(schedule?: (complete: () => void) => void) {
  const base = world({ cachePages: 16 });
  const disk = createDiskFs(base);
  base.mount('/disk', disk);
  for (const name of ['a', 'b']) {
    const file = base.open(`/disk/${name}`, O_CREAT | O_RDWR);
    for (let i = 0; i < 8; i++) file.write([new Uint8Array(4096).fill(name.charCodeAt(0))]);
    file.release();
  }
  expect(base.vfs.unmount('/disk')).toBe(0);
  const slow = createSlowFs(disk, { wait: base.wait, ...(schedule === undefined ? {} : { schedule }) });
  base.mount('/disk', slow);
  return { ...base, slow };
}

test('a lookup and a read wait once each, wake their queue, and change nothing meanwhile', () => {
  const { vfs, context, slow, wait } = withSlowDisk();
  expect(vfs.open(context, '/disk/a', 0, 0)).toBe(WOULD_BLOCK);
  expect(vfs.blockedOn).toBe(slow.ioQueue);
  expect(vfs.open(context, '/disk/a', 0, 0)).toBe(WOULD_BLOCK);
  expect(slow.pending).toBe(1);
  expect(slow.complete()).toBe(true);
  expect(wait.take(slow.ioQueue)).toBe(WAIT_IO);
  const file = vfs.open(context, '/disk/a', 0, 0) as OpenFile;
  expect(file.waitQueue).toBe(slow.ioQueue);
  expect(readText(file, 10)).toBe(WOULD_BLOCK);
  expect(file.offset).toBe(0);
  slow.completeAll();
  expect(readText(file, 10)).toBe('aaaaaaaaaa');
  expect(readText(file, 10)).toBe('aaaaaaaaaa');
  expect(slow.pending).toBe(0);
});

test('one who waits delays nobody', () => {
  const { vfs, context, slow, open } = withSlowDisk();
  const mine = open('/mine', O_CREAT | O_RDWR);
  expect(vfs.open(context, '/disk/a', 0, 0)).toBe(WOULD_BLOCK);
  mine.write(text('meanwhile'));
  expect(readText(mine, 9, 0)).toBe('meanwhile');
  expect(vfs.mkdir(context, '/made', 0o755)).toBe(0);
  expect(vfs.open(context, '/disk/b', 0, 0)).toBe(WOULD_BLOCK);
  slow.completeAll();
  expect(typeof vfs.open(context, '/disk/b', 0, 0)).toBe('object');
});

test('a read starts all of its pages before it waits', () => {
  const { vfs, context, slow } = withSlowDisk();
  vfs.open(context, '/disk/a', 0, 0);
  slow.completeAll();
  const file = vfs.open(context, '/disk/a', 0, 0) as OpenFile;
  expect(readText(file, 5 * 4096, 100)).toBe(WOULD_BLOCK);
  expect(slow.pending).toBe(6);
  slow.completeAll();
  expect(readText(file, 5 * 4096, 100)).toBe('a'.repeat(5 * 4096));
});

test('a reader that went away leaves nothing behind', () => {
  const { vfs, context, slow, frames } = withSlowDisk();
  vfs.open(context, '/disk/a', 0, 0);
  slow.completeAll();
  const file = vfs.open(context, '/disk/a', 0, 0) as OpenFile;
  expect(readText(file)).toBe(WOULD_BLOCK);
  file.release();
  slow.completeAll();
  expect(vfs.unmount('/disk')).toBe(0);
  vfs.sync();
  expect(frames.usedFrames).toBe(0);
});

test('a frame under I/O outlives its unmounted file system', () => {
  const { vfs, context, slow, frames } = withSlowDisk();
  vfs.open(context, '/disk/a', 0, 0);
  slow.completeAll();
  const file = vfs.open(context, '/disk/a', 0, 0) as OpenFile;
  readText(file, 1, 0);
  readText(file, 1, 4096);
  file.release();
  expect(vfs.unmount('/disk')).toBe(0);
  expect(frames.usedFrames).toBe(2);
  slow.completeAll();
  vfs.sync();
  expect(frames.usedFrames).toBe(0);
});

test('a schedule completes each operation by itself', () => {
  const timers: (() => void)[] = [];
  const { vfs, context } = withSlowDisk((complete) => timers.push(complete));
  expect(vfs.open(context, '/disk/a', 0, 0)).toBe(WOULD_BLOCK);
  expect(vfs.open(context, '/disk/b', 0, 0)).toBe(WOULD_BLOCK);
  timers[1]?.();
  expect(vfs.open(context, '/disk/a', 0, 0)).toBe(WOULD_BLOCK);
  expect(typeof vfs.open(context, '/disk/b', 0, 0)).toBe('object');
});
