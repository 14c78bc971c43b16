/**
 * Offsets into the words of the tables. In a file of their own and before anything else: only so does the bundler write the
 * numbers themselves into the hot paths, where a module's variables would be loaded and checked each time.
 *
 * Units      a granule is 8 bytes: objects start at multiples of it, and a granule's number below 2^29 is always a small
 *            integer, also where the address is not
 */
export const GRANULE_SHIFT = 3;
/** log2 of the granules in a frame. */
export const FRAME_GRANULES_SHIFT = 9;
/** "No object" where a granule is expected. */
export const NIL = -1;

// Frame table: a record per frame that belongs to a slab, see frame-table.ts.
/** Which cache and node, 0 for a frame without slab. */
export const AT_OWNER = 0;
/** Slab number. */
export const AT_SLAB = 1;
/** 16 words, a bit per granule: a live object starts there. */
export const AT_LIVE = 2;
export const RECORD_WORDS = 18;
/** The table begins with a record of zeros; then follows the first word of each frame's record. */
export const FIRST_FRAME = 18;

// CPU lines at the start of a cache's words, see sheaves.ts. TOP, BOTTOM and LIMIT are indices of these same words.
export const CPU_SHIFT = 3;
/** One behind the last object of the main sheaf, its first object, and where it is full. */
export const TOP = 0;
export const BOTTOM = 1;
export const LIMIT = 2;
/** Owner in the frame table of objects that may enter this CPU's sheaves: this cache on this CPU's node. */
export const KEY = 3;
/** Sheaf numbers. */
export const MAIN = 4;
export const SPARE = 5;
export const NODE = 6;

// Slab table: 16 words per slab, see slab-table.ts.
export const SLAB_SHIFT = 4;
/** First frame; -1 while the number is not in use. */
export const OF_FRAME = 0;
export const OF_ORDER = 1;
/** Cache number; what is allocated by frames has {@link LARGE}. */
export const OF_CACHE = 2;
export const OF_NODE = 3;
/** Granule of the first free object, or NIL. */
export const OF_FREE = 4;
/** Objects that are not on the free list: live, or in a sheaf. */
export const OF_IN_USE = 5;
/** Neighbours on the partial list, 0 at its ends. */
export const OF_NEXT = 6;
export const OF_PREVIOUS = 7;
/** Granule of the first object. */
export const OF_FIRST = 8;
/** Objects in all. */
export const OF_OBJECTS = 9;
/** 1 while on the partial list: some object is on the free list. */
export const OF_LISTED = 10;
/** Of {@link LARGE} slabs: who allocated it. */
export const OF_SITE = 11;

/** Cache number of what `SlabHeap` takes from the source directly. */
export const LARGE = 0;

// Partial lists: 4 words per node.
export const LIST_SHIFT = 2;
export const HEAD = 0;
export const TAIL = 1;
export const LENGTH = 2;

/** Bytes that Linux writes, so that dumps look familiar (poison.h). */
export const RED_INACTIVE = 0xbb;
export const RED_ACTIVE = 0xcc;
export const POISON_FREE = 0x6b;
/** The last byte of a poisoned object. */
export const POISON_END = 0xa5;
