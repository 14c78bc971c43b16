import { describe, expect, it } from '@jest/globals';
import type { Frame, MemoryRegion, PhysAddr } from '@veridian-os/abi';
import { PhysicalMemory } from '@veridian-os/memory';
import { FakeMachine } from '@veridian-os/memory/testing';

const BASE = 0x8000_0000;
const create = (regionFrames: number[]) => new PhysicalMemory(new FakeMachine({ regionFrames }).regions);

describe('PhysicalMemory', () => {
  it('reads and writes words and bytes of every region', () => {
    const memory = create([2, 2]);
    const second = BASE + 18 * 4096;
    for (const address of [BASE, BASE + 8188, second, second + 8188]) {
      memory.write32(address as PhysAddr, 0xdeadbeef);
      expect(memory.read32(address as PhysAddr)).toBe(0xdeadbeef);
      const frame = Math.floor(address / 4096) as Frame;
      expect(memory.readWord(frame, (address % 4096) / 4)).toBe(0xdeadbeef);
      expect([...memory.view(frame).subarray(address % 4096, (address % 4096) + 4)]).toEqual([0xef, 0xbe, 0xad, 0xde]);
    }
  });

  it('copies and fills frames within and between regions', () => {
    const memory = create([2, 2]);
    const frames = [0, 1, 18, 19].map((index) => (BASE / 4096 + index) as Frame);
    memory.fill(frames[0], 7);
    memory.copyFrame(frames[0], frames[1]);
    memory.copyFrame(frames[1], frames[3]);
    memory.fill(frames[0], 1);
    expect(memory.view(frames[1]).every((byte) => byte === 7)).toBe(true);
    expect(memory.view(frames[3]).every((byte) => byte === 7)).toBe(true);
    expect(memory.view(frames[2]).every((byte) => byte === 0)).toBe(true);
  });

  it('copies short and long runs the same way', () => {
    const memory = create([1]);
    for (const length of [1, 31, 32, 33, 4000]) {
      const bytes = Uint8Array.from({ length: length + 4 }, (_, i) => i + length);
      memory.copyIn((BASE + 5) as PhysAddr, bytes, 2, length);
      const back = new Uint8Array(length + 4);
      memory.copyOut((BASE + 5) as PhysAddr, back, 3, length);
      expect([...back.subarray(3, 3 + length)]).toEqual([...bytes.subarray(2, 2 + length)]);
      expect(back[3 + length]).toBe(0);
    }
  });

  it('says when one view can show a range', () => {
    const memory = create([2, 2]);
    expect(memory.contiguous(BASE as PhysAddr, 8192)).toBe(true);
    expect(memory.contiguous(BASE as PhysAddr, 8193)).toBe(false);
    expect(memory.bytes((BASE + 1) as PhysAddr, 8191)).toHaveLength(8191);
  });

  it('panics on addresses where there is no memory', () => {
    const memory = create([2, 2]);
    for (const address of [0, BASE - 4, BASE + 8192, 2 ** 50]) {
      expect(() => memory.read32(address as PhysAddr)).toThrow('memory/no-such-address');
    }
  });

  it('refuses regions that overlap, are not whole pages or are missing', () => {
    const [region] = new FakeMachine({ regionFrames: [2] }).regions;
    const bad: MemoryRegion[][] = [
      [],
      [region, region],
      [{ ...region, base: (BASE + 1) as PhysAddr }],
      [{ ...region, length: 4096 }],
    ];
    for (const regions of bad) expect(() => new PhysicalMemory(regions)).toThrow(RangeError);
  });

  it('serves regions far above 4 GiB', () => {
    const [region] = new FakeMachine({ regionFrames: [2] }).regions;
    const high = 2 ** 45;
    const memory = new PhysicalMemory([{ ...region, base: high as PhysAddr }]);
    memory.write32((high + 4096) as PhysAddr, 5);
    expect(memory.readWord((high / 4096 + 1) as Frame, 0)).toBe(5);
  });
});
