/** Guest RAM: one shared file, seen here in windows and mapped by QEMU as a whole. */
import type { MemoryRegion, PhysAddr } from '@veridian-os/abi';
import { panic } from '@veridian-os/abi';
import { MAX_VIEW } from '@veridian-os/libc';
import type { Piece, RamPart } from './isa.js';
import type { RamFile } from './sharing/api.js';

const TREE_HEADER = 40;

/** Offset in the file of a guest physical address, or -1. */
export function fileOffset(parts: readonly RamPart[], address: number): number {
  let offset = 0;
  for (const { base, length } of parts) {
    if (address >= base && address < base + length) return offset + address - base;
    offset += length;
  }
  return -1;
}

export class GuestRam {
  /** The public part, in pieces that one view can show. */
  readonly regions: readonly MemoryRegion[];
  readonly totalBytes: number;
  readonly file: RamFile;
  private readonly hidden: number;
  private readonly parts: readonly RamPart[];
  private readonly entryViews: BigUint64Array<ArrayBufferLike>[] = [];

  /**
   * @param parts all of RAM, in file order
   * @param hidden bytes at the start of RAM that no region shows
   */
  constructor(file: RamFile, parts: readonly RamPart[], hidden: number) {
    this.file = file;
    this.parts = parts;
    this.hidden = hidden;
    this.totalBytes = parts.reduce((sum, { length }) => sum + length, 0);
    this.regions = this.cut(parts, hidden);
  }

  /** Words of the private part. */
  words(offset: number, count: number): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.file.windows[0], offset, count);
  }

  bytes(offset: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.file.windows[0], offset, length);
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

  /** Shows the guest what was written to the private part. */
  publishPrivate(): void {
    this.file.publish(0, this.hidden);
  }

  /** Empties the public part, here and there. */
  wipe(): void {
    for (const { u8 } of this.regions) u8.fill(0);
    this.file.publish(this.hidden, this.totalBytes - this.hidden);
  }

  /** Empties what QEMU has put into the public part: a device tree, which says how long it is. */
  wipeTree(address: number): void {
    const region = this.find(address);
    if (region < 0) return;
    const { u8, base } = this.regions[region];
    const at = address - base;
    const offset = fileOffset(this.parts, address);
    this.file.refresh(offset, TREE_HEADER);
    const size = new DataView(u8.buffer, u8.byteOffset + at).getUint32(4);
    this.file.refresh(offset, size);
    u8.fill(0, at, at + size);
    this.file.publish(offset, size);
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
    const window = this.file.windows[Math.floor(offset / MAX_VIEW)];
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
