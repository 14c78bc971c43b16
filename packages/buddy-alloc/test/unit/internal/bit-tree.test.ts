import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BitTree, bitTreeWords } from '../../../src/internal/bit-tree.js';

const create = (size: number) => new BitTree(new ArrayBuffer(bitTreeWords(size) * 4), 0, size);

describe('BitTree', () => {
  it('agrees with a Set on members and the lowest one, for sizes of one to five levels', () => {
    const size = fc.constantFrom(1, 31, 32, 33, 127, 128, 129, 4095, 4096, 4097, 131_072, 131_073, 5_000_000);
    const scenario = size.chain((limit) =>
      fc.record({ limit: fc.constant(limit), toggles: fc.array(fc.nat(limit - 1), { maxLength: 80 }) }),
    );
    fc.assert(
      fc.property(scenario, ({ limit, toggles }) => {
        const tree = create(limit);
        const model = new Set<number>();
        for (const index of toggles) {
          if (model.delete(index)) {
            if (model.size === 0) tree.removeOnly(index);
            else tree.remove(index);
          } else {
            if (model.size === 0) tree.addOnly(index);
            else tree.add(index);
            model.add(index);
          }
          expect(tree.has(index)).toBe(model.has(index));
          if (model.size > 0) expect(tree.lowest()).toBe(Math.min(...model));
        }
        expect(tree.has(limit)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  it('stays within half a byte per frame for all orders together', () => {
    for (const frames of [2 ** 12, 2 ** 16, 100_003, 2 ** 20, 2 ** 28, 2 ** 30]) {
      let words = 0;
      for (let k = 0; k <= 10; k++) words += bitTreeWords(Math.floor(frames / 2 ** k));
      expect((words * 4) / frames).toBeLessThan(0.29);
    }
  });
});
