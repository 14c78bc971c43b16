import { describe, expect, it } from '@jest/globals';
import { EBUSY, EINVAL, ENOMEM } from '@veridian-os/abi';
import type { Frame, Order } from '@veridian-os/abi';
import { Pressure, ZonedAllocator, ZoneKind, type ZonedOptions } from '@veridian-os/buddy-alloc';

const order = (k: number) => k as Order;
const frame = (f: number) => f as Frame;
const { Dma, Normal, Movable } = ZoneKind;

/** 64 dma, 128 normal and 60 movable frames. */
const create = (options: Partial<ZonedOptions> = {}) =>
  new ZonedAllocator({ frameCount: 252, dmaFrames: 64, movableFrames: 60, maxOrder: 4, minShare: 0, ...options });

describe('ZonedAllocator', () => {
  it('starts in the zone of the kind', () => {
    const zones = create();
    expect([Dma, Normal, Movable].map((kind) => zones.alloc(order(0), 0, kind))).toEqual([0, 64, 248]);
    expect([Dma, Normal, Movable].map((kind) => zones.freeIn(kind))).toEqual([63, 127, 59]);
    expect([0, 63, 64, 191, 192, 251, 252, -1].map((f) => zones.zoneOf(frame(f)))).toEqual([
      Dma,
      Dma,
      Normal,
      Normal,
      Movable,
      Movable,
      -1,
      -1,
    ]);
  });

  it('falls back to lower zones, never to higher ones', () => {
    const zones = create();
    const kinds = (kind: ZoneKind) => {
      const got = new Set<number>();
      for (let f = zones.alloc(order(2), 0, kind); f >= 0; f = zones.alloc(order(2), 0, kind))
        got.add(zones.zoneOf(f as Frame));
      return [...got];
    };
    expect(kinds(Normal)).toEqual([Normal, Dma]);
    expect(kinds(Dma)).toEqual([]);
    expect(kinds(Movable)).toEqual([Movable]);
    expect(zones.freeFrames).toBe(0);
  });

  it('leaves min frames in its own zone and high ones in others, but for urgent requests', () => {
    const zones = create();
    zones.setWatermarks(Dma, { min: 4, low: 8, high: 16 });
    zones.setWatermarks(Normal, { min: 10, low: 20, high: 30 });
    let count = 0;
    while (zones.alloc(order(0)) >= 0) count++;
    expect(count).toBe(128 - 10 + 64 - 16);
    expect([zones.freeIn(Normal), zones.freeIn(Dma)]).toEqual([10, 16]);
    while (zones.alloc(order(0), 0, Dma) >= 0);
    expect(zones.freeIn(Dma)).toBe(4);
    expect(zones.alloc(order(0))).toBe(ENOMEM);
    expect(zones.zoneOf(zones.alloc(order(0), 0, Normal, true) as Frame)).toBe(Normal);
    expect(zones.allocRange(3)).toBe(ENOMEM);
    expect(zones.zoneOf(zones.allocRange(3, order(0), 0, Normal, true) as Frame)).toBe(Normal);
  });

  it('says how scarce frames are', () => {
    const zones = create();
    zones.setWatermarks(Normal, { min: 10, low: 20, high: 30 });
    const seen = [];
    for (const left of [128, 30, 29, 20, 19, 10, 9, 0]) {
      while (zones.freeIn(Normal) > left) zones.alloc(order(0), 0, Normal, true);
      seen.push(zones.pressure(Normal));
    }
    const { None, High, Low, Min } = Pressure;
    expect(seen).toEqual([None, None, High, High, Low, Low, Min, Min]);
  });

  it('has watermarks of its own accord', () => {
    const zones = create({ minShare: 1 / 8 });
    expect(zones.watermarks(Normal)).toEqual({ min: 16, low: 20, high: 24 });
    expect(zones.watermarks(Dma)).toEqual({ min: 8, low: 10, high: 12 });
  });

  it('frees, takes, splits and reserves wherever a frame is', () => {
    const zones = create();
    expect(zones.allocAt(frame(196), order(2))).toBe(0);
    expect(zones.allocAt(frame(196), order(0))).toBe(EBUSY);
    expect(zones.allocAt(frame(252), order(0))).toBe(EINVAL);
    zones.split(frame(196), order(2));
    zones.free(frame(198), order(0));
    expect(zones.reserve(frame(60), 10)).toBe(0);
    expect([Dma, Normal, Movable].map((kind) => zones.freeIn(kind))).toEqual([60, 122, 57]);
    expect(zones.reserve(frame(100), 97)).toBe(EBUSY);
    expect(zones.reserve(frame(250), 3)).toBe(EINVAL);
    expect(zones.freeFrames).toBe(60 + 122 + 57);
    expect(() => zones.free(frame(252), order(0))).toThrow('buddy/bad-free');
    expect(() => zones.free(frame(64), order(0))).toThrow('buddy/bad-free');
    zones.freeRange(zones.allocRange(11, order(0), 0, Movable) as Frame, 11);
    for (const kind of [Dma, Normal, Movable]) zones.pool(kind)?.check();
  });

  it('lies in one buffer, to which others attach', () => {
    const options = { frameCount: 252, dmaFrames: 64, movableFrames: 60, maxOrder: 4 };
    const bytes = ZonedAllocator.byteLength(options);
    const buffer = new SharedArrayBuffer(bytes + 64);
    const zones = create({ ...options, buffer, byteOffset: 64 });
    const other = ZonedAllocator.attach(buffer, 64);
    const taken = zones.alloc(order(3), 0, Movable) as Frame;
    expect([other.freeFrames, other.frameCount, other.maxOrder]).toEqual([244, 252, 4]);
    other.free(taken, order(3));
    expect(zones.freeFrames).toBe(252);
    expect(() => ZonedAllocator.attach(buffer)).toThrow('expected zones of version 1 at 0');
  });

  it('needs no dma and no movable zone', () => {
    const zones = new ZonedAllocator({ frameCount: 100 });
    expect([Dma, Normal, Movable].map((kind) => zones.freeIn(kind))).toEqual([0, 100, 0]);
    expect(zones.alloc(order(0), 0, Movable)).toBe(96);
    expect(zones.pool(Dma)).toBe(null);
    expect(zones.alloc(order(0), 0, Dma)).toBe(ENOMEM);
  });

  it.each([
    [{ dmaFrames: 8 }, /zones: expected a border at a multiple of 16 frames, got 8/],
    [{ movableFrames: 61 }, /zones: expected a border/],
    [{ dmaFrames: 253 }, /dmaFrames: expected an integer 0\.\.252, got 253/],
    [{ movableFrames: 200 }, /movableFrames/],
    [{ minShare: 0.6 }, /minShare: expected 0\.\.0\.5, got 0\.6/],
  ])('refuses options %j', (options, message) => {
    expect(() => create(options)).toThrow(message);
  });

  it('refuses watermarks in the wrong order', () => {
    const zones = create();
    expect(() => zones.setWatermarks(Normal, { min: 5, low: 4, high: 6 })).toThrow(
      'min: expected an integer 0..4, got 5',
    );
    expect(() => zones.setWatermarks(Normal, { min: 1, low: 7, high: 6 })).toThrow(
      'low: expected an integer 0..6, got 7',
    );
    expect(() => zones.setWatermarks(Dma, { min: 1, low: 7, high: 65 })).toThrow('high');
  });
});
