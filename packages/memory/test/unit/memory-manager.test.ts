import { describe, expect, it } from '@jest/globals';
import { ENOMEM } from '@veridian-os/abi';
import { BuddyAllocator } from '@veridian-os/buddy-alloc';
import { AccessKind, MAX_MAPPINGS, createMemoryManager, sv39 } from '@veridian-os/memory';
import type { UserSpace } from '@veridian-os/memory';
import { FakeMachine } from '@veridian-os/memory/testing';
import { createManager } from '../create-manager.js';

const PAGE = 4096;

describe('createMemoryManager', () => {
  it('takes formats by name or as objects, and keeps reserved memory out', () => {
    const machine = new FakeMachine({ regionFrames: [16] });
    const manager = createMemoryManager({
      regions: machine.regions,
      mmu: machine.mmu,
      format: sv39,
      reserved: [{ base: 0x8000_0000, length: 4 * PAGE }],
      buddyFactory: (frameCount) => new BuddyAllocator({ frameCount }),
      waitPort: machine.waitPort,
    });
    expect(manager.statistics()).toEqual({
      totalFrames: 12,
      freeFrames: 12,
      tableFrames: 0,
      demandZeroFaults: 0,
      copyOnWriteFaults: 0,
      fileFaults: 0,
      swapFaults: 0,
      hugeFaults: 0,
      pagesCollapsed: 0,
      swapPages: 0,
      freeSwapPages: 0,
      pagesSwappedOut: 0,
      pagesSwappedIn: 0,
      pagesMerged: 0,
    });
  });

  it('hands the distances of nodes on to the frames', () => {
    const machine = new FakeMachine({
      regionFrames: [16, 16, 16],
      places: [0, 1, 2].map((node) => ({ node, tier: 0 })),
    });
    const manager = createMemoryManager({
      regions: machine.regions,
      mmu: machine.mmu,
      buddyFactory: (frameCount) => new BuddyAllocator({ frameCount }),
      waitPort: machine.waitPort,
      distances: [
        [10, 30, 20],
        [30, 10, 40],
        [20, 40, 10],
      ],
    });
    expect([...manager.frames.topology.fallback(0)]).toEqual([0, 2, 1]);
  });

  it('answers ENOMEM when no identifier is left, with every frame kept', () => {
    const machine = new FakeMachine();
    const manager = createMemoryManager({
      regions: machine.regions,
      mmu: machine.mmu,
      asidLimit: 1,
      buddyFactory: (frameCount) => new BuddyAllocator({ frameCount }),
      waitPort: machine.waitPort,
    });
    const space = manager.createSpace('linux') as UserSpace;
    const { freeFrames } = manager.frames;
    expect(manager.createSpace('linux')).toBe(ENOMEM);
    expect(space.fork()).toBe(ENOMEM);
    expect(manager.frames.freeFrames).toBe(freeFrames);
    space.destroy();
    expect(typeof manager.createSpace('linux')).toBe('object');
  });

  it('flushes an address space before its frames are free again', () => {
    const machine = new FakeMachine({ regionFrames: [8] });
    const manager = createManager(machine);
    const space = manager.createSpace('linux') as UserSpace;
    space.map({ address: 0x10000, length: PAGE, prot: 3, shared: false, placement: 'replace' });
    space.fault(0x10000, AccessKind.Write);
    expect(machine.store(space, 0x10000, 1)).toBe(0);
    space.destroy();
    machine.checkTranslations();
    expect(machine.calls.flush).toBe(1);
  });

  it('limits the mappings of a space', () => {
    const manager = createManager(new FakeMachine());
    const space = manager.createSpace('linux') as UserSpace;
    const map = (index: number) =>
      space.map({
        address: 0x1000_0000 + index * PAGE,
        length: PAGE,
        prot: index & 1,
        shared: false,
        placement: 'exact',
      });
    let count = 0;
    while (map(count) >= 0) count++;
    expect(count).toBe(MAX_MAPPINGS - 1);
    expect(map(count)).toBe(ENOMEM);
    expect(space.mappings()).toHaveLength(count);
    expect(space.protect(0x1000_0000, PAGE, 3)).toBe(ENOMEM);
    expect(space.remap(0x1000_0000, PAGE, 2 * PAGE, true)).toBe(ENOMEM);
    expect(space.unmap(0x1000_0000, count * PAGE)).toBe(0);
    expect(space.mappings()).toHaveLength(0);
  });

  describe('fresh memory ahead of a program', () => {
    const START = 0x1000_0000;
    const PAGES = 64;
    const prepare = (zeroAhead: number, frames = 400) => {
      const manager = createManager(new FakeMachine({ regionFrames: [frames] }), zeroAhead);
      const space = manager.createSpace('linux') as UserSpace;
      space.map({ address: START, length: PAGES * PAGE, prot: 3, shared: false, placement: 'exact' });
      const touch = (page: number) => expect(space.fault(START + page * PAGE, AccessKind.Write)).toBe(0);
      return { manager, space, touch };
    };

    it('comes in batches that double while pages are touched in order, up to the limit', () => {
      const { space, touch } = prepare(8);
      const resident = [0, 1, 3, 7, 15, 23].map((page) => (touch(page), space.residentFrames));
      expect(resident).toEqual([1, 3, 7, 15, 23, 31]);
    });

    it('ends with the mapping', () => {
      const { space, touch } = prepare(512);
      for (const page of [0, 1, 3, 7, 15, 31, 63]) touch(page);
      expect(space.residentFrames).toBe(PAGES);
    });

    it.each([
      ['a program that jumps about', 16, [5, 9, 40, 2, 17]],
      ['a program that goes backwards', 16, [20, 19, 18, 17, 16]],
      ['a manager that was not asked to', 1, [0, 1, 2, 3, 4]],
    ])('is not spent on %s', (_, zeroAhead, pages) => {
      const { space, touch } = prepare(zeroAhead);
      pages.forEach(touch);
      expect(space.residentFrames).toBe(5);
    });

    it('stops at a page that is there already, and where half of the frames are used', () => {
      const { space, touch } = prepare(512);
      touch(4);
      for (const page of [0, 1]) touch(page);
      touch(3);
      expect(space.residentFrames).toBe(5);
      const scarce = prepare(512, 40);
      for (let page = 0; page < 20; page++) {
        if (scarce.space.residentFrames <= page) scarce.touch(page);
      }
      expect(scarce.manager.frames.freeFrames).toBeGreaterThanOrEqual(16);
    });

    it.each([0, 513, 1.5, NaN])('refuses %p', (zeroAhead) => {
      expect(() => prepare(zeroAhead)).toThrow(`zeroAhead: expected an integer 1 .. 512, got ${zeroAhead}`);
    });
  });
});
