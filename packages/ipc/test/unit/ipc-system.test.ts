import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  EAGAIN,
  EBADF,
  EBUSY,
  ECANCELED,
  EINTR,
  EINVAL,
  EMSGSIZE,
  ENOMEM,
  EOPNOTSUPP,
  type ThreadId,
} from '@veridian-os/abi';
import { IpcStatus, IpcSystem, NOTIFICATION_LABEL, createIpc } from '../../src/index.js';

const { Done, Blocked } = IpcStatus;
const [A, B, C, D] = [0, 1, 2, 3] as ThreadId[];

let ipc: IpcSystem;
let endpoint: number;
let carried: string[];

function runnable(): number[] {
  const threads: number[] = [];
  for (let thread = ipc.takeRunnable(); thread !== -1; thread = ipc.takeRunnable()) threads.push(thread);
  return threads;
}

function write(thread: ThreadId, label: number, payloadBytes = 0, caps = 0): void {
  ipc.records.label[thread] = label;
  ipc.records.payloadBytes[thread] = payloadBytes;
  ipc.records.capCount[thread] = caps;
}

beforeEach(() => {
  carried = [];
  ipc = createIpc({
    maxThreads: 5,
    maxEndpoints: 2,
    maxNotifications: 2,
    carrier: {
      copyPayload: (from, to, bytes) => void carried.push(`payload ${from} ${to} ${bytes}`),
      transferCaps: (from, to, count) => {
        carried.push(`caps ${from} ${to} ${count}`);
        return count;
      },
    },
  });
  for (const thread of [A, B, C, D]) ipc.attachThread(thread, 10);
  endpoint = ipc.createEndpoint();
});

describe('construction and threads', () => {
  it.each([{ maxThreads: 0 }, { maxThreads: 2 ** 20 + 1 }, { maxEndpoints: 1.5 }, { maxNotifications: NaN }])(
    'refuses %p with a RangeError that names it',
    (options) => {
      expect(() => new IpcSystem(options)).toThrow(RangeError);
      expect(() => new IpcSystem(options)).toThrow(Object.keys(options)[0]);
    },
  );

  it('refuses ids beyond the table, bad priorities and double attachment', () => {
    for (const thread of [-1, 5, 1.5]) expect(() => ipc.attachThread(thread as ThreadId, 0)).toThrow(RangeError);
    for (const priority of [-1, 256, 0.5]) expect(() => ipc.attachThread(4 as ThreadId, priority)).toThrow(RangeError);
    expect(() => ipc.attachThread(A, 0)).toThrow('ipc/attached');
  });

  it('knows no operation of a thread that sleeps or does not exist', () => {
    ipc.recv(A, endpoint, true);
    for (const thread of [A, 4, -1, 99] as ThreadId[]) {
      expect(() => ipc.recv(thread, endpoint, true)).toThrow('ipc/not-ready');
      expect(() => ipc.send(thread, endpoint, 0, true)).toThrow('ipc/not-ready');
      expect(() => ipc.reply(thread, 0)).toThrow('ipc/not-ready');
    }
    expect(ipc.isBlocked(99 as ThreadId)).toBe(false);
    expect(ipc.cancel(99 as ThreadId, EINTR)).toBe(false);
    ipc.detachThread(99 as ThreadId);
  });

  it('clears the record of a thread id that is used again', () => {
    write(A, 5, 100, 2);
    ipc.records.words.fill(7);
    ipc.detachThread(A);
    ipc.attachThread(A, 1);
    expect(ipc.records.label[A]).toBe(0);
    expect(ipc.records.payloadBytes[A] + ipc.records.capCount[A]).toBe(0);
    expect([...ipc.records.words.subarray(0, 16)]).toEqual(new Array(16).fill(0));
    expect(ipc.records.words[16]).toBe(7);
  });

  it('forgets a runnable thread that is detached or sleeps again', () => {
    ipc.recv(A, endpoint, true);
    ipc.recv(B, endpoint, true);
    ipc.send(C, endpoint, 0, true);
    ipc.send(C, endpoint, 0, true);
    ipc.detachThread(A);
    ipc.attachThread(A, 0);
    ipc.recv(B, endpoint, true);
    expect(runnable()).toEqual([]);
    ipc.send(C, endpoint, 0, true);
    expect(runnable()).toEqual([B]);
  });

  it('lists runnable threads in order of waking', () => {
    for (const thread of [C, A, B]) ipc.recv(thread, endpoint, true);
    ipc.destroyEndpoint(endpoint);
    expect(runnable()).toEqual([C, A, B]);
    expect([...ipc.records.result.subarray(0, 3)]).toEqual([ECANCELED, ECANCELED, ECANCELED]);
  });
});

