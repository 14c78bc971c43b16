import { describe, expect, it } from '@jest/globals';
import { ENOMEM } from '@veridian-os/abi';
import type { ObjectAddress } from '@veridian-os/slab';
import { allocatorOf, cacheOf, some } from '../helpers.js';

describe('sheaves', () => {
  it('hand an object out again that was freed last, on the same CPU', () => {
    const { cache } = cacheOf(4, { sheafCapacity: 4 }, { cpuNodes: [0, 0] });
    const a = some(cache.alloc(0));
    const b = some(cache.alloc(1));
    cache.free(a, 1);
    expect(cache.alloc(0)).not.toBe(a);
    expect(cache.alloc(1)).toBe(a);
    expect(cache.isLive(b)).toBe(true);
  });

  it('are filled from slabs, and emptied into slabs when spare and barn are full', () => {
    const { cache } = cacheOf(8, { sheafCapacity: 4 }, { barnSheaves: 2 });
    const objects = Array.from({ length: 24 }, () => some(cache.alloc()));
    expect(cache.statistics()).toMatchObject({ refills: 6, flushes: 0, cached: 0, live: 24, slabs: 1 });
    // Main, spare and two of the barn take 16; the 17th empties a sheaf of four.
    objects.slice(0, 16).forEach((object) => cache.free(object));
    expect(cache.statistics()).toMatchObject({ refills: 6, flushes: 0, cached: 16, live: 8 });
    cache.free(objects[16]);
    expect(cache.statistics()).toMatchObject({ flushes: 1, cached: 13, live: 7 });
    for (let i = 0; i < 13; i++) some(cache.alloc());
    expect(cache.statistics()).toMatchObject({ refills: 6, cached: 0, live: 20 });
    some(cache.alloc());
    expect(cache.statistics()).toMatchObject({ refills: 7, cached: 3, live: 21 });
    cache.check();
  });

  it('go from one CPU to another through the barn', () => {
    const { cache } = cacheOf(8, { sheafCapacity: 4 }, { barnSheaves: 1, cpuNodes: [0, 0] });
    const objects = Array.from({ length: 12 }, () => some(cache.alloc(0)));
    objects.forEach((object) => cache.free(object, 0));
    // Four of them are in the barn.
    const got = Array.from({ length: 4 }, () => some(cache.alloc(1)));
    expect(got.sort()).toEqual(objects.slice(4, 8).sort());
    expect(cache.statistics()).toMatchObject({ refills: 3, cached: 8 });
  });

  it('take fewer objects for larger sizes', () => {
    // Without a barn, the main and the spare one are what a CPU keeps at most.
    const capacities = [64, 255, 256, 1023, 1024, 4095, 4096].map((size) => {
      const { cache } = cacheOf(512, { size, maxOrder: 10 }, { barnSheaves: 0 });
      const objects = Array.from({ length: 200 }, () => some(cache.alloc()));
      let most = 0;
      for (const object of objects) {
        cache.free(object);
        most = Math.max(most, cache.statistics().cached);
      }
      return most / 2;
    });
    expect(capacities).toEqual([60, 60, 28, 28, 12, 12, 4]);
  });
});

describe('nodes', () => {
  const two = {
    nodes: [4, 4].map((frames, node) => ({ source: sourceOf(frames), firstFrame: node * 4 })),
    cpuNodes: [0, 1],
  };
  function sourceOf(frames: number) {
    const free = Array.from({ length: frames }, (_, i) => frames - 1 - i);
    return { alloc: () => (free.pop() ?? ENOMEM) as never, free: (frame: number) => void free.push(frame) };
  }
  const nodeOf = (address: number) => address >> 14;

  it('serve their own CPUs first, then others', () => {
    const { cache } = cacheOf(8, { size: 4096, maxOrder: 0, sheafCapacity: 2 }, two);
    expect([cache.alloc(1), cache.alloc(0)].map(nodeOf)).toEqual([1, 0]);
    const rest: number[] = [];
    for (let got = cache.alloc(1); got >= 0; got = cache.alloc(1)) rest.push(got);
    expect(rest.map(nodeOf)).toEqual([1, 1, 1, 0, 0, 0]);
    cache.check();
    for (const address of [...rest, 4096 * 4])
      if (cache.isLive(address as ObjectAddress)) cache.free(address as ObjectAddress);
    cache.shrink();
  });

  it('get back what another node frees', () => {
    const allocator = allocatorOf(8, two);
    const cache = allocator.createCache({ name: 'c', size: 2048, maxOrder: 0, sheafCapacity: 8 });
    const far = some(cache.alloc(1));
    expect(nodeOf(far)).toBe(1);
    const { cached } = cache.statistics();
    cache.free(far, 0);
    // Not in CPU 0's sheaf, which would hand it out there.
    expect(cache.statistics()).toMatchObject({ cached, live: 0 });
    expect(nodeOf(cache.alloc(0))).toBe(0);
    const bulk = new Uint32Array([some(cache.alloc(1)), some(cache.alloc(1)), some(cache.alloc(0))]);
    cache.freeBulk(bulk, 3, 0);
    cache.check();
    expect(nodeOf(cache.alloc(0))).toBe(0);
  });

  it('are asked for by allocOn, and by nobody else then', () => {
    const { cache } = cacheOf(
      8,
      { size: 4096, maxOrder: 0, sheafCapacity: 0 },
      { ...two, nodes: [4, 4].map((n, i) => ({ source: sourceOf(n), firstFrame: i * 4 })) },
    );
    const got = Array.from({ length: 5 }, () => cache.allocOn(1));
    expect(got.slice(0, 4).map(nodeOf)).toEqual([1, 1, 1, 1]);
    expect(got[4]).toBe(ENOMEM);
    expect(nodeOf(cache.alloc(1))).toBe(0);
    expect(cache.statistics()).toMatchObject({ failed: 1, live: 5 });
  });
});
