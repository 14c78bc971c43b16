import { describe, expect, it } from '@jest/globals';
import { formatLeaks, type ObjectAddress } from '@veridian-os/slab';
import { allocatorOf, cacheOf, panicOf, some } from '../helpers.js';

const plain = { debug: true, size: 24 } as const;

describe('red zones', () => {
  it.each([
    [-1, '1 bytes before'],
    [-8, '8 bytes before'],
    [24, '0 bytes behind the end of'],
    [31, '7 bytes behind the end of'],
  ])('notice a byte at %i when the object is freed', (offset, where) => {
    const { cache, memory } = cacheOf(4, plain);
    const object = some(cache.alloc(0, 77));
    const kept = memory[object + offset];
    memory[object + offset] = 0x41;
    const message =
      `slab/red-zone: cache 'c': somebody wrote ${where} the object at 0x${object.toString(16)} of 24 bytes ` +
      '(allocated by 77, freed by 0): expected 0xcc, got 0x41';
    expect(panicOf(() => cache.free(object))).toBe(message);
    expect(panicOf(() => cache.freeBulk(Uint32Array.of(object), 1))).toBe(message);
    expect(panicOf(() => cache.check())).toBe(message);
    expect(cache.isLive(object)).toBe(true);
    memory[object + offset] = kept;
    cache.free(object);
    expect(cache.liveObjects).toBe(0);
  });

  it.each([
    [1, 1],
    [3, 3],
    [5, 5],
    [13, 13],
    [30, 30],
  ])('begin right behind an object of %i bytes', (size, behind) => {
    const { cache, memory } = cacheOf(4, { size, debug: { redZone: true } });
    const object = some(cache.alloc());
    memory.fill(0, object, object + size);
    cache.free(object);
    const again = some(cache.alloc());
    memory[again + behind] = 0;
    expect(panicOf(() => cache.free(again))).toContain('0 bytes behind the end of');
  });

  it('are 0xbb around a free object, and looked at when it is handed out', () => {
    const { cache, memory } = cacheOf(4, { size: 24, debug: { redZone: true } });
    const object = some(cache.alloc());
    cache.free(object);
    expect(memory[object - 1]).toBe(0xbb);
    memory[object + 26] = 0xcc;
    expect(panicOf(() => cache.alloc())).toBe(
      `slab/red-zone: cache 'c': somebody wrote 2 bytes behind the end of the object at 0x${object.toString(16)} of 24 bytes: ` +
        'expected 0xbb, got 0xcc',
    );
    expect(cache.liveObjects).toBe(0);
  });
});

describe('poison', () => {
  it.each([0, 4, 11, 22, 23])('notices a write to byte %i after the object was freed', (offset) => {
    const { cache, memory } = cacheOf(4, plain);
    const object = some(cache.alloc(0, 5));
    cache.free(object, 0, 9);
    const expected = offset === 23 ? 0xa5 : 0x6b;
    expect(memory[object + offset]).toBe(expected);
    memory[object + offset] = 0x42;
    const message =
      `slab/use-after-free: cache 'c': the free object at 0x${object.toString(16)} was written to after it was freed ` +
      `(allocated by 5, freed by 9): byte ${offset}: expected 0x${expected.toString(16)}, got 0x42`;
    expect(panicOf(() => cache.alloc())).toBe(message);
    expect(panicOf(() => cache.allocOn(0))).toBe(message);
    expect(panicOf(() => cache.check())).toBe(message);
    expect(cache.liveObjects).toBe(0);
    memory[object + offset] = expected;
    expect(cache.alloc()).toBe(object);
  });

  it('takes nothing in bulk when one of the objects was written to', () => {
    const { cache, memory } = cacheOf(4, plain);
    const objects = new Uint32Array(10);
    cache.allocBulk(objects, 10);
    cache.freeBulk(objects, 10);
    const [victim] = objects.subarray(5);
    memory[victim] = 0;
    expect(panicOf(() => cache.allocBulk(objects, 10))).toContain('slab/use-after-free');
    expect(cache.liveObjects).toBe(0);
    memory[victim] = 0x6b;
    cache.check();
  });

  it('leaves constructed objects as they are', () => {
    const memory = new Uint8Array(4 * 4096);
    const allocator = allocatorOf(4, { memory, debug: true });
    const construct = (address: ObjectAddress) => void memory.fill(7, address, address + 24);
    const cache = allocator.createCache({ name: 'c', size: 24, construct });
    const object = some(cache.alloc());
    cache.free(object);
    expect(memory.subarray(object, object + 24).every((byte) => byte === 7)).toBe(true);
    expect(cache.alloc()).toBe(object);
  });
});

