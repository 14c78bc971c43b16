import { describe, expect, it } from '@jest/globals';
import { searchSmallScope } from './small-scope.js';

describe('on 16 frames', () => {
  it('every sequence of up to eight allocations, frees and splits is right', () => {
    expect(searchSmallScope(8, false).states).toBe(49620);
  });

  it('every sequence of up to three commands of any kind is right', () => {
    expect(searchSmallScope(3, true).states).toBe(25401);
  });
});
