import { describe, it } from '@jest/globals';
import { BuddyAllocator, LockedAllocator, ZonedAllocator, ZoneKind } from '@veridian-os/buddy-alloc';
import { allocatorKit, runRandomCommands } from '@veridian-os/buddy-alloc/testing';
import type { Errno, Frame, Order } from '@veridian-os/abi';

/** Zones that behave like one pool: without watermarks, and every request may go everywhere. */
class OpenZones extends ZonedAllocator {
  override alloc(order: Order, owner = 0): Frame | Errno {
    return super.alloc(order, owner, ZoneKind.Movable);
  }
  override allocRange(count: number, align = 0 as Order, owner = 0): Frame | Errno {
    return super.allocRange(count, align, owner, ZoneKind.Movable);
  }
}

describe('BuddyAllocator', () => {
  allocatorKit({ describe, it }, (options) => new BuddyAllocator(options), { addressOrdered: true });

  it('contradicts itself after no command', () => {
    const create = (options: { frameCount: number; maxOrder: number }) =>
      new BuddyAllocator({ ...options, debug: true });
    runRandomCommands(create, { addressOrdered: true }, { seed: 7, count: 3000 }, (pool) => pool.check());
  });
});

describe('LockedAllocator', () => {
  const create = (options: { frameCount: number; maxOrder: number }) =>
    new LockedAllocator({ ...options, buffer: new SharedArrayBuffer(BuddyAllocator.byteLength(options)) });
  allocatorKit({ describe, it }, create, { addressOrdered: true });
});

describe('ZonedAllocator', () => {
  const create = (options: { frameCount: number; maxOrder: number }) => {
    // A third each, where blocks of the largest order allow it.
    const third = Math.floor(options.frameCount / 3 / 2 ** options.maxOrder) * 2 ** options.maxOrder;
    const movableFrames = third === 0 ? 0 : options.frameCount - 2 * third;
    return new OpenZones({ ...options, dmaFrames: third, movableFrames, minShare: 0 });
  };
  allocatorKit({ describe, it }, create, { addressOrdered: false });
});
