import { BuddyAllocator } from '@veridian-os/buddy-alloc';
import { createMemoryManager, sv39 } from '@veridian-os/memory';
import { FakeMachine, pageSourceKit, pageTableFormatKit, userSpaceKit } from '@veridian-os/memory/testing';

const create = (machine) =>
  createMemoryManager({
    regions: machine.regions,
    mmu: machine.mmu,
    hardwareAccessedDirty: machine.hardwareAccessedDirty,
    buddyFactory: (frameCount) => new BuddyAllocator({ frameCount }),
    waitPort: machine.waitPort,
  });

export default function run(runner) {
  pageTableFormatKit(runner, sv39, { maxFrame: 2 ** 44 - 1 });
  pageSourceKit(runner, () => {
    const manager = create(new FakeMachine({ regionFrames: [16] }));
    return { source: manager.createRegion(3 * 4096), frames: manager.frames, pages: 3 };
  });
  userSpaceKit(runner, create);
}
