/** Descriptors, pipes and poll, as tasks use them. */
import { describe, expect, it } from '@jest/globals';
import { EAGAIN, EBADF, EINTR, EINVAL, EMFILE, EPIPE, POLLHUP, POLLIN, POLLNVAL, POLLOUT } from '@veridian-os/abi';
import { O_CREAT, O_NONBLOCK, O_RDONLY, O_RDWR } from '@veridian-os/vfs';
import { SIGPIPE, SIGUSR1 } from '../../src/index.js';
import { resourceCounts } from '../../src/testing.js';
import { bootTasks, decode, encode, inTask, task } from '../helpers/tasks.js';

const O_CLOEXEC = 0o2000000;

describe('descriptors', () => {
  it('are the lowest free ones, share an offset when duplicated, and close one by one', async () => {
    const seen: unknown[] = [];
    await inTask(function* (sys) {
      const [a, b] = [yield* sys.open('/tmp/a', O_RDWR | O_CREAT), yield* sys.open('/tmp/b', O_RDWR | O_CREAT)];
      seen.push(a, b);
      const copy = yield* sys.dupAbove(a, 10);
      seen.push(copy);
      yield* sys.write(a, encode('one'));
      yield* sys.write(copy, encode('two'));
      yield* sys.close(a);
      seen.push(yield* sys.open('/tmp/b', O_RDONLY)); // the lowest again
      seen.push(yield* sys.seek(copy, 0, 0));
      const buffer = new Uint8Array(10);
      const count = yield* sys.read(copy, buffer);
      seen.push(decode(buffer.subarray(0, count)));
    });
    expect(seen).toEqual([3, 4, 10, 3, 0, 'onetwo']);
  });

  it('say EBADF when closed, never opened, negative or huge, and for the wrong direction', async () => {
    const seen: number[] = [];
    await inTask(function* (sys) {
      const fd = yield* sys.open('/tmp/a', O_RDONLY | O_CREAT);
      seen.push(yield* sys.write(fd, encode('x')));
      yield* sys.close(fd);
      for (const bad of [fd, 99, -1, 2 ** 31]) {
        seen.push(yield* sys.read(bad, new Uint8Array(1)), yield* sys.close(bad), yield* sys.dupAbove(bad, 0));
      }
    });
    expect(seen).toEqual(Array(13).fill(EBADF));
  });

  it('replace each other with dup2, also themselves', async () => {
    const seen: unknown[] = [];
    await inTask(function* (sys) {
      const ends = yield* sys.pipe();
      if (typeof ends === 'number') return 1;
      const file = yield* sys.open('/tmp/a', O_RDWR | O_CREAT);
      seen.push(yield* sys.dup2(file, ends[1])); // the writer goes: end of file
      seen.push(yield* sys.read(ends[0], new Uint8Array(1)));
      seen.push(yield* sys.dup2(file, file), yield* sys.write(file, encode('x')));
      seen.push(
        yield* sys.dup2(file, 200),
        yield* sys.dup2(99, 5),
        yield* sys.dup2(file, -1),
        yield* sys.dup2(file, 1024),
      );
      seen.push(yield* sys.dupAbove(file, 1024), yield* sys.dupAbove(file, -1));
    });
    expect(seen).toEqual([4, 0, 5, 1, 200, EBADF, EBADF, EBADF, EINVAL, EINVAL]);
  });

  it('run out with EMFILE, which costs nothing and is noted', async () => {
    const kernel = bootTasks({ limits: { descriptors: 8 } });
    const seen: unknown[] = [];
    await inTask(
      function* (sys) {
        while ((yield* sys.open('/dev/null', O_RDONLY)) >= 0);
        const before = resourceCounts(kernel);
        seen.push(yield* sys.open('/dev/null', O_RDONLY), yield* sys.dupAbove(0, 0), yield* sys.pipe());
        yield* sys.close(7);
        seen.push(yield* sys.pipe()); // room for one end only
        seen.push(yield* sys.open('/dev/null', O_RDONLY));
        expect(resourceCounts(kernel)).toEqual(before);
      },
      { kernel },
    );
    expect(seen).toEqual([EMFILE, EMFILE, EMFILE, EMFILE, 7]);
    expect(kernel.limitHit).toBe('descriptors');
  });

  it('cross spawn as listed, without those marked close-on-exec', async () => {
    const result = await inTask(function* (sys) {
      const ends = yield* sys.pipe(O_CLOEXEC);
      if (typeof ends === 'number') return 1;
      const child = task(function* (own) {
        const open: number[] = [];
        for (let fd = 0; fd < 10; fd++) {
          const request = { fd, events: 0, ready: 0 };
          yield* own.poll([request], 0);
          if (request.ready !== POLLNVAL) open.push(fd);
        }
        yield* own.write(1, encode(open.join()));
      });
      const pid = yield* sys.spawn({ path: 'child', args: [], task: child, descriptors: [0, ends[1], -1, 2] });
      yield* sys.close(ends[1]);
      yield* sys.wait({ pid });
      const buffer = new Uint8Array(100);
      const count = yield* sys.read(ends[0], buffer);
      yield* sys.write(1, buffer.subarray(0, count));
    });
    expect(result.stdout).toBe('0,1,3');
  });

  it('of a pipe without a reader answer EPIPE and raise SIGPIPE', async () => {
    const broken = (ignore: boolean) =>
      inTask(function* (sys) {
        const ends = yield* sys.pipe();
        if (typeof ends === 'number') return 1;
        yield* sys.close(ends[0]);
        yield* sys.ignoreSignal(SIGPIPE, ignore);
        return (yield* sys.write(ends[1], encode('x'))) === EPIPE ? 7 : 8;
      });
    expect((await broken(true)).status).toBe(7);
    expect((await broken(false)).status).toBe(128 + SIGPIPE);
  });
});

