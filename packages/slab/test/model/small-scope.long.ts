import { describe, expect, it } from '@jest/globals';
import { searchSmallScope } from './small-scope.js';

describe('on six objects', () => {
  it('every sequence of up to eight allocations, frees and shrinks is right', () => {
    const states = (['plain', 'debug', 'twoNodes'] as const).map((name) => searchSmallScope(name, 8, false));
    expect(states).toEqual([27373, 347, 16491]);
  });

  it('every sequence of up to four commands of any kind is right', () => {
    const states = (['plain', 'debug', 'twoNodes'] as const).map((name) => searchSmallScope(name, 4, true));
    expect(states).toEqual([2359, 149, 2294]);
  });
});
