import { BuddyAllocator } from '@veridian-os/buddy-alloc';
import { FrameAllocator, PhysicalMemory } from '@veridian-os/memory';
import type { BlockFactory, ReservedRange } from '@veridian-os/memory';
import { FakeMachine } from '@veridian-os/memory/testing';

/** Frames of nodes 0, 1, ... with so many frames each, from the real buddy allocator unless told otherwise. */
export function createFrames(
  nodes: readonly number[],
  options: { tiers?: readonly number[]; reserved?: readonly ReservedRange[]; blocks?: BlockFactory } = {},
): FrameAllocator {
  const places = nodes.map((_, node) => ({ node, tier: options.tiers?.[node] ?? 0 }));
  const { regions } = new FakeMachine({ regionFrames: nodes, places, base: 0x4000_0000 });
  const blocks = options.blocks ?? ((frameCount: number) => new BuddyAllocator({ frameCount, maxOrder: 6 }));
  return new FrameAllocator(regions, new PhysicalMemory(regions), blocks, options.reserved);
}
