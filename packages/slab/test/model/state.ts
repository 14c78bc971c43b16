import type { ObjectCache } from '@veridian-os/slab';
import { NIL, OF_FREE, SLAB_SHIFT } from '../../src/internal/constants.js';
import type { Sheaves } from '../../src/internal/sheaves.js';
import type { SlabStore } from '../../src/internal/slab-store.js';

/** Everything that decides what a cache does next, as text: its words, and where the links in its memory lead. */
export function stateOf(cache: ObjectCache): string {
  const { store, sheaves } = cache as unknown as { store: SlabStore; sheaves: Sheaves };
  const { barn, full } = sheaves as unknown as { barn: Int32Array; full: Int32Array };
  const { slabs, frames } = store.arena;
  const free: number[] = [];
  store.forEachSlab((line) => {
    free.push(line >> SLAB_SHIFT);
    for (let at = slabs.words[line + OF_FREE]; at !== NIL; at = store.linkOf(at)) free.push(at);
  });
  sheaves.forEach(() => {});
  // Only what has been in use: the rest is zeros.
  const table = frames.table.subarray(0, (frames as unknown as { end: number }).end);
  const lines = slabs.words.subarray(0, slabs.end << SLAB_SHIFT);
  const words = [sheaves.words, barn, full, store.lists, lines, table, Int32Array.from(free)];
  return words.map((each) => each.join()).join(';');
}
