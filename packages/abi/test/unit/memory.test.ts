import { describe, expect, it } from '@jest/globals';
import { createMmuEdits } from '@veridian-os/abi';

describe('createMmuEdits', () => {
  it('makes an empty batch with arrays of its capacity', () => {
    const edits = createMmuEdits(5);
    expect(edits.count).toBe(0);
    const { capacity, count, ...arrays } = edits;
    expect(capacity).toBe(5);
    expect(count).toBe(0);
    expect(Object.keys(arrays).sort()).toEqual(['asid', 'entry', 'oldHi', 'oldLo', 'valueHi', 'valueLo', 'virtual']);
    for (const array of Object.values(arrays)) expect([...array]).toEqual([0, 0, 0, 0, 0]);
  });

  it('keeps addresses of 53 bits and both halves of a value', () => {
    const edits = createMmuEdits(1);
    edits.entry[0] = edits.virtual[0] = 2 ** 53 - 4096;
    edits.valueHi[0] = 0xffffffff;
    expect([edits.entry[0], edits.virtual[0], edits.valueHi[0]]).toEqual([2 ** 53 - 4096, 2 ** 53 - 4096, 0xffffffff]);
  });

  it.each([0, -1, 1.5, Number.NaN, Infinity])('refuses a capacity of %p', (capacity) => {
    expect(() => createMmuEdits(capacity)).toThrow(
      new RangeError(`capacity: expected a positive integer, got ${capacity}`),
    );
  });
});
