import { describe, expect, it } from '@jest/globals';
import { EBUSY, ENOMEM } from '@veridian-os/abi';
import { BuddyAllocator } from '@veridian-os/buddy-alloc';
import { BufferSource, SlabAllocator, type ObjectAddress } from '@veridian-os/slab';
import { allocatorOf, cacheOf, panicOf, some } from '../helpers.js';

describe('ObjectCache', () => {
  it('takes frames from a buddy allocator and gives them back', () => {
    const source = new BuddyAllocator({ frameCount: 64, maxOrder: 6 });
    const cache = new SlabAllocator({ memory: new ArrayBuffer(64 * 4096), source }).createCache({
      name: 'c',
      size: 1000,
    });
    const objects = Array.from({ length: 40 }, () => some(cache.alloc()));
    expect(cache.statistics()).toMatchObject({
      order: 1,
      objectsPerSlab: 8,
      slabs: 5,
      frames: 10,
      objects: 40,
      live: 40,
    });
    expect(source.freeFrames).toBe(54);
    for (const object of objects) cache.free(object);
    expect(cache.shrink()).toBe(10);
    expect(source.freeBlocks(6 as Parameters<typeof source.freeBlocks>[0])).toBe(1);
  });

  it('lies where its memory begins, also in a shared buffer', () => {
    const shared = new SharedArrayBuffer(10 * 4096);
    const cache = new SlabAllocator({ memory: new Uint8Array(shared, 4096, 2 * 4096 + 5) }).createCache({
      name: 'c',
      size: 4096,
    });
    expect([cache.alloc(), cache.alloc(), cache.alloc()].sort((a, b) => a - b)).toEqual([ENOMEM, 0, 4096]);
  });

  it('moves the first object of each slab by a cache line while there is room', () => {
    // 39 objects of 104 bytes are 4056: 40 bytes are left, less than a line; of 4 * 960 bytes 256 are left.
    const firsts = (size: number) => {
      const { cache } = cacheOf(12, { size, maxOrder: 0, sheafCapacity: 0 });
      const objects = Array.from({ length: 1000 }, () => cache.alloc()).filter((address) => address >= 0);
      return Array.from({ length: 12 }, (_, frame) => Math.min(...objects.filter((a) => a >> 12 === frame)) % 4096);
    };
    expect(firsts(104)).toEqual(Array.from({ length: 12 }, () => 0));
    expect(firsts(960)).toEqual([0, 64, 128, 192, 256, 0, 64, 128, 192, 256, 0, 64]);
  });

  it('makes slabs of the smallest order when the preferred one cannot be had', () => {
    const source = new BufferSource(8);
    const { cache } = cacheOf(8, { size: 1024 }, { source });
    expect(cache.statistics()).toMatchObject({ order: 1, objectsPerSlab: 8 });
    for (let frame = 0; frame < 8; frame++) source.alloc(0 as never);
    for (const frame of [1, 3, 4]) source.free(frame as never, 0 as never);
    let count = 0;
    while (cache.alloc() >= 0) count++;
    expect(count).toBe(12);
    expect(cache.statistics()).toMatchObject({ slabs: 3, frames: 3, failed: 1 });
  });

  it('keeps minPartial slabs with free objects and returns empty ones beyond', () => {
    const source = new BufferSource(16);
    const { cache } = cacheOf(16, { size: 4096, maxOrder: 0, minPartial: 2, sheafCapacity: 0 }, { source });
    const objects = Array.from({ length: 10 }, () => some(cache.alloc()));
    for (const object of objects) cache.free(object);
    expect(cache.statistics()).toMatchObject({ slabs: 2, partialSlabs: 2, created: 10, discarded: 8 });
    expect(source.freeFrames).toBe(14);
  });

  it('fills the fullest slabs first after shrink', () => {
    const { cache } = cacheOf(8, { size: 1024, maxOrder: 0, sheafCapacity: 0 });
    const objects = Array.from({ length: 12 }, () => some(cache.alloc()));
    const slabs = [0, 1, 2].map((frame) => objects.filter((address) => address >> 12 === frame));
    for (const object of [...slabs[0].slice(0, 3), ...slabs[1].slice(0, 1), ...slabs[2].slice(0, 2)])
      cache.free(object);
    expect(cache.shrink()).toBe(0);
    expect(Array.from({ length: 6 }, () => cache.alloc() >> 12)).toEqual([1, 2, 2, 0, 0, 0]);
  });

  it('returns what other caches can spare before it says ENOMEM', () => {
    const allocator = allocatorOf(4);
    const [a, b] = [40, 200].map((size) => allocator.createCache({ name: `${size}`, size }));
    const objects: ObjectAddress[] = [];
    for (let got = a.alloc(); got >= 0; got = a.alloc()) objects.push(got as ObjectAddress);
    expect(b.alloc()).toBe(ENOMEM);
    const [first, ...others] = objects;
    for (const object of others) a.free(object);
    expect(b.alloc()).toBeGreaterThanOrEqual(0);
    expect(a.isLive(first)).toBe(true);
    a.free(first);
    expect([a.liveObjects, b.liveObjects]).toEqual([0, 1]);
    allocator.check();
  });

  it('does the same without sheaves', () => {
    const allocator = allocatorOf(2, { debug: true });
    const [a, b] = [1000, 1200].map((size) => allocator.createCache({ name: `${size}`, size, maxOrder: 0 }));
    const objects = [a, a, a, a, a, a].map((cache) => cache.alloc()) as ObjectAddress[];
    expect(a.alloc()).toBe(ENOMEM);
    expect(b.alloc()).toBe(ENOMEM);
    for (const object of objects) a.free(object);
    expect(b.alloc()).toBeGreaterThanOrEqual(0);
  });

  it('panics when the source gives frames that are not there, or one twice', () => {
    const beyond = cacheOf(4, {}, { source: { alloc: () => 4 as never, free: () => {} } });
    expect(panicOf(() => beyond.cache.alloc())).toBe('slab/bad-source: frames 4+1: the memory has 4');
    const twice = cacheOf(4, {}, { source: { alloc: () => 2 as never, free: () => {} } });
    const taken = Array.from({ length: 64 }, () => twice.cache.alloc());
    expect(panicOf(() => twice.cache.alloc())).toBe('slab/bad-source: frame 2 is part of a slab already');
    expect(new Set(taken).size).toBe(64);
  });

  it('is gone after destroy, which live objects prevent', () => {
    const { allocator, cache } = cacheOf(4);
    const object = some(cache.alloc());
    expect(cache.destroy()).toBe(EBUSY);
    cache.free(object);
    expect(cache.destroy()).toBe(0);
    expect(allocator.caches).toEqual([]);
    for (const use of [() => cache.alloc(), () => cache.free(object), () => cache.destroy(), () => cache.allocOn(0)]) {
      expect(panicOf(use)).toBe("slab/destroyed: cache 'c' was destroyed");
    }
    expect(panicOf(() => cache.freeBulk(new Uint32Array(1), 1))).toBe("slab/destroyed: cache 'c' was destroyed");
    expect(allocator.shrink()).toBe(0);
    expect(some(allocator.createCache({ name: 'next', size: 64 }).alloc())).toBe(object);
  });

  it('is found by the address of one of its live objects', () => {
    const allocator = allocatorOf(4);
    const [a, b] = [40, 200].map((size) => allocator.createCache({ name: `${size}`, size }));
    const [first, second] = [some(a.alloc()), some(b.alloc())];
    expect([allocator.cacheOf(first), allocator.cacheOf(second)]).toEqual([a, b]);
    b.free(second);
    expect(allocator.cacheOf(second)).toBeUndefined();
  });

  it('takes and frees in bulk through several sheaves', () => {
    const { cache } = cacheOf(4, { sheafCapacity: 8 });
    const out = new Uint32Array(30);
    expect(cache.allocBulk(out, 3)).toBe(3);
    expect(cache.allocBulk(out.subarray(3), 27)).toBe(27);
    expect(new Set(out).size).toBe(30);
    cache.check();
    cache.freeBulk(out.subarray(0, 5), 5);
    expect(cache.statistics()).toMatchObject({ live: 25, cached: 7, refills: 4 });
    cache.freeBulk(out.subarray(5), 25);
    expect(cache.statistics()).toMatchObject({ live: 0, cached: 32, flushes: 0 });
    cache.check();
  });

  it('says what lies at an address that is wrong', () => {
    const allocator = allocatorOf(4);
    const a = allocator.createCache({ name: 'a', size: 96 });
    const b = allocator.createCache({ name: 'b', size: 600, maxOrder: 0, sheafCapacity: 0 });
    const [first, second] = [some(a.alloc()), some(a.alloc())];
    const other = some(b.alloc());
    const free = (address: number) =>
      panicOf(() => b.free(address as ObjectAddress)).replace("slab/bad-free: cache 'b': ", '');
    expect([first, second, other]).toEqual([0xf60, 0xf00, 0x1000]);
    expect(free(0x1008)).toBe("0x1008: the object at 0x1000 around it belongs to cache 'b' and is live");
    expect(free(0x1258)).toBe("0x1258: the object there belongs to cache 'b' and is free already");
    expect(free(0xf60)).toBe("0xf60: the object there belongs to cache 'a' and is live");
    expect(free(0x1fe0)).toBe("0x1fe0 is in a slab of cache 'b', but in no object");
    expect(free(0x2000)).toBe('0x2000 is in no slab');
    expect(free(0x4000)).toBe('16384 is no address: the memory has 0x4000 bytes');
    expect(free(-8)).toBe('-8 is no address: the memory has 0x4000 bytes');
    expect(free(0.5)).toBe('0.5 is no address');
    expect([a.liveObjects, b.liveObjects]).toEqual([2, 1]);
  });
});

