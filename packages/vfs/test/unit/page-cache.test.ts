import { expect, test } from '@jest/globals';
import {
  EEXIST,
  ENOENT,
  ENOMEM,
  ENOSPC,
  S_IFREG,
  WOULD_BLOCK,
  type AttributeChange,
  type Errno,
  type FileStat,
  type Frame,
  type Ino,
} from '@veridian-os/abi';
import { O_CREAT, O_EXCL, O_RDWR, createTmpfs, createVfs, type FilePages } from '../../src/index.js';
import { ForwardingFs, HeapFrames, createDiskFs, createSlowFs } from '../../src/testing.js';
import { parts } from '../helpers/fixtures.js';
import { readText, text, world } from '../helpers/world.js';

const page = (value: number, pages = 1): Uint8Array[] => [new Uint8Array(4096 * pages).fill(value)];

test('clean pages are evicted at the budget, and read in again', () => {
  const { mount, open, vfs, ...base } = world({ cachePages: 16 });
  const disk = createDiskFs(base);
  mount('/disk', disk);
  const file = open('/disk/f', O_CREAT | O_RDWR);
  for (let i = 0; i < 64; i++) expect(file.write(page(i))).toBe(4096);
  expect(vfs.cachedPages).toBeLessThanOrEqual(17);
  for (let i = 0; i < 64; i++) expect(readText(file, 1, i * 4096)).toBe(String.fromCharCode(i));
  expect(disk.calls.readPage).toBeGreaterThan(40);
});

test('cached pages are not read again', () => {
  const { mount, open, ...base } = world();
  const disk = createDiskFs(base);
  mount('/disk', disk);
  const file = open('/disk/f', O_CREAT | O_RDWR);
  file.write(page(1, 3));
  file.sync();
  const before = disk.calls.readPage;
  for (let i = 0; i < 10; i++) readText(file, 12288, 0);
  expect(disk.calls.readPage).toBe(before);
  file.sync();
  expect(disk.calls.writePage).toBe(3);
});

test('a full store fails fsync, keeps the data, and succeeds once there is room', () => {
  const { mount, open, ...base } = world();
  const disk = createDiskFs({ ...base, storePages: 2 });
  mount('/disk', disk);
  const other = open('/disk/other', O_CREAT | O_RDWR);
  other.write(page(9));
  other.sync();
  const file = open('/disk/f', O_CREAT | O_RDWR);
  file.write(page(1, 3));
  expect(file.sync()).toBe(ENOSPC);
  expect(readText(file, 1, 8192)).toBe('\x01');
  expect(file.setattr({ size: 4096 })).toBe(0);
  expect(file.sync()).toBe(0);
});

test('when frames run out, cached pages make room before anybody sees ENOMEM', () => {
  const frames = new HeapFrames(24);
  const { mount, open, vfs, context, ...base } = world({ frames, bytes: frames });
  mount('/disk', createDiskFs({ ...base, bytes: frames }));
  const file = open('/disk/f', O_CREAT | O_RDWR);
  for (let i = 0; i < 40; i++) expect(file.write(page(i))).toBe(4096);
  const big = open('/big', O_CREAT | O_RDWR);
  let written = 0;
  for (let count = big.write(page(7)); count > 0; count = big.write(page(7))) written += count;
  expect(written).toBeGreaterThanOrEqual(20 * 4096);
  expect(big.write(page(7))).toBe(ENOMEM);
  expect(big.stat({} as FileStat)).toBe(0);
  big.release();
  vfs.unlink(context, '/big');
  expect(readText(file, 1, 5 * 4096)).toBe('\x05');
});

test('a write that runs out of room is short, then ENOSPC', () => {
  const base = parts();
  const vfs = createVfs(base);
  vfs.mount('/', createTmpfs({ ...base, maxBytes: 3 * 4096 + 100 }));
  const root = vfs.root();
  const context = { root, start: root, umask: 0 };
  const file = vfs.open(context, '/f', O_CREAT | O_RDWR, 0o666);
  if (typeof file === 'number') throw new Error('open');
  expect(file.write(page(1, 5))).toBe(3 * 4096);
  expect(file.write(page(1))).toBe(ENOSPC);
  expect(file.offset).toBe(3 * 4096);
  expect(file.setattr({ size: 4096 })).toBe(0);
  expect(file.write(page(2), 4096)).toBe(4096);
  expect(file.setattr({ size: 1 << 20 })).toBe(0);
  expect(readText(file, 1, 1 << 19)).toBe('\0');
  expect(file.write(page(3), 1 << 18)).toBe(4096);
  expect(file.write(page(3), 1 << 17)).toBe(ENOSPC);
});

