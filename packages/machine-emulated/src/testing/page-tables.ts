/** A naive Sv39 table builder for tests and benches: bump allocation, no frees. */
import type { MemoryRegion } from '@veridian-os/abi';

export const PTE = { V: 1, R: 2, W: 4, X: 8, U: 16, G: 32, A: 64, D: 128 } as const;

export class Sv39Tables {
  /** Physical address of the root. */
  readonly root: number;
  private readonly region: MemoryRegion;
  private next: number;

  /** @param at physical address from which table pages are taken, inside `region` */
  constructor(region: MemoryRegion, at: number) {
    this.region = region;
    this.next = at;
    this.root = this.page();
  }

  private page(): number {
    const at = this.next;
    this.next += 4096;
    this.region.u8.fill(0, at - this.region.base, at - this.region.base + 4096);
    return at;
  }

  private get view(): DataView {
    return new DataView(this.region.u8.buffer, this.region.u8.byteOffset, this.region.length);
  }

  /** Physical address of the entry for `va` at `level` (0 = page, 1 = 2 MiB, 2 = 1 GiB), making tables on the way. */
  entryAddress(va: bigint, level = 0): number {
    let table = this.root;
    for (let l = 2; ; l--) {
      const entry = table + Number((va >> BigInt(12 + 9 * l)) & 511n) * 8;
      if (l === level) return entry;
      const offset = entry - this.region.base;
      const value = this.view.getBigUint64(offset, true);
      if (value & 1n) {
        table = Number(value >> 10n) * 4096;
      } else {
        table = this.page();
        this.view.setBigUint64(offset, (BigInt(table / 4096) << 10n) | 1n, true);
      }
    }
  }

  read(va: bigint, level = 0): bigint {
    return this.view.getBigUint64(this.entryAddress(va, level) - this.region.base, true);
  }

  write(va: bigint, value: bigint, level = 0): void {
    this.view.setBigUint64(this.entryAddress(va, level) - this.region.base, value, true);
  }

  /** Maps `pages` pages (of the level) from `va` to `pa` with `flags`. */
  map(va: number | bigint, pa: number, pages: number, flags: number, level = 0): this {
    const step = 4096 * 512 ** level;
    for (let i = 0; i < pages; i++) {
      this.write(BigInt(va) + BigInt(i * step), (BigInt((pa + i * step) / 4096) << 10n) | BigInt(flags), level);
    }
    return this;
  }
}
