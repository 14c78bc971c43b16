import { describe, expect, it } from '@jest/globals';
import { EEXIST, EINTR, EINVAL, ELOOP, ENOENT } from '@veridian-os/abi';
import { SIGALRM } from '@veridian-os/kernel';
import { HANDLER, MACHINES, scriptsOn, type CallRequest, type Guest } from '../helpers/scripted.js';

const [IN, OUT, HUP] = [1, 4, 16];
const ET = 0x80000000;
const ONESHOT = 0x40000000;
const [ADD, DEL, MOD] = [1, 2, 3];
const MS = 1_000_000;

/** epoll_ctl with an event whose data is the descriptor. */
function control(guest: Guest, set: number, operation: number, fd: number, events = 0): CallRequest {
  const view = new DataView(new ArrayBuffer(16));
  view.setUint32(0, events, true);
  view.setUint32(guest.isa === 'x86_64' ? 4 : 8, fd, true);
  return ['epoll_ctl', set, operation, fd, guest.put(new Uint8Array(view.buffer))];
}

/** What the last wait with `count` results stored: descriptor and events. */
function events(guest: Guest, address: number, count: number): number[][] {
  const [bytes, data] = guest.isa === 'x86_64' ? [12, 4] : [16, 8];
  return Array.from({ length: Math.max(count, 0) }, (_, index) => {
    const view = guest.peek(address + index * bytes, bytes);
    return [view.getUint32(data, true), view.getUint32(0, true)];
  });
}

