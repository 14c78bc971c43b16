import type { BlockDevice } from '@veridian-os/abi';
import { BuddyAllocator } from '@veridian-os/buddy-alloc';
import { createMemoryManager } from '@veridian-os/memory';
import type { MemoryManagerImpl } from '@veridian-os/memory';
import type { FakeMachine } from '@veridian-os/memory/testing';

/** This package's manager over a fake machine, with frames from the real buddy allocator. */
export function createManager(machine: FakeMachine, zeroAhead = 1, swap?: BlockDevice): MemoryManagerImpl {
  return createMemoryManager({
    regions: machine.regions,
    mmu: machine.mmu,
    hardwareAccessedDirty: machine.hardwareAccessedDirty,
    buddyFactory: (frameCount) => new BuddyAllocator({ frameCount }),
    waitPort: machine.waitPort,
    zeroAhead,
    ...(swap === undefined ? {} : { swap }),
  });
}
