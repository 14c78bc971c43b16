import { describe, expect, it } from '@jest/globals';
import type { ObjectAddress } from '@veridian-os/slab';
import { cacheOf, panicOf, some } from '../helpers.js';

const shape = { size: 64, sheafCapacity: 0 };
/** The link of a free object of 64 bytes. */
const LINK = 32;

/** Four objects of a slab, freed: the last is handed out next. */
function fourFree(secret: number) {
  const { cache, memory, allocator } = cacheOf(1, shape, { secret });
  const words = new Int32Array(memory.buffer);
  const objects = Array.from({ length: 64 }, () => some(cache.alloc()));
  const freed = objects.slice(0, 4);
  freed.forEach((object) => cache.free(object));
  return { cache, words, freed, live: objects[10], at: (i: number) => (freed[i] + LINK) / 4, allocator };
}

describe('the free list', () => {
  it('is in the free objects, and there only', () => {
    const { cache, memory } = cacheOf(1, shape);
    const objects = Array.from({ length: 64 }, () => some(cache.alloc()));
    memory.fill(0);
    objects.forEach((object) => cache.free(object));
    const written = objects.filter((object) => {
      const bytes = memory.subarray(object, object + 64);
      return bytes.some((byte, i) => byte !== 0 && (i < LINK || i >= LINK + 4));
    });
    expect(written).toEqual([]);
    expect(objects.every((object) => new Int32Array(memory.buffer)[(object + LINK) / 4] !== 0)).toBe(true);
  });

  it('looks different with another secret, in another cache and in another place', () => {
    const links = [0, 1, 0xdeadbeef].map((secret) => {
      const { words, at } = fourFree(secret);
      return [0, 1, 2, 3].map((i) => words[at(i)]);
    });
    expect(new Set(links.flat()).size).toBe(12);
    const two = cacheOf(2, { ...shape, merge: false }, { secret: 9 });
    const other = two.allocator.createCache({ name: 'other', ...shape, merge: false });
    some(two.cache.alloc());
    some(other.alloc());
    const words = new Int32Array(two.memory.buffer);
    // The second object links to the third in both; without the secret the difference is that of the places.
    const [a, b] = [0, 4096].map((slab) => words[(slab + 64 + LINK) / 4]);
    const swap = (x: number) => new DataView(new Uint32Array([x]).buffer).getUint32(0);
    const plainOf = (slab: number) => ((slab + 128) / 8) ^ swap((slab + 64 + LINK) / 4);
    expect(a ^ plainOf(0)).not.toBe(b ^ plainOf(4096));
  });

  it('is plain without a secret but for the place', () => {
    const { cache, memory } = cacheOf(1, shape);
    some(cache.alloc());
    const word = (64 + LINK) / 4;
    expect(new Int32Array(memory.buffer)[word]).toBe((128 / 8) ^ (word << 24));
  });

  it.each([0, 0x12345678])('notices an overwritten link before it is followed, secret %i', (secret) => {
    const { cache, words, freed, at } = fourFree(secret);
    const kept = words[at(3)];
    for (const damage of [0, 1, -1, kept ^ 1, kept ^ 0x80000000, kept ^ 8]) {
      words[at(3)] = damage;
      const message = panicOf(() => cache.alloc());
      expect(message).toMatch(
        new RegExp(`^slab/free-list: cache 'c': the free object at 0x${freed[3].toString(16)} links to 0x[0-9a-f]+, `),
      );
      expect(message).toContain(
        `the word at 0x${(freed[3] + LINK).toString(16)} was overwritten after the object was freed`,
      );
      expect(panicOf(() => cache.check())).toMatch(/slab.free-list|in two places/);
    }
    expect(cache.liveObjects).toBe(60);
    words[at(3)] = kept;
    expect(new Set(Array.from({ length: 4 }, () => cache.alloc()))).toEqual(new Set(freed));
  });

  it('notices a link to a live object, out of the slab, between two objects, and an end that comes too early or too late', () => {
    const { cache, words, freed, live, at } = fourFree(0);
    const kept = words[at(3)];
    const key = kept ^ (freed[2] / 8);
    for (const target of [live / 8, 4096 / 8, -8, freed[2] / 8 + 1, -1]) {
      words[at(3)] = target ^ key;
      expect(panicOf(() => cache.alloc())).toContain('slab/free-list');
    }
    words[at(3)] = kept;
    for (const object of [3, 2, 1]) expect(cache.alloc()).toBe(freed[object]);
    words[at(0)] = (freed[1] / 8) ^ words[at(0)] ^ -1;
    expect(panicOf(() => cache.alloc())).toContain('slab/free-list');
    expect(cache.liveObjects).toBe(63);
  });

  it('fills a sheaf up to the damage, and panics when that is next', () => {
    const { cache, memory } = cacheOf(1, { size: 64, sheafCapacity: 8 });
    const objects = Array.from({ length: 64 }, () => some(cache.alloc()));
    objects.forEach((object) => cache.free(object));
    cache.shrink();
    some(cache.alloc());
    cache.shrink();
    const words = new Int32Array(memory.buffer);
    const live = [...Array(64).keys()].find((i) => cache.isLive((i * 64) as ObjectAddress)) as number;
    expect(live).toBe(7);
    // Seven came back in front of objects 8, 9 ...: the third of those is damaged.
    words[(10 * 64 + LINK) / 4] ^= 64;
    const got: number[] = [];
    const message = panicOf(() => {
      for (;;) got.push(some(cache.alloc()));
    });
    expect(message).toContain(`the free object at 0x${(10 * 64).toString(16)} links to`);
    expect(got).toHaveLength(9);
    expect(cache.statistics()).toMatchObject({ live: 10, cached: 0 });
  });
});
