import { frameSourceKit } from '@veridian-os/abi/testing';
import { BuddyAllocator } from '@veridian-os/buddy-alloc';
import { FrameAllocator, PAGE_TABLE_FORMATS, PhysicalMemory, createMemoryManager } from '@veridian-os/memory';
import {
  FakeMachine,
  numaFramesKit,
  pageSourceKit,
  pageTableFormatKit,
  reservedRanges,
  userSpaceKit,
} from '@veridian-os/memory/testing';

const create = (machine, swap) =>
  createMemoryManager({
    regions: machine.regions,
    mmu: machine.mmu,
    hardwareAccessedDirty: machine.hardwareAccessedDirty,
    buddyFactory: (frameCount) => new BuddyAllocator({ frameCount }),
    waitPort: machine.waitPort,
    ...(swap === undefined ? {} : { swap }),
  });

/** Frames of the regions that a kit asks for, from the real buddy allocator. */
function createFrames(layout) {
  const { regions, distances } = layout;

  const machine = new FakeMachine({ regionFrames: regions.map(({ frames }) => frames), places: regions });
  const bytes = new PhysicalMemory(machine.regions);
  const reserved = reservedRanges(layout, machine.regions);
  const blocks = (frameCount) => new BuddyAllocator({ frameCount });
  return { bytes, frames: new FrameAllocator(machine.regions, bytes, blocks, reserved, undefined, distances) };
}

const TWO_NODES = { regions: [40, 24].map((frames, node) => ({ frames, node, tier: node })) };

export default function run(runner) {
  frameSourceKit(runner, () => createFrames(TWO_NODES));
  numaFramesKit(runner, (layout) => createFrames(layout).frames);
  for (const format of Object.values(PAGE_TABLE_FORMATS)) pageTableFormatKit(runner, format);
  pageSourceKit(runner, () => {
    const manager = create(new FakeMachine({ regionFrames: [16] }));
    return { source: manager.createRegion(3 * 4096), frames: manager.frames, pages: 3 };
  });
  userSpaceKit(runner, create);
}
