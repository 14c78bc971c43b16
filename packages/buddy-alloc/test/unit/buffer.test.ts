/** All state in the caller's buffer. */
import { describe, expect, it } from '@jest/globals';
import type { Frame, Order } from '@veridian-os/abi';
import { BuddyAllocator } from '@veridian-os/buddy-alloc';

const order = (k: number) => k as Order;
const frame = (f: number) => f as Frame;
const options = { frameCount: 1000, maxOrder: 9 };
const BYTES = BuddyAllocator.byteLength(options);

function create(): { buffer: ArrayBuffer; pool: BuddyAllocator } {
  const buffer = new ArrayBuffer(BYTES);
  return { buffer, pool: new BuddyAllocator({ ...options, buffer }) };
}

describe('a pool in a buffer', () => {
  it('is seen by a second instance', () => {
    const { buffer, pool } = create();
    const other = BuddyAllocator.attach(buffer);
    expect([other.frameCount, other.maxOrder, other.freeFrames]).toEqual([1000, 9, 1000]);
    const block = pool.alloc(order(3)) as Frame;
    expect(other.freeFrames).toBe(992);
    other.free(block, order(3));
    expect(pool.freeFrames).toBe(1000);
    pool.check();
  });

  it('is as it was in a copy of the bytes', () => {
    const { buffer, pool } = create();
    const block = pool.alloc(order(5)) as Frame;
    const snapshot = buffer.slice(0);
    pool.free(block, order(5));
    const old = BuddyAllocator.attach(snapshot);
    expect([old.freeFrames, pool.freeFrames]).toEqual([968, 1000]);
    old.free(block, order(5));
    old.check();
  });

  it('moves with its buffer', () => {
    const { buffer, pool } = create();
    pool.alloc(order(0));
    const moved = structuredClone(buffer, { transfer: [buffer] });
    expect(BuddyAllocator.attach(moved).freeFrames).toBe(999);
    expect(() => BuddyAllocator.attach(buffer)).toThrow(RangeError);
  });

  it('keeps to its part, and does not mind what was there', () => {
    const buffer = new SharedArrayBuffer(BYTES + 128);
    new Uint8Array(buffer).fill(0xa5);
    const pool = new BuddyAllocator({ ...options, buffer, byteOffset: 64 });
    pool.check();
    while (pool.alloc(order(0)) >= 0);
    for (let f = 0; f < 1000; f += 3) pool.free(frame(f), order(0));
    pool.check();
    const around = [...new Uint8Array(buffer, 0, 64), ...new Uint8Array(buffer, 64 + BYTES)];
    expect(around.every((byte) => byte === 0xa5)).toBe(true);
    expect(BuddyAllocator.attach(buffer, 64).freeFrames).toBe(pool.freeFrames);
  });

  it.each([
    ['other bytes', 0, 17, /expected a pool at 0, got other bytes/],
    ['another version', 1, 2, /expected a pool of version 1, got 2/],
    ['a size that does not fit', 2, 5, /expected \d+ in word 2 of the pool, got 5/],
    ['more frames than fit', 3, 100_000, /buffer: expected \d+ bytes/],
    ['no frames', 3, 0, /frameCount: expected an integer/],
    ['a line that lies elsewhere', 17, 1 << 30, /expected \d+ in word 17 of the pool/],
  ])('is refused with %s', (_, word, value, message) => {
    const { buffer } = create();
    new Int32Array(buffer)[word] = value;
    expect(() => BuddyAllocator.attach(buffer)).toThrow(RangeError);
    expect(() => BuddyAllocator.attach(buffer)).toThrow(message);
  });

  it('is refused at an offset that is none, and beyond the end', () => {
    const { buffer } = create();
    for (const offset of [1, -4, BYTES, 0.5]) expect(() => BuddyAllocator.attach(buffer, offset)).toThrow(RangeError);
  });

  it('is found out by check() wherever a word has changed', () => {
    const { buffer, pool } = create();
    for (let i = 0; i < 40; i++) pool.alloc(order(i % 3));
    pool.check();
    const words = new Int32Array(buffer);
    const nodes = words[16 + 6];
    // Not in nodes with live blocks: one bit may make other blocks of them, which is no contradiction.
    for (const at of [9, 10, 16 + 10, nodes + 20, words[16 + 1], words[16 * 4 + 1]]) {
      for (const flip of [1, 1 << 30]) {
        words[at] ^= flip;
        expect(() => pool.check()).toThrow('buddy/corrupt');
        words[at] ^= flip;
      }
    }
    pool.check();
  });

  it.each([2 ** 12, 5000, 2 ** 16, 2 ** 20, 2 ** 28, 2 ** 30])('takes at most 1.5 bytes for each of %i frames', (n) => {
    for (const maxOrder of [0, 10, 30]) {
      expect(BuddyAllocator.byteLength({ frameCount: n, maxOrder }) / n).toBeLessThanOrEqual(n >= 2 ** 16 ? 0.32 : 0.9);
    }
  });
});
