/** Futexes against a list of waiters. Threads only sleep and are woken here, so a stand-in for `Waiting` is enough. */
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { Nanoseconds } from '@veridian-os/abi';
import type { Blocking } from '../../src/index.js';
import { Wake } from '../../src/index.js';
import { Futexes } from '../../src/core/futex.js';
import type { Kernel } from '../../src/kernel.js';
import type { Thread } from '../../src/core/thread.js';

const FOREVER = Infinity as Nanoseconds;
const SCOPES = [{}, {}] as const;

interface Sleeper {
  readonly id: number;
  key: string;
  readonly bitset: number;
  readonly call: Blocking<Wake>;
}

const place = fc.record({ scope: fc.nat(1), address: fc.nat(2) });
const bitset = fc.constantFrom(1, 2, 3, -1);
const command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), at: place, bitset }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wake' as const), at: place, count: fc.nat(3), bitset }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('requeue' as const), at: place, to: place, count: fc.nat(3) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('end' as const), which: fc.nat(20), how: fc.nat(2) }) },
);
const keyOf = (at: { scope: number; address: number }): string => `${at.scope}:${at.address}`;

describe('futexes against a list', () => {
  it('wakes first come, first served, by bitset, also after requeueing, and forgets who has gone', () => {
    fc.assert(fc.property(fc.array(command, { maxLength: 60, size: 'max' }), check));
  });
});

function check(commands: readonly (typeof command extends fc.Arbitrary<infer T> ? T : never)[]): void {
  const woken: Thread[] = [];
  const waiting = {
    *sleep(): Blocking<Wake> {
      return yield;
    },
    wake: (thread: Thread, reason: Wake) => {
      expect(reason).toBe(Wake.Event);
      woken.push(thread);
    },
  };
  const futexes = new Futexes({ waiting } as unknown as Kernel);
  let sleepers: Sleeper[] = [];
  commands.forEach((step, id) => {
    woken.length = 0;
    if (step.kind === 'wait') {
      const { scope, address } = step.at;
      const call = futexes.wait({ tid: id } as Thread, SCOPES[scope], address, step.bitset, FOREVER);
      expect(call.next(Wake.Event).done).toBe(false);
      sleepers.push({ id, key: keyOf(step.at), bitset: step.bitset, call });
    } else if (step.kind === 'wake') {
      const chosen = sleepers
        .filter((sleeper) => sleeper.key === keyOf(step.at) && (sleeper.bitset & step.bitset) !== 0)
        .slice(0, step.count);
      expect(futexes.wake(SCOPES[step.at.scope], step.at.address, step.count, step.bitset)).toBe(chosen.length);
      expect(woken.map((thread) => thread.tid)).toEqual(chosen.map((sleeper) => sleeper.id));
      // However it comes to run, a woken waiter hears of the event: a signal or deadline must not swallow it.
      for (const { call } of chosen) expect(call.next(Wake.Signal)).toEqual({ done: true, value: Wake.Event });
      sleepers = sleepers.filter((sleeper) => !chosen.includes(sleeper));
    } else if (step.kind === 'requeue') {
      const moved = sleepers.filter((sleeper) => sleeper.key === keyOf(step.at)).slice(0, step.count);
      const { at, to, count } = step;
      expect(futexes.requeue(SCOPES[at.scope], at.address, count, SCOPES[to.scope], to.address)).toBe(moved.length);
      if (keyOf(at) !== keyOf(to)) {
        for (const sleeper of moved) sleeper.key = keyOf(to);
        sleepers = [...sleepers.filter((sleeper) => !moved.includes(sleeper)), ...moved];
      }
    } else if (sleepers.length > 0) {
      const [gone] = sleepers.splice(step.which % sleepers.length, 1);
      if (step.how === 0) gone.call.return(Wake.Event);
      else {
        const reason = step.how === 1 ? Wake.Timeout : Wake.Signal;
        expect(gone.call.next(reason)).toEqual({ done: true, value: reason });
      }
    }
    expect(futexes.size).toBe(new Set(sleepers.map((sleeper) => sleeper.key)).size);
  });
}
