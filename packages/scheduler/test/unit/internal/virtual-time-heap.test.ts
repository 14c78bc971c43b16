import { expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { VirtualTimeHeap } from '../../../src/internal/virtual-time-heap.js';

const THREADS = 40;

it('agrees with a sorted list, whatever is taken out, and grows', () => {
  const step = fc.record({
    thread: fc.nat(THREADS - 1),
    key: fc.oneof(fc.nat(5), fc.double({ noNaN: true })),
    exchange: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
      const arrival = new Float64Array(THREADS);
      const virtual = new Float64Array(THREADS);
      const heap = new VirtualTimeHeap(1, new Int32Array(THREADS), virtual, arrival);
      let list: { thread: number; key: number }[] = [];
      let arrivals = 0;
      for (const { thread, key, exchange } of steps) {
        const entry = { thread, key };
        if (list.some((other) => other.thread === thread)) {
          heap.remove(thread);
          list = list.filter((other) => other.thread !== thread);
        } else {
          virtual[thread] = key;
          arrival[thread] = arrivals++;
          if (exchange && list.length > 0) expect(heap.exchange(thread)).toBe(list.shift()!.thread);
          else heap.push(thread);
          list.push(entry);
        }
        list.sort((a, b) => a.key - b.key || arrival[a.thread] - arrival[b.thread]);
        const [first] = list;
        if (heap.size !== list.length || (heap.size > 0 && heap.threadAt(0) !== first.thread))
          expect([heap.size, heap.threadAt(0)]).toEqual([list.length, first.thread]);
      }
      const rest = list.map(() => {
        const first = heap.threadAt(0);
        heap.remove(first);
        return first;
      });
      expect(rest).toEqual(list.map(({ thread }) => thread));
    }),
    { numRuns: 60 },
  );
});