describe('objects', () => {
  it('are bounded and reused', () => {
    expect(ipc.createEndpoint()).toBe(1);
    expect(ipc.createEndpoint()).toBe(ENOMEM);
    ipc.destroyEndpoint(1);
    expect(ipc.createEndpoint()).toBe(1);
    expect([ipc.createNotification(), ipc.createNotification(), ipc.createNotification()]).toEqual([0, 1, ENOMEM]);
  });

  it('that are gone are EBADF to threads and the kernel’s own mistake otherwise', () => {
    for (const gone of [1, -1, 99]) {
      expect(ipc.send(A, gone, 0, true)).toBe(EBADF);
      expect(ipc.call(A, gone, 0)).toBe(EBADF);
      expect(ipc.recv(A, gone, true)).toBe(EBADF);
      expect(ipc.replyRecv(A, -1, gone)).toBe(EBADF);
      expect(ipc.wait(A, gone, true)).toBe(EBADF);
      expect(ipc.bind(gone, A)).toBe(EBADF);
      expect(() => ipc.destroyEndpoint(gone)).toThrow('ipc/endpoint');
      expect(() => ipc.destroyNotification(gone)).toThrow('ipc/notification');
      expect(() => ipc.signal(gone, 1)).toThrow('ipc/notification');
    }
    expect(ipc.isBlocked(A)).toBe(false);
  });
});

/** Each condition of the fast path, once met and once not; what must arrive is the same. */
describe('fast path', () => {
  it.each([
    ['a receiver waits', true, 0, 0, 1],
    ['no receiver waits', false, 0, 0, 0],
    ['payload', true, 1, 0, 0],
    ['capabilities', true, 0, 1, 0],
    ['payload and capabilities', true, 4096, 4, 0],
  ])('of a call: %s', (_, waits, bytes, caps, fast) => {
    if (waits) expect(ipc.recv(B, endpoint, true)).toBe(Blocked);
    write(A, 77, bytes, caps);
    expect(ipc.call(A, endpoint, 3)).toBe(Blocked);
    if (!waits) expect(ipc.recv(B, endpoint, true)).toBe(Done);
    expect(runnable()).toEqual(waits ? [B] : []);
    expect(ipc.fastCount).toBe(fast);
    expect([ipc.records.label[B], ipc.records.badge[B]]).toEqual([77, 3]);
    expect([ipc.records.payloadBytes[B], ipc.records.capCount[B]]).toEqual([bytes, caps]);
    expect(carried).toEqual([
      ...(bytes > 0 ? [`payload 0 1 ${bytes}`] : []),
      ...(caps > 0 ? [`caps 0 1 ${caps}`] : []),
    ]);
    expect(ipc.messageCount).toBe(1);
  });

  it.each([
    ['registers only', 0, 1],
    ['payload', 9, 0],
  ])('of a reply: %s', (_, bytes, fast) => {
    ipc.recv(B, endpoint, true);
    ipc.call(A, endpoint, 0);
    const before = ipc.fastCount;
    write(B, 78, bytes);
    expect(ipc.reply(B, ipc.records.replyObject[B])).toBe(0);
    expect(ipc.fastCount - before).toBe(fast);
    expect([ipc.records.label[A], ipc.records.payloadBytes[A]]).toEqual([78, bytes]);
    expect(ipc.records.replyObject[A]).toBe(-1);
  });

  it('is the same for a send', () => {
    ipc.recv(B, endpoint, true);
    expect(ipc.send(A, endpoint, 0, false)).toBe(Done);
    expect(ipc.records.replyObject[B]).toBe(-1);
    expect(ipc.send(A, endpoint, 0, false)).toBe(EAGAIN);
    expect(ipc.fastCount).toBe(1);
  });
});

