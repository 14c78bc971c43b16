/** The loops of bulk operations, where all that stays the same is looked up once. */
import { AT_LIVE, AT_OWNER, BOTTOM, FIRST_FRAME, FRAME_GRANULES_SHIFT, GRANULE_SHIFT, TOP } from './constants.js';

/** Moves objects of a CPU's main sheaf into `out`, from index `from` up to `to`, and marks them live. @returns how many */
export function popLive(
  words: Int32Array,
  line: number,
  table: Int32Array,
  out: Uint32Array,
  from: number,
  to: number,
) {
  const got = Math.min(to - from, words[line + TOP] - words[line + BOTTOM]);
  let top = words[line + TOP];
  for (let i = from; i < from + got; i++) {
    const granule = words[--top];
    const record = table[FIRST_FRAME + (granule >>> FRAME_GRANULES_SHIFT)];
    table[record + AT_LIVE + ((granule >>> 5) & 15)] |= 1 << granule;
    out[i] = granule << GRANULE_SHIFT;
  }
  words[line + TOP] = top;
  return got;
}

/**
 * Clears the live bits of objects, up to the first that is not live (any more).
 * @param byteLength of the memory
 * @param firstOwner the cache's objects have this owner in the frame table, or one of the `nodeCount` numbers from it on
 * @returns how many were live
 */
export function retire(
  table: Int32Array,
  byteLength: number,
  firstOwner: number,
  nodeCount: number,
  addresses: Uint32Array,
  count: number,
): number {
  for (let i = 0; i < count; i++) {
    const address = addresses[i];
    if (address >= byteLength || (address & 7) !== 0) return i;
    const granule = address >>> GRANULE_SHIFT;
    const record = table[FIRST_FRAME + (granule >>> FRAME_GRANULES_SHIFT)];
    const at = record + AT_LIVE + ((granule >>> 5) & 15);
    const live = table[at];
    if ((table[record + AT_OWNER] - firstOwner) >>> 0 >= nodeCount || (live & (1 << granule)) === 0) return i;
    table[at] = live & ~(1 << granule);
  }
  return count;
}
