/** File contents: ranges, holes, sizes, offsets, mappings. */
import { EBADF, EINVAL, EISDIR, ENXIO, PAGE_SIZE, isErrno } from '@veridian-os/abi';
import { O_APPEND, O_CREAT, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY, type FilePages, type OpenFile } from '../../api.js';
import type { KitEnv } from './env.js';
import { holds, same } from './runner.js';
import type { Suite } from './suite.js';

const LENGTHS = [0, 1, 100, 4095, 4096, 4097, 8192, 12345];

/** Bytes that tell their position and who wrote them. */
function pattern(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) * 7 + seed * 101) & 0xff);
}

function sameBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  same(actual.length, expected.length, `${what}: length`);
  for (let i = 0; i < actual.length; i++) {
    if (actual[i] !== expected[i]) throw new Error(`${what}: byte ${i} is ${actual[i]}, expected ${expected[i]}`);
  }
}

/** Checks size and every byte, read in one piece. */
function check(env: KitEnv, file: OpenFile, expected: Uint8Array, what: string): void {
  same(env.fileStat(file).size, expected.length, `${what}: size`);
  sameBytes(env.read(file, expected.length + 10, 0), expected, what);
}

const resize = (env: KitEnv, file: OpenFile, size: number): void => {
  env.ok(`truncate to ${size}`, () => file.setattr({ size }));
};

function spliced(old: Uint8Array, position: number, added: Uint8Array): Uint8Array {
  const result = new Uint8Array(Math.max(old.length, position + added.length));
  result.set(old);
  result.set(added, position);
  return result;
}

export function dataCases(suite: Suite): void {
  suite.group('data', () => {
    ranges(suite);
    sizes(suite);
    offsets(suite);
    refusals(suite);
    holes(suite);
    large(suite);
  });
  suite.group('mappings', () => mappings(suite));
}

function ranges(suite: Suite): void {
  for (const position of [0, 1, 4000, 4096, 5000, 20000]) {
    suite.test(`writes of every length at ${position}, over nothing and over old bytes`, (env) => {
      for (const length of LENGTHS) {
        for (const old of [0, 3000, 9000]) {
          const file = env.open('/f', O_CREAT | O_TRUNC | O_RDWR);
          env.write(file, pattern(old, 2), 0);
          env.write(file, pattern(length), position);
          const expected = length === 0 ? pattern(old, 2) : spliced(pattern(old, 2), position, pattern(length));
          check(env, file, expected, `${length} bytes at ${position} over ${old}`);
          env.drop(file);
        }
      }
    });
  }
  suite.test('chunks of any size, empty ones too', (env) => {
    const file = env.open('/f', O_CREAT | O_RDWR);
    const data = pattern(10_000);
    const cut = (bytes: Uint8Array): Uint8Array[] => {
      const at = [0, 0, 1, 63, 64, 65, 200, 4096, 4097, 9000, 9000, 10_000];
      return at.slice(1).map((end, i) => bytes.subarray(at[i], end));
    };
    same(
      env.ok('write', () => file.write(cut(data), 0)),
      10_000,
      'bytes written',
    );
    const back = new Uint8Array(10_000);
    same(
      env.ok('read', () => file.read(cut(back), 0)),
      10_000,
      'bytes read',
    );
    sameBytes(back, data, 'contents');
  });
}

function sizes(suite: Suite): void {
  for (const first of LENGTHS) {
    suite.test(`from ${first} bytes to every size, and out to 16384`, (env) => {
      for (const size of LENGTHS) {
        const file = env.open('/f', O_CREAT | O_TRUNC | O_RDWR);
        env.write(file, pattern(first));
        resize(env, file, size);
        const expected = spliced(new Uint8Array(size), 0, pattern(first).subarray(0, size));
        check(env, file, expected, `${first} to ${size}`);
        resize(env, file, 16384);
        check(env, file, spliced(new Uint8Array(16384), 0, expected), `${first} to ${size} to 16384`);
        env.drop(file);
      }
    });
  }
  suite.test('O_TRUNC empties, and what follows is written from the start', (env) => {
    env.file('/f', pattern(9000));
    env.file('/f', 'short');
    same(env.contents('/f'), 'short', 'contents');
    same(env.stat('/f').size, 5, 'size');
  });
  suite.test('a name is truncated as an open file is', (env) => {
    env.file('/f', pattern(9000));
    const file = env.open('/f');
    env.ok('truncate', () => env.vfs.setattr(env.context, '/f', true, { size: 100 }));
    check(env, file, pattern(9000).subarray(0, 100), 'truncated');
  });
}