test('tmpfs counts inodes', () => {
  const base = parts();
  const vfs = createVfs(base);
  vfs.mount('/', createTmpfs({ ...base, maxInodes: 3 }));
  const root = vfs.root();
  const context = { root, start: root, umask: 0 };
  expect(vfs.mkdir(context, '/a', 0o755)).toBe(0);
  expect(vfs.symlink('a', context, '/b')).toBe(0);
  expect(vfs.mkdir(context, '/c', 0o755)).toBe(ENOSPC);
  expect(vfs.unlink(context, '/b')).toBe(0);
  expect(vfs.mkdir(context, '/c', 0o755)).toBe(0);
  expect(() => createTmpfs({ ...base, maxBytes: 0 })).toThrow(RangeError);
  expect(() => createTmpfs({ ...base, maxInodes: -1 })).toThrow(RangeError);
});

test('a mapped page is never evicted', () => {
  const { mount, open, ...base } = world({ cachePages: 16 });
  mount('/disk', createDiskFs(base));
  const file = open('/disk/f', O_CREAT | O_RDWR);
  file.write(page(1));
  const pages = file.pages() as FilePages;
  pages.retain();
  const frame = pages.page(0, false);
  base.frames.retain(frame as never);
  const other = open('/disk/g', O_CREAT | O_RDWR);
  for (let i = 0; i < 100; i++) other.write(page(2));
  expect(pages.page(0, false)).toBe(frame);
  file.write(text('seen'), 0);
  expect(new TextDecoder().decode(base.frames.view(frame as never).subarray(0, 4))).toBe('seen');
  base.frames.release(frame as never);
  pages.release();
});

test('too many dirty pages make a writer wait, and let it go on', () => {
  const { mount, open, ...base } = world({ cachePages: 16 });
  const fs = createSlowFs(createDiskFs(base), { wait: base.wait, slow: ['writePage'] });
  mount('/disk', fs);
  const file = open('/disk/f', O_CREAT | O_RDWR);
  let written = 0;
  let blocked = 0;
  for (let i = 0; i < 1000 && written < 100; i++) {
    const count = file.write(page(written));
    if (count === WOULD_BLOCK) {
      blocked++;
      fs.completeAll();
    } else {
      written++;
    }
  }
  expect(written).toBe(100);
  expect(blocked).toBeGreaterThan(5);
  expect(base.frames.usedFrames).toBeLessThan(40);
  for (let i = 0; i < 100; i++) expect(readText(file, 1, i * 4096)).toBe(String.fromCharCode(i));
});

/** A folder that somebody else changes. */
class SharedFolder extends ForwardingFs {
  override readonly dynamic = true;
  override setattr(ino: Ino, change: AttributeChange): 0 | Errno {
    return super.setattr(ino, change);
  }
}

test('a dynamic file system is asked again: names, sizes and contents', () => {
  const { mount, open, stat, ...base } = world();
  const disk = createDiskFs(base);
  mount('/shared', new SharedFolder(disk));
  const theirs = createVfs(base);
  theirs.mount('/', disk);
  const root = theirs.root();
  const context = { root, start: root, umask: 0 };
  const write = (value: string): void => {
    const file = theirs.open(context, '/f', O_CREAT | O_RDWR | 0o1000, 0o666);
    if (typeof file === 'number') throw new Error('open');
    file.write(text(value));
    file.release();
  };
  expect(stat('/shared/f')).toBe(-2);
  write('one');
  const file = open('/shared/f');
  expect(readText(file)).toBe('one');
  write('longer');
  expect(readText(open('/shared/f'))).toBe('longer');
  expect(stat('/shared/f')).toMatchObject({ size: 6 });
  expect(readText(file)).toBe('ger');
  expect(theirs.rename(context, '/f', context, '/g', 0)).toBe(0);
  expect(stat('/shared/f')).toBe(-2);
  expect(readText(open('/shared/g'))).toBe('longer');
});

test('a file that somebody else makes after it was looked up is opened by O_CREAT, and refused by O_EXCL', () => {
  const { mount, open, stat, vfs, context, ...base } = world();
  const disk = createDiskFs(base);
  mount('/disk', disk);
  for (const name of ['a', 'b']) {
    expect(stat(`/disk/${name}`)).toBe(ENOENT);
    disk.create(disk.root, name, S_IFREG | 0o600, 0);
  }
  expect(vfs.open(context, '/disk/b', O_CREAT | O_EXCL, 0o666)).toBe(EEXIST);
  const file = open('/disk/a', O_CREAT | O_RDWR);
  file.write(text('mine'));
  expect(stat('/disk/a')).toMatchObject({ size: 4, mode: S_IFREG | 0o600 });
});

test('the last mapping stores what was written through it', () => {
  const { mount, open, ...base } = world();
  const disk = createDiskFs(base);
  mount('/disk', disk);
  const file = open('/disk/f', O_CREAT | O_RDWR);
  file.write(page(1));
  const pages = file.pages() as FilePages;
  file.sync();
  pages.retain();
  base.frames.view(pages.page(0, true) as Frame)[7] = 77;
  pages.release();
  expect([...disk.store.values()].map((stored) => stored.get(0)?.[7])).toEqual([77]);
});
