/** Sets of signals 1..64 as two words: bit (n-1). */

export class SignalSet {
  lo = 0;
  hi = 0;

  has(signal: number): boolean {
    return signal <= 32 ? ((this.lo >>> (signal - 1)) & 1) === 1 : ((this.hi >>> (signal - 33)) & 1) === 1;
  }

  add(signal: number): void {
    if (signal <= 32) this.lo |= 1 << (signal - 1);
    else this.hi |= 1 << (signal - 33);
  }

  delete(signal: number): void {
    if (signal <= 32) this.lo &= ~(1 << (signal - 1));
    else this.hi &= ~(1 << (signal - 33));
  }

  set(lo: number, hi: number): void {
    this.lo = lo | 0;
    this.hi = hi | 0;
  }

  copyFrom(other: SignalSet): void {
    this.lo = other.lo;
    this.hi = other.hi;
  }

  get isEmpty(): boolean {
    return (this.lo | this.hi) === 0;
  }

  /** Lowest member that is not in `blocked`, or 0. */
  firstOutside(blocked: SignalSet): number {
    const lo = this.lo & ~blocked.lo;
    if (lo !== 0) return 32 - Math.clz32(lo & -lo);
    const hi = this.hi & ~blocked.hi;
    return hi === 0 ? 0 : 64 - Math.clz32(hi & -hi);
  }
}