describe('messages that may not travel', () => {
  it.each([
    [-1, 0],
    [4097, 0],
    [0, -1],
    [0, 5],
    [-1, 1],
  ])('%p payload bytes and %p capabilities are EMSGSIZE and change nothing', (bytes, caps) => {
    ipc.recv(B, endpoint, true);
    write(A, 1, bytes, caps);
    expect(ipc.send(A, endpoint, 0, true)).toBe(EMSGSIZE);
    expect(ipc.call(A, endpoint, 0)).toBe(EMSGSIZE);
    expect([ipc.isBlocked(A), ipc.isBlocked(B), ipc.messageCount]).toEqual([false, true, 0]);
  });

  it('leave the reply object unspent', () => {
    ipc.recv(B, endpoint, true);
    ipc.call(A, endpoint, 0);
    const reply = ipc.records.replyObject[B];
    write(B, 1, 5000);
    expect(ipc.reply(B, reply)).toBe(EMSGSIZE);
    expect(ipc.replyRecv(B, reply, endpoint)).toBe(EMSGSIZE);
    expect([ipc.isBlocked(A), ipc.isBlocked(B)]).toEqual([true, false]);
    write(B, 1);
    expect(ipc.reply(B, reply)).toBe(0);
  });

  it('are EOPNOTSUPP without a carrier', () => {
    ipc = createIpc({ maxThreads: 2 });
    ipc.attachThread(A, 0);
    endpoint = ipc.createEndpoint();
    write(A, 1, 8);
    expect(ipc.send(A, endpoint, 0, true)).toBe(EOPNOTSUPP);
    write(A, 1, 0, 1);
    expect(ipc.call(A, endpoint, 0)).toBe(EOPNOTSUPP);
    write(A, 1, 4097);
    expect(ipc.call(A, endpoint, 0)).toBe(EMSGSIZE);
  });
});

describe('reply objects', () => {
  beforeEach(() => {
    ipc.recv(B, endpoint, true);
    ipc.call(A, endpoint, 0);
    runnable();
  });

  it('name the thread that owes the answer, wherever they are passed', () => {
    const reply = ipc.records.replyObject[B];
    expect(ipc.serverOf(A)).toBe(B);
    expect(ipc.serverOf(B)).toBe(-1);
    expect(ipc.passReply(reply, C)).toBe(0);
    expect(ipc.serverOf(A)).toBe(C);
    ipc.detachThread(B);
    expect(runnable()).toEqual([]);
    ipc.detachThread(C);
    expect(runnable()).toEqual([A]);
    expect(ipc.records.result[A]).toBe(ECANCELED);
    expect(ipc.passReply(reply, D)).toBe(EINVAL);
    expect(ipc.serverOf(A)).toBe(-1);
  });

  it('cannot be passed to nobody', () => {
    expect(ipc.passReply(ipc.records.replyObject[B], 4 as ThreadId)).toBe(EINVAL);
    expect(ipc.serverOf(A)).toBe(B);
  });

  it('that die unused end the call', () => {
    const reply = ipc.records.replyObject[B];
    expect(ipc.cancelReply(reply)).toBe(0);
    expect(runnable()).toEqual([A]);
    expect(ipc.records.result[A]).toBe(ECANCELED);
    expect(ipc.cancelReply(reply)).toBe(EINVAL);
  });

  it('of several callers may be answered in any order', () => {
    const replies = [ipc.records.replyObject[B]];
    for (const caller of [C, D]) {
      ipc.call(caller, endpoint, 0);
      ipc.recv(B, endpoint, false);
      replies.push(ipc.records.replyObject[B]);
    }
    for (const i of [1, 0, 2]) expect(ipc.reply(B, replies[i])).toBe(0);
    expect(runnable()).toEqual([C, A, D]);
  });

  it('survive the endpoint', () => {
    ipc.destroyEndpoint(endpoint);
    expect(ipc.reply(B, ipc.records.replyObject[B])).toBe(0);
    expect(runnable()).toEqual([A]);
  });

  it('that are spent do not keep a server from its next message', () => {
    const reply = ipc.records.replyObject[B];
    ipc.cancel(A, EINTR);
    expect(ipc.reply(B, reply)).toBe(EINVAL);
    expect(ipc.replyRecv(B, reply, endpoint)).toBe(Blocked);
  });
});

