/** RAM regions inside the WebAssembly memory, by guest physical address. */
import type { MemoryRegion, PhysAddr } from '@veridian-os/abi';
import type { RamOptions } from '../api.js';

export class GuestRam {
  readonly regions: readonly MemoryRegion[];
  /** The whole WebAssembly memory. */
  readonly words: Uint32Array<ArrayBufferLike>;
  private readonly host: readonly number[];
  private readonly firstPage: readonly number[];

  constructor(buffer: ArrayBufferLike, ram: readonly Required<RamOptions>[], host: readonly number[]) {
    this.words = new Uint32Array(buffer);
    this.host = host;
    let pages = 0;
    this.firstPage = ram.map((piece) => {
      const first = pages;
      pages += piece.bytes / 4096;
      return first;
    });
    this.regions = ram.map((piece, i) => ({
      base: piece.base as PhysAddr,
      length: piece.bytes,
      node: piece.node,
      tier: piece.tier,
      u8: new Uint8Array(buffer, host[i], piece.bytes),
      u32: new Uint32Array(buffer, host[i], piece.bytes / 4),
    }));
  }

  private find(address: number): number {
    for (let i = 0; i < this.regions.length; i++) {
      const offset = address - this.regions[i].base;
      if (offset >= 0 && offset < this.regions[i].length) return i;
    }
    return -1;
  }

  /** Index into `words` of the word at a guest physical address, or -1. */
  wordIndex(address: PhysAddr): number {
    const i = this.find(address);
    return i < 0 || address % 4 !== 0 ? -1 : (this.host[i] + address - this.regions[i].base) / 4;
  }

  /** Number of a frame among all RAM pages in order, or -1. */
  pageIndex(frame: number): number {
    const i = this.find(frame * 4096);
    return i < 0 ? -1 : this.firstPage[i] + frame - this.regions[i].base / 4096;
  }
}
