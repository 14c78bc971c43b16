import { expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { LevelQueues } from '../../../src/internal/level-queues.js';

const THREADS = 12;

interface Entry {
  readonly thread: number;
  readonly level: number;
}

it.each([1, 33, 256, 1024])('agrees with a sorted list, %p levels', (levels) => {
  const step = fc.record({
    thread: fc.nat(THREADS - 1),
    cpu: fc.nat(1),
    level: fc.oneof(fc.constantFrom(0, levels - 1), fc.nat(levels - 1)),
    first: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100, size: 'max' }), (steps) => {
      const queues = new LevelQueues(2, levels, THREADS);
      const lists: Entry[][] = [[], []];
      for (const { thread, cpu, level, first } of steps) {
        const at = lists.findIndex((list) => list.some((entry) => entry.thread === thread));
        if (at >= 0) {
          queues.remove(at, thread);
          lists[at] = lists[at].filter((entry) => entry.thread !== thread);
        } else {
          if (first) queues.pushFirst(cpu, thread, level);
          else queues.pushLast(cpu, thread, level);
          if (first) lists[cpu].unshift({ thread, level });
          else lists[cpu].push({ thread, level });
          lists[cpu].sort((a, b) => b.level - a.level); // stable
        }
        lists.forEach((list, i) => {
          const [best] = list;
          const got = [queues.size(i), queues.highest(i), best === undefined ? -1 : queues.first(i, best.level)];
          if (got.join() !== [list.length, best?.level ?? -1, best?.thread ?? -1].join()) expect(got).toEqual(best);
        });
      }
      lists.forEach((list, i) => {
        const seen: Entry[] = [];
        for (let level = queues.highest(i); level >= 0; level--)
          for (let thread = queues.first(i, level); thread !== -1; thread = queues.after(i, thread))
            seen.push({ thread, level });
        expect(seen).toEqual(list);
      });
    }),
    { numRuns: 60 },
  );
});
