import { describe, expect, it } from '@jest/globals';
import { searchSmallScope } from './small-scope.js';

describe.each([
  ['plain', 27373, 2359],
  ['debug', 347, 149],
  ['twoNodes', 16491, 2294],
] as const)('on six objects, %s', (name, eight, four) => {
  it('every sequence of up to eight allocations, frees and shrinks is right', () => {
    expect(searchSmallScope(name, 8, false)).toBe(eight);
  });

  it('every sequence of up to four commands of any kind is right', () => {
    expect(searchSmallScope(name, 4, true)).toBe(four);
  });
});