function offsets(suite: Suite): void {
  suite.test('reads and writes share one offset, positioned ones leave it', (env) => {
    const file = env.open('/f', O_CREAT | O_RDWR);
    env.write(file, 'abcdef');
    same(file.offset, 6, 'offset');
    env.write(file, 'XY', 1);
    same(file.offset, 6, 'offset after a positioned write');
    same(file.seek(2, 0), 2, 'seek');
    same(env.text(file, 2), 'Yd', 'text');
    same(env.text(file, 1, 0), 'a', 'positioned text');
    same(file.offset, 4, 'offset');
    same(file.seek(-1, 1), 3, 'seek from here');
    same(file.seek(-2, 2), 4, 'seek from the end');
    same(file.seek(10, 2), 16, 'seek past the end');
    same(env.read(file, 5).length, 0, 'bytes past the end');
    env.write(file, 'z');
    same(env.fileStat(file).size, 17, 'size');
  });
  suite.test('two descriptions have two offsets, references to one have one', (env) => {
    env.file('/f', 'abcdef');
    const one = env.open('/f');
    const other = env.open('/f');
    same(env.text(one, 3), 'abc', 'one');
    same(env.text(other, 2), 'ab', 'other');
    one.retain();
    env.drop(one);
    same(env.text(one, 2), 'de', 'after a release');
    one.release();
  });
  suite.test('O_APPEND writes at the end, wherever the offset is', (env) => {
    env.file('/f', 'ab');
    const file = env.open('/f', O_RDWR | O_APPEND);
    const other = env.open('/f', O_WRONLY | O_APPEND);
    env.write(file, 'c');
    env.write(other, 'd');
    file.seek(0, 0);
    env.write(file, 'e');
    same(env.text(file, 10, 0), 'abcde', 'contents');
    env.write(file, 'f', 0);
    same(env.text(file, 10, 0), 'abcdef', 'contents after a positioned write');
  });
}

function refusals(suite: Suite): void {
  suite.test('access modes are kept to', (env) => {
    env.file('/f', 'abc');
    const reader = env.open('/f', O_RDONLY);
    const writer = env.open('/f', O_WRONLY);
    const neither = env.open('/f', 3);
    env.fails('write', EBADF, () => reader.write([pattern(1)]));
    env.fails('read', EBADF, () => writer.read([pattern(1)]));
    env.fails('write', EBADF, () => neither.write([pattern(1)]));
    env.fails('read', EBADF, () => neither.read([pattern(1)]));
    env.fails('truncate', EINVAL, () => reader.setattr({ size: 0 }));
    env.fails('negative position', EINVAL, () => reader.read([pattern(1)], -1));
    env.fails('negative size', EINVAL, () => writer.setattr({ size: -1 }));
    env.fails('bad whence', EINVAL, () => reader.seek(0, 9));
    env.fails('before the start', EINVAL, () => reader.seek(-1, 0));
    same(env.contents('/f'), 'abc', 'contents');
  });
  suite.test('directories have no bytes', (env) => {
    const directory = env.open('/', O_RDONLY);
    env.fails('read', EISDIR, () => directory.read([pattern(1)]));
    env.fails('write', EBADF, () => directory.write([pattern(1)]));
    env.fails('truncate', EISDIR, () => env.vfs.setattr(env.context, '/', true, { size: 0 }));
  });
}

