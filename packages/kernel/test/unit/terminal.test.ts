/** A terminal with processes: foreground, background, sessions, window size, flow of output. */
import { describe, expect, it } from '@jest/globals';
import { EAGAIN, EINTR, EINVAL, EIO, ENOTTY, EPERM, ENXIO, POLLIN, POLLOUT } from '@veridian-os/abi';
import { EmulatedMachine } from '@veridian-os/machine-emulated';
import { O_RDONLY, O_RDWR } from '@veridian-os/vfs';
import {
  createKernel,
  KernelDriver,
  SIGHUP,
  SIGTTIN,
  SIGWINCH,
  TCFLSH,
  TCGETS,
  TCSETS,
  TERMIOS_BYTES,
  TIOCGPGRP,
  TIOCGSID,
  TIOCGWINSZ,
  TIOCNOTTY,
  TIOCSCTTY,
  TIOCSPGRP,
  TIOCSWINSZ,
  type BootedKernel,
  type ServiceSys,
  type TaskStep,
} from '../../src/index.js';
import { decode, encode, inTask, rethrow, task, type Body } from '../helpers/tasks.js';

interface Session {
  readonly kernel: BootedKernel;
  readonly screen: string;
  readonly status: number;
}

/** Runs `body` as the leader of a session at the terminal; `keys` are typed when nothing else is to be done. */
async function atTerminal(body: Body, keys: readonly string[] = []): Promise<Session> {
  const screen: Uint8Array[] = [];
  const machine = EmulatedMachine.create({
    memoryBytes: 8 << 20,
    console: { output: (bytes) => void screen.push(bytes.slice()) },
  });
  const kernel = createKernel({ machine, verbose: false });
  const files = [0, 1, 2].map(() => kernel.openTerminal()).filter((file) => typeof file !== 'number');
  const process = kernel.launch({ path: 'leader', args: [], files, terminal: kernel.terminal, task: task(body) });
  if (typeof process === 'number') throw new Error(`launch: ${process}`);
  const isOver = (): boolean => process.end !== undefined && kernel.terminal?.hasOutput !== true;
  for (const text of [...keys, '']) {
    await new KernelDriver(kernel, { expectsInput: () => false }).run(isOver);
    if (text !== '') kernel.type(encode(text));
  }
  rethrow();
  if (process.end === undefined) throw new Error('the leader does not end');
  const { kind, value } = process.end;
  return { kernel, screen: decode(Buffer.concat(screen)), status: kind === 'exit' ? value : 128 + value };
}

function* readLine(sys: ServiceSys, fd = 0): TaskStep<string | number> {
  const buffer = new Uint8Array(100);
  const count = yield* sys.read(fd, buffer);
  return count < 0 ? count : decode(buffer.subarray(0, count));
}

const word = (value: number): Uint8Array => new Uint8Array(Int32Array.of(value).buffer);
const wordOf = (bytes: Uint8Array): number => new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true);

