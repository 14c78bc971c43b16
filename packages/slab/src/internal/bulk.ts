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

export interface Retiring {
  readonly table: Int32Array;
  /** Bytes of the memory. */
  readonly byteLength: number;
  /** Owners of the cache's objects in the frame table: `nodeCount` numbers from `firstOwner` on. */
  readonly firstOwner: number;
  readonly nodeCount: number;
}

/** Clears the live bits of objects, up to the first that is not live (any more). @returns how many were */
export function retire({ table, byteLength, firstOwner, nodeCount }: Retiring, addresses: Uint32Array, count: number) {
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