function holes(suite: Suite): void {
  suite.test('a hole reads as zeroes and SEEK_DATA finds what follows it', (env) => {
    const file = env.open('/f', O_CREAT | O_RDWR);
    env.write(file, 'x', 10 * PAGE_SIZE + 5);
    const size = 10 * PAGE_SIZE + 6;
    check(env, file, spliced(new Uint8Array(size), size - 1, pattern(1, 0).fill(120)), 'contents');
    const data = file.seek(0, 3);
    holds(data >= 0 && data <= size - 1, `SEEK_DATA from 0 gave ${data}`);
    holds(file.seek(size - 1, 3) === size - 1, 'the last byte is data');
    const hole = file.seek(size - 1, 4);
    same(hole, size, 'SEEK_HOLE from the last byte');
    env.fails('SEEK_DATA at the end', ENXIO, () => file.seek(size, 3));
    env.fails('SEEK_HOLE past the end', ENXIO, () => file.seek(size + 1, 4));
  });
  suite.test('holes before, between and after data, each byte', (env) => {
    const file = env.open('/f', O_CREAT | O_RDWR);
    let expected = new Uint8Array(0);
    for (const page of [6, 2, 4]) {
      const bytes = pattern(1000, page);
      env.write(file, bytes, page * PAGE_SIZE + 100);
      expected = new Uint8Array(spliced(expected, page * PAGE_SIZE + 100, bytes));
      check(env, file, expected, `after writing page ${page}`);
    }
    resize(env, file, 9 * PAGE_SIZE);
    check(env, file, spliced(new Uint8Array(9 * PAGE_SIZE), 0, expected), 'extended');
    for (let at = 0; at < 9 * PAGE_SIZE; at += 1000) {
      const data = file.seek(at, 3);
      const hole = file.seek(at, 4);
      holds(isErrno(data) ? data === ENXIO : data >= at, `SEEK_DATA from ${at} gave ${data}`);
      holds(hole >= at && hole <= 9 * PAGE_SIZE, `SEEK_HOLE from ${at} gave ${hole}`);
      if (data > at) sameBytes(env.read(file, data - at, at), new Uint8Array(data - at), `hole from ${at}`);
    }
  });
  suite.test('a terabyte of nothing costs nothing', (env) => {
    const file = env.open('/f', O_CREAT | O_RDWR);
    resize(env, file, 2 ** 40);
    sameBytes(env.read(file, 5000, 2 ** 39 + 3), new Uint8Array(5000), 'contents');
    env.write(file, 'end', 2 ** 40);
    same(env.text(file, 10, 2 ** 40 - 1), '\0end', 'text');
    same(file.seek(2 ** 40 + 1, 3), 2 ** 40 + 1, 'SEEK_DATA');
    resize(env, file, 1);
    same(env.fileStat(file).size, 1, 'size');
  });
}

function large(suite: Suite): void {
  suite.test('two hundred pages at random places', (env) => {
    const file = env.open('/f', O_CREAT | O_RDWR);
    let expected = new Uint8Array(0);
    let random = 12345;
    for (let i = 0; i < 120; i++) {
      random = (Math.imul(random, 1103515245) + 12345) >>> 0;
      const at = random % (200 * PAGE_SIZE);
      const bytes = pattern(1 + (random % 9000), i);
      env.write(file, bytes, at);
      expected = new Uint8Array(spliced(expected, at, bytes));
    }
    check(env, file, expected, 'contents');
  });
  suite.test('thirty files larger together than a small cache', (env) => {
    for (let i = 0; i < 30; i++) env.file(`/f${i}`, pattern(7000, i));
    for (let i = 29; i >= 0; i--) {
      const file = env.open(`/f${i}`);
      check(env, file, pattern(7000, i), `file ${i}`);
      env.drop(file);
    }
  });
  suite.test('sync keeps everything', (env) => {
    const file = env.open('/f', O_CREAT | O_RDWR);
    env.write(file, pattern(50_000));
    env.ok('fsync', () => file.sync());
    check(env, file, pattern(50_000), 'after fsync');
    env.write(file, pattern(100, 9), 30_000);
    env.ok('sync', () => env.vfs.sync());
    check(env, file, spliced(pattern(50_000), 30_000, pattern(100, 9)), 'after sync');
  });
  suite.test('bytes written while their page is being stored are stored too', (env) => {
    if (env.fs.resident) return;
    for (const name of ['/f', '/g']) {
      const file = env.open(name, O_CREAT | O_RDWR);
      env.write(file, 'first');
      file.sync();
      env.write(file, 'S', 0);
      env.ok('fsync', () => file.sync());
      env.drop(file);
    }
    env.remount();
    for (const name of ['/f', '/g']) same(env.contents(name), 'Sirst', `contents of ${name}`);
  });
  suite.test('what a file system stores is there when it is mounted again', (env) => {
    if (env.fs.resident) return;
    env.file('/f', pattern(30_000));
    const file = env.open('/f');
    env.write(file, 'changed', 20_000);
    env.drop(file);
    env.remount();
    const again = env.open('/f');
    check(env, again, spliced(pattern(30_000), 20_000, new TextEncoder().encode('changed')), 'mounted again');
  });
}

