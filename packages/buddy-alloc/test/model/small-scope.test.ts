import { describe, expect, it } from '@jest/globals';
import { searchSmallScope } from './small-scope.js';

describe('on 16 frames', () => {
  it('every sequence of up to six allocations, frees and splits is right', () => {
    expect(searchSmallScope(6, false).states).toBe(7364);
  });

  it('every sequence of up to two commands of any kind is right', () => {
    expect(searchSmallScope(2, true).states).toBe(1752);
  });
});