describe.each(MACHINES)('epoll on %s', (on) => {
  const runScript = scriptsOn(on);

  it('reports level-triggered readiness as long as it lasts, edges once', async () => {
    const seen: number[][][] = [];
    await runScript(function* (guest) {
      const [level, edge] = [guest.alloc(8), guest.alloc(8)];
      const [byte, found] = [guest.alloc(8), guest.alloc(256)];
      yield ['pipe2', level, 0]; // 3 4
      yield ['pipe2', edge, 0]; // 5 6
      const set = yield ['epoll_create1', 0];
      yield control(guest, set, ADD, 3, IN);
      yield control(guest, set, ADD, 5, (IN | ET) >>> 0);
      seen.push(events(guest, found, yield ['epoll_pwait', set, found, 8, 0, 0, 8]));
      yield ['write', 4, byte, 2];
      yield ['write', 6, byte, 2];
      for (let turn = 0; turn < 2; turn++)
        seen.push(events(guest, found, yield ['epoll_pwait', set, found, 8, 0, 0, 8]));
      yield ['read', 5, byte, 1]; // not a new edge
      seen.push(events(guest, found, yield ['epoll_pwait', set, found, 8, 0, 0, 8]));
      yield ['write', 6, byte, 1]; // one, although there was something left
      seen.push(events(guest, found, yield ['epoll_pwait', set, found, 8, 0, 0, 8]));
      yield ['read', 3, byte, 8];
      seen.push(events(guest, found, yield ['epoll_pwait', set, found, 8, 0, 0, 8]));
      yield ['close', 6];
      seen.push(events(guest, found, yield ['epoll_pwait', set, found, 8, 0, 0, 8]));
    });
    expect(seen).toEqual([
      [],
      [
        [3, IN],
        [5, IN],
      ],
      [[3, IN]],
      [[3, IN]],
      [
        [3, IN],
        [5, IN],
      ],
      [],
      [[5, IN | HUP]],
    ]);
  });

  it('disarms one-shot members until they are set again', async () => {
    const seen: number[][][] = [];
    await runScript(function* (guest) {
      const found = guest.alloc(64);
      const counter = yield ['eventfd2', 1, 0];
      const set = yield ['epoll_create1', 0];
      yield control(guest, set, ADD, counter, (IN | ONESHOT) >>> 0);
      for (let turn = 0; turn < 2; turn++)
        seen.push(events(guest, found, yield ['epoll_pwait', set, found, 8, 0, 0, 8]));
      yield control(guest, set, MOD, counter, (OUT | ONESHOT) >>> 0);
      seen.push(events(guest, found, yield ['epoll_pwait', set, found, 8, 0, 0, 8]));
    });
    expect(seen).toEqual([[[3, IN]], [], [[3, OUT]]]);
  });

  it('waits for an event, a deadline or a signal', async () => {
    const results: number[] = [];
    await runScript(function* (guest) {
      const found = guest.alloc(64);
      const timer = yield ['timerfd_create', 1, 0];
      const set = yield ['epoll_create1', 0];
      yield control(guest, set, ADD, timer, IN);
      const start = guest.kernel.now();
      results.push(yield ['epoll_pwait', set, found, 8, 3, 0, 8]);
      results.push(Math.floor((guest.kernel.now() - start) / MS));
      yield ['timerfd_settime', timer, 0, guest.words(0, 2 * MS, 0, MS), 0];
      results.push(yield ['epoll_pwait', set, found, 8, -1, 0, 8]);
      const count = guest.alloc(8);
      yield ['nanosleep', guest.words(0, 4.5 * MS), 0];
      results.push(yield ['read', timer, count, 8], Number(guest.peek(count, 8).getBigUint64(0, true)));
      yield ['timerfd_settime', timer, 0, guest.words(0, 0, 0, 0), 0];
      yield ['rt_sigaction', SIGALRM, guest.sigaction(HANDLER, 0x10000000, 0), 0, 8];
      yield ['setitimer', 0, guest.words(0, 0, 0, 100), 0];
      results.push(yield ['epoll_pwait', set, found, 8, -1, 0, 8]);
    });
    expect(results).toEqual([0, 3, 1, 8, 3, EINTR]);
  });

  it('knows its members by file and descriptor', async () => {
    const results: number[] = [];
    await runScript(function* (guest) {
      const found = guest.alloc(64);
      yield ['eventfd2', 1, 0]; // 3
      yield ['epoll_create1', 0]; // 4
      yield ['dup', 3]; // 5
      results.push(yield control(guest, 4, ADD, 3, IN), yield control(guest, 4, ADD, 3, IN));
      results.push(yield control(guest, 4, ADD, 5, IN), yield control(guest, 4, MOD, 0, IN));
      results.push(yield ['epoll_pwait', 4, found, 8, 0, 0, 8]);
      results.push(yield control(guest, 4, DEL, 5), yield control(guest, 4, DEL, 5));
      results.push(yield ['epoll_pwait', 4, found, 8, 0, 0, 8]);
      yield ['close', 3]; // the description lives on: still a member
      results.push(yield ['epoll_pwait', 4, found, 8, 0, 0, 8]);
      yield ['close', 5]; // now it is gone
      results.push(yield ['epoll_pwait', 4, found, 8, 0, 0, 8]);
    });
    expect(results).toEqual([0, EEXIST, 0, ENOENT, 2, 0, ENOENT, 1, 1, 0]);
  });

  it('nests without cycles', async () => {
    const results: number[] = [];
    const { kernel } = await runScript(function* (guest) {
      const found = guest.alloc(64);
      yield ['eventfd2', 0, 0]; // 3
      for (let fd = 4; fd <= 6; fd++) yield ['epoll_create1', 0];
      results.push(yield control(guest, 4, ADD, 3, IN), yield control(guest, 5, ADD, 4, IN));
      results.push(yield control(guest, 4, ADD, 5, IN), yield control(guest, 4, ADD, 4, IN));
      results.push(yield ['epoll_pwait', 5, found, 8, 0, 0, 8]);
      yield ['write', 3, guest.words(1), 8];
      results.push(yield ['epoll_pwait', 5, found, 8, 0, 0, 8], ...events(guest, found, 1)[0]);
    });
    expect(results).toEqual([0, 0, ELOOP, EINVAL, 0, 1, 4, IN]);
    expect(kernel.objects.files.size).toBeLessThan(20);
  });

  it('gives every ready member its turn', async () => {
    const seen: number[] = [];
    await runScript(function* (guest) {
      const found = guest.alloc(64);
      for (let fd = 3; fd <= 7; fd++) yield ['eventfd2', 1, 0];
      const set = yield ['epoll_create1', 0];
      for (let fd = 3; fd <= 7; fd++) yield control(guest, set, ADD, fd, IN);
      for (let turn = 0; turn < 4; turn++) {
        seen.push(...events(guest, found, yield ['epoll_pwait', set, found, 2, 0, 0, 8]).map(([fd]) => fd));
      }
    });
    expect(seen).toEqual([3, 4, 5, 6, 7, 3, 4, 5]);
  });
});
