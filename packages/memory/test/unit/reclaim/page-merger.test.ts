import { describe, expect, it } from '@jest/globals';
import { AccessKind } from '@veridian-os/memory';
import type { UserSpace } from '@veridian-os/memory';
import { FakeMachine } from '@veridian-os/memory/testing';
import { createManager } from '../../create-manager.js';

const PAGE = 4096;
const RW = 3;

/** A space with pages that each hold one byte value throughout. */
function filled(values: readonly number[]) {
  const machine = new FakeMachine({ regionFrames: [256] });
  const memory = createManager(machine);
  const space = memory.createSpace('linux') as UserSpace;
  const address = space.map({ address: 0, length: values.length * PAGE, prot: RW, shared: false });
  values.forEach((value, i) => space.write(address + i * PAGE, new Uint8Array(PAGE).fill(value)));
  const scan = (): number => memory.mergePages(256);
  return { machine, memory, space, address, scan };
}

describe('PageMerger', () => {
  it('leaves pages alone that nobody offered', () => {
    const { scan } = filled([1, 1, 1]);
    expect([scan(), scan(), scan()]).toEqual([0, 0, 0]);
  });

  it('gives back frames of equal pages at the second look, and copies on the next write', () => {
    const { memory, machine, space, address, scan } = filled([1, 2, 1, 1, 2]);
    const before = memory.frames.freeFrames;
    expect(space.setMergeable(address, 5 * PAGE, true)).toBe(0);
    expect([scan(), scan(), scan()]).toEqual([0, 3, 0]);
    expect(memory.frames.freeFrames).toBe(before + 3);
    expect(memory.statistics().pagesMerged).toBe(3);

    expect(machine.store(space, address, 9)).toBe(-1);
    space.fault(address, AccessKind.Write);
    expect(machine.store(space, address, 9)).toBe(0);
    const bytes = [0, 1, 2, 3, 4].map((i) => machine.load(space, address + i * PAGE));
    expect(bytes.map((byte, i) => (byte >= 0 ? byte : space.fault(address + i * PAGE, AccessKind.Read)))).toEqual([
      9, 2, 1, 1, 2,
    ]);
    space.destroy();
    expect(memory.frames.freeFrames).toBe(memory.frames.totalFrames);
  });

  it('merges between processes, also after a fork', () => {
    const { memory, space, address, scan } = filled([7, 7]);
    space.setMergeable(address, 2 * PAGE, true);
    const child = space.fork() as UserSpace;
    const before = memory.frames.freeFrames;
    scan();
    expect(scan()).toBe(1);
    expect(memory.frames.freeFrames).toBe(before + 1);
    space.destroy();
    const copy = new Uint8Array(2 * PAGE);
    expect(child.read(address, copy)).toBe(0);
    expect(copy.every((byte) => byte === 7)).toBe(true);
    child.destroy();
    expect(memory.frames.freeFrames).toBe(memory.frames.totalFrames);
  });

  it('does not take checksums for contents', () => {
    // Two words whose FNV-1a sums are equal are easily made: the second undoes what the first changed.
    const { memory, space, address, scan } = filled([0, 0]);
    const words = new Uint32Array(1024);
    const FNV_PRIME = 0x01000193;
    const START = 0x811c9dc5;
    words[0] = 1;
    words[1] = Math.imul(START ^ 1, FNV_PRIME) ^ Math.imul(START, FNV_PRIME);
    space.write(address + PAGE, new Uint8Array(words.buffer));
    space.setMergeable(address, 2 * PAGE, true);
    const before = memory.frames.freeFrames;
    expect([scan(), scan(), scan()]).toEqual([0, 0, 0]);
    expect(memory.frames.freeFrames).toBe(before);
    const copy = new Uint8Array(PAGE);
    space.read(address, copy);
    expect(copy.every((byte) => byte === 0)).toBe(true);
  });
});