function mappings(suite: Suite): void {
  const page = (env: KitEnv, pages: FilePages, index: number, write: boolean): Uint8Array => {
    const frame = env.ok(`page ${index}`, () => pages.page(index, write));
    return env.fixture.bytes.view(frame);
  };
  suite.test('a mapping and a file see each other', (env) => {
    const file = env.open('/f', O_CREAT | O_RDWR);
    env.write(file, pattern(5000));
    const pages = file.pages() as FilePages;
    pages.retain();
    sameBytes(page(env, pages, 0, false), pattern(5000).subarray(0, PAGE_SIZE), 'page 0');
    env.write(file, 'seen', 10);
    same(new TextDecoder().decode(page(env, pages, 0, true).subarray(10, 14)), 'seen', 'page after a write');
    page(env, pages, 1, true).set([1, 2, 3], 0);
    sameBytes(env.read(file, 3, PAGE_SIZE), Uint8Array.of(1, 2, 3), 'file after a store');
    const other = env.open('/f', O_RDONLY);
    sameBytes(env.read(other, 3, PAGE_SIZE), Uint8Array.of(1, 2, 3), 'another description');
    pages.release();
  });
  suite.test('pages beyond the end are ENXIO, the last one is zero past it', (env) => {
    env.file('/f', pattern(5000));
    const pages = env.open('/f').pages() as FilePages;
    pages.retain();
    sameBytes(page(env, pages, 1, false).subarray(5000 - PAGE_SIZE), new Uint8Array(2 * PAGE_SIZE - 5000), 'tail');
    env.fails('page 2', ENXIO, () => pages.page(2, false));
    env.fails('page -1', ENXIO, () => pages.page(-1, false));
    pages.release();
  });
  suite.test('bytes stored past the end never become part of the file', (env) => {
    const file = env.open('/f', O_CREAT | O_RDWR);
    env.write(file, pattern(100));
    const pages = file.pages() as FilePages;
    pages.retain();
    page(env, pages, 0, true).fill(0xff, 200);
    resize(env, file, 300);
    sameBytes(env.read(file, 300, 0), spliced(new Uint8Array(300), 0, pattern(100)), 'extended');
    page(env, pages, 0, true).fill(0xff, 400);
    env.write(file, 'x', 5000);
    sameBytes(env.read(file, 4900, 100), new Uint8Array(4900), 'between the old end and the new bytes');
    pages.release();
  });
  suite.test('a hole that is mapped is the file from then on', (env) => {
    const file = env.open('/f', O_CREAT | O_RDWR);
    resize(env, file, 3 * PAGE_SIZE);
    const pages = file.pages() as FilePages;
    pages.retain();
    const view = page(env, pages, 1, false);
    sameBytes(view, new Uint8Array(PAGE_SIZE), 'hole');
    env.write(file, 'later', PAGE_SIZE);
    same(new TextDecoder().decode(view.subarray(0, 5)), 'later', 'seen through the mapping');
    pages.release();
  });
  suite.test('a mapping outlives the file description and the name', (env) => {
    const file = env.open('/f', O_CREAT | O_RDWR);
    env.write(file, pattern(5000));
    const pages = file.pages() as FilePages;
    pages.retain();
    env.drop(file);
    env.ok('unlink', () => env.vfs.unlink(env.context, '/f'));
    sameBytes(
      page(env, pages, 1, false).subarray(0, 100),
      pattern(5000).subarray(PAGE_SIZE, PAGE_SIZE + 100),
      'page 1',
    );
    pages.release();
  });
  suite.test('stores through a mapping reach the store', (env) => {
    if (env.fs.resident) return;
    const file = env.open('/f', O_CREAT | O_RDWR);
    env.write(file, pattern(5000));
    const pages = file.pages() as FilePages;
    pages.retain();
    const frame = env.ok('page', () => pages.page(0, true));
    env.fixture.frames.retain(frame);
    env.ok('fsync', () => file.sync());
    env.fixture.bytes.view(frame).set([7, 7, 7], 50);
    env.ok('fsync', () => file.sync());
    env.fixture.bytes.view(frame).set([9], 60);
    env.fixture.frames.release(frame);
    pages.release();
    env.drop(file);
    env.remount();
    const expected = pattern(5000);
    expected.set([7, 7, 7], 50);
    expected.set([9], 60);
    check(env, env.open('/f'), expected, 'mounted again');
  });
}
