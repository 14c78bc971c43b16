/** The calls that only x86_64 has: each does what the newer one does that it stands for. */
import { describe, expect, it } from '@jest/globals';
import { EBADF, EINTR, EINVAL, ENODEV, ENOENT, ENOMEM, EPERM } from '@veridian-os/abi';
import { SIGALRM } from '@veridian-os/kernel';
import { HANDLER, scriptsOn, type CallRequest, type Guest } from '../helpers/scripted.js';

const runScript = scriptsOn('x86_64');
const MS = 1_000_000;

/** Offsets of struct stat. */
const MODE = 24;
const LINKS = 16;
const SIZE = 48;
const [MTIME, MTIME_NSEC] = [88, 96];

const wide = (guest: Guest, address: number): number => Number(guest.peek(address, 8).getBigInt64(0, true));

/** Makes the calls and collects their results. */
async function results(calls: (guest: Guest) => CallRequest[], trace: string[] = []): Promise<number[]> {
  const got: number[] = [];
  const { trace: lines } = await runScript(
    function* (guest) {
      for (const call of calls(guest)) got.push(yield call);
    },
    { trace: true },
  );
  trace.push(...lines.map((line) => line.replace(/^\[pid \d+\] /, '').replace(/ += /, ' = ')));
  return got;
}

