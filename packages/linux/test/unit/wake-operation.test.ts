import { describe, expect, it } from '@jest/globals';
import { applyWakeOperation, compareWakeOperation } from '../../src/futex/wake-operation.js';

/** FUTEX_OP of linux/futex.h. */
const encode = (operation: number, argument: number, comparison: number, against: number): number =>
  (((operation & 0xf) << 28) | ((comparison & 0xf) << 24) | ((argument & 0xfff) << 12) | (against & 0xfff)) >>> 0;
const SHIFT = 8;

describe('FUTEX_WAKE_OP', () => {
  it.each([
    ['set', 0, 5, 100, 5],
    ['add', 1, 5, 100, 105],
    ['or', 2, 6, 9, 15],
    ['andn', 3, 6, 15, 9],
    ['xor', 4, 6, 5, 3],
    ['set a negative', 0, -1, 100, -1],
    ['add with overflow', 1, 1, 0x7fffffff, -0x80000000],
    ['set a shifted bit', SHIFT, 12, 0, 4096],
    ['set the top bit', SHIFT, 31, 0, -0x80000000],
    ['or a shifted bit', SHIFT | 2, 4, 1, 17],
  ])('%s', (_name, operation, argument, old, expected) => {
    expect(applyWakeOperation(encode(operation, argument, 0, 0), old)).toBe(expected);
  });

  it('does not know others', () => {
    expect([5, 6, 7].map((operation) => applyWakeOperation(encode(operation, 0, 0, 0), 1))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('compares the old value, signed', () => {
    const results = [0, 1, 2, 3, 4, 5, 6].map((comparison) =>
      [-3, -2, 7].map((old) => compareWakeOperation(encode(0, 0, comparison, -2), old)),
    );
    expect(results).toEqual([
      [false, true, false],
      [true, false, true],
      [true, false, false],
      [true, true, false],
      [false, false, true],
      [false, true, true],
      [false, false, false],
    ]);
  });
});
