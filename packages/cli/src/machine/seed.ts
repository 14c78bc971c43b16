/** Entropy for guests: repeatable from a seed, or the host's. */
import { randomFillSync } from 'node:crypto';

/** A source that gives the same bytes for the same seed. Generator: SplitMix64 (Steele, Lea, Flood 2014). */
export function seededFill(seed: number): (target: Uint8Array) => void {
  const mask = (1n << 64n) - 1n;
  let state = BigInt(seed) & mask;
  return (target) => {
    for (let at = 0; at < target.length; at += 8) {
      state = (state + 0x9e3779b97f4a7c15n) & mask;
      let z = state;
      z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
      z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask;
      z ^= z >> 31n;
      for (let i = 0; i < 8 && at + i < target.length; i++) target[at + i] = Number((z >> BigInt(8 * i)) & 0xffn);
    }
  };
}

/** @param seed a number, or `host` for the host's own entropy */
export function fillFrom(seed: number | 'host'): (target: Uint8Array) => void {
  return seed === 'host' ? (target) => void randomFillSync(target) : seededFill(seed);
}

export function seededBytes(seed: number | 'host', length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  fillFrom(seed)(bytes);
  return bytes;
}
