/**
 * Offsets of a pool's words, see layout.ts. In a file of their own and before anything else: only so does the bundler write
 * the numbers themselves into the hot paths, where a module's variables would be loaded and checked each time (1.5x).
 */
export const MAGIC = 0x79647562; // "budy"
export const VERSION = 1;

// Line 0. What never changes comes first.
export const AT_MAGIC = 0;
export const AT_VERSION = 1;
/** Size of the pool in words. */
export const AT_WORDS = 2;
export const AT_FRAMES = 3;
export const AT_MAX_ORDER = 4;
/** Orders above can never be free: min(maxOrder, log2 of the frames). */
export const AT_TOP_ORDER = 5;
/** First word of the owners, one per frame; 0 without debug mode. */
export const AT_OWNERS = 6;
/** Of `LockedAllocator`: 0 unlocked, 1 locked, 2 locked and somebody waits. */
export const AT_LOCK = 8;
export const AT_FREE = 9;
/** Bit k: order k has a free block. */
export const AT_NON_EMPTY = 10;
/** Frames that were reserved. */
export const AT_RESERVED = 11;

// The line of order k starts at (k + 1) << LINE_SHIFT.
export const LINE_SHIFT = 4;
/** Levels of summaries; their first words follow, 5 at most. */
export const OF_SUMMARIES = 0;
/** First word of the nodes of this order's level. */
export const OF_NODES = 6;
/** 5 * level: log2 of a unit's frames. */
export const OF_SHIFT = 7;
/** order - 5 * level: log2 of a block's units. */
export const OF_STEP = 8;
/** Largest step in a node of this level: 5 is a unit of the next one. */
export const OF_CAP = 9;
/** Free blocks of exactly this order. */
export const OF_FREE = 10;
/** Operations, modulo 2^32: blocks allocated, freed, and allocations that found nothing. */
export const OF_ALLOCATED = 11;
export const OF_FREED = 12;
export const OF_FAILED = 13;

/** Orders per level: 2^5 units are a word. */
export const LEVEL_ORDERS = 5;
/** Largest order of a pool, and so log2 of the most frames. */
export const MAX_ORDER = 30;

/** Words of the highest summary, which are looked at one by one: saves a level for most sizes. */
export const TOP_WORDS = 4;
export const LINE_WORDS = 16;
/** The first bit of a summary's word. */
export const FIRST = -0x80000000;
/** A word of ones. */
export const FULL = -1;
