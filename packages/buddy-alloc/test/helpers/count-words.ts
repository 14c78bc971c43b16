import type { BuddyAllocator } from '@veridian-os/buddy-alloc';

/** Puts a counter of reads and writes between a pool and its words; they are all of its state. */
export function countWords(pool: BuddyAllocator): {
  pool: BuddyAllocator;
  /** @returns what `body` returned, and the accesses to words meanwhile (a word that is met again counts again) */
  touched: <Result>(body: () => Result) => { words: number; result: Result };
} {
  let words = 0;
  const real = (pool as unknown as { words: Int32Array }).words;
  const counted = new Proxy(real, {
    get(target, key) {
      words++;
      return target[Number(key)];
    },
    set(target, key, value: number) {
      words++;
      target[Number(key)] = value;
      return true;
    },
  });
  const twin = Object.create(pool, { words: { value: counted } }) as BuddyAllocator;
  return {
    pool: twin,
    touched(body) {
      words = 0;
      const result = body();
      return { words, result };
    },
  };
}
