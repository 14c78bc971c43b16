import { describe, expect, it } from '@jest/globals';
import type { SlabAllocator } from '@veridian-os/slab';
import { OF_FREE, OF_IN_USE, OF_LISTED, OF_PREVIOUS, SLAB_SHIFT, TOP } from '../../src/internal/constants.js';
import type { SlabStore } from '../../src/internal/slab-store.js';
import { cacheOf, panicOf, some } from '../helpers.js';

/** A cache with live, cached and free objects in three slabs, and what it is made of. */
function busy() {
  const { cache, allocator } = cacheOf(8, { size: 1000, maxOrder: 0, sheafCapacity: 4, minPartial: 9 });
  const objects = Array.from({ length: 12 }, () => some(cache.alloc()));
  for (const i of [0, 1, 2, 4, 5, 8, 9, 10, 11]) cache.free(objects[i]);
  cache.shrink();
  some(cache.alloc());
  const { store, sheaves } = cache as unknown as { store: SlabStore; sheaves: { words: Int32Array } };
  const { frames, slabs, nodes } = store.arena;
  return { cache, allocator, store, sheaves, frames, slabs, nodes };
}

describe('check', () => {
  it('finds nothing wrong with a busy cache', () => {
    expect(() => busy().cache.check()).not.toThrow();
  });

  it.each<[string, (state: ReturnType<typeof busy>) => void]>([
    ['slabs: expected 3', ({ store }) => store.slabCount++],
    ['objects: expected 9', ({ store }) => store.objectCount++],
    ['objects in use: expected', ({ store }) => store.inUse++],
    ['frames: expected 3', ({ store }) => store.frameCount++],
    ['is nowhere', ({ frames, cache }) => frames.clearLive(liveOf(cache))],
    ['live objects: expected', ({ sheaves }) => (sheaves.words[sheaves.words[TOP]++] = 7 << 9)],
    ['owner of frame', ({ frames, slabs }) => (frames.table[frames.table[18 + slabs.words[1 << SLAB_SHIFT]]] += 1)],
    ['slab of frame', ({ frames, slabs }) => (frames.table[frames.table[18 + slabs.words[1 << SLAB_SHIFT]] + 1] += 1)],
    ['is in two places', ({ sheaves, store }) => (sheaves.words[sheaves.words[1]] = store.peek(0))],
    ['is live', ({ frames, store }) => frames.setLive(store.peek(0))],
    ['is listed: expected', ({ slabs }) => (slabs.words[(1 << SLAB_SHIFT) + OF_LISTED] ^= 1)],
    ['free objects missing', ({ slabs, store }) => (slabs.words[lineOf(store) + OF_FREE] = -1)],
    ['was overwritten', ({ slabs, store }) => slabs.words[lineOf(store) + OF_IN_USE]--],
    ['predecessor of slab', ({ slabs, store }) => (slabs.words[lineOf(store) + OF_PREVIOUS] = 3)],
    ['tail of node 0', ({ store }) => store.lists[1]++],
    ['length of the list of node 0', ({ store }) => store.lists[2]++],
    [
      'is marked live, but starts no object',
      ({ frames, slabs }) => frames.setLive(slabs.words[1 << SLAB_SHIFT] * 512 + 1),
    ],
  ])('%s', (message, damage) => {
    const state = busy();
    damage(state);
    expect(panicOf(() => state.allocator.check())).toContain(message);
  });
});

function lineOf(store: SlabStore): number {
  return store.lists[0] << SLAB_SHIFT;
}

function liveOf(cache: ReturnType<SlabAllocator['createCache']>): number {
  for (let granule = 0; ; granule++) if (cache.isLive((granule * 8) as never)) return granule;
}
