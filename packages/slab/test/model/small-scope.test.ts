import { describe, expect, it } from '@jest/globals';
import { searchSmallScope } from './small-scope.js';

describe('on six objects', () => {
  it('every sequence of up to six allocations, frees and shrinks is right', () => {
    const states = (['plain', 'debug', 'twoNodes'] as const).map((name) => searchSmallScope(name, 6, false));
    expect(states).toEqual([2106, 68, 1337]);
  });

  it('every sequence of up to three commands of any kind is right', () => {
    const states = (['plain', 'debug', 'twoNodes'] as const).map((name) => searchSmallScope(name, 3, true));
    expect(states).toEqual([329, 41, 324]);
  });
});
