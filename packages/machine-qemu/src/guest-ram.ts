/** Guest RAM: one shared file, mapped here in windows and by QEMU as a whole. */
import type { MemoryRegion, PhysAddr } from '@veridian-os/abi';
import { panic } from '@veridian-os/abi';
import { MAX_VIEW, MappedMemory, type Libc } from '@veridian-os/libc';
import type { Piece, RamPart } from './isa.js';

export class GuestRam {
  /** The public part, in pieces that one view can show. */
  readonly regions: readonly MemoryRegion[];
  readonly fd: number;
  readonly totalBytes: number;
  private readonly libc: Libc;
  private readonly mapped: MappedMemory;
  private readonly entryViews: BigUint64Array<ArrayBufferLike>[] = [];
  private open = true;

  /**
   * @param parts all of RAM, in file order
   * @param hidden bytes at the start of RAM that no region shows
   */
  constructor(libc: Libc, parts: readonly RamPart[], hidden: number) {
    this.libc = libc;
    const total = parts.reduce((sum, { length }) => sum + length, 0);
    this.totalBytes = total;
    this.fd = libc.memfdCreate('veridian-guest-ram');
    if (this.fd < 0) throw new Error(`memfd_create failed with errno ${-this.fd}`);
    try {
      this.mapped = this.map(total);
    } catch (error) {
      libc.close(this.fd);
      throw error;
    }
    this.regions = this.cut(parts, hidden);
  }

  private map(total: number): MappedMemory {
    const sized = this.libc.ftruncate(this.fd, total);
    if (sized < 0) throw new Error(`guest RAM of ${total} bytes: ftruncate failed with errno ${-sized}`);
    return MappedMemory.file(this.libc, this.fd, total);
  }

  /** Words of the private part. */
  words(offset: number, count: number): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.mapped.windows[0], offset, count);
  }

  bytes(offset: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.mapped.windows[0], offset, length);
  }

  /** Index of the region of a guest physical address, or -1. */
  find(address: number): number {
    for (let i = 0; i < this.regions.length; i++) {
      const offset = address - this.regions[i].base;
      if (offset >= 0 && offset < this.regions[i].length) return i;
    }
    return -1;
  }

  /** Words of the public part. @throws KernelPanic `machine-qemu/root` when they are not there */
  wordsAt(address: number, count: number): Uint32Array<ArrayBufferLike> {
    const region = this.find(address);
    if (region < 0) panic('machine-qemu/root', `no RAM at 0x${address.toString(16)}`);
    const { u32, base } = this.regions[region];
    return u32.subarray((address - base) / 4, (address - base) / 4 + count);
  }

  /** A region as page-table entries. */
  entries(region: number): BigUint64Array<ArrayBufferLike> {
    const { u8 } = this.regions[region];
    return (this.entryViews[region] ??= new BigUint64Array(u8.buffer, u8.byteOffset, u8.length / 8));
  }

  put(pieces: readonly Piece[]): void {
    for (const { offset, bytes } of pieces) this.bytes(offset, bytes.length).set(bytes);
  }

  /** After QEMU has opened the file. */
  closeFile(): void {
    if (this.open) this.libc.close(this.fd);
    this.open = false;
  }

  dispose(): void {
    this.closeFile();
    this.mapped.release();
  }

  private cut(parts: readonly RamPart[], hidden: number): MemoryRegion[] {
    const regions: MemoryRegion[] = [];
    let at = 0;
    for (const { base, length } of parts) {
      const end = at + length;
      for (let from = Math.max(at, hidden); from < end;) {
        const window = Math.floor(from / MAX_VIEW);
        const until = Math.min(end, (window + 1) * MAX_VIEW);
        regions.push(this.region(base + from - at, from, until - from));
        from = until;
      }
      at = end;
    }
    return regions;
  }

  private region(base: number, offset: number, length: number): MemoryRegion {
    const window = this.mapped.windows[Math.floor(offset / MAX_VIEW)];
    const start = offset % MAX_VIEW;
    return {
      base: base as PhysAddr,
      length,
      node: 0,
      tier: 0,
      u8: new Uint8Array(window, start, length),
      u32: new Uint32Array(window, start, length / 4),
    };
  }
}
