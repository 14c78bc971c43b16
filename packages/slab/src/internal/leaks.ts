import type { Leak, ObjectAddress } from '../api.js';
import { OF_FIRST, OF_OBJECTS } from './constants.js';
import type { Guard } from './guard.js';
import type { SlabStore } from './slab-store.js';

/** Live objects of a cache by the site that allocated them, most bytes first. */
export function reportLeaks(cache: string, store: SlabStore, guard: Guard | undefined): Leak[] {
  const { arena, geometry } = store;
  const found = new Map<number, { objects: number; first: number }>();
  store.forEachSlab((line) => {
    const first = arena.slabs.words[line + OF_FIRST];
    for (let i = 0; i < arena.slabs.words[line + OF_OBJECTS]; i++) {
      const granule = first + (i * geometry.stride) / 8;
      if (!arena.frames.isLive(granule)) continue;
      const site = guard?.allocatedBy(granule * 8) ?? 0;
      const entry = found.get(site) ?? { objects: 0, first: Infinity };
      found.set(site, { objects: entry.objects + 1, first: Math.min(entry.first, granule * 8) });
    }
  });
  return [...found]
    .map(([site, { objects, first }]) => ({
      cache,
      site,
      objects,
      bytes: objects * geometry.stride,
      first: first as ObjectAddress,
    }))
    .sort((a, b) => b.bytes - a.bytes || a.site - b.site);
}
