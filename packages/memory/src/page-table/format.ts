/** What differs between page-table formats: how an entry encodes a frame and its flags, and what a large leaf is. */
import type { Frame } from '@veridian-os/abi';

/**
 * Flags of a leaf entry, independent of the format; the first three are PROT_READ, PROT_WRITE, PROT_EXEC.
 *
 * Supervisor     only privileged code may access the page; without it, user code (and what the CPU adds to that)
 * Global         the translation is the same in every address space
 * NonCacheable   ordinary memory that no cache keeps; writes may be combined (frame buffers)
 * Device         accesses go out as they are made, in order; wins over NonCacheable
 *
 * With neither of the last two, a page is ordinary cacheable memory.
 */
export const PageFlag = {
  Read: 1,
  Write: 2,
  Execute: 4,
  Accessed: 8,
  Dirty: 16,
  Supervisor: 32,
  Global: 64,
  NonCacheable: 128,
  Device: 256,
} as const;

/** Flags that permit an access. An entry without any is *retained*: it keeps its frame but the CPU sees no page. */
export const PERMISSIONS = PageFlag.Read | PageFlag.Write | PageFlag.Execute;

/** Flags that the CPU sets. */
export const ACCESS_BITS = PageFlag.Accessed | PageFlag.Dirty;

/** Flags that say what kind of memory a page is. */
export const MEMORY_TYPE = PageFlag.NonCacheable | PageFlag.Device;

/**
 * One format. Entries are 8 bytes, passed as two unsigned words; tables are one frame. The entry 0 is empty in every
 * format. A retained entry and a guard are not present for the CPU but differ from 0 (all formats leave the other bits
 * of a not-present entry to software).
 *
 * A leaf lies at any level up to `largestLeaf` and maps `2 ** (indexBits * level)` frames; its frame number is a multiple
 * of that.
 */
export interface PageTableFormat {
  /** `'sv39'`, ... */
  readonly name: string;
  /** Levels of tables; the root has level `levels - 1`, leaf tables level 0. */
  readonly levels: number;
  /** log2 of the entries in a table. */
  readonly indexBits: number;
  /** Highest level at which a leaf may lie: 2 MiB is 1, 1 GiB is 2, 512 GiB is 3. */
  readonly largestLeaf: number;
  /** First address beyond user space. Entries of the root that lie beyond it as a whole are the machine's own. */
  readonly userTop: number;
  /** First frame number that no entry can hold. */
  readonly frameLimit: number;
  /**
   * An entry that CPUs may have cached must become not present, everywhere, before it gets another frame, size or
   * memory type.
   */
  readonly breakBeforeMake: boolean;
  /** Low word of a guard entry, whose high word is 0: not present, without a frame, told from a retained one. */
  readonly guard: number;
  /**
   * Low and high word of a leaf, by default of one frame. Write and execute permission include reading where the
   * hardware cannot do without. A retained leaf keeps nothing but its frame.
   */
  leafLo(frame: Frame, flags: number, level?: number): number;
  leafHi(frame: Frame, flags: number): number;
  /** Low and high word of an entry that points to the next table. */
  tableLo(frame: Frame): number;
  tableHi(frame: Frame): number;
  /** Of a used entry of level > 0: true when it is a leaf, present or retained, false when it points to a table. */
  isLeaf(lo: number): boolean;
  /** Frame of a leaf, present or retained, or of a table entry. */
  frame(lo: number, hi: number): Frame;
  /** Flags of a leaf: none when it is retained or a guard. */
  flags(lo: number, hi: number): number;
}
