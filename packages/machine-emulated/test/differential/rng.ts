/** Seeded random numbers (xorshift128 over 32-bit words) and the values that break arithmetic. */

const { imul } = Math;

/** Where signed and unsigned words and doublewords begin and end. */
const LIMITS = [
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  0xffffffff80000000n,
  1n << 63n,
  (1n << 63n) - 1n,
  (1n << 64n) - 1n,
];

export class Rng {
  private a: number;
  private b: number;
  private c: number;
  private d: number;

  constructor(seed: number) {
    // SplitMix-like spreading of the seed over the state.
    let s = seed | 0;
    const next = (): number => {
      s = (s + 0x9e3779b9) | 0;
      let z = imul(s ^ (s >>> 16), 0x85ebca6b);
      z = imul(z ^ (z >>> 13), 0xc2b2ae35);
      return (z ^ (z >>> 16)) | 1;
    };
    [this.a, this.b, this.c, this.d] = [next(), next(), next(), next()];
  }

  /** 32 random bits, unsigned. */
  bits(): number {
    const t = this.a ^ (this.a << 11);
    this.a = this.b;
    this.b = this.c;
    this.c = this.d;
    this.d = this.d ^ (this.d >>> 19) ^ t ^ (t >>> 8);
    return this.d >>> 0;
  }

  /** 0 .. n-1 */
  below(n: number): number {
    return this.bits() % n;
  }

  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }

  bits64(): bigint {
    return (BigInt(this.bits()) << 32n) | BigInt(this.bits());
  }

  /** An integer register's value: edges more often than not. */
  integer(): bigint {
    const shift = BigInt(this.below(64));
    switch (this.below(8)) {
      case 0:
        return BigInt.asUintN(64, BigInt(this.between(-4, 4)));
      case 1:
        return BigInt.asUintN(64, (1n << shift) + BigInt(this.between(-1, 1)));
      case 2:
        return BigInt.asUintN(64, BigInt(this.bits() | 0));
      case 3:
        return BigInt.asUintN(64, -(1n << shift) + BigInt(this.between(-1, 1)));
      case 4:
        return this.bits64() >> shift;
      case 5:
        return this.pick(LIMITS);
      default:
        return this.bits64();
    }
  }

  /** Bits of a double: zeroes, infinities, NaNs, subnormals, whole numbers, neighbours in exponent. */
  double(): bigint {
    return this.float(52, 2047, 1023);
  }

  /** Bits of a single. */
  single(): bigint {
    return this.float(23, 255, 127);
  }

  private float(fractionBits: number, top: number, bias: number): bigint {
    const wide = BigInt(fractionBits);
    const mask = (1n << wide) - 1n;
    const sign = BigInt(this.below(2)) << (fractionBits === 52 ? 63n : 31n);
    const random = this.bits64() & mask;
    // Few set bits make exact results and ties.
    const sparse = (this.bits64() << BigInt(this.below(fractionBits))) & mask;
    const fraction = this.pick([0n, 1n, mask, random, random, sparse, sparse, 1n << (wide - 1n)]);
    const exponent = this.pick([
      ...[0, 0, 1, 2, top, top - 1, top - 2, bias, bias - 1, bias + 1, bias + 31, bias + 32, bias + 63, bias + 64],
      ...[
        bias + fractionBits - 2,
        bias + fractionBits - 1,
        bias + fractionBits,
        bias + fractionBits + 1,
        this.below(top + 1),
        this.below(top + 1),
      ],
      ...[this.between(bias - 4, bias + 4), this.between(bias - 30, bias + 30), this.between(bias - 60, bias + 60)],
    ]);
    return sign | (BigInt(exponent) << wide) | fraction;
  }

  /** A floating-point register: doubles, boxed singles, and singles that are not boxed. */
  floatRegister(): bigint {
    const kind = this.below(16);
    if (kind < 8) return this.double();
    if (kind < 15) return 0xffffffff00000000n | this.single();
    return this.single() | (this.bits64() << 32n);
  }
}
