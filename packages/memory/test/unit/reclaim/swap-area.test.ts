import { describe, expect, it } from '@jest/globals';
import { EIO } from '@veridian-os/abi';
import type { BlockDevice, Frame } from '@veridian-os/abi';
import { AccessKind, FaultResult } from '@veridian-os/memory';
import type { UserSpace } from '@veridian-os/memory';
import { FakeDisk, FakeMachine } from '@veridian-os/memory/testing';
import { createManager } from '../../create-manager.js';

const PAGE = 4096;
const PAGES = 20;

function swapping(slow: boolean, pages = 100) {
  const machine = new FakeMachine({ regionFrames: [64], hardwareAccessedDirty: true });
  const disk = new FakeDisk(machine, { pages, slow });
  const memory = createManager(machine, 1, disk);
  const space = memory.createSpace('linux') as UserSpace;
  const address = space.map({ address: 0, length: PAGES * PAGE, prot: 3, shared: false });
  for (let i = 0; i < PAGES; i++) space.write(address + i * PAGE, new Uint8Array(PAGE).fill(i + 1));
  const byte = (i: number): number => {
    const into = new Uint8Array(1);
    const result = space.read(address + i * PAGE, into);
    return result < 0 ? result : into[0];
  };
  return { machine, disk, memory, space, address, byte };
}

describe('a swap area', () => {
  it('takes pages when asked, and gives them back by a fault', () => {
    const { memory, space, byte } = swapping(false);
    expect(memory.reclaim(12)).toBe(12);
    expect([space.residentFrames, space.swappedPages]).toEqual([8, 12]);
    expect(memory.statistics()).toMatchObject({ swapPages: 100, freeSwapPages: 88, pagesSwappedOut: 12 });
    expect(Array.from({ length: PAGES }, (_, i) => byte(i))).toEqual(Array.from({ length: PAGES }, (_, i) => i + 1));
    expect(memory.statistics()).toMatchObject({ freeSwapPages: 100, pagesSwappedIn: 12, swapFaults: 12 });
  });

  it('finds a page that is still being written in memory, and waits for one that is read', () => {
    const { disk, memory, space, address } = swapping(true);
    expect(memory.reclaim(4)).toBe(4);
    expect(space.swappedPages).toBe(4);
    const gone = Array.from({ length: PAGES }, (_, i) => address + i * PAGE).filter((at) => {
      const vector = new Uint8Array(1);
      space.residency(at, vector);
      return vector[0] === 0;
    });
    expect(gone.length).toBe(4);
    expect(space.fault(gone[0], AccessKind.Read)).toBe(FaultResult.Handled);
    disk.complete();
    expect(memory.statistics().pagesSwappedOut).toBe(4);
    expect(space.fault(gone[1], AccessKind.Read)).toBe(FaultResult.WouldBlock);
    disk.complete();
    expect(space.fault(gone[1], AccessKind.Read)).toBe(FaultResult.Handled);
    expect(memory.statistics().pagesSwappedIn).toBe(1);
  });

  it('keeps pages in memory when the device fails to write, and sends it no more', () => {
    const { disk, memory, byte } = swapping(false);
    disk.fails = 'write';
    memory.reclaim(5);
    disk.fails = undefined;
    expect(memory.reclaim(5)).toBe(0);
    expect(memory.statistics().freeSwapPages).toBe(0);
    expect(Array.from({ length: PAGES }, (_, i) => byte(i))).toEqual(Array.from({ length: PAGES }, (_, i) => i + 1));
  });

  it('reports a failed read as an I/O error, once for each attempt', () => {
    const { disk, memory, space, address } = swapping(false);
    memory.reclaim(PAGES);
    disk.fails = 'read';
    expect(space.fault(address, AccessKind.Read)).toBe(FaultResult.IoError);
    expect(space.read(address, new Uint8Array(1))).toBeLessThan(0);
    disk.fails = undefined;
    expect(space.fault(address, AccessKind.Read)).toBe(FaultResult.Handled);
  });

  it('frees the slots of what is unmapped, also while they are written', () => {
    const { disk, memory, space, address } = swapping(true);
    memory.reclaim(12); // more than the device's queue holds
    space.unmap(address, PAGES * PAGE);
    while (disk.complete() > 0);
    expect(memory.statistics().freeSwapPages).toBe(100);
    space.destroy();
    expect(memory.frames.freeFrames).toBe(memory.frames.totalFrames);
  });

  it('leaves locked pages, and pages that somebody else holds', () => {
    const { machine, memory, space, address } = swapping(false);
    space.lock(address, 5 * PAGE, true);
    const held = Math.floor(space.physical(address + 7 * PAGE, AccessKind.Read) / PAGE) as Frame;
    memory.frames.retain(held);
    expect(memory.reclaim(PAGES)).toBe(PAGES - 6);
    const vector = new Uint8Array(PAGES);
    space.residency(address, vector);
    expect([...vector]).toEqual(Array.from({ length: PAGES }, (_, i) => (i < 5 || i === 7 ? 1 : 0)));
    memory.frames.release(held);
    expect(machine.load(space, address)).toBe(1);
  });

  it('has room for a page at least, and can be written', () => {
    const machine = new FakeMachine();
    const device: BlockDevice = { sectorSize: 512, sectors: 7, readOnly: false, submit: () => EIO };
    expect(() => createManager(machine, 1, device)).toThrow(/swap: expected room for a page, got 7 sectors/);
    expect(() => createManager(machine, 1, { ...device, sectors: 8, readOnly: true })).toThrow(/read-only/);
  });
});

describe('reclaim', () => {
  it('takes what was not used lately', () => {
    const { machine, memory, space, address } = swapping(false);
    const used = [3, 9, 14];
    memory.reclaim(1); // the hand has cleared the accessed bits of all
    for (let turn = 0; turn < 3; turn++) {
      for (const i of used)
        if (machine.load(space, address + i * PAGE) < 0) space.fault(address + i * PAGE, AccessKind.Read);
      memory.reclaim(4);
    }
    const vector = new Uint8Array(PAGES);
    space.residency(address, vector);
    expect(used.map((i) => vector[i])).toEqual([1, 1, 1]);
  });

  it('says so when nothing can be had and somebody waits', () => {
    const { memory, space, address } = swapping(false, 4);
    const more = space.map({ address: 0, length: 200 * PAGE, prot: 3, shared: false });
    let page = 0;
    let result: FaultResult = FaultResult.Handled;
    while (result === FaultResult.Handled) {
      result = space.fault(more + page++ * PAGE, AccessKind.Write);
      if (result === FaultResult.WouldBlock && memory.balance()) result = FaultResult.Handled;
    }
    expect(result).toBe(FaultResult.WouldBlock);
    expect(memory.balance()).toBe(false);
    space.unmap(address, PAGES * PAGE);
    expect(memory.balance()).toBe(true);
  });
});
