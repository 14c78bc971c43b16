import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { seededEntropy } from '../../src/core/seeded-entropy.js';

/** sfc32 as published (PractRand), seeded with 0, low word, high word and a counter of 1, after twelve rounds. */
function* reference(seed: number): Generator<number> {
  let [a, b, c, counter] = [0n, BigInt(seed) & 0xffffffffn, BigInt(seed) >> 32n, 1n];
  for (let round = 0; ; round++) {
    const sum = (a + b + counter) & 0xffffffffn;
    counter = (counter + 1n) & 0xffffffffn;
    a = b ^ (b >> 9n);
    b = (c + (c << 3n)) & 0xffffffffn;
    c = (((c << 21n) | (c >> 11n)) + sum) & 0xffffffffn;
    if (round >= 12) yield Number(sum);
  }
}

const draw = (seed: number, length: number): Uint8Array => {
  const bytes = new Uint8Array(length);
  seededEntropy(seed)(bytes);
  return bytes;
};

describe('seeded entropy', () => {
  it('is sfc32, little endian', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (seed) => {
        const view = new DataView(draw(seed, 64).buffer);
        const words = reference(seed);
        for (let at = 0; at < 64; at += 4) expect(view.getUint32(at, true)).toBe(words.next().value);
      }),
    );
  });

  it('depends on every bit of the seed and fills any length', () => {
    const seen = new Set<string>();
    for (let bit = 0; bit < 53; bit++) seen.add(Buffer.from(draw(2 ** bit, 8)).toString('hex'));
    expect(seen.size).toBe(53);
    for (let length = 0; length < 9; length++) expect(draw(5, 9).subarray(0, length)).toEqual(draw(5, length));
  });

  it('is balanced', () => {
    let ones = 0;
    for (const byte of draw(42, 1 << 16)) for (let bit = 0; bit < 8; bit++) ones += (byte >> bit) & 1;
    const [mean, deviation] = [(1 << 16) * 4, Math.sqrt(1 << 17)];
    expect(Math.abs(ones - mean)).toBeLessThan(4 * deviation);
  });
});