describe('call sites', () => {
  it('are counted in a report of leaks, most bytes first', () => {
    const allocator = allocatorOf(16, { debug: { track: true } });
    const small = allocator.createCache({ name: 'small', size: 24 });
    const large = allocator.createCache({ name: 'large', size: 500 });
    const objects = [3, 3, 8, 3].map((site) => some(small.alloc(0, site)));
    const one = some(large.alloc(0, 2 ** 31 - 1));
    small.free(objects[1], 0, 4);
    const lowest = Math.min(objects[0], objects[3]);
    expect(small.leaks()).toEqual([
      { cache: 'small', site: 3, objects: 2, bytes: 64, first: lowest },
      { cache: 'small', site: 8, objects: 1, bytes: 32, first: objects[2] },
    ]);
    const names: Record<number, string> = { 3: 'open', 8: 'dup', [2 ** 31 - 1]: 'mmap' };
    expect(formatLeaks(allocator.leaks(), (site) => names[site])).toBe(
      [
        `large: 1 object, 512 bytes, allocated by mmap, the first at 0x${one.toString(16)}`,
        `small: 2 objects, 64 bytes, allocated by open, the first at 0x${lowest.toString(16)}`,
        `small: 1 object, 32 bytes, allocated by dup, the first at 0x${objects[2].toString(16)}`,
      ].join('\n'),
    );
    expect(formatLeaks(allocator.leaks())).toContain('allocated by 8');
  });

  it('are sorted by bytes, then by site', () => {
    const { cache } = cacheOf(16, plain);
    for (const site of [4, 9, 2, 7, 9, 7, 1, 9]) some(cache.alloc(0, site));
    expect(cache.leaks().map(({ site }) => site)).toEqual([9, 7, 1, 2, 4]);
  });

  it('are one line without tracking', () => {
    const { cache } = cacheOf(4, { sheafCapacity: 5 });
    const objects = [1, 2, 3].map((site) => some(cache.alloc(0, site)));
    expect(cache.leaks()).toEqual([{ cache: 'c', site: 0, objects: 3, bytes: 192, first: Math.min(...objects) }]);
    objects.forEach((object) => cache.free(object));
    expect(cache.leaks()).toEqual([]);
  });

  it('are in the message of a double free', () => {
    const { cache } = cacheOf(4, plain);
    const object = some(cache.alloc(0, 11));
    cache.free(object, 0, 12);
    expect(panicOf(() => cache.free(object, 0, 13))).toBe(
      `slab/bad-free: cache 'c': 0x${object.toString(16)}: the object there belongs to cache 'c' and is free already ` +
        '(allocated by 11, freed by 12)',
    );
  });

  it('are numbers of 31 bits', () => {
    const { cache } = cacheOf(4, plain);
    expect(() => cache.alloc(0, 2 ** 31)).toThrow(
      new RangeError('site: expected an integer 0..2147483647, got 2147483648'),
    );
    const object = some(cache.alloc());
    expect(() => cache.free(object, 0, -1)).toThrow(new RangeError('site: expected an integer 0..2147483647, got -1'));
    expect(cache.liveObjects).toBe(1);
  });
});
