/** Words touched per operation: at most a constant times log n, from 2^12 frames on, however free memory is scattered. */
import { describe, expect, it } from '@jest/globals';
import type { Frame, Order } from '@veridian-os/abi';
import { BuddyAllocator } from '@veridian-os/buddy-alloc';
import { countWords } from '../helpers/count-words.js';

const order = (k: number) => k as Order;
const frame = (f: number) => f as Frame;

/** Reads and writes per log2 n; the worst that were met are 6.6 (order 10) and 9.3 (ranges). */
const BLOCK = 10;
const RANGE = 40;

describe.each([12, 16, 19])('with 2^%i frames', (size) => {
  const n = 2 ** size;

  it('an empty pool splits and merges every order', () => {
    const { pool, touched } = countWords(new BuddyAllocator({ frameCount: n }));
    for (let k = 0; k <= 10; k++) {
      const block = touched(() => pool.alloc(order(k)));
      expect(block.words).toBeLessThanOrEqual(BLOCK * size);
      expect(touched(() => pool.free(block.result as Frame, order(k))).words).toBeLessThanOrEqual(BLOCK * size);
    }
  });

  it('every other frame is free, and then the rest is freed in any order', () => {
    const real = new BuddyAllocator({ frameCount: n });
    while (real.alloc(order(0)) >= 0);
    for (let f = 0; f < n; f += 2) real.free(frame(f), order(0));
    const { pool, touched } = countWords(real);
    let worst = 0;
    // Some thousand of them, spread over all: counting is slow.
    const every = Math.max(1, n / 2 ** 13);
    for (let i = 0; i < n / 2; i++) {
      const odd = frame((((i * 40503) % (n / 2)) << 1) | 1);
      if (i % every === 0 || i > n / 2 - 64) worst = Math.max(worst, touched(() => pool.free(odd, order(0))).words);
      else real.free(odd, order(0));
    }
    expect(real.freeBlocks(order(10))).toBe(n / 1024);
    expect(worst).toBeLessThanOrEqual(BLOCK * size);
    expect(worst).toBeGreaterThan(size);
  });

  it('only the last frame is free', () => {
    const real = new BuddyAllocator({ frameCount: n });
    while (real.alloc(order(0)) >= 0);
    const { pool, touched } = countWords(real);
    const last = frame(n - 1);
    expect(touched(() => pool.free(last, order(0))).words).toBeLessThanOrEqual(BLOCK * size);
    expect(touched(() => pool.alloc(order(0))).words).toBeLessThanOrEqual(BLOCK * size);
    expect(touched(() => pool.alloc(order(0))).words).toBeLessThanOrEqual(8);
  });

  it('ranges and blocks at addresses come and go', () => {
    const { pool, touched } = countWords(new BuddyAllocator({ frameCount: n }));
    pool.alloc(order(0));
    const range = touched(() => pool.allocRange(1023));
    expect(range.words).toBeLessThanOrEqual(RANGE * size);
    expect(touched(() => pool.freeRange(range.result as Frame, 1023)).words).toBeLessThanOrEqual(RANGE * size);
    expect(touched(() => pool.allocAt(frame(n - 1), order(0))).words).toBeLessThanOrEqual(BLOCK * size);
  });
});
