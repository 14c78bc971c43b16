import { describe, expect, it } from '@jest/globals';
import { EAGAIN, ETIMEDOUT } from '@veridian-os/abi';
import { DATA, MACHINES, scriptsOn, type CallRequest, type Guest, type Script } from '../helpers/scripted.js';

const THREAD = 0x3d0f00;
const MS = 1_000_000;
const PRIVATE = 128;

const word = (guest: Guest, address: number): number => guest.peek(address, 4).getUint32(0, true);
const setWord = (guest: Guest, address: number, value: number): void =>
  guest.poke(address, Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24));
/** clone's last two arguments are tls and childTid, in the ISA's order. */
const thread = (guest: Guest, tid: number): CallRequest => [
  'clone',
  THREAD,
  guest.alloc(4096) + 4096,
  tid,
  ...(guest.isa === 'x86_64' ? [tid, 0] : [0, tid]),
];

describe.each(MACHINES)('threads on %s', (on) => {
  const runScript = scriptsOn(on);

  it('store their number, clear it at their end and wake who waits', async () => {
    const results: number[] = [];
    const child: Script = function* (guest) {
      guest.allocateFrom(DATA + 0x10000);
      results.push(yield ['gettid']);
      yield ['nanosleep', guest.words(0, MS), 0];
      yield ['exit', 0];
    };
    await runScript(
      function* (guest) {
        const tid = guest.alloc(4);
        const made = yield thread(guest, tid);
        results.push(made - word(guest, tid));
        results.push(yield ['futex', tid, 9 | 256, made, 0, 0, -1]);
        results.push(word(guest, tid), (yield ['gettid']) - (yield ['getpid']));
        results.push(made);
      },
      { children: [child] },
    );
    const [stored, childTid, waited, cleared, isLeader, made] = results;
    expect([stored, waited, cleared, isLeader]).toEqual([0, 0, 0, 0]);
    expect(childTid).toBe(made);
  });

  it('wake each other in order, by bitset and by requeue', async () => {
    const woken: string[] = [];
    const sleeper = (name: string, futex: number, bitset: number): Script =>
      function* (guest) {
        guest.allocateFrom(DATA + 0x20000 + name.charCodeAt(0) * 256);
        const result = yield ['futex', futex, 9 | PRIVATE, 0, 0, 0, bitset];
        woken.push(`${name}${result}`);
        yield ['exit', 0];
      };
    const [first, second] = [DATA + 0x8000, DATA + 0x8010];
    const counts: number[] = [];
    await runScript(
      function* (guest) {
        const tid = guest.alloc(4);
        for (let count = 0; count < 5; count++) yield thread(guest, tid);
        yield ['nanosleep', guest.words(0, MS), 0];
        counts.push(yield ['futex', first, 10 | PRIVATE, 10, 0, 0, 2]); // b and d
        yield ['nanosleep', guest.words(0, MS), 0];
        counts.push(yield ['futex', first, 4 | PRIVATE, 1, 5, second, 1]); // wrong value
        counts.push(yield ['futex', first, 4 | PRIVATE, 1, 5, second, 0]); // wakes a, moves c and e
        counts.push(yield ['futex', first, 1 | PRIVATE, 10]);
        yield ['nanosleep', guest.words(0, MS), 0];
        counts.push(yield ['futex', second, 1 | PRIVATE, 1]);
        yield ['nanosleep', guest.words(0, MS), 0];
        counts.push(yield ['futex', second, 1 | PRIVATE, 5]);
        yield ['nanosleep', guest.words(0, MS), 0];
      },
      {
        children: [
          sleeper('a', first, 1),
          sleeper('b', first, 2),
          sleeper('c', first, 1),
          sleeper('d', first, 3),
          sleeper('e', first, 1),
        ],
      },
    );
    expect(woken).toEqual(['b0', 'd0', 'a0', 'c0', 'e0']);
    expect(counts).toEqual([2, EAGAIN, 3, 0, 1, 1]);
  });

  it('sleep on a private word that fork moves to another frame', async () => {
    let result = -1;
    const futex = DATA + 0x8000;
    const sleeper: Script = function* (guest) {
      guest.allocateFrom(DATA + 0x20000);
      result = yield ['futex', futex, PRIVATE, 0, guest.words(10, 0)];
      yield ['exit', 0];
    };
    let woken = 0;
    await runScript(
      function* (guest) {
        setWord(guest, futex, 0);
        yield thread(guest, guest.alloc(4));
        yield ['nanosleep', guest.words(0, MS), 0];
        yield ['clone', 17, 0, 0, 0, 0];
        setWord(guest, futex, 1); // breaks copy-on-write: the word has another frame now
        woken = yield ['futex', futex, 1 | PRIVATE, 1];
        yield ['nanosleep', guest.words(0, MS), 0];
      },
      { children: [sleeper] },
    );
    expect([woken, result]).toEqual([1, 0]);
  });

  it('of two processes meet on a shared word', async () => {
    const results: number[] = [];
    let shared = 0;
    const child: Script = function* (guest) {
      guest.allocateFrom(DATA + 0x20000);
      results.push(yield ['futex', shared, 0, 0, guest.words(5, 0)]);
      yield ['exit_group', 0];
    };
    await runScript(
      function* (guest) {
        shared = yield ['mmap', 0, 4096, 3, 0x21, -1, 0];
        yield ['clone', 17, 0, 0, 0, 0];
        yield ['nanosleep', guest.words(0, MS), 0];
        results.push(yield ['futex', shared, 1 | PRIVATE, 1]); // a private wake does not reach it
        results.push(yield ['futex', shared, 1, 1]);
        yield ['wait4', -1, 0, 0, 0];
      },
      { children: [child] },
    );
    expect(results).toEqual([0, 1, 0]);
  });

  it('wait with deadlines on both clocks', async () => {
    const results: number[] = [];
    const spans: number[] = [];
    await runScript(function* (guest) {
      const futex = guest.alloc(4);
      const time = guest.alloc(16);
      for (const [clock, flag] of [
        [1, 0],
        [0, 256],
      ]) {
        yield ['clock_gettime', clock, time];
        const view = guest.peek(time, 16);
        view.setBigInt64(8, view.getBigInt64(8, true) + 2_000_000n, true);
        if (view.getBigInt64(8, true) >= 1_000_000_000n) {
          view.setBigInt64(0, view.getBigInt64(0, true) + 1n, true);
          view.setBigInt64(8, view.getBigInt64(8, true) - 1_000_000_000n, true);
        }
        guest.poke(time, new Uint8Array(view.buffer));
        const start = guest.kernel.now();
        results.push(yield ['futex', futex, 9 | PRIVATE | flag, 0, time, 0, -1]);
        spans.push(guest.kernel.now() - start);
      }
    });
    expect(results).toEqual([ETIMEDOUT, ETIMEDOUT]);
    for (const span of spans) {
      expect(span).toBeGreaterThan(1.9 * MS);
      expect(span).toBeLessThan(2.1 * MS);
    }
  });

  it('inherit a robust mutex from a dead owner', async () => {
    let seen = 0;
    const [list, mutex] = [DATA + 0x8000, DATA + 0x8100];
    const owner: Script = function* (guest) {
      guest.allocateFrom(DATA + 0x20000);
      const tid = yield ['gettid'];
      // head -> entry -> head, the futex 8 bytes behind the entry
      guest.poke(list, new Uint8Array(new BigUint64Array([BigInt(mutex), 8n, 0n]).buffer));
      guest.poke(mutex, new Uint8Array(new BigUint64Array([BigInt(list), 0n]).buffer));
      setWord(guest, mutex + 8, (tid | 0x80000000) >>> 0);
      yield ['set_robust_list', list, 24];
      yield ['exit', 0];
    };
    await runScript(
      function* (guest) {
        yield thread(guest, guest.alloc(4));
        yield ['nanosleep', guest.words(0, MS), 0];
        seen = word(guest, mutex + 8);
      },
      { children: [owner] },
    );
    expect(seen).toBe(0xc0000000);
  });
});

