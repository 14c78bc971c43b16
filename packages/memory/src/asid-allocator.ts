/**
 * Address-space identifiers 1 .. limit; 0 belongs to whatever runs without one.
 *
 * An identifier is freed only after its translations were flushed (`MmuPort.flushAddressSpace`), so a reused one never
 * meets a stale translation. Freed identifiers wait in a ring and come back in the order of their release.
 */
import { EAGAIN } from '@veridian-os/abi';
import type { Asid, Errno } from '@veridian-os/abi';

const MAX_ASID = 0xffff;

export class AsidAllocator {
  private readonly limit: number;
  private readonly ring: Uint16Array;
  private head = 0;
  private waiting = 0;
  /** Lowest identifier that was never used. */
  private fresh = 1;

  /** @throws RangeError unless `limit` is 1 .. 65535 */
  constructor(limit: number = MAX_ASID) {
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_ASID) {
      throw new RangeError(`limit: expected an integer 1..${MAX_ASID}, got ${limit}`);
    }
    this.limit = limit;
    this.ring = new Uint16Array(limit);
  }

  /** An identifier without translations, or EAGAIN when all are in use. */
  alloc(): Asid | Errno {
    if (this.fresh <= this.limit) return this.fresh++ as Asid;
    if (this.waiting === 0) return EAGAIN;
    const asid = this.ring[this.head];
    this.head = (this.head + 1) % this.limit;
    this.waiting--;
    return asid as Asid;
  }

  /** Returns an identifier whose translations have been flushed. */
  free(asid: Asid): void {
    this.ring[(this.head + this.waiting) % this.limit] = asid;
    this.waiting++;
  }
}
