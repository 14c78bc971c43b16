import { describe, expect, it, test } from '@jest/globals';
import { libc, libcProblem, MappedMemory, MAX_VIEW } from '@veridian-os/libc';
import { libcKit } from '@veridian-os/libc/testing';
import { openLibc } from '../../src/libc.js';
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const problem = libcProblem();
const here = problem === undefined ? describe : describe.skip;
if (problem !== undefined) process.stderr.write(`skipped: ${problem}\n`);

here('this host', () => {
  libcKit({ describe, it }, libc);

  it('loads once', () => {
    expect(libc()).toBe(libc());
  });

  it('knows its thread: the main one has the id of the process', () => {
    expect(libc().gettid()).toBeGreaterThan(0);
    expect(libc().kill(process.pid, 0)).toBe(0);
  });
});

describe('a host without', () => {
  const load = (): never => {
    throw new Error("Cannot find module 'koffi'\nRequire stack:\n- somewhere");
  };

  test.each([
    ['win32', 'x64', /Linux only; this host is win32\.$/],
    ['linux', 'ia32', /x64, arm64 and riscv64 only; this host is ia32\.$/],
    ['linux', 'x64', /koffi does not load \(npm install koffi\): Cannot find module 'koffi'$/],
  ])('%s, %s: one sentence', (platform, arch, sentence) => {
    expect(openLibc({ platform, arch, load }).problem).toMatch(sentence);
  });
});

here('mapped memory', () => {
  it('is seen through windows, in order, zero at first', () => {
    const memory = MappedMemory.anonymous(libc(), 5 * 4096, 2 * 4096);
    expect(memory.windows.map((window) => window.byteLength)).toEqual([8192, 8192, 4096]);
    const whole = new Uint8Array(libc().view(memory.address, memory.length));
    expect(whole.every((byte) => byte === 0)).toBe(true);
    memory.windows.forEach((window, i) => new Uint8Array(window).fill(i + 1));
    expect([0, 8191, 8192, 16383, 16384, 20479].map((at) => whole[at])).toEqual([1, 1, 2, 2, 3, 3]);
    memory.release();
  });

  it('is more than one view can hold', () => {
    const memory = MappedMemory.anonymous(libc(), 5 * 2 ** 30);
    expect(memory.windows.map((window) => window.byteLength)).toEqual(Array<number>(5).fill(MAX_VIEW));
    new Uint8Array(memory.windows[4])[MAX_VIEW - 1] = 9;
    expect(new Uint8Array(libc().view(memory.address + memory.length - 4096, 4096))[4095]).toBe(9);
    memory.release();
  });

  it('reads zero after release, which may be asked for twice', () => {
    const memory = MappedMemory.anonymous(libc(), 8192);
    const bytes = new Uint8Array(memory.windows[0]);
    bytes[1] = 1;
    memory.release();
    memory.release();
    expect(bytes[1]).toBe(0);
    bytes[1] = 2; // nobody's memory, but no crash
  });

  it('is unmapped when nobody can reach it, released or not', async () => {
    const lines = (): number => readFileSync('/proc/self/maps', 'utf8').split('\n').length;
    const fd = libc().memfdCreate('unmapped');
    libc().ftruncate(fd, 4096);
    const mapped = (): number => readFileSync('/proc/self/maps', 'utf8').split('memfd:unmapped').length - 1;
    for (let i = 0; i < 200; i++) MappedMemory.file(libc(), fd, 4096);
    const before = lines();
    expect(mapped()).toBeGreaterThan(0);
    for (let i = 0; i < 20 && mapped() > 0; i++) {
      collectGarbage();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(mapped()).toBe(0);
    expect(lines()).toBeLessThan(before);
    libc().close(fd);
  });

  it('of a file is shared with the file', () => {
    const fd = libc().memfdCreate('unit');
    libc().ftruncate(fd, 8192);
    const memory = MappedMemory.file(libc(), fd, 8192);
    new Uint8Array(memory.windows[0]).set([1, 2, 3], 4096);
    const again = MappedMemory.file(libc(), fd, 8192, 4096);
    expect([...new Uint8Array(again.windows[1], 0, 4)]).toEqual([1, 2, 3, 0]);
    memory.release();
    again.release();
    libc().close(fd);
  });

  test.each([0, -4096, 1.5, NaN])('of %p bytes is a RangeError', (length) => {
    expect(() => MappedMemory.anonymous(libc(), length)).toThrow(RangeError);
  });

  it('that the host refuses is an Error with its number', () => {
    expect(() => MappedMemory.file(libc(), -1, 4096)).toThrow('mmap of 4096 bytes: errno 9');
  });
});
