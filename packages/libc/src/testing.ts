/** Conformance kit of C libraries: what every binding of the calls must do, under any runner with describe and it. */
import { EAGAIN, EBADF, EEXIST, EINVAL, ENOENT, ENOTTY } from '@veridian-os/abi';
import * as fc from 'fast-check';
import type { Libc } from './api.js';
import {
  CLOCK_MONOTONIC,
  EFD_NONBLOCK,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  MAX_VIEW,
  O_RDWR,
  POLLIN,
  POLLOUT,
  PROT_READ,
  PROT_WRITE,
  SIGRTMIN,
  SIG_BLOCK,
  SIG_UNBLOCK,
} from './api.js';

/** The part of jest, vitest and node:test that the kit uses. */
export interface Runner {
  describe: (name: string, body: () => void) => unknown;
  it: (name: string, body: () => void) => unknown;
}

const PAGE = 4096;

/** Lengths of mappings: some pages. */
export const mappingLengths: fc.Arbitrary<number> = fc.integer({ min: 1, max: 64 }).map((pages) => pages * PAGE);

function expectEqual(what: string, got: unknown, expected: unknown): void {
  if (got !== expected) throw new Error(`${what}: expected ${String(expected)}, got ${String(got)}`);
}

function memory(libc: Libc, length: number, flags: number, fd: number): number {
  const address = libc.mmap(length, PROT_READ | PROT_WRITE, flags, fd, 0);
  if (address <= 0) throw new Error(`mmap of ${length} bytes gave ${address}`);
  return address;
}

function fileCases(it: Runner['it'], libc: () => Libc): void {
  it('errors are negative error numbers', () => {
    const { open, close, ioctl, ioctlBytes, mkfifo } = libc();
    expectEqual('open of nothing', open('/nowhere/at/all', O_RDWR), ENOENT);
    expectEqual('close of nothing', close(-1), EBADF);
    expectEqual('ioctl of nothing', ioctl(-1, 0x5401, 0), EBADF);
    expectEqual('ioctl with a structure', ioctlBytes(-1, 0x5401, new Uint8Array(64)), EBADF);
    expectEqual('mkfifo over a folder', mkfifo('/', 0o600), EEXIST);
  });

  it('a request of 32 bits is not sign-extended', () => {
    const { open, close, ioctl } = libc();
    const fd = open('/dev/null', O_RDWR);
    expectEqual('ioctl', ioctl(fd, 0xffffffff, 0), ENOTTY);
    expectEqual('close', close(fd), 0);
  });

  it('an event descriptor counts, polls and gives its count back once', () => {
    const { eventfd, poll, read, write, close } = libc();
    const fd = eventfd(0, EFD_NONBLOCK);
    const word = new Uint8Array(8);
    expectEqual('read of zero', read(fd, word), EAGAIN);
    const wanted = new Int32Array([fd, POLLIN]);
    expectEqual('poll of zero', poll(wanted, 0), 0);
    word[0] = 7;
    expectEqual('write', write(fd, word), 8);
    expectEqual('poll', poll(wanted, 1000), 1);
    expectEqual('events', wanted[1] >>> 16, POLLIN);
    const both = new Int32Array([fd, POLLIN | POLLOUT, -1, POLLIN]);
    expectEqual('poll of two', poll(both, 0), 1);
    expectEqual('events of both kinds', both[1] >>> 16, POLLIN | POLLOUT);
    word.fill(0);
    expectEqual('read', read(fd, word), 8);
    expectEqual('count', word[0], 7);
    expectEqual('close', close(fd), 0);
    expectEqual('close again', close(fd), EBADF);
  });

  it('what one socket of a pair is given the other one gives back, then the end', () => {
    const { socketpair, read, write, close } = libc();
    const pair = new Int32Array(2);
    expectEqual('socketpair', socketpair(pair), 0);
    const [one, other] = pair;
    expectEqual('write', write(one, Uint8Array.of(1, 2, 3)), 3);
    expectEqual('write back', write(other, Uint8Array.of(9)), 1);
    const bytes = new Uint8Array(8);
    expectEqual('read', read(other, bytes), 3);
    expectEqual('byte', bytes[2], 3);
    expectEqual('read back', read(one, bytes), 1);
    expectEqual('close', close(one), 0);
    expectEqual('read at the end', read(other, bytes), 0);
    expectEqual('close the other', close(other), 0);
  });
}