describe('calls of x86_64 alone', () => {
  it('make, name and remove files', async () => {
    const trace: string[] = [];
    const got = await results((guest) => {
      const [file, link, soft, dir] = ['/tmp/f', '/tmp/l', '/tmp/s', '/tmp/d'].map((name) => guest.string(name));
      const [moved, memory] = [guest.string('/tmp/m'), guest.alloc(256)];
      return [
        ['creat', file, 0o640],
        ['open', file, 2, 0],
        ['open', guest.string('/tmp/none'), 0, 0],
        ['write', 3, file, 6],
        ['link', file, link],
        ['symlink', file, soft],
        ['readlink', soft, memory, 100],
        ['access', file, 4],
        ['access', file, 1],
        ['chmod', file, 0o700],
        ['access', file, 1],
        ['mkdir', dir, 0o755],
        ['rmdir', dir],
        ['rename', file, moved],
        ['chown', moved, 5, 6],
        ['lchown', soft, 7, 8],
        ['mknod', dir, 0o100600, 0],
        ['unlink', dir],
        ['unlink', dir],
        ['stat', moved, memory],
        ['lstat', soft, memory],
        ['stat', soft, memory],
      ];
    }, trace);
    expect(got.slice(0, 8)).toEqual([3, 4, ENOENT, 6, 0, 0, 6, 0]);
    expect(got[8]).toBeLessThan(0); // nobody may execute it
    expect(got.slice(9)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, ENOENT, 0, 0, ENOENT]);
    expect(trace).toContain('open("/tmp/f", O_RDWR) = 4');
    expect(trace).toContain('creat("/tmp/f", 0640) = 3');
    expect(trace).toContain('readlink("/tmp/s", "/tmp/f", 100) = 6');
    expect(trace).toContain('stat("/tmp/m", {st_mode=S_IFREG|0700, st_size=6, ...}) = 0');
    expect(trace).toContain('mknod("/tmp/d", S_IFREG|0600, 0) = 0');
  });

  it('lay struct stat out as x86_64 does', async () => {
    const seen: number[] = [];
    await runScript(function* (guest) {
      const [file, memory] = [guest.string('/tmp/f'), guest.alloc(256)];
      yield ['creat', file, 0o640];
      yield ['write', 3, file, 6];
      yield ['link', file, guest.string('/tmp/l')];
      for (const call of [['stat', file, memory] as const, ['fstat', 3, memory] as const]) {
        yield call;
        const view = guest.peek(memory, 144);
        seen.push(view.getUint32(MODE, true), wide(guest, memory + LINKS), wide(guest, memory + SIZE));
      }
    });
    expect(seen).toEqual([0o100640, 2, 6, 0o100640, 2, 6]);
  });

  it('set times in their three structures', async () => {
    const seen: number[][] = [];
    const got: number[] = [];
    await runScript(function* (guest) {
      const [file, memory] = [guest.string('/tmp/f'), guest.alloc(256)];
      yield ['creat', file, 0o640];
      const calls: CallRequest[] = [
        ['utime', file, guest.words(1, 2)],
        ['utimes', file, guest.words(3, 4, 5, 6)],
        ['futimesat', -100, file, guest.words(7, 8, 9, 10)],
        ['futimesat', 3, 0, guest.words(11, 12, 13, 14)],
        ['utimes', file, guest.words(3, 4, 5, 1_000_000)],
        ['utime', file, 0],
      ];
      for (const call of calls) {
        got.push(yield call);
        yield ['stat', file, memory];
        seen.push([wide(guest, memory + MTIME), wide(guest, memory + MTIME_NSEC)]);
      }
    });
    expect(got).toEqual([0, 0, 0, 0, EINVAL, 0]);
    expect(seen.slice(0, 5)).toEqual([
      [2, 0],
      [5, 6000],
      [9, 10_000],
      [13, 14_000],
      [13, 14_000],
    ]);
    expect(seen[5][0]).toBe(1_700_000_000);
  });

  it('list a directory with the type at the end of each record', async () => {
    const names: string[] = [];
    await runScript(function* (guest) {
      const memory = guest.alloc(512);
      yield ['creat', guest.string('/tmp/file'), 0o640];
      yield ['open', guest.string('/tmp'), 0o200000, 0];
      const bytes = yield ['getdents', 4, memory, 512];
      for (let at = 0; at < bytes;) {
        const view = guest.peek(memory + at, bytes - at);
        const length = view.getUint16(16, true);
        const name = guest.text(memory + at + 18, length - 19).replace(/\0.*/, '');
        names.push(`${name} ${view.getUint8(length - 1)}`);
        at += length;
      }
    });
    expect(names).toEqual(expect.arrayContaining(['. 4', '.. 4', 'file 8']));
  });

  it('duplicate descriptors and wait for them', async () => {
    const seen: number[] = [];
    const { trace } = await runScript(
      function* (guest) {
        const [pair, byte, found] = [guest.alloc(8), guest.alloc(8), guest.alloc(64)];
        yield ['pipe', pair]; // 3 4
        seen.push(yield ['dup2', 4, 4], yield ['dup2', 99, 99], yield ['dup2', 4, 9]);
        const asked = guest.words(3 + 2 ** 32);
        seen.push(yield ['poll', asked, 1, 0]);
        const set = guest.words(2 ** 3);
        const timeout = guest.words(0, 1_500_000);
        seen.push(yield ['select', 4, set, 0, 0, timeout], wide(guest, set), wide(guest, timeout));
        yield ['write', 9, byte, 1];
        seen.push(yield ['poll', asked, 1, -1], guest.peek(asked, 8).getUint16(6, true));
        seen.push(yield ['select', 4, guest.words(2 ** 3), 0, 0, guest.words(0, 0)]);
        seen.push(yield ['epoll_create', 0], yield ['epoll_create', 1]);
        yield ['epoll_ctl', 5, 1, 3, guest.put(Uint8Array.of(1, 0, 0, 0, 3, 0, 0, 0, 9, 0, 0, 0))];
        seen.push(yield ['epoll_wait', 5, found, 4, 1000], guest.peek(found, 12).getUint32(8, true));
        seen.push(yield ['eventfd', 3], yield ['signalfd', -1, guest.words(1), 8]);
      },
      { trace: true },
    );
    expect(seen).toEqual([4, EBADF, 9, 0, 0, 0, 0, 1, 1, 1, EINVAL, 5, 1, 9, 6, 7]);
    expect(trace.some((line) => line.includes('poll([{fd=3, events=POLLIN}], 1, 0)'))).toBe(true);
    expect(trace.some((line) => line.includes('1 ([{fd=3, revents=POLLIN}])'))).toBe(true);
    expect(trace.some((line) => line.includes('epoll_wait(5, [{events=EPOLLIN, data=0x900000003}], 4, 1000)'))).toBe(
      true,
    );
  });

  it('let a poll that nobody disturbs for good go on to its first deadline', async () => {
    let [result, slept, interrupted] = [0, 0, 0];
    await runScript(function* (guest) {
      const { kernel, thread } = guest;
      const start = kernel.now();
      const { pid, uid } = thread.process;
      for (const [at, signal] of [[1, 19] as const, [2, 18] as const]) {
        const info = { signal, code: 0, pid, uid, status: 0, valueLo: 0, valueHi: 0 };
        kernel.timers.arm((start + at * MS) as never, () => void kernel.signals.kill(thread.process, pid, info));
      }
      result = yield ['poll', 0, 0, 5];
      slept = kernel.now() - start;
      yield ['rt_sigaction', SIGALRM, guest.sigaction(HANDLER, 0x10000000), 0, 8];
      yield ['setitimer', 0, guest.words(0, 0, 0, 100), 0];
      interrupted = yield ['poll', 0, 0, -1];
    });
    expect([result, interrupted]).toEqual([0, EINTR]);
    expect(slept).toBeGreaterThanOrEqual(5 * MS);
    expect(slept).toBeLessThan(5.2 * MS);
  });

  it('tell the time and ring', async () => {
    const seen: number[] = [];
    await runScript(function* (guest) {
      const memory = guest.alloc(8);
      seen.push(yield ['time', memory], wide(guest, memory), yield ['time', 0]);
      yield ['rt_sigaction', SIGALRM, guest.sigaction(HANDLER), 0, 8];
      seen.push(yield ['alarm', 100], yield ['alarm', 1]);
      seen.push(yield ['pause'], yield ['alarm', 0]);
    });
    const now = 1_700_000_000;
    expect(seen).toEqual([now, now, now, 0, 100, EINTR, 0]);
  });

  it('fork, vfork and name the group', async () => {
    const seen: number[] = [];
    const child = function* (): Generator<CallRequest, void, number> {
      yield ['exit', 7];
    };
    await runScript(
      function* (guest) {
        const status = guest.alloc(8);
        for (const call of ['fork', 'vfork']) {
          const pid = yield [call];
          seen.push((yield ['wait4', pid, status, 0, 0]) - pid, guest.peek(status, 4).getInt32(0, true));
        }
        seen.push((yield ['getpgrp']) - (yield ['getpgid', 0]));
      },
      { children: [child, child] },
    );
    expect(seen).toEqual([0, 0x700, 0, 0x700, 0]);
  });

  it('set and show segment bases', async () => {
    const trace: string[] = [];
    const memory: number[] = [];
    const got = await results((guest) => {
      memory.push(guest.alloc(8));
      return [
        ['arch_prctl', 0x1002, 0x7fff_0000_1234],
        ['arch_prctl', 0x1003, memory[0]],
        ['arch_prctl', 0x1001, 0x5000],
        ['arch_prctl', 0x1004, memory[0]],
        ['arch_prctl', 0x1002, 2 ** 47],
        ['arch_prctl', 0x1002, 2 ** 47 - 4096],
        ['arch_prctl', 0x1011, 0],
        ['arch_prctl', 0x1012, 0],
        ['arch_prctl', 0x3001, memory[0]],
        ['clone', 0x80000 | 17, 0, 0, 0, 2 ** 47],
      ];
    }, trace);
    expect(got).toEqual([0, 0, 0, 0, EPERM, EPERM, 1, ENODEV, EINVAL, EPERM]);
    expect(trace).toContain('arch_prctl(ARCH_SET_FS, 0x7fff00001234) = 0');
  });

  it('map below 2 GiB on request', async () => {
    const seen: number[] = [];
    const { trace } = await runScript(
      function* () {
        const low = 0x22 | 0x40;
        seen.push(yield ['mmap', 0, 8192, 3, low, -1, 0], yield ['mmap', 0x1234000, 4096, 3, low, -1, 0]);
        yield ['munmap', 0x40000000, 4096];
        seen.push(yield ['mmap', 0, 8192, 3, low, -1, 0], yield ['mmap', 0, 4096, 3, low, -1, 0]);
        seen.push(yield ['mmap', 0, 2 ** 31, 3, low, -1, 0]);
      },
      { trace: true },
    );
    expect(seen).toEqual([0x40000000, 0x40002000, 0x40003000, 0x40000000, ENOMEM]);
    expect(trace.some((line) => line.includes('MAP_PRIVATE|MAP_ANONYMOUS|MAP_32BIT'))).toBe(true);
  });

  it('never have the last page', async () => {
    const seen: number[] = [];
    await runScript(function* () {
      const last = 2 ** 47 - 4096;
      seen.push(yield ['mmap', last, 4096, 3, 0x32, -1, 0], yield ['mmap', last, 4096, 3, 0x100022, -1, 0]);
      const elsewhere = yield ['mmap', last, 4096, 3, 0x22, -1, 0];
      seen.push(elsewhere < last ? 0 : elsewhere, yield ['mremap', elsewhere, 4096, 4096, 3, last]);
    });
    expect(seen).toEqual([ENOMEM, ENOMEM, 0, EINVAL]);
  });
});
