/** Random and exhaustive lists of items. */
import { Rng } from '../rng.js';
import type { Item } from './image.js';
import { csrItem } from './items-csr.js';
import { chunkItem, encodingItem } from './items-code.js';
import { plainItem, translatedItem } from './items-memory.js';
import { protectedItem } from './items-pmp.js';
import { interruptItem, jumpItem, lateInterrupt, returnItem, supervisorReturn, systemItem } from './items-system.js';

const KINDS: readonly (readonly [number, (rng: Rng) => Item])[] = [
  [6, csrItem],
  [3, systemItem],
  [2, returnItem],
  [1, supervisorReturn],
  [3, interruptItem],
  [2, lateInterrupt],
  [1, jumpItem],
  [8, (rng) => translatedItem(rng)],
  [3, (rng) => plainItem(rng)],
  [5, protectedItem],
  [8, chunkItem],
  [8, encodingItem],
];
const TOTAL = KINDS.reduce((sum, [weight]) => sum + weight, 0);

export function randomItem(rng: Rng): Item {
  let choice = rng.below(TOTAL);
  for (const [weight, make] of KINDS) {
    if (choice < weight) return make(rng);
    choice -= weight;
  }
  return csrItem(rng);
}

export function randomItems(seed: number, count: number): Item[] {
  const rng = new Rng(seed);
  return Array.from({ length: count }, () => randomItem(rng));
}
