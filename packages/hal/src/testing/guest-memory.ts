/** Frames and bytes of guest memory for the cases, away from what the firmware keeps. */
import { PAGE_SIZE, type Frame, type FrameBytes, type MemoryRegion, type PhysAddr } from '@veridian-os/abi';
import { describeHardware } from '../hardware.js';
import type { Machine } from '../machine.js';
import { check, fail } from './assert.js';

export interface GuestMemory extends Pick<FrameBytes, 'read32' | 'write32'> {
  /** A frame that nobody uses; it is never given back. */
  alloc(): Frame;
  allocZeroed(): Frame;
  /** `count` adjacent frames, the first one a multiple of `count`. */
  allocAligned(count: number): Frame;
  /** Bytes of one frame. */
  view(frame: Frame): Uint8Array<ArrayBufferLike>;
}

/** Bytes at the end of the largest region that cases may use. */
const SHARE = 0.75;

export function createGuestMemory(machine: Machine): GuestMemory {
  const largest = machine.memory.reduce((best, region) => (region.length > best.length ? region : best));
  check(largest.length >= 4 * 1024 * 1024, `memory: the kit needs a region of 4 MiB, got ${largest.length} bytes`);
  const limit = Math.floor((largest.base + largest.length) / PAGE_SIZE);
  let next = Math.ceil((largest.base + largest.length * (1 - SHARE)) / PAGE_SIZE);

  const isTaken = reservedFrames(machine);
  const locate = (address: number): [MemoryRegion, number] => {
    const region = machine.memory.find(({ base, length }) => address >= base && address < base + length);
    return region === undefined ? fail(`0x${address.toString(16)} is not memory`) : [region, address - region.base];
  };

  const memory: GuestMemory = {
    alloc: () => memory.allocAligned(1),
    allocZeroed() {
      const frame = memory.alloc();
      memory.view(frame).fill(0);
      return frame;
    },
    allocAligned(count) {
      for (let first = Math.ceil(next / count) * count; first + count <= limit; first += count) {
        next = first + count;
        if (!Array.from({ length: count }, (_, index) => isTaken(first + index)).includes(true)) return first as Frame;
      }
      return fail('the kit ran out of guest memory');
    },
    view(frame) {
      const [region, offset] = locate(frame * PAGE_SIZE);
      return region.u8.subarray(offset, offset + PAGE_SIZE);
    },
    read32(address) {
      const [region, offset] = locate(address);
      return region.u32[offset / 4];
    },
    write32(address: PhysAddr, value) {
      const [region, offset] = locate(address);
      region.u32[offset / 4] = value;
    },
  };
  return memory;
}

/** Whether the firmware keeps a frame. */
export function reservedFrames(machine: Machine): (frame: number) => boolean {
  const taken = reservedRanges(machine);
  return (frame) =>
    taken.some(({ base, length }) => frame * PAGE_SIZE < base + length && (frame + 1) * PAGE_SIZE > base);
}

function reservedRanges({ firmware }: Machine): { readonly base: number; readonly length: number }[] {
  const blob = { base: firmware.address as number, length: firmware.blob.length };
  return firmware.kind === 'fdt' ? [blob, ...describeHardware(firmware).reserved] : [blob];
}
