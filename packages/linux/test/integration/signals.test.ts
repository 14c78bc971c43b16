import { describe, expect, it } from '@jest/globals';
import { EAGAIN, EINTR } from '@veridian-os/abi';
import {
  SA_NODEFER,
  SA_RESETHAND,
  SA_RESTART,
  SIGALRM,
  SIGCHLD,
  SIGHUP,
  SIGTERM,
  SIGUSR1,
  SIGUSR2,
} from '@veridian-os/kernel';
import { LINUX_ISAS } from '../../src/isa/isas.js';
import { HANDLER, SCRIPT_HANDLER, MACHINES, scriptsOn, type Guest } from '../helpers/scripted.js';

const MS = 1_000_000;
const mask = (...signals: number[]): number => signals.reduce((bits, signal) => bits + 2 ** (signal - 1), 0);
const action = (guest: Guest, flags = 0, blocked = 0): number => guest.sigaction(HANDLER, flags, blocked);
/** struct itimerval that fires once after `microseconds`. */
const once = (guest: Guest, microseconds: number): number => guest.words(0, 0, 0, microseconds);

describe.each(MACHINES)('signals on %s', (on) => {
  const runScript = scriptsOn(on);

  it('restart a read whose handler says so and end it otherwise', async () => {
    const results: number[] = [];
    const { trace } = await runScript(
      function* (guest) {
        const [fds, buffer] = [guest.alloc(8), guest.alloc(8)];
        yield ['pipe2', fds, 0];
        const plain = action(guest);
        const restarting = action(guest, SA_RESTART);
        yield ['rt_sigaction', SIGALRM, plain, 0, 8];
        yield ['setitimer', 0, once(guest, 100), 0];
        results.push(yield ['read', 3, buffer, 8]);
        yield ['rt_sigaction', SIGALRM, restarting, 0, 8];
        yield ['setitimer', 0, once(guest, 100), 0];
        guest.kernel.timers.arm((guest.kernel.now() + MS) as never, () => {
          const writer = guest.kernel.descriptors.file(guest.thread.process, 4);
          if (typeof writer !== 'number') writer.write([Uint8Array.of(1, 2, 3)]);
        });
        results.push(yield ['read', 3, buffer, 8]);
      },
      { trace: true },
    );
    expect(results).toEqual([EINTR, 3]);
    const lines = trace
      .filter((line) => line.includes('read(') || line.includes('---'))
      .map((line) => line.replace(/ +=/, ' ='));
    expect(lines.map((line) => line.slice(line.indexOf(']') + 2).replace(/0x\w+/, 'BUFFER'))).toEqual([
      'read(3, BUFFER, 8) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)',
      '--- SIGALRM {si_signo=SIGALRM, si_code=128, si_pid=0, si_uid=0} ---',
      'read(3, BUFFER, 8) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)',
      '--- SIGALRM {si_signo=SIGALRM, si_code=128, si_pid=0, si_uid=0} ---',
      'read(3, "\\1\\2\\3", 8) = 3',
    ]);
  });

  it('tell an interrupted sleep what is left', async () => {
    let result = 0;
    let left = 0;
    await runScript(function* (guest) {
      yield ['rt_sigaction', SIGALRM, action(guest, SA_RESTART), 0, 8];
      yield ['setitimer', 0, once(guest, 1000), 0];
      const remaining = guest.alloc(16);
      result = yield ['nanosleep', guest.words(1, 0), remaining];
      left = Number(guest.peek(remaining, 16).getBigInt64(8, true));
    });
    expect(result).toBe(EINTR);
    expect(left).toBeGreaterThan(998 * MS);
    expect(left).toBeLessThan(1000 * MS);
  });

  it('that nobody handles let a sleep go on to its first deadline', async () => {
    let [result, slept] = [0, 0];
    const { trace } = await runScript(
      function* (guest) {
        const start = guest.kernel.now();
        const { kernel, thread } = guest;
        kernel.timers.arm(
          (start + MS) as never,
          () => void kernel.signals.kill(thread.process, thread.process.pid, { ...stop, signal: 19 }),
        );
        kernel.timers.arm(
          (start + 2 * MS) as never,
          () => void kernel.signals.kill(thread.process, thread.process.pid, { ...stop, signal: 18 }),
        );
        result = yield ['nanosleep', guest.words(0, 5 * MS), 0];
        slept = kernel.now() - start;
      },
      { trace: true },
    );
    expect(result).toBe(0);
    expect(slept).toBeGreaterThanOrEqual(5 * MS);
    expect(slept).toBeLessThan(5.2 * MS);
    expect(trace.length).toBeGreaterThan(0);
  });

  it('block themselves and what sa_mask says while their handler runs', async () => {
    const masks: number[] = [];
    const results: number[] = [];
    await runScript(function* (guest) {
      const pid = yield ['getpid'];
      const old = guest.alloc(8);
      for (const flags of [0, SA_NODEFER]) {
        yield ['rt_sigaction', SIGUSR1, guest.sigaction(SCRIPT_HANDLER, flags, mask(SIGHUP)), 0, 8];
        results.push(yield ['kill', pid, SIGUSR1]); // in the handler now
        yield ['rt_sigprocmask', 0, 0, old, 8];
        masks.push(guest.peek(old, 8).getUint32(0, true));
        results.push(yield ['rt_sigreturn']); // out of it
        yield ['rt_sigprocmask', 0, 0, old, 8];
        masks.push(guest.peek(old, 8).getUint32(0, true));
      }
    });
    expect(results).toEqual([SIGUSR1, 0, SIGUSR1, 0]);
    expect(masks).toEqual([mask(SIGHUP, SIGUSR1), 0, mask(SIGHUP), 0]);
  });

  it('wait while blocked, and sigsuspend lets them in and restores the mask', async () => {
    const results: number[] = [];
    let after = 0;
    await runScript(function* (guest) {
      const pid = yield ['getpid'];
      yield ['rt_sigaction', SIGUSR1, action(guest), 0, 8];
      yield ['rt_sigprocmask', 0, guest.words(mask(SIGUSR1, SIGUSR2)), 0, 8];
      yield ['kill', pid, SIGUSR1];
      const pending = guest.alloc(8);
      yield ['rt_sigpending', pending, 8];
      results.push(guest.peek(pending, 8).getUint32(0, true));
      results.push(yield ['rt_sigsuspend', guest.words(0), 8]);
      const old = guest.alloc(8);
      yield ['rt_sigprocmask', 0, 0, old, 8];
      after = guest.peek(old, 8).getUint32(0, true);
    });
    expect(results).toEqual([mask(SIGUSR1), EINTR]);
    expect(after).toBe(mask(SIGUSR1, SIGUSR2));
  });

  it('are taken by sigtimedwait with their value, lowest first', async () => {
    const seen: number[] = [];
    await runScript(function* (guest) {
      const pid = yield ['getpid'];
      const set = guest.words(mask(SIGTERM, 40, 41));
      yield ['rt_sigprocmask', 0, set, 0, 8];
      const info = guest.alloc(128);
      for (const [signal, value] of [
        [41, 7],
        [40, 5],
        [40, 6],
      ]) {
        const queued = guest.words(0, 0xffffffff, pid, value, ...new Array<number>(12).fill(0));
        yield ['rt_sigqueueinfo', pid, signal, queued];
      }
      for (let count = 0; count < 3; count++) {
        seen.push(yield ['rt_sigtimedwait', set, info, 0, 8], guest.peek(info, 32).getInt32(24, true));
      }
      seen.push(yield ['rt_sigtimedwait', set, info, guest.words(0, 1000), 8]);
    });
    expect(seen).toEqual([40, 5, 40, 6, 41, 7, EAGAIN]);
  });

  it('lose their handler with SA_RESETHAND, and then kill', async () => {
    const { end } = await runScript(function* (guest) {
      const pid = yield ['getpid'];
      yield ['rt_sigaction', SIGHUP, action(guest, SA_RESETHAND), 0, 8];
      yield ['kill', pid, SIGHUP];
      yield ['kill', pid, SIGHUP];
      yield ['exit_group', 3];
    });
    expect(end).toEqual({ kind: 'signal', value: SIGHUP, core: false });
  });

  it('run on the alternate stack, once', async () => {
    const results: number[] = [];
    await runScript(function* (guest) {
      const pid = yield ['getpid'];
      const stack = guest.alloc(8192);
      const old = guest.alloc(24);
      results.push(yield ['sigaltstack', guest.words(stack, 0, 8192), 0]);
      yield ['rt_sigaction', SIGUSR1, action(guest, 0x08000000), 0, 8];
      yield ['kill', pid, SIGUSR1];
      const { frame } = LINUX_ISAS.find(({ isa }) => isa === guest.isa)!;
      const info = frame.place(stack + 8192).address + frame.info;
      results.push(guest.peek(info, 4).getInt32(0, true));
      yield ['sigaltstack', 0, old];
      results.push(guest.peek(old, 24).getInt32(8, true));
    });
    expect(results).toEqual([0, SIGUSR1, 0]);
  });

  it.each([
    ['too low', 64, 0],
    ['where nothing is', 0x1000, 0x30],
    ['beyond 2^47', 0, 0x8000],
    ['beyond 2^53', 0x10, 0x80000000],
    ['at the very end', 0xfffffff0, 0xffffffff],
  ])('with a stack %s kill the program', async (_where, lo, hi) => {
    const { end, kernel } = await runScript(function* (guest) {
      const pid = yield ['getpid'];
      yield ['rt_sigaction', SIGUSR1, action(guest), 0, 8];
      const sp = guest.kernel.machine.info.layout.sp * 2;
      guest.thread.registers[sp] = lo;
      guest.thread.registers[sp + 1] = hi;
      yield ['kill', pid, SIGUSR1];
    });
    expect(end).toEqual({ kind: 'signal', value: 11, core: true });
    expect(kernel.faultLog).toHaveLength(1);
  });

  it('come from children', async () => {
    const results: number[] = [];
    await runScript(
      function* (guest) {
        const status = guest.alloc(4);
        yield ['rt_sigprocmask', 0, guest.words(mask(SIGCHLD)), 0, 8];
        const child = yield ['clone', 17, 0, 0, 0, 0];
        const info = guest.alloc(128);
        results.push(yield ['rt_sigtimedwait', guest.words(mask(SIGCHLD)), info, 0, 8]);
        results.push(guest.peek(info, 32).getInt32(16, true) - child, guest.peek(info, 32).getInt32(24, true));
        results.push((yield ['wait4', -1, status, 0, 0]) - child, guest.peek(status, 4).getInt32(0, true));
      },
      {
        children: [
          function* () {
            yield ['exit_group', 5];
          },
        ],
      },
    );
    expect(results).toEqual([SIGCHLD, 0, 5, 0, 5 << 8]);
  });

  it('of a timer are one at a time and count what they missed', async () => {
    const results: number[] = [];
    await runScript(function* (guest) {
      yield ['rt_sigprocmask', 0, guest.words(mask(40)), 0, 8];
      const id = guest.alloc(8);
      const view = new DataView(new ArrayBuffer(64));
      view.setInt32(0, 99, true);
      view.setInt32(8, 40, true);
      yield ['timer_create', 1, guest.put(new Uint8Array(view.buffer)), id];
      yield ['timer_settime', 0, 0, guest.words(0, MS, 0, MS), 0];
      yield ['nanosleep', guest.words(0, 5.5 * MS), 0];
      const info = guest.alloc(128);
      results.push(yield ['rt_sigtimedwait', guest.words(mask(40)), info, 0, 8]);
      results.push(guest.peek(info, 32).getInt32(24, true), yield ['timer_getoverrun', 0]);
      yield ['timer_delete', 0];
      results.push(yield ['rt_sigtimedwait', guest.words(mask(40)), 0, guest.words(0, 3 * MS), 8]);
    });
    expect(results).toEqual([40, 99, 4, EAGAIN]);
  });

  it('of a timer with an absurd interval leave time for the program', async () => {
    const results: number[] = [];
    await runScript(function* (guest) {
      yield ['rt_sigaction', SIGALRM, action(guest), 0, 8];
      yield ['timerfd_create', 1, 0];
      yield ['timerfd_settime', 3, 0, guest.words(0, 1, 0, 1), 0]; // every nanosecond
      const count = guest.alloc(8);
      yield ['nanosleep', guest.words(0, MS), 0];
      yield ['read', 3, count, 8];
      results.push(Math.round(Number(guest.peek(count, 8).getBigUint64(0, true)) / 100_000));
      yield ['close', 3];
      yield ['setitimer', 0, guest.words(0, 1, 0, 1), 0]; // every microsecond
      for (let call = 0; call < 100; call++) yield ['getpid'];
      yield ['setitimer', 0, guest.words(0, 0, 0, 0), 0];
      results.push(1);
    });
    expect(results).toEqual([10, 1]);
  });
});

const stop = { code: 0, pid: 0, uid: 0, status: 0, valueLo: 0, valueHi: 0 };
