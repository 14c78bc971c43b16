/**
 * Aligned 32-bit words of guest memory as the CPUs see them: read and changed in one piece, also while another CPU uses
 * them (futexes, owners of mutexes). Copies of user memory go byte by byte and race.
 */
import type { MemoryRegion, PhysAddr } from '@veridian-os/abi';
import { panic } from '@veridian-os/abi';

interface Window {
  readonly base: number;
  readonly end: number;
  readonly words: Int32Array<ArrayBufferLike>;
}

export class Words {
  private readonly windows: readonly Window[];

  constructor(regions: readonly MemoryRegion[]) {
    this.windows = regions.map(({ base, length, u8 }) => ({
      base,
      end: base + length,
      words: new Int32Array(u8.buffer, u8.byteOffset, length / 4),
    }));
  }

  /** The word, unsigned. */
  load(address: PhysAddr): number {
    const { words, base } = this.at(address);
    return Atomics.load(words, (address - base) / 4) >>> 0;
  }

  store(address: PhysAddr, value: number): void {
    const { words, base } = this.at(address);
    Atomics.store(words, (address - base) / 4, value | 0);
  }

  /** Stores `value` where the word is `expected`. @returns what it was, unsigned */
  compareExchange(address: PhysAddr, expected: number, value: number): number {
    const { words, base } = this.at(address);
    return Atomics.compareExchange(words, (address - base) / 4, expected | 0, value | 0) >>> 0;
  }

  /** Replaces the word by what `change` makes of it, again until nobody was in between. @returns the old one, unsigned */
  update(address: PhysAddr, change: (old: number) => number): number {
    let old = this.load(address);
    for (;;) {
      const found = this.compareExchange(address, old, change(old));
      if (found === old) return old;
      old = found;
    }
  }

  private at(address: number): Window {
    for (const window of this.windows) if (address >= window.base && address < window.end) return window;
    return panic('kernel/no-such-word', `physical address 0x${address.toString(16)}`);
  }
}
