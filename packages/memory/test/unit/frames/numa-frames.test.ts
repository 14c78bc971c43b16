import { describe, expect, it } from '@jest/globals';
import { ENOMEM } from '@veridian-os/abi';
import { frameSourceKit } from '@veridian-os/abi/testing';
import { BuddyAllocator, ZonedAllocator } from '@veridian-os/buddy-alloc';
import { FrameAllocator, PhysicalMemory, compilePolicy } from '@veridian-os/memory';
import type { BlockFactory } from '@veridian-os/memory';
import { FakeMachine, SimpleBlocks, numaFramesKit, reservedRanges } from '@veridian-os/memory/testing';
import type { KitLayout } from '@veridian-os/memory/testing';

const sources: Record<string, BlockFactory> = {
  'the buddy allocator': (frameCount) => new BuddyAllocator({ frameCount }),
  // Its own watermarks are off: the nodes' are above it.
  'zones of a buddy allocator': (frameCount) =>
    new ZonedAllocator({ frameCount, maxOrder: 3, minShare: 0, dmaFrames: Math.floor(frameCount / 16) * 8 }),
  'the simplest blocks': (frameCount) => new SimpleBlocks(frameCount),
};

function create(layout: Partial<KitLayout> & Pick<KitLayout, 'regions'>, blocks: BlockFactory) {
  const { regions } = new FakeMachine({
    regionFrames: layout.regions.map(({ frames }) => frames),
    places: layout.regions,
  });
  const bytes = new PhysicalMemory(regions);
  return {
    bytes,
    frames: new FrameAllocator(regions, bytes, blocks, reservedRanges(layout, regions), undefined, layout.distances),
  };
}

for (const [name, blocks] of Object.entries(sources)) {
  describe(`FrameAllocator over ${name}`, () => {
    const regions = [40, 24].map((frames, node) => ({ frames, node, tier: node }));
    frameSourceKit({ describe, it }, () => create({ regions }, blocks));
    numaFramesKit({ describe, it }, (layout) => create(layout, blocks).frames);
  });
}

describe('FrameAllocator over a movable zone', () => {
  it("gives no frame of it to the kernel, and the programs' pages first", () => {
    const regions = [{ frames: 64, node: 0, tier: 0 }];
    const blocks: BlockFactory = (frameCount) =>
      new ZonedAllocator({ frameCount, maxOrder: 3, minShare: 0, movableFrames: 40 });
    const { frames } = create({ regions }, blocks);
    const first = frames.spans(0)[0].first;
    const local = compilePolicy(frames.topology, { kind: 'local' });
    expect(frames.allocPage(local, 0, 0)).toBe(first + 24);
    for (let i = 0; i < 24; i++) expect(frames.alloc()).toBeLessThan(first + 24);
    expect(frames.alloc()).toBe(ENOMEM);
    expect(frames.allocContiguous(6, 0)).toBe(ENOMEM);
    expect(frames.freeFrames).toBe(39);
    for (let i = 0; i < 39; i++) expect(frames.allocPage(local, 0, 0)).toBeGreaterThan(first + 24);
    expect(frames.freeFrames).toBe(0);
  });
});
