/**
 * 64-bit values as pairs of 32-bit halves.
 *
 * Hot paths never use BigInt (3-4.5x slower). A pair lives in two adjacent words of a `Uint32Array`, low half first.
 */

const TWO_32 = 4294967296;

/**
 * Value of a pair as a number: exact below 2^53, otherwise rounded (so still far outside any valid
 * address or length).
 */
export function toNumber(lo: number, hi: number): number {
  return (hi >>> 0) * TWO_32 + (lo >>> 0);
}

/** Value of a pair as a signed number: exact for |value| < 2^53, otherwise rounded. */
export function toSigned(lo: number, hi: number): number {
  return (hi | 0) * TWO_32 + (lo >>> 0);
}

/** Low half of an integer |value| < 2^53, as an unsigned word. */
export function lowWord(value: number): number {
  return value >>> 0; // ToUint32 is modulo 2^32, also for negative values
}

/** High half of an integer |value| < 2^53 in two's complement, as an unsigned word. */
export function highWord(value: number): number {
  return Math.floor(value / TWO_32) >>> 0;
}
