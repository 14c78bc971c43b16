import { describe, expect, it } from '@jest/globals';
import { EBUSY, ENOMEM } from '@veridian-os/abi';
import { BufferSource, SlabAllocator, SlabHeap, type ObjectAddress, type SlabOptions } from '@veridian-os/slab';
import { panicOf, some } from '../helpers.js';

function create(frameCount = 64, options: Partial<SlabOptions> = {}) {
  const source = new BufferSource(frameCount);
  const memory = new Uint8Array(frameCount * 4096);
  const allocator = new SlabAllocator({ memory, source, ...options });
  return { heap: new SlabHeap(allocator), allocator, memory, source };
}

describe('SlabHeap', () => {
  it.each([
    [1, 8],
    [8, 8],
    [9, 16],
    [17, 32],
    [33, 64],
    [65, 96],
    [96, 96],
    [97, 128],
    [129, 192],
    [193, 256],
    [256, 256],
    [257, 512],
    [512, 512],
    [513, 1024],
    [4096, 4096],
    [4097, 8192],
    [8192, 8192],
    [8193, 12288],
    [16384, 16384],
    [16385, 32768],
  ])('takes %i bytes from the class of %i', (size, expected) => {
    const { heap } = create();
    const address = some(heap.alloc(size));
    const bytes = expected === 12288 ? 16384 : expected;
    expect(heap.sizeOf(address)).toBe(bytes);
    expect(address % Math.min(4096, bytes & -bytes)).toBe(0);
    heap.free(address);
    expect(panicOf(() => heap.free(address))).toContain('slab/bad-free');
    expect(panicOf(() => heap.sizeOf(address))).toContain('slab/bad-free');
  });

  it('takes whole frames for what no class holds, after it has given back what it can', () => {
    const { heap, source, allocator } = create(8);
    const small = Array.from({ length: 100 }, () => some(heap.alloc(64)));
    small.forEach((address) => heap.free(address));
    expect(source.freeFrames).toBe(6);
    const all = some(heap.alloc(8 * 4096));
    expect([heap.largeFrames, source.freeFrames]).toEqual([8, 0]);
    expect(heap.alloc(1)).toBe(ENOMEM);
    expect(heap.alloc(8193)).toBe(ENOMEM);
    expect(heap.alloc(2 ** 32)).toBe(ENOMEM);
    expect(allocator.describe(all + 5000)).toBe('0x1388 is in frames that were allocated as such, from 0x0 on');
    expect(panicOf(() => heap.free((all + 4096) as ObjectAddress))).toContain(
      'slab/bad-free: heap: 0x1000 is in frames',
    );
    heap.free(all);
    expect([heap.largeFrames, source.freeFrames]).toEqual([0, 8]);
  });

  it('refuses what is none of its memory', () => {
    const { heap, allocator } = create();
    const foreign = allocator.createCache({ name: 'foreign', size: 64, align: 64, merge: false });
    const object = some(foreign.alloc());
    const own = some(heap.alloc(64));
    for (const address of [object, own + 8, own + 1, 64 * 4096, 2 ** 32 + own, -8, NaN, 40 * 4096]) {
      expect(panicOf(() => heap.free(address as ObjectAddress))).toContain('slab/bad-free: ');
      expect(panicOf(() => heap.sizeOf(address as ObjectAddress))).toContain('slab/bad-free: heap: ');
    }
    expect(foreign.liveObjects).toBe(1);
    heap.free(own);
  });

  it('resizes in place, or with what is there', () => {
    const { heap, memory } = create();
    const first = some(heap.alloc(100));
    for (let i = 0; i < 128; i++) memory[first + i] = i;
    expect(heap.resize(first, 128)).toBe(first);
    expect(heap.resize(first, 65)).toBe(first);
    const larger = some(heap.resize(first, 20000));
    expect(larger).not.toBe(first);
    expect(heap.sizeOf(larger)).toBe(32768);
    expect([...memory.subarray(larger, larger + 128)]).toEqual([...Array(128).keys()]);
    expect(panicOf(() => heap.free(first))).toContain('slab/bad-free');
    const smaller = some(heap.resize(larger, 10));
    expect(heap.sizeOf(smaller)).toBe(16);
    expect([...memory.subarray(smaller, smaller + 10)]).toEqual([...Array(10).keys()]);
    expect(heap.largeFrames).toBe(0);
    expect(heap.resize(smaller, 2 ** 30)).toBe(ENOMEM);
    expect(heap.sizeOf(smaller)).toBe(16);
  });

  it('keeps what it has when there is no memory to shrink into', () => {
    const { heap } = create(4);
    const all = some(heap.alloc(4 * 4096));
    expect(heap.resize(all, 10)).toBe(all);
    expect(heap.sizeOf(all)).toBe(4 * 4096);
  });

  it('zeroes what it is asked to, and not more', () => {
    const { heap, memory } = create();
    memory.fill(0xff);
    const address = some(heap.allocZeroed(40));
    expect([...memory.subarray(address, address + 40)].every((byte) => byte === 0)).toBe(true);
    expect(memory[address + 60]).toBe(0xff);
    expect(heap.allocZeroed(2 ** 31)).toBe(ENOMEM);
  });

  it('reports live memory by call site', () => {
    const { heap } = create(64, { debug: true });
    some(heap.alloc(100, 0, 1));
    some(heap.alloc(100, 0, 1));
    const large = some(heap.alloc(20000, 0, 2));
    const report = heap.leaks().map(({ cache, site, objects }) => ({ cache, site, objects }));
    expect(report).toEqual([
      { cache: 'kmalloc-large', site: 2, objects: 1 },
      { cache: 'kmalloc-128', site: 1, objects: 2 },
    ]);
    expect(heap.leaks()[0]).toMatchObject({ bytes: 32768, first: large });
    heap.free(large);
    expect(heap.leaks()).toHaveLength(1);
  });

  it('takes large memory from the node of the CPU, then from others', () => {
    const near = new BufferSource(8);
    const far = new BufferSource(8);
    const nodes = [{ source: near }, { source: far, firstFrame: 8 }];
    const { heap } = create(16, { source: undefined, nodes, cpuNodes: [1, 0] });
    const taken = [some(heap.alloc(4 * 8192, 0)), some(heap.alloc(4 * 8192, 0))];
    expect(taken).toEqual([8 * 4096, 0]);
    heap.free(taken[0], 1);
    expect([near.freeFrames, far.freeFrames]).toEqual([0, 8]);
  });

  it.each([0, -1, 1.5, NaN, 2 ** 32 + 1])('refuses %d bytes', (size) => {
    const { heap } = create();
    const message = `size: expected an integer 1..4294967296, got ${size}`;
    expect(() => heap.alloc(size)).toThrow(new RangeError(message));
    const address = some(heap.alloc(10));
    expect(() => heap.resize(address, size)).toThrow(new RangeError(message));
  });

  it('refuses CPUs and sites that are none for large memory too', () => {
    const { heap } = create();
    expect(() => heap.alloc(10000, 1)).toThrow('cpu: expected an integer 0..0, got 1');
    expect(() => heap.alloc(10000, 0, -1)).toThrow('site: expected an integer 0..2147483647, got -1');
  });

  it('shares its classes with caches of the same shape', () => {
    const { allocator, heap } = create();
    const cache = allocator.createCache({ name: 'inode', size: 128, align: 128 });
    expect(cache.name).toBe('kmalloc-128');
    const object = some(cache.alloc());
    expect(heap.sizeOf(object)).toBe(128);
    expect(cache.destroy()).toBe(0);
    expect(cache.destroy()).toBe(EBUSY);
  });
});

