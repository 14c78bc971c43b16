import { describe, expect, it } from '@jest/globals';
import { ENOMEM } from '@veridian-os/abi';
import type { Frame, Order } from '@veridian-os/abi';
import { BuddyAllocator } from '@veridian-os/buddy-alloc';

const order = (k: number) => k as Order;
const frame = (f: number) => f as Frame;

describe('BuddyAllocator', () => {
  it.each([
    [{ frameCount: 0 }, /frameCount: expected an integer 1\.\.1073741824, got 0/],
    [{ frameCount: 1.5 }, /frameCount/],
    [{ frameCount: 2 ** 30 + 1 }, /frameCount/],
    [{ frameCount: 8, maxOrder: -1 }, /maxOrder: expected an integer 0\.\.20, got -1/],
    [{ frameCount: 8, maxOrder: 21 }, /maxOrder/],
  ])('refuses options %j', (options, message) => {
    expect(() => new BuddyAllocator(options)).toThrow(RangeError);
    expect(() => new BuddyAllocator(options)).toThrow(message);
  });

  it('defaults to blocks of up to 1024 frames', () => {
    const pool = new BuddyAllocator({ frameCount: 4096 });
    expect(pool.maxOrder).toBe(10);
    expect(pool.freeBlocks(order(10))).toBe(4);
    expect(pool.alloc(order(11))).toBe(ENOMEM);
  });

  it.each([1, 2, 3, 5, 31, 32, 33, 1023, 1025, 100_003])('covers %i frames with maximal blocks', (frameCount) => {
    const pool = new BuddyAllocator({ frameCount });
    let frames = 0;
    for (let k = 0; k <= 10; k++) {
      const blocks = pool.freeBlocks(order(k));
      if (k < 10) expect(blocks).toBe((frameCount >> k) & 1);
      frames += blocks * 2 ** k;
    }
    expect(frames).toBe(frameCount);
  });

  it('takes the lowest block of the smallest order that fits', () => {
    const pool = new BuddyAllocator({ frameCount: 64, maxOrder: 5 });
    const taken = Array.from({ length: 64 }, () => pool.alloc(order(0)));
    expect(taken).toEqual(Array.from({ length: 64 }, (_, i) => i));
    for (const f of [40, 41, 7, 48, 49, 50, 51]) pool.free(frame(f), order(0));
    expect(pool.alloc(order(0))).toBe(7);
    expect(pool.alloc(order(0))).toBe(40);
    expect(pool.alloc(order(1))).toBe(48);
    expect(pool.alloc(order(1))).toBe(50);
    expect(pool.alloc(order(1))).toBe(ENOMEM);
    expect(pool.freeFrames).toBe(1);
  });

  it('says what is wrong with a bad free', () => {
    const pool = new BuddyAllocator({ frameCount: 16, maxOrder: 4 });
    pool.alloc(order(2));
    expect(() => pool.free(frame(0), order(1))).toThrow('frame 0, order 1: a live block of order 2 starts there');
    expect(() => pool.free(frame(1), order(0))).toThrow('frame 1, order 0: no live block starts there');
    expect(() => pool.free(frame(16), order(0))).toThrow('frame 16, order 0: frames are 0..15');
  });

  it('survives every other frame being freed, in any order, on a large pool', () => {
    const pool = new BuddyAllocator({ frameCount: 2 ** 17 });
    for (let i = 0; i < 2 ** 17; i++) pool.alloc(order(0));
    for (let i = 0; i < 2 ** 17; i += 2) pool.free(frame(i), order(0));
    expect(pool.alloc(order(1))).toBe(ENOMEM);
    expect(pool.freeBlocks(order(0))).toBe(2 ** 16);
    for (let i = 0; i < 2 ** 16; i++) pool.free(frame(((i * 40503) % 2 ** 16) * 2 + 1), order(0));
    expect(pool.freeBlocks(order(10))).toBe(128);
    expect(pool.freeFrames).toBe(2 ** 17);
  });
});
