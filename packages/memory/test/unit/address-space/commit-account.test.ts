import { describe, expect, it } from '@jest/globals';
import { ENOMEM } from '@veridian-os/abi';
import { BuddyAllocator } from '@veridian-os/buddy-alloc';
import { CommitAccount, createMemoryManager } from '@veridian-os/memory';
import type { OvercommitPolicy, UserSpace } from '@veridian-os/memory';
import { FakeMachine } from '@veridian-os/memory/testing';

const PAGE = 4096;
const FRAMES = 64;
const RW = 3;

function manager(overcommit: OvercommitPolicy) {
  const machine = new FakeMachine({ regionFrames: [FRAMES] });
  return createMemoryManager({
    regions: machine.regions,
    mmu: machine.mmu,
    buddyFactory: (frameCount) => new BuddyAllocator({ frameCount }),
    waitPort: machine.waitPort,
    overcommit,
  });
}

const anonymous = (pages: number, prot = RW) => ({ address: 0, length: pages * PAGE, prot, shared: false });

describe('CommitAccount', () => {
  it('always: promises everything', () => {
    const space = manager('always').createSpace('linux') as UserSpace;
    expect(space.map(anonymous(2 ** 20))).toBeGreaterThan(0);
    expect(space.committedBytes).toBe(2 ** 20 * PAGE);
  });

  it('heuristic: refuses only what could never be had at once', () => {
    const space = manager('heuristic').createSpace('linux') as UserSpace;
    expect(space.map(anonymous(FRAMES + 1))).toBe(ENOMEM);
    for (let i = 0; i < 4; i++) expect(space.map(anonymous(FRAMES))).toBeGreaterThan(0);
    expect(space.map(anonymous(2 ** 20, 1))).toBeGreaterThan(0); // read-only: nothing to promise
  });

  it('never: what all are promised stays within the limit, by mmap, mprotect, mremap and fork', () => {
    const memory = manager('never');
    expect(memory.commit.limit).toBe((FRAMES / 2) * PAGE);
    const space = memory.createSpace('linux') as UserSpace;
    const first = space.map(anonymous(20));
    expect(space.map(anonymous(13))).toBe(ENOMEM);
    const second = space.map(anonymous(13, 1));
    expect(space.protect(second, 13 * PAGE, RW)).toBe(ENOMEM);
    expect(space.protect(second, 12 * PAGE, RW)).toBe(0);
    expect(space.remap(first, 20 * PAGE, 21 * PAGE, true)).toBe(ENOMEM);
    expect(space.fork()).toBe(ENOMEM);
    expect(memory.commit.committed).toBe(32 * PAGE);
    space.unmap(first, 20 * PAGE);
    const child = space.fork() as UserSpace;
    expect(memory.commit.committed).toBe(24 * PAGE);
    child.destroy();
    space.destroy();
    expect(memory.commit.committed).toBe(0);
  });

  it('of a group: its limit holds for all that were made with it, and their forks', () => {
    const memory = manager('always');
    const group = new CommitAccount(memory.commit, 10 * PAGE);
    const inside = memory.createSpace('linux', group) as UserSpace;
    const outside = memory.createSpace('linux') as UserSpace;
    inside.map(anonymous(6));
    expect(outside.map(anonymous(60))).toBeGreaterThan(0);
    expect(inside.fork()).toBe(ENOMEM);
    expect(inside.map(anonymous(5))).toBe(ENOMEM);
    expect(inside.map(anonymous(4))).toBeGreaterThan(0);
    expect([group.committed, memory.commit.committed]).toEqual([10 * PAGE, 70 * PAGE]);
  });

  it('wants a share of memory that is more than none', () => {
    expect(() => CommitAccount.ofMachine('never', 1, 1, 0)).toThrow(/ratio: expected a number > 0, got 0/);
  });
});
