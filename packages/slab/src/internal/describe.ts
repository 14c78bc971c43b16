import { FRAME_GRANULES_SHIFT, LARGE, NIL, OF_CACHE, OF_FIRST, SLAB_SHIFT } from './constants.js';
import type { Guard } from './guard.js';
import { hex, type Arena, type SlabStore } from './slab-store.js';

/** What messages need to know of a cache. */
export interface Described {
  readonly name: string;
  readonly store: SlabStore;
  readonly guard: Guard | undefined;
}

/** What lies at an address, in words. @param cacheOf the cache of a number */
export function describe(arena: Arena, cacheOf: (id: number) => Described | undefined, address: number): string {
  const { frames, slabs } = arena;
  if (!(address >= 0 && address < arena.bytes.length)) {
    return `${address} is no address: the memory has ${hex(arena.bytes.length)} bytes`;
  }
  if (!Number.isInteger(address)) return `${address} is no address`;
  const slab = frames.slabAt(Math.floor(address / 8) >>> FRAME_GRANULES_SHIFT);
  if (slab === 0) return `${hex(address)} is in no slab`;
  const line = slab << SLAB_SHIFT;
  const id = slabs.words[line + OF_CACHE];
  const cache = cacheOf(id);
  if (id === LARGE || cache === undefined) {
    return `${hex(address)} is in frames that were allocated as such, from ${hex(slabs.words[line + OF_FIRST] * 8)} on`;
  }
  const granule = cache.store.objectAround(line, address);
  if (granule === NIL) return `${hex(address)} is in a slab of cache '${cache.name}', but in no object`;
  const start = granule * 8;
  const where = start === address ? 'the object there' : `the object at ${hex(start)} around it`;
  const state = frames.isLive(granule) ? 'is live' : 'is free already';
  return `${hex(address)}: ${where} belongs to cache '${cache.name}' and ${state}${cache.guard?.history(start) ?? ''}`;
}
