/**
 * Different words that a free+alloc pair touches, on average, in a half-full pool: `node words-per-pair.mjs FRAMES`. In a
 * process of its own, since what is counted goes through a proxy, after which the engine compiles the allocator for both.
 */
import { BuddyAllocator } from '@veridian-os/buddy-alloc';
import { generator, halfFull } from './half-full.mjs';

const PAIRS = 500;
const { pool, live } = halfFull(new BuddyAllocator({ frameCount: Number(process.argv[2]) }), 0);
const random = generator(7);
const seen = new Set();
const words = new Proxy(pool.words, {
  get(target, key) {
    seen.add(key);
    return target[Number(key)];
  },
  set(target, key, value) {
    seen.add(key);
    target[Number(key)] = value;
    return true;
  },
});
const counted = Object.create(pool, { words: { value: words } });
let total = 0;
for (let i = 0; i < PAIRS; i++) {
  const slot = random() % live.length;
  seen.clear();
  counted.free(live[slot], 0);
  live[slot] = counted.alloc(0);
  total += seen.size;
}
console.log(Math.round(total / PAIRS));