describe.each(MACHINES)('processes on %s', (on) => {
  const runScript = scriptsOn(on);

  it('share memory with a vfork child until it is gone', async () => {
    const order: string[] = [];
    const flag = DATA + 0x8000;
    await runScript(
      function* (guest) {
        const child = yield ['clone', 0x4111, guest.alloc(4096) + 4096, 0, 0, 0];
        order.push(`parent sees ${word(guest, flag)}`);
        yield ['wait4', child, 0, 0, 0];
      },
      {
        children: [
          function* (guest) {
            guest.allocateFrom(DATA + 0x20000);
            yield ['nanosleep', guest.words(0, 5 * MS), 0];
            setWord(guest, flag, 7);
            order.push('child is done');
            yield ['exit_group', 0];
          },
        ],
      },
    );
    expect(order).toEqual(['child is done', 'parent sees 7']);
  });

  it('have memory of their own after fork', async () => {
    const seen: number[] = [];
    const flag = DATA + 0x8000;
    await runScript(
      function* (guest) {
        setWord(guest, flag, 1);
        yield ['clone', 17, 0, 0, 0, 0];
        setWord(guest, flag, 2);
        yield ['wait4', -1, 0, 0, 0];
        seen.push(word(guest, flag));
      },
      {
        children: [
          function* (guest) {
            guest.allocateFrom(DATA + 0x20000);
            yield ['nanosleep', guest.words(0, MS), 0];
            seen.push(word(guest, flag));
            setWord(guest, flag, 3);
            yield ['exit_group', 0];
          },
        ],
      },
    );
    expect(seen).toEqual([1, 2]);
  });

  it('do not fall over each other in the heap', async () => {
    const results: number[] = [];
    await runScript(function* () {
      const start = yield ['brk', 0];
      results.push((yield ['brk', start + 10_000]) - start, (yield ['brk', start + 100]) - start);
      results.push((yield ['brk', start - 4096]) - start, (yield ['brk', 2 ** 48]) - start);
    });
    expect(results).toEqual([10_000, 100, 100, 100]);
  });
});
