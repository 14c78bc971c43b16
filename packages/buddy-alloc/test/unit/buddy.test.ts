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
    [{ frameCount: 8, maxOrder: -1 }, /maxOrder: expected an integer 0\.\.30, got -1/],
    [{ frameCount: 8, maxOrder: 31 }, /maxOrder/],
    [{ frameCount: 8, buffer: new ArrayBuffer(100) }, /buffer: expected \d+ bytes from 0 on, got 100 in all/],
    [{ frameCount: 8, buffer: new ArrayBuffer(4096), byteOffset: 2 }, /byteOffset: expected a multiple of 4, got 2/],
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
    pool.check();
  });

  it.each([0, 1, 4, 5, 7, 9, 10, 14, 15, 20, 22])('works with blocks of up to order %i', (maxOrder) => {
    const frameCount = 2 ** 17 + 2 ** 13 + 5;
    const pool = new BuddyAllocator({ frameCount, maxOrder });
    pool.check();
    const single = pool.alloc(order(0)) as Frame;
    const largest = pool.alloc(order(Math.min(maxOrder, 16))) as Frame;
    expect(pool.reserve(frame(2 ** 16 + 1), 3)).toBe(0);
    pool.check();
    pool.free(largest, order(Math.min(maxOrder, 16)));
    pool.free(single, order(0));
    pool.check();
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
    pool.reserve(frame(9), 1);
    expect(() => pool.free(frame(0), order(1))).toThrow('frame 0, order 1: a live block of order 2 starts there');
    expect(() => pool.free(frame(1), order(0))).toThrow('frame 1, order 0: a live block of order 2 starts at 0');
    expect(() => pool.free(frame(4), order(0))).toThrow('frame 4, order 0: it is free');
    expect(() => pool.free(frame(9), order(0))).toThrow('frame 9, order 0: it is reserved');
    expect(() => pool.free(frame(16), order(0))).toThrow('frame 16, order 0: frames are 0..15');
  });

  it('survives every other frame being freed, in any order, on a large pool', () => {
    const pool = new BuddyAllocator({ frameCount: 2 ** 17 });
    for (let i = 0; i < 2 ** 17; i++) pool.alloc(order(0));
    for (let i = 0; i < 2 ** 17; i += 2) pool.free(frame(i), order(0));
    expect(pool.alloc(order(1))).toBe(ENOMEM);
    expect(pool.freeBlocks(order(0))).toBe(2 ** 16);
    pool.check();
    for (let i = 0; i < 2 ** 16; i++) pool.free(frame(((i * 40503) % 2 ** 16) * 2 + 1), order(0));
    expect(pool.freeBlocks(order(10))).toBe(128);
    expect(pool.freeFrames).toBe(2 ** 17);
    pool.check();
  });

  it('counts operations by order', () => {
    const pool = new BuddyAllocator({ frameCount: 16, maxOrder: 4 });
    const block = pool.alloc(order(2)) as Frame;
    pool.alloc(order(4));
    pool.split(block, order(2));
    pool.free(block, order(0));
    expect(pool.statistics(order(2))).toEqual({ free: 1, allocated: 1, freed: 1, failed: 0 });
    expect(pool.statistics(order(4))).toEqual({ free: 0, allocated: 0, freed: 0, failed: 1 });
    expect(pool.statistics(order(0))).toEqual({ free: 1, allocated: 4, freed: 1, failed: 0 });
    expect(pool.statistics(order(9))).toEqual({ free: 0, allocated: 0, freed: 0, failed: 0 });
  });
});

describe('debug mode', () => {
  const pool = new BuddyAllocator({ frameCount: 64, maxOrder: 6, debug: true });

  it('knows the owner of every frame of a live block, also after a split', () => {
    const block = pool.alloc(order(3), 7) as Frame;
    const range = pool.allocRange(5, order(0), 9) as Frame;
    expect(pool.allocAt(frame(40), order(1), 11)).toBe(0);
    expect([block, block + 7, range, range + 4, 41].map((f) => pool.ownerOf(frame(f)))).toEqual([7, 7, 9, 9, 11]);
    expect([range + 5, 63, 64, -1].map((f) => pool.ownerOf(frame(f)))).toEqual([-1, -1, -1, -1]);
    pool.split(block, order(3));
    expect(pool.ownerOf(frame(block + 5))).toBe(7);
  });

  it('names the owner, and the last one of what is free', () => {
    expect(() => pool.free(frame(40), order(0))).toThrow('a live block of order 1 starts there, owner 11');
    pool.free(frame(40), order(1));
    expect(() => pool.free(frame(40), order(1))).toThrow('frame 40, order 1: it is free, 11 was the last owner');
  });

  it('says 0 when nothing is recorded', () => {
    const plain = new BuddyAllocator({ frameCount: 4 });
    plain.alloc(order(0), 5);
    expect([plain.ownerOf(frame(0)), plain.ownerOf(frame(1))]).toEqual([0, -1]);
  });
});