describe('priorities', () => {
  it('may change while a sender waits', () => {
    ipc.send(A, endpoint, 1, true);
    ipc.send(B, endpoint, 2, true);
    ipc.call(C, endpoint, 3);
    ipc.setPriority(C, 200);
    ipc.setPriority(A, 0);
    const badges = [1, 2, 3].map(() => {
      ipc.recv(D, endpoint, false);
      return ipc.records.badge[D];
    });
    expect(badges).toEqual([3, 2, 1]);
    expect(() => ipc.setPriority(A, 256)).toThrow(RangeError);
  });

  it('do not order receivers', () => {
    ipc.setPriority(B, 255);
    ipc.recv(A, endpoint, true);
    ipc.recv(B, endpoint, true);
    ipc.setPriority(B, 254);
    ipc.send(C, endpoint, 0, true);
    expect(runnable()).toEqual([A]);
  });
});

describe('notifications', () => {
  let bell: number;
  beforeEach(() => {
    bell = ipc.createNotification();
  });

  it('collect bits until they are taken', () => {
    ipc.signal(bell, 1);
    ipc.signal(bell, 2 ** 31);
    expect(ipc.wait(A, bell, true)).toBe(Done);
    expect([ipc.records.label[A], ipc.records.words[0], ipc.records.words[1]]).toEqual([
      NOTIFICATION_LABEL,
      2 ** 31 + 1,
      0,
    ]);
    expect(ipc.wait(A, bell, false)).toBe(EAGAIN);
  });

  it('wake one waiter, and nobody for a badge without bits', () => {
    ipc.wait(A, bell, true);
    ipc.wait(B, bell, true);
    ipc.signal(bell, 0);
    expect(runnable()).toEqual([]);
    ipc.signal(bell, 4);
    expect(runnable()).toEqual([A]);
    ipc.destroyNotification(bell);
    expect(runnable()).toEqual([B]);
    expect(ipc.records.result[B]).toBe(ECANCELED);
  });

  it('reach a bound thread while it receives, not while it waits for an answer', () => {
    expect(ipc.bind(bell, A)).toBe(0);
    ipc.recv(A, endpoint, true);
    ipc.signal(bell, 1);
    expect(runnable()).toEqual([A]);
    ipc.call(A, endpoint, 0);
    ipc.signal(bell, 2);
    expect(runnable()).toEqual([]);
    ipc.recv(B, endpoint, true);
    ipc.reply(B, ipc.records.replyObject[B]);
    expect(ipc.recv(A, endpoint, true)).toBe(Done);
    expect(ipc.records.words[0]).toBe(2);
  });

  it('deliver at once what had come before the binding', () => {
    ipc.recv(A, endpoint, true);
    ipc.signal(bell, 1);
    expect(ipc.bind(bell, A)).toBe(0);
    expect(runnable()).toEqual([A]);
  });

  it('are bound one to one', () => {
    const other = ipc.createNotification();
    expect(ipc.bind(bell, A)).toBe(0);
    expect(ipc.bind(bell, A)).toBe(0);
    expect(ipc.bind(bell, B)).toBe(EBUSY);
    expect(ipc.bind(other, A)).toBe(EBUSY);
    expect(ipc.bind(other, 4 as ThreadId)).toBe(EINVAL);
    expect(ipc.bind(bell, -1)).toBe(0);
    expect(ipc.bind(other, A)).toBe(0);
    ipc.destroyNotification(other);
    expect(ipc.bind(bell, A)).toBe(0);
    ipc.detachThread(A);
    expect(ipc.bind(bell, B)).toBe(0);
  });
});
