import { describe, expect, it } from '@jest/globals';
import { AccessKind } from '@veridian-os/memory';
import type { UserSpace } from '@veridian-os/memory';
import { FakeMachine } from '@veridian-os/memory/testing';
import { createManager } from '../../create-manager.js';

const PAGE = 4096;
const BLOCK = 512 * PAGE;

function used(advised: boolean) {
  const machine = new FakeMachine({ regionFrames: [2048], hardwareAccessedDirty: true });
  const memory = createManager(machine);
  const space = memory.createSpace('linux') as UserSpace;
  const mapped = space.map({ address: 0, length: 3 * BLOCK, prot: 3, shared: false });
  const block = Math.ceil(mapped / BLOCK) * BLOCK;
  // One page is there before the rest may become huge, so that the first fault cannot make the block huge.
  if (advised) space.setHuge(block, PAGE, false);
  space.fault(block, AccessKind.Write);
  if (advised) space.setHuge(mapped, 3 * BLOCK, true);
  for (let i = 1; i < 200; i++) {
    space.fault(block + i * PAGE, AccessKind.Write);
    machine.store(space, block + i * PAGE, i & 0xff);
  }
  return { machine, memory, space, block };
}

describe('HugeScanner', () => {
  it('collapses a block that is in use, keeping its contents', () => {
    const { machine, memory, space, block } = used(true);
    expect(space.hugeBytes).toBe(0);
    expect(memory.collapsePages(1)).toBe(1);
    expect(space.hugeBytes).toBe(BLOCK);
    expect(memory.statistics()).toMatchObject({ pagesCollapsed: 1, hugeFaults: 0 });
    for (let i = 1; i < 200; i++) expect(machine.load(space, block + i * PAGE)).toBe(i & 0xff);
    expect(machine.load(space, block + 300 * PAGE)).toBe(0);
    expect(memory.collapsePages(10)).toBe(0);
    space.destroy();
    expect(memory.frames.freeFrames).toBe(memory.frames.totalFrames);
  });

  it('leaves alone what nobody asked for, what is shared, and what is gone', () => {
    expect(used(false).memory.collapsePages(10)).toBe(0);
    const shared = used(true);
    const child = shared.space.fork() as UserSpace;
    expect(shared.memory.collapsePages(10)).toBe(0);
    child.destroy();
    expect(shared.memory.collapsePages(10)).toBe(1);
    const gone = used(true);
    gone.space.destroy();
    expect(gone.memory.collapsePages(10)).toBe(0);
  });
});
