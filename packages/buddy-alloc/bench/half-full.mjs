/** The state that churn starts from. */

/** Numbers below 2^32, the same for the same seed (Marsaglia's xorshift, 2003). */
export function generator(seed) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Fills a random half of an empty pool with blocks of up to an order. @returns also what is live */
export function halfFull(pool, maxBlockOrder) {
  const { frameCount } = pool;
  const random = generator(12345);
  const live = new Int32Array(maxBlockOrder === 0 ? frameCount : frameCount / 2);
  const order = new Uint8Array(live.length);
  let count = 0;
  if (maxBlockOrder === 0) {
    for (let i = 0; i < frameCount; i++) pool.alloc(0);
    for (let i = 0; i < frameCount; i++) {
      if (random() >= 2 ** 31) pool.free(i, 0);
      else live[count++] = i;
    }
  }
  while (pool.freeFrames > frameCount / 2 + 2 ** maxBlockOrder) {
    const wanted = random() % (maxBlockOrder + 1);
    live[count] = pool.alloc(wanted);
    order[count++] = wanted;
  }
  return { pool, random, live: live.subarray(0, count), order: order.subarray(0, count) };
}
