/** RAM regions by guest physical address. */
import type { MemoryRegion, PhysAddr } from '@veridian-os/abi';
import type { MappedMemory } from '@veridian-os/libc';
import type { RamPiece } from './options.js';

export class GuestRam {
  readonly regions: readonly MemoryRegion[];

  /** @param memories mapped pieces of at most one window each, in the order of `pieces` */
  constructor(pieces: readonly RamPiece[], memories: readonly MappedMemory[]) {
    this.regions = pieces.map(({ base, length }, i) => ({
      base: base as PhysAddr,
      length,
      node: 0,
      tier: 0,
      u8: new Uint8Array(memories[i].windows[0]),
      u32: new Uint32Array(memories[i].windows[0]),
    }));
  }

  /** The region that holds `address`, or undefined. */
  find(address: number): MemoryRegion | undefined {
    for (const region of this.regions) {
      const offset = address - region.base;
      if (offset >= 0 && offset < region.length) return region;
    }
    return undefined;
  }
}
