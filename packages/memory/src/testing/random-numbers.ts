/** Numbers from 0 to below `limit`; xorshift32 (Marsaglia, 2003), so that a seed means the same everywhere. */
export function randomNumbers(seed: number): (limit: number) => number {
  let state = (seed * 2654435761) >>> 0 || 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}
