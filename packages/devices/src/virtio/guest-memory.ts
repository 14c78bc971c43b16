/**
 * Where devices do DMA: a guest's RAM as a list of regions.
 *
 * Units      guest physical addresses and lengths in bytes
 * Invariant  a view stays valid for the life of the machine: regions neither move nor grow
 */

/** What a device needs of RAM. */
export interface GuestMemory {
  /**
   * The bytes themselves, not a copy, or null unless all of `[address, address + length)` is RAM that this device may
   * reach. Any numbers may come: addresses are the guest's. A range must not cross two regions.
   */
  view(address: number, length: number): Uint8Array | null;
}

/** One stretch of RAM. */
export interface MemoryRegion {
  /** First guest physical address. */
  readonly base: number;
  readonly bytes: Uint8Array;
}

/** RAM of several regions. */
export class RegionMemory implements GuestMemory {
  private readonly regions: readonly MemoryRegion[];

  /** @throws RangeError if two regions overlap or a base is no address */
  constructor(regions: readonly MemoryRegion[]) {
    const sorted = [...regions].sort((a, b) => a.base - b.base);
    let free = 0;
    for (const { base, bytes } of sorted) {
      if (!Number.isSafeInteger(base) || base < free) {
        throw new RangeError(`regions: expected disjoint ones, next base >= ${free}, got ${base}`);
      }
      free = base + bytes.length;
    }
    this.regions = sorted;
  }

  view(address: number, length: number): Uint8Array | null {
    for (const { base, bytes } of this.regions) {
      const from = address - base;
      if (from >= 0 && length >= 0 && from + length <= bytes.length) return bytes.subarray(from, from + length);
    }
    return null;
  }
}