describe('BufferSource', () => {
  const order = (k: number) => k as Parameters<BufferSource['alloc']>[0];
  const frame = (f: number) => f as Parameters<BufferSource['free']>[0];

  it('takes the first aligned frames that fit', () => {
    const source = new BufferSource(10);
    expect([0, 2, 0, 1, 1, 2, 1].map((k) => source.alloc(order(k)))).toEqual([0, 4, 1, 2, 8, ENOMEM, ENOMEM]);
    expect(source.freeFrames).toBe(0);
    source.free(frame(4), order(2));
    expect(source.freeFrames).toBe(4);
    expect([1, 0, 0].map((k) => source.alloc(order(k)))).toEqual([4, 6, 7]);
    expect(source.alloc(order(10))).toBe(ENOMEM);
  });

  it('refuses frames that are free, not aligned or not there', () => {
    const source = new BufferSource(10);
    source.alloc(order(1));
    for (const [f, k] of [
      [2, 0],
      [0, 2],
      [1, 1],
      [-2, 1],
      [10, 0],
      [0.5, 0],
    ]) {
      expect(panicOf(() => source.free(frame(f), order(k)))).toContain('slab/bad-frame');
    }
    expect(panicOf(() => source.free(frame(2), order(0)))).toBe('slab/bad-frame: frame 2, order 0: it is free');
    expect(panicOf(() => source.free(frame(9), order(1)))).toBe('slab/bad-frame: frame 9, order 1: no such block');
    expect(source.freeFrames).toBe(8);
    source.alloc(order(1));
    expect(panicOf(() => source.free(frame(1), order(1)))).toBe('slab/bad-frame: frame 1, order 1: no such block');
    expect(source.freeFrames).toBe(6);
  });
});
