/** Memory mapping constants. Source: asm-generic/mman.h, linux/mman.h, linux/membarrier.h. */
export const MAP_SHARED = 0x01;
export const MAP_PRIVATE = 0x02;
export const MAP_SHARED_VALIDATE = 0x03;
export const MAP_TYPE = 0x0f;
export const MAP_FIXED = 0x10;
export const MAP_ANONYMOUS = 0x20;
export const MAP_GROWSDOWN = 0x0100;
export const MAP_POPULATE = 0x8000;
export const MAP_FIXED_NOREPLACE = 0x100000;
/** Everything that plain mappings may carry; MAP_SYNC is not among them. */
export const MAP_KNOWN =
  0x17f9 |
  MAP_TYPE |
  MAP_FIXED |
  MAP_ANONYMOUS |
  0x2000 |
  0x4000 |
  MAP_POPULATE |
  0x10000 |
  0x20000 |
  MAP_FIXED_NOREPLACE;

export const PROT_SEM = 0x8;
export const PROT_GROWSDOWN = 0x01000000;

export const MREMAP_MAYMOVE = 1;
export const MREMAP_FIXED = 2;

export const MCL_CURRENT = 1;
export const MCL_FUTURE = 2;
export const MCL_ONFAULT = 4;
export const MLOCK_ONFAULT = 1;

export const MS_ASYNC = 1;
export const MS_INVALIDATE = 2;
export const MS_SYNC = 4;

export const MADV_DONTNEED = 4;
export const MADV_FREE = 8;
export const MADV_POPULATE_READ = 22;
export const MADV_POPULATE_WRITE = 23;
export const MADV_MERGEABLE = 12;
export const MADV_UNMERGEABLE = 13;
export const MADV_HUGEPAGE = 14;
export const MADV_NOHUGEPAGE = 15;
export const MADV_COLLAPSE = 25;
export const MADV_PAGEOUT = 21;
/** NORMAL, RANDOM, SEQUENTIAL, WILLNEED, MERGEABLE, UNMERGEABLE, HUGEPAGE, NOHUGEPAGE, DONTDUMP, DODUMP, COLD, PAGEOUT. */
export const MADV_HINTS: ReadonlySet<number> = new Set([0, 1, 2, 3, 12, 13, 14, 15, 16, 17, 20, 21]);

/** Pages of the largest user address space (Sv39: 2^26). */
export const MAX_PAGES = 2 ** 26;

/** GLOBAL, GLOBAL_EXPEDITED, its registration, PRIVATE_EXPEDITED, its registration, SYNC_CORE, its registration. */
export const MEMBARRIER_COMMANDS = 0x7f;