function memoryCases(it: Runner['it'], libc: () => Libc): void {
  it('new memory is zero, as long as asked, and views of it see one another', () => {
    const { view, munmap } = libc();
    fc.assert(
      fc.property(mappingLengths, fc.nat(), fc.integer({ min: 1, max: 255 }), (length, at, value) => {
        const address = memory(libc(), length, MAP_PRIVATE | MAP_ANONYMOUS, -1);
        const one = new Uint8Array(view(address, length));
        const other = new Uint8Array(view(address, length));
        expectEqual('length', one.length, length);
        if (one.some((byte) => byte !== 0)) throw new Error('new memory is not zero');
        one[at % length] = value;
        expectEqual('the other view', other[at % length], value);
        expectEqual('munmap', munmap(address, length), 0);
      }),
      { numRuns: 20 },
    );
  });

  it('two mappings of a memory file share its bytes; private memory is shared with nobody', () => {
    const { memfdCreate, ftruncate, view, munmap, close } = libc();
    const fd = memfdCreate('kit');
    expectEqual('ftruncate', ftruncate(fd, 2 * PAGE), 0);
    const [a, b] = [MAP_SHARED, MAP_SHARED].map((flags) => memory(libc(), 2 * PAGE, flags, fd));
    new Uint8Array(view(a, 2 * PAGE))[PAGE + 1] = 42;
    expectEqual('shared', new Uint8Array(view(b, 2 * PAGE))[PAGE + 1], 42);
    const own = memory(libc(), 2 * PAGE, MAP_PRIVATE, fd);
    new Uint8Array(view(own, 2 * PAGE))[PAGE + 1] = 7;
    expectEqual('after a private write', new Uint8Array(view(b, 2 * PAGE))[PAGE + 1], 42);
    for (const address of [a, b, own]) expectEqual('munmap', munmap(address, 2 * PAGE), 0);
    expectEqual('close', close(fd), 0);
  });

  it('a view that is too long is a RangeError', () => {
    for (const length of [0, -1, MAX_VIEW + 1, NaN]) {
      let thrown: unknown;
      try {
        libc().view(PAGE, length);
      } catch (error) {
        thrown = error;
      }
      expectEqual(`view of ${length}`, (thrown as Error | undefined)?.name, 'RangeError');
    }
  });
}

function signalCases(it: Runner['it'], libc: () => Libc): void {
  it('a blocked signal waits until it is taken, and is taken once', () => {
    const { sigprocmask, sigtimedwait, tgkill, gettid } = libc();
    expectEqual('block', sigprocmask(SIG_BLOCK, [SIGRTMIN]), 0);
    expectEqual('none yet', sigtimedwait([SIGRTMIN], 0), EAGAIN);
    expectEqual('tgkill', tgkill(gettid(), SIGRTMIN), 0);
    expectEqual('another one', sigtimedwait([SIGRTMIN + 1], 0), EAGAIN);
    expectEqual('taken', sigtimedwait([SIGRTMIN], 1e9), SIGRTMIN);
    expectEqual('once', sigtimedwait([SIGRTMIN], 0), EAGAIN);
    expectEqual('unblock', sigprocmask(SIG_UNBLOCK, [SIGRTMIN]), 0);
  });

  it('a timer rings its thread; disarmed it is silent; deleted it is gone', () => {
    const { sigprocmask, sigtimedwait, timerCreate, timerSettime, timerDelete, gettid } = libc();
    sigprocmask(SIG_BLOCK, [SIGRTMIN]);
    const timer = timerCreate(CLOCK_MONOTONIC, SIGRTMIN, gettid());
    if (timer < 0) throw new Error(`timerCreate gave ${timer}`);
    expectEqual('arm', timerSettime(timer, 1000, 0), 0);
    expectEqual('ring', sigtimedwait([SIGRTMIN], 10e9), SIGRTMIN);
    expectEqual('a negative time', timerSettime(timer, -1, 0), EINVAL);
    expectEqual('arm far ahead', timerSettime(timer, 3600e9, 0), 0);
    expectEqual('disarm', timerSettime(timer, 0, 0), 0);
    expectEqual('silence', sigtimedwait([SIGRTMIN], 0), EAGAIN);
    expectEqual('delete', timerDelete(timer), 0);
    expectEqual('delete again', timerDelete(timer), EINVAL);
    sigprocmask(SIG_UNBLOCK, [SIGRTMIN]);
  });
}

/**
 * Registers the suite.
 * @param libc gives the binding under test; called when a case runs
 */
export function libcKit({ describe, it }: Runner, libc: () => Libc): void {
  describe('libc: files', () => fileCases(it, libc));
  describe('libc: memory', () => memoryCases(it, libc));
  describe('libc: signals and timers', () => signalCases(it, libc));
}
