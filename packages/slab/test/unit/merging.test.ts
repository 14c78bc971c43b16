import { describe, expect, it } from '@jest/globals';
import { allocatorOf, some } from '../helpers.js';

describe('merging', () => {
  it('gives caches of one shape one body and two names', () => {
    const allocator = allocatorOf(4);
    const a = allocator.createCache({ name: 'a', size: 60 });
    const b = allocator.createCache({ name: 'b', size: 64 });
    expect(b).toBe(a);
    expect(a.size).toBe(64);
    expect(a.aliases).toEqual(['b']);
    expect(allocator.statistics()).toMatchObject([{ name: 'a', aliases: ['b'] }]);
    some(a.alloc());
    expect(b.destroy()).toBe(0);
    expect(a.aliases).toEqual([]);
    expect(a.destroy()).toBeLessThan(0);
  });

  it.each([
    ['another size', { size: 65 }],
    ['another alignment', { align: 64 }],
    ['a constructor', { construct: () => {} }],
    ['red zones', { debug: { redZone: true } }],
    ['poison', { debug: { poison: true } }],
    ['call sites', { debug: { track: true } }],
    ['a secret of its own', { secret: 0 }],
    ['merge: false', { merge: false }],
    ['other sheaves', { sheafCapacity: 7 }],
    ['another minPartial', { minPartial: 1 }],
    ['another maxOrder', { maxOrder: 1 }],
  ])('leaves caches apart for %s', (_, options) => {
    for (const turned of [false, true]) {
      const allocator = allocatorOf(4);
      const both = [
        { name: 'a', size: 64 },
        { name: 'b', size: 64, ...options },
      ];
      if (turned) both.reverse();
      const [a, b] = both.map((each) => allocator.createCache(each));
      expect(b).not.toBe(a);
      expect(allocator.caches).toHaveLength(2);
    }
  });

  it('leaves all caches apart in an allocator in debug mode, but for one that is not', () => {
    const allocator = allocatorOf(4, { debug: true });
    const [a, b, c, d] = [undefined, undefined, false, false].map((debug) =>
      allocator.createCache({ name: 'x', size: 64, debug }),
    );
    expect(new Set([a, b, c, d]).size).toBe(3);
    expect(c).toBe(d);
  });
});
