import { describe, expect, it } from '@jest/globals';
import { ENOMEM } from '@veridian-os/abi';
import { FakeMachine, pageSourceKit } from '@veridian-os/memory/testing';
import type { SharedRegion } from '@veridian-os/memory';
import { createManager } from '../create-manager.js';

function create(regionFrames: number[]) {
  const manager = createManager(new FakeMachine({ regionFrames }));
  return { source: manager.createRegion(3 * 4096 - 1) as SharedRegion, frames: manager.frames, pages: 3 };
}

pageSourceKit({ describe, it }, () => create([16]));

describe('SharedRegion', () => {
  it('answers ENOMEM without a frame and recovers', () => {
    const { source, frames } = create([1]);
    const frame = source.page(0);
    expect(source.page(1)).toBe(ENOMEM);
    expect(source.page(0)).toBe(frame);
    source.release();
    expect(frames.freeFrames).toBe(1);
  });

  it('panics when it is used after its end', () => {
    const { source } = create([1]);
    source.release();
    expect(() => source.release()).toThrow('memory/region-dead');
    expect(() => source.retain()).toThrow('memory/region-dead');
  });
});