describe('poll', () => {
  it('tells what is ready now, skips negative descriptors and names closed ones', async () => {
    const seen: unknown[] = [];
    await inTask(function* (sys) {
      const ends = yield* sys.pipe();
      if (typeof ends === 'number') return 1;
      const [reader, writer] = ends;
      const requests = [reader, writer, -1, 99].map((fd) => ({ fd, events: POLLIN | POLLOUT, ready: -1 }));
      seen.push(
        yield* sys.poll(requests, 0),
        requests.map(({ ready }) => ready),
      );
      yield* sys.write(writer, encode('x'));
      seen.push(
        yield* sys.poll(requests, 0),
        requests.map(({ ready }) => ready),
      );
      yield* sys.close(writer);
      yield* sys.read(reader, new Uint8Array(1));
      seen.push(yield* sys.poll(requests.slice(0, 1), 0), requests[0].ready);
    });
    expect(seen).toEqual([2, [0, POLLOUT, 0, POLLNVAL], 3, [POLLIN, POLLOUT, 0, POLLNVAL], 1, POLLHUP]);
  });

  it('waits for the first of many, for a deadline, and ends at a signal', async () => {
    const seen: unknown[] = [];
    await inTask(function* (sys) {
      const pipes: (readonly [number, number])[] = [];
      for (let index = 0; index < 5; index++) {
        const ends = yield* sys.pipe();
        if (typeof ends === 'number') return 1;
        pipes.push(ends);
      }
      const requests = pipes.map(([fd]) => ({ fd, events: POLLIN, ready: 0 }));
      const start = yield* sys.now();
      seen.push(yield* sys.poll(requests, 5e6), (yield* sys.now()) - start >= 5e6);
      const late = task(function* (own) {
        yield* own.sleep(1e6);
        yield* own.write(0, encode('x'));
        yield* own.sleep(1e6);
        yield* own.kill(sys.pid, SIGUSR1);
      });
      yield* sys.interruptOnSignal(SIGUSR1);
      yield* sys.spawn({ path: 'late', args: [], task: late, descriptors: [pipes[3][1]] });
      seen.push(
        yield* sys.poll(requests),
        requests.map(({ ready }) => ready),
      );
      yield* sys.read(pipes[3][0], new Uint8Array(1));
      seen.push(yield* sys.poll(requests, 1e9));
    });
    expect(seen).toEqual([0, true, 1, [0, 0, 0, POLLIN, 0], EINTR]);
  });

  it('leaves no waiter behind', async () => {
    const kernel = bootTasks();
    const run = () =>
      inTask(
        function* (sys) {
          const ends = yield* sys.pipe(O_NONBLOCK);
          if (typeof ends === 'number') return 1;
          for (let round = 0; round < 50; round++) yield* sys.poll([{ fd: ends[0], events: POLLIN, ready: 0 }], 1000);
          return (yield* sys.read(ends[0], new Uint8Array(1))) === EAGAIN ? 0 : 2;
        },
        { kernel },
      );
    expect((await run()).status).toBe(0);
    const before = resourceCounts(kernel);
    await run();
    expect(resourceCounts(kernel)).toEqual(before);
    expect(kernel.timers.size).toBeLessThan(5);
  });
});