describe('bad options', () => {
  // Made in the tests, not while they are collected: so mutation testing sees which code is for which test.
  const make = (options: object) => () => cacheOf(4).allocator.createCache({ name: 'c', size: 64, ...options });
  const allocatorWith = (options: object) => () => new SlabAllocator({ memory: new ArrayBuffer(8192), ...options });
  const source = { alloc: () => ENOMEM as never, free: () => {} };

  it.each([
    [make({ size: 0 }), 'size: expected an integer 1..4194304, got 0'],
    [make({ size: 2 ** 22 + 1 }), 'size: expected an integer 1..4194304, got 4194305'],
    [make({ size: 1.5 }), 'size: expected an integer 1..4194304, got 1.5'],
    [make({ align: 4 }), 'align: expected a power of two 8..4096, got 4'],
    [make({ align: 24 }), 'align: expected a power of two 8..4096, got 24'],
    [make({ align: 8192 }), 'align: expected a power of two 8..4096, got 8192'],
    [make({ align: 8.5 }), 'align: expected a power of two 8..4096, got 8.5'],
    [make({ maxOrder: 11 }), 'maxOrder: expected an integer 0..10, got 11'],
    [make({ minPartial: -1 }), 'minPartial: expected an integer 0..1024, got -1'],
    [make({ sheafCapacity: 1025 }), 'sheafCapacity: expected an integer 0..1024, got 1025'],
    [make({ secret: 2 ** 32 }), 'secret: expected an integer -2147483648..4294967295, got 4294967296'],
    [
      allocatorWith({ memory: new ArrayBuffer(4095) }),
      'memory.byteLength / 4096: expected an integer 1..1048576, got 0',
    ],
    [
      allocatorWith({ memory: new Uint8Array(new ArrayBuffer(8192), 4) }),
      'memory: expected to start at a multiple of 8, got 4',
    ],
    [allocatorWith({ source, nodes: [{ source }] }), 'nodes: expected either source or nodes, got both'],
    [allocatorWith({ nodes: [] }), 'nodes.length: expected an integer 1..64, got 0'],
    [allocatorWith({ nodes: [{ source, firstFrame: 2 }] }), 'nodes[0].firstFrame: expected an integer 0..1, got 2'],
    [allocatorWith({ cpuNodes: [] }), 'cpuNodes.length: expected an integer 1..4096, got 0'],
    [allocatorWith({ cpuNodes: [0, 1] }), 'cpuNodes[1]: expected an integer 0..0, got 1'],
    [allocatorWith({ secret: -(2 ** 31) - 1 }), 'secret: expected an integer -2147483648..4294967295, got -2147483649'],
    [allocatorWith({ barnSheaves: 1.5 }), 'barnSheaves: expected an integer 0..1024, got 1.5'],
    [() => cacheOf(4).cache.alloc(1), 'cpu: expected an integer 0..0, got 1'],
    [() => cacheOf(4).cache.allocBulk(new Uint32Array(2), 3), 'count: expected an integer 0..2, got 3'],
    [() => cacheOf(4).cache.allocBulk(new Uint32Array(2), 1, 1), 'cpu: expected an integer 0..0, got 1'],
    [() => cacheOf(4).cache.allocBulk(new Uint32Array(2), 1, 0, -1), 'site: expected an integer 0..2147483647, got -1'],
    [() => cacheOf(4).cache.freeBulk(new Uint32Array(2), 3), 'count: expected an integer 0..2, got 3'],
    [() => cacheOf(4).cache.freeBulk(new Uint32Array(2), 1, 1), 'cpu: expected an integer 0..0, got 1'],
    [
      () => cacheOf(4).cache.freeBulk(new Uint32Array(2), 1, 0, 0.5),
      'site: expected an integer 0..2147483647, got 0.5',
    ],
    [() => cacheOf(4).cache.allocOn(1), 'node: expected an integer 0..0, got 1'],
    [() => cacheOf(4).cache.allocOn(0, -1), 'site: expected an integer 0..2147483647, got -1'],
    [() => new BufferSource(0), 'frameCount: expected an integer 1..1048576, got 0'],
  ])('%#', (body, message) => {
    expect(body).toThrow(new RangeError(message));
  });

  it('accepts the ends of the ranges', () => {
    for (const options of [
      { size: 1 },
      { size: 2 ** 22 },
      { align: 8 },
      { align: 4096 },
      { maxOrder: 10 },
      { maxOrder: 0 },
    ]) {
      expect(make(options)).not.toThrow();
    }
    for (const options of [
      { secret: 2 ** 32 - 1 },
      { secret: -(2 ** 31) },
      { barnSheaves: 0 },
      { barnSheaves: 1024 },
    ]) {
      expect(allocatorWith(options)).not.toThrow();
    }
  });
});
