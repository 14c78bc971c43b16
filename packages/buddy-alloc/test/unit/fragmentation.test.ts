import { describe, expect, it } from '@jest/globals';
import type { Frame, Order } from '@veridian-os/abi';
import { BuddyAllocator, fragmentationIndex, unusableFree } from '@veridian-os/buddy-alloc';

const order = (k: number) => k as Order;

/** 64 frames of which every other one is free. */
function checkered(): BuddyAllocator {
  const pool = new BuddyAllocator({ frameCount: 64, maxOrder: 6 });
  for (let i = 0; i < 64; i++) pool.alloc(order(0));
  for (let i = 0; i < 64; i += 2) pool.free(i as Frame, order(0));
  return pool;
}

describe('fragmentation', () => {
  it('is none in a whole pool', () => {
    const pool = new BuddyAllocator({ frameCount: 64, maxOrder: 6 });
    expect([0, 3, 6].map((k) => unusableFree(pool, order(k)))).toEqual([0, 0, 0]);
    expect([0, 3, 6].map((k) => fragmentationIndex(pool, order(k)))).toEqual([-1, -1, -1]);
  });

  it('is all for large blocks when every other frame is free', () => {
    const pool = checkered();
    expect([0, 1, 6].map((k) => unusableFree(pool, order(k)))).toEqual([0, 1, 1]);
    expect(fragmentationIndex(pool, order(0))).toBe(-1);
    // 1 - (1 + 32 / 2) / 32
    expect(fragmentationIndex(pool, order(1))).toBe(0.46875);
    expect(fragmentationIndex(pool, order(5))).toBe(0.9375);
  });

  it('tells a lack of memory from fragmentation', () => {
    const pool = new BuddyAllocator({ frameCount: 64, maxOrder: 6 });
    pool.alloc(order(5));
    pool.alloc(order(4));
    expect(fragmentationIndex(pool, order(5))).toBe(-0.5);
    while (pool.alloc(order(0)) >= 0);
    expect([fragmentationIndex(pool, order(0)), unusableFree(pool, order(0))]).toEqual([0, 0]);
  });

  it('counts a share of the free frames', () => {
    const pool = new BuddyAllocator({ frameCount: 64, maxOrder: 6 });
    pool.alloc(order(0));
    // Left are blocks of 1, 2, 4 .. 32 frames.
    expect(unusableFree(pool, order(2))).toBeCloseTo(3 / 63, 12);
    expect(unusableFree(pool, order(5))).toBeCloseTo(31 / 63, 12);
  });
});