describe('a terminal', () => {
  it('echoes, hands over lines, and maps newlines', async () => {
    const seen: unknown[] = [];
    const { screen, status } = await atTerminal(
      function* (sys) {
        seen.push(yield* readLine(sys), yield* readLine(sys), yield* readLine(sys));
        yield* sys.write(1, encode('bye\n'));
        return 3;
      },
      ['one\rt', 'wo\r', '\u0004'],
    );
    expect(seen).toEqual(['one\n', 'two\n', '']);
    expect([screen, status]).toEqual(['one\r\ntwo\r\nbye\r\n', 3]);
  });

  it('is /dev/tty for its session and nothing for others', async () => {
    const seen: unknown[] = [];
    await atTerminal(function* (sys) {
      const fd = yield* sys.open('/dev/tty', O_RDWR);
      seen.push(fd, yield* sys.write(fd, encode('x')));
    });
    await inTask(function* (sys) {
      seen.push(yield* sys.open('/dev/tty', O_RDWR));
    });
    expect(seen).toEqual([3, 1, ENXIO]);
  });

  it('interrupts the foreground group and nobody else', async () => {
    const seen: unknown[] = [];
    const { screen } = await atTerminal(
      function* (sys) {
        yield* sys.interruptOnSignal(2);
        const sleeps = task(function* (own) {
          yield* own.sleep(Infinity);
        });
        const [front, back] = [
          yield* sys.spawn({ path: 'front', args: [], task: sleeps }),
          yield* sys.spawn({ path: 'back', args: [], task: sleeps, group: 0 }),
        ];
        seen.push(yield* readLine(sys));
        const result = yield* sys.wait({ pid: front });
        seen.push(typeof result === 'object' && result.kind === 'ended' && result.end.value);
        seen.push(yield* sys.wait({ pid: back, noHang: true }));
        yield* sys.kill(back, 9);
      },
      ['half\u0003'],
    );
    expect(seen).toEqual([EINTR, 2, { kind: 'none' }]);
    expect(screen).toBe('half^C');
  });

  it('stops background readers, and refuses those that ignore it', async () => {
    const seen: unknown[] = [];
    await atTerminal(function* (sys) {
      const reads = (ignore: boolean) =>
        task(function* (own) {
          yield* own.ignoreSignal(SIGTTIN, ignore);
          return (yield* readLine(own)) === EIO ? 5 : 6;
        });
      const stopped = yield* sys.spawn({ path: 'reads', args: [], task: reads(false), group: 0 });
      seen.push(yield* sys.wait({ pid: stopped, stopped: true }));
      const refused = yield* sys.spawn({ path: 'reads', args: [], task: reads(true), group: 0 });
      const result = yield* sys.wait({ pid: refused });
      seen.push(typeof result === 'object' && result.kind === 'ended' && result.end.value);
      yield* sys.kill(stopped, 9);
    });
    expect(seen).toEqual([expect.objectContaining({ kind: 'stopped', signal: SIGTTIN }), 5]);
  });

  it('passes the foreground on, and a reader stopped before reads on', async () => {
    const seen: unknown[] = [];
    await atTerminal(
      function* (sys) {
        yield* sys.ignoreSignal(22, true); // SIGTTOU: taking the terminal back
        const child = yield* sys.spawn({
          path: 'reads',
          args: [],
          group: 0,
          task: task(function* (own) {
            seen.push(yield* readLine(own));
          }),
        });
        seen.push((yield* sys.wait({ pid: child, stopped: true })) !== 0);
        seen.push(yield* sys.ioctl(0, TIOCSPGRP, word(child)));
        yield* sys.kill(-child, 18);
        yield* sys.wait({ pid: child });
        seen.push(yield* sys.ioctl(0, TIOCSPGRP, word(sys.pid)), yield* readLine(sys));
      },
      ['for the child\r', 'for the leader\r'],
    );
    expect(seen).toEqual([true, 0, 'for the child\n', 0, 'for the leader\n']);
  });

  it('answers who it belongs to', async () => {
    const seen: unknown[] = [];
    await atTerminal(function* (sys) {
      const answer = word(0);
      for (const request of [TIOCGPGRP, TIOCGSID]) {
        seen.push(yield* sys.ioctl(0, request, answer), wordOf(answer) === sys.pid);
      }
      seen.push(yield* sys.ioctl(0, TIOCSPGRP, word(99_999)));
      const stranger = task(function* (own) {
        yield* own.newSession();
        const results = [yield* own.ioctl(0, TIOCGPGRP, word(0)), yield* own.ioctl(0, TIOCSCTTY, word(0))];
        return results[0] === ENOTTY && results[1] === EPERM ? 0 : 1;
      });
      const result = yield* sys.wait({ pid: yield* sys.spawn({ path: 'stranger', args: [], task: stranger }) });
      seen.push(typeof result === 'object' && result.kind === 'ended' && result.end.value);
      seen.push(yield* sys.ioctl(0, TIOCNOTTY, word(0)), yield* sys.ioctl(0, TIOCNOTTY, word(0)));
    });
    expect(seen).toEqual([0, true, 0, true, EPERM, 0, 0, ENOTTY]);
  });

  it('keeps attributes and window size, and tells of another size', async () => {
    const seen: unknown[] = [];
    await atTerminal(function* (sys) {
      yield* sys.interruptOnSignal(SIGWINCH);
      const [termios, size] = [new Uint8Array(TERMIOS_BYTES), new Uint8Array(8)];
      seen.push(yield* sys.ioctl(0, TCGETS, termios));
      termios[12] &= ~0o12; // ICANON, ECHO
      termios[17 + 6] = 0; // VMIN
      seen.push(yield* sys.ioctl(0, TCSETS, termios), yield* readLine(sys)); // nothing there: no wait
      new DataView(size.buffer).setUint16(0, 50, true);
      new DataView(size.buffer).setUint16(2, 132, true);
      seen.push(yield* sys.ioctl(0, TIOCSWINSZ, size), yield* sys.ioctl(0, TIOCGWINSZ, size));
      seen.push([...size.subarray(0, 4)], yield* sys.ioctl(0, TCFLSH, new Uint8Array(8)));
      seen.push(yield* sys.sleep(1e9));
    });
    expect(seen.slice(0, 7)).toEqual([0, 0, '', 0, 0, [50, 0, 132, 0], 0]);
    expect([0, EINTR]).toContain(seen[7]);
  });

  it('refuses short arguments of every request', async () => {
    const seen: number[] = [];
    await atTerminal(function* (sys) {
      for (const request of [TCGETS, TCSETS, TIOCGPGRP, TIOCSPGRP, TIOCGSID, TIOCGWINSZ, TIOCSWINSZ]) {
        seen.push(yield* sys.ioctl(0, request, new Uint8Array(3)));
      }
      seen.push(yield* sys.ioctl(0, 0x5499, new Uint8Array(3)));
    });
    expect(seen).toEqual([...Array(7).fill(EINVAL), ENOTTY]);
  });

  it('holds back a writer that is faster than the screen, and loses nothing', async () => {
    const line = `${'x'.repeat(1023)}\n`;
    const { screen } = await atTerminal(function* (sys) {
      for (let count = 0; count < 200; count++) yield* sys.write(1, encode(line));
    });
    expect(screen).toBe(line.replace('\n', '\r\n').repeat(200));
  });

  it('is polled', async () => {
    const seen: unknown[] = [];
    await atTerminal(
      function* (sys) {
        const request = { fd: 0, events: POLLIN | POLLOUT, ready: 0 };
        seen.push(yield* sys.poll([request], 0), request.ready);
        request.events = POLLIN;
        seen.push(yield* sys.poll([request]), request.ready, yield* readLine(sys));
      },
      ['x\r'],
    );
    expect(seen).toEqual([1, POLLOUT, 1, POLLIN, 'x\n']);
  });

  it('hangs up what its leader leaves in the foreground', async () => {
    let orphan = 0;
    const { kernel } = await atTerminal(function* (sys) {
      const sleeps = task(function* (own) {
        yield* own.sleep(Infinity);
      });
      orphan = yield* sys.spawn({ path: 'orphan', args: [], task: sleeps });
    });
    for (let step = 0; step < 5; step++) kernel.step();
    expect(kernel.processByPid(orphan)).toBeUndefined();
    expect(kernel.clientTerminals.size).toBe(0);
    expect(SIGHUP).toBe(1);
  });

  it('says EAGAIN to a reader that does not want to wait', async () => {
    const seen: unknown[] = [];
    await atTerminal(function* (sys) {
      const fd = yield* sys.open('/dev/tty', O_RDONLY | 0o4000);
      seen.push(yield* readLine(sys, fd));
    });
    expect(seen).toEqual([EAGAIN]);
  });
});
