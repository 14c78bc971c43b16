/**
 * Deterministic randomness from a seed: sfc32, the default entropy of a replayable run. Not for secrets; a host that wants those
 * passes its own `entropy` port. Source: Doty-Humphrey, PractRand (sfc32).
 */
export function seededEntropy(seed: number): (into: Uint8Array) => void {
  let a = 0;
  let b = seed | 0;
  let c = Math.floor(seed / 4294967296) | 0;
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum;
  };
  for (let round = 0; round < 12; round++) next();
  return (into) => {
    for (let at = 0; at < into.length; at += 4) {
      const word = next();
      for (let byte = 0; byte < 4 && at + byte < into.length; byte++) into[at + byte] = word >>> (8 * byte);
    }
  };
}
