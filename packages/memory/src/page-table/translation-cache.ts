/**
 * Last translations that the kernel used for copies from and to user memory: a small direct-mapped software TLB.
 *
 * Invariant  an element describes a present entry of the page table; the owner clears the cache whenever a present
 *            entry changes
 */
const SLOTS = 16;
const EMPTY = -1;

export class TranslationCache {
  private readonly pages = new Float64Array(SLOTS).fill(EMPTY);
  private readonly frames = new Float64Array(SLOTS);
  private readonly writable = new Uint8Array(SLOTS);

  /** Frame of a readable page, or -1. */
  readable(page: number): number {
    const slot = page & (SLOTS - 1);
    return this.pages[slot] === page ? this.frames[slot] : EMPTY;
  }

  /** Frame of a writable page, or -1. */
  writeable(page: number): number {
    const slot = page & (SLOTS - 1);
    return this.pages[slot] === page && this.writable[slot] === 1 ? this.frames[slot] : EMPTY;
  }

  remember(page: number, frame: number, writable: boolean): void {
    const slot = page & (SLOTS - 1);
    this.pages[slot] = page;
    this.frames[slot] = frame;
    this.writable[slot] = writable ? 1 : 0;
  }

  clear(): void {
    this.pages.fill(EMPTY);
  }
}
