import { expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { WaitQueues } from '../../../src/internal/wait-queues.js';

const THREADS = 12;

it('agrees with a sorted list', () => {
  const step = fc.record({ thread: fc.nat(THREADS - 1), queue: fc.nat(1), rank: fc.constantFrom(0, 1, 2, 200, 255) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100, size: 'max' }), (steps) => {
      const queues = new WaitQueues(2, THREADS);
      const lists: { thread: number; rank: number }[][] = [[], []];
      for (const { thread, queue, rank } of steps) {
        const at = lists.findIndex((list) => list.some((entry) => entry.thread === thread));
        if (at >= 0) {
          queues.remove(at, thread);
          lists[at] = lists[at].filter((entry) => entry.thread !== thread);
        } else {
          queues.push(queue, thread, rank);
          lists[queue].push({ thread, rank });
          lists[queue].sort((a, b) => b.rank - a.rank); // stable: first in, first out within a rank
        }
        lists.forEach((list, i) => expect(queues.first(i)).toBe(list[0]?.thread ?? -1));
      }
      lists.forEach((list, i) => {
        for (const { thread } of list) {
          expect(queues.first(i)).toBe(thread);
          queues.remove(i, thread);
        }
      });
    }),
  );
});
