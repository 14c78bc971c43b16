import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { highWord, lowWord, toNumber, toSigned } from '@veridian-os/abi';

const exact = fc.integer({ min: -(2 ** 53) + 1, max: 2 ** 53 - 1 });
const word = fc.integer({ min: -(2 ** 31), max: 2 ** 32 - 1 });

describe('wide', () => {
  it('splits and joins every exact integer', () => {
    fc.assert(
      fc.property(exact, (value) => {
        expect(toSigned(lowWord(value), highWord(value))).toBe(value === 0 ? 0 : value);
        if (value >= 0) expect(toNumber(lowWord(value), highWord(value))).toBe(value === 0 ? 0 : value);
      }),
    );
  });

  it('agrees with BigInt on all pairs, rounding as BigInt to Number does', () => {
    fc.assert(
      fc.property(word, word, (lo, hi) => {
        const bits = (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);
        expect(toNumber(lo, hi)).toBe(Number(bits));
        expect(toSigned(lo, hi)).toBe(Number(BigInt.asIntN(64, bits)));
      }),
    );
  });

  it('gives unsigned words of negative numbers in two’s complement', () => {
    expect([lowWord(-1), highWord(-1)]).toEqual([0xffffffff, 0xffffffff]);
    expect([lowWord(-(2 ** 32)), highWord(-(2 ** 32))]).toEqual([0, 0xffffffff]);
    expect([lowWord(-(2 ** 32) - 1), highWord(-(2 ** 32) - 1)]).toEqual([0xffffffff, 0xfffffffe]);
  });
});
