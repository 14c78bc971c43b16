import { describe, expect, it } from '@jest/globals';
import { EINVAL, ENOMEM } from '@veridian-os/abi';
import type { Frame } from '@veridian-os/abi';
import { BuddyAllocator } from '@veridian-os/buddy-alloc';
import { FrameAllocator, PhysicalMemory } from '@veridian-os/memory';
import type { ReservedRange } from '@veridian-os/memory';
import { FakeMachine } from '@veridian-os/memory/testing';

const BASE = 0x80000;

function create(regionFrames: number[], reserved: ReservedRange[] = []) {
  const { regions } = new FakeMachine({ regionFrames });
  const memory = new PhysicalMemory(regions);
  return {
    memory,
    frames: new FrameAllocator(regions, memory, (frameCount) => new BuddyAllocator({ frameCount }), reserved),
  };
}

describe('FrameAllocator', () => {
  it('numbers frames by physical address and moves to the next region when one is full', () => {
    const { frames } = create([2, 4]);
    expect(frames.totalFrames).toBe(6);
    const got = Array.from({ length: 6 }, () => frames.alloc());
    expect(got).toEqual([BASE, BASE + 1, BASE + 18, BASE + 19, BASE + 20, BASE + 21]);
    expect(frames.alloc()).toBe(ENOMEM);
    expect(frames.freeFrames).toBe(0);
  });

  it('frees a frame with its last reference', () => {
    const { frames } = create([4]);
    const frame = frames.alloc() as Frame;
    frames.retain(frame);
    expect(frames.references(frame)).toBe(2);
    frames.release(frame);
    expect(frames.freeFrames).toBe(3);
    frames.release(frame);
    expect(frames.freeFrames).toBe(4);
    expect(frames.references(frame)).toBe(0);
  });

  it('panics on frames that are not live or not there', () => {
    const { frames } = create([4]);
    const frame = BASE as Frame;
    expect(() => frames.retain(frame)).toThrow('memory/frame-not-live');
    expect(() => frames.release(frame)).toThrow('memory/frame-not-live');
    expect(() => frames.references((BASE + 4) as Frame)).toThrow('memory/no-such-frame');
    expect(frames.freeFrames).toBe(4);
  });

  it('zeroes on demand', () => {
    const { frames, memory } = create([1]);
    const frame = frames.alloc() as Frame;
    memory.fill(frame, 0xaa);
    frames.release(frame);
    expect(frames.allocZeroed()).toBe(frame);
    expect(memory.view(frame).every((byte) => byte === 0)).toBe(true);
  });

  it('hands out consecutive frames of any number, freed one by one', () => {
    const { frames } = create([64]);
    const first = frames.allocContiguous(11) as Frame;
    expect(first % 16).toBe(0);
    expect(frames.freeFrames).toBe(53);
    for (let i = 0; i < 11; i++) expect(frames.references((first + i) as Frame)).toBe(1);
    expect(frames.references((first + 11) as Frame)).toBe(0);
    for (let i = 0; i < 11; i++) frames.release((first + i) as Frame);
    expect(frames.allocContiguous(64)).toBe(BASE);
    expect(frames.allocContiguous(1)).toBe(ENOMEM);
  });

  it('refuses contiguous runs that cannot be', () => {
    const { frames } = create([8, 16]);
    expect(frames.allocContiguous(0)).toBe(EINVAL);
    expect(frames.allocContiguous(1.5)).toBe(EINVAL);
    expect(frames.allocContiguous(17)).toBe(ENOMEM);
    expect(frames.allocContiguous(2 ** 20)).toBe(ENOMEM);
    expect(frames.freeFrames).toBe(24);
  });

  it('leaves reserved pages out whole', () => {
    const { frames } = create([4, 4], [{ base: BASE * 4096 + 4095, length: 2 }]);
    expect(frames.totalFrames).toBe(6);
    expect(frames.alloc()).toBe(BASE + 2);
    expect(() =>
      create(
        [4],
        [BASE, BASE].map((frame) => ({ base: frame * 4096, length: 1 })),
      ),
    ).toThrow(RangeError);
  });

  it('forgets that a frame held code when it is freed', () => {
    const { frames } = create([1]);
    const frame = frames.alloc() as Frame;
    expect(frames.isSynced(frame)).toBe(false);
    frames.setSynced(frame);
    expect(frames.isSynced(frame)).toBe(true);
    frames.release(frame);
    frames.alloc();
    expect(frames.isSynced(frame)).toBe(false);
  });
});
