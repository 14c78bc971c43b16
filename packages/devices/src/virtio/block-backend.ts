/** What a virtio-blk device keeps its sectors in. */

/**
 * A disk. Methods may answer at once or with a promise; requests whose promises are open may overlap, and the order in
 * which they complete is theirs. A throw or a rejection is an I/O error to the guest. Ranges are checked before.
 */
export interface BlockBackend {
  /** Capacity in sectors of 512 bytes; below 2^44. */
  readonly sectors: number;
  readonly readOnly: boolean;
  /** Fills `target`, a multiple of 512 bytes that belongs to the backend until it answers. */
  read(sector: number, target: Uint8Array): void | Promise<void>;
  write(sector: number, source: Uint8Array): void | Promise<void>;
  /** What was written before is on stable storage. Without it nothing needs flushing. */
  flush?(): void | Promise<void>;
  /** The content of these sectors does not matter any more. Without it the guest is not offered discard. */
  discard?(sector: number, sectors: number): void | Promise<void>;
  /** Zeroes; `unmap` says that the space may be given back. Without it zeroes are written. */
  writeZeroes?(sector: number, sectors: number, unmap: boolean): void | Promise<void>;
}

export const SECTOR_BYTES = 512;

/** A disk in memory, whose length in bytes is rounded down to sectors. */
export class MemoryBlock implements BlockBackend {
  readonly sectors: number;
  readonly readOnly: boolean;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array, readOnly = false) {
    this.bytes = bytes;
    this.sectors = Math.floor(bytes.length / SECTOR_BYTES);
    this.readOnly = readOnly;
  }

  read(sector: number, target: Uint8Array): void {
    const from = sector * SECTOR_BYTES;
    target.set(this.bytes.subarray(from, from + target.length));
  }

  write(sector: number, source: Uint8Array): void {
    this.bytes.set(source, sector * SECTOR_BYTES);
  }

  discard(sector: number, sectors: number): void {
    this.writeZeroes(sector, sectors);
  }

  writeZeroes(sector: number, sectors: number): void {
    this.bytes.fill(0, sector * SECTOR_BYTES, (sector + sectors) * SECTOR_BYTES);
  }
}
