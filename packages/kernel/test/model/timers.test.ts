import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { Nanoseconds } from '@veridian-os/abi';
import { TimerQueue, type Timer } from '../../src/core/timers.js';

const command = fc.oneof(
  fc.record({ kind: fc.constant('arm' as const), at: fc.nat(50) }),
  fc.record({ kind: fc.constant('cancel' as const), index: fc.nat(30) }),
  fc.record({ kind: fc.constant('expire' as const), now: fc.nat(60) }),
);

describe('TimerQueue against a sorted list', () => {
  it('fires by time, then by order of arming, and never a cancelled timer', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 1000, size: 'max' }), (commands) => {
        const queue = new TimerQueue();
        const fired: number[] = [];
        const timers: Timer[] = [];
        let model: { at: number; id: number }[] = [];
        const expected: number[] = [];
        for (const step of commands) {
          if (step.kind === 'arm') {
            const id = timers.length;
            timers.push(queue.arm(step.at as Nanoseconds, () => void fired.push(id)));
            model.push({ at: step.at, id });
          } else if (step.kind === 'cancel' && timers.length > 0) {
            const id = Math.max(0, timers.length - 1 - step.index);
            queue.cancel(timers[id]);
            model = model.filter((timer) => timer.id !== id);
          } else if (step.kind === 'expire') {
            queue.expire(step.now as Nanoseconds);
            const due = model.filter((timer) => timer.at <= step.now).sort((a, b) => a.at - b.at || a.id - b.id);
            expected.push(...due.map((timer) => timer.id));
            model = model.filter((timer) => timer.at > step.now);
          }
          // Not `expect`: it costs more than the queue.
          const next = Math.min(Infinity, ...model.map((timer) => timer.at));
          if (queue.next() !== next) throw new Error(`next: expected ${next}, got ${queue.next()}`);
        }
        expect(fired).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('does not keep what was cancelled: a far deadline per poll costs no memory', () => {
    const queue = new TimerQueue();
    const fired: number[] = [];
    for (const at of [5, 3, 4]) queue.arm(at as Nanoseconds, () => void fired.push(at));
    for (let round = 0; round < 10_000; round++) {
      const timer = queue.arm((1e15 + round) as Nanoseconds, () => void fired.push(-1));
      queue.cancel(timer);
      queue.cancel(timer); // twice is once
    }
    expect(queue.size).toBeLessThan(300);
    queue.expire(10 as Nanoseconds);
    expect(fired).toEqual([3, 4, 5]);
    expect(queue.next()).toBe(Infinity);
  });
});
