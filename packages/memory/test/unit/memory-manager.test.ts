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
    });
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
});
