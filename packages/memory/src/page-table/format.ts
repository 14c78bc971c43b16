/** What differs between page-table formats: how an entry encodes a frame and its flags. */
import type { Frame } from '@veridian-os/abi';

/** Flags of a leaf entry, independent of the format; the first three are PROT_READ, PROT_WRITE, PROT_EXEC. */
export const PageFlag = { Read: 1, Write: 2, Execute: 4, Accessed: 8, Dirty: 16 } as const;

/** Flags that permit an access. An entry without any is *retained*: it keeps its frame but the CPU sees no page. */
export const PERMISSIONS = PageFlag.Read | PageFlag.Write | PageFlag.Execute;

/**
 * One format. Entries are 8 bytes, passed as two unsigned words; tables are one frame. A leaf maps one page for user
 * mode. The entry 0 is empty in every format. A retained entry is not present for the CPU but differs from 0 (all
 * formats leave the other bits of a not-present entry to software).
 */
export interface PageTableFormat {
  /** `'sv39'`, ... */
  readonly name: string;
  /** Levels of tables; the root has level `levels - 1`, leaf tables level 0. */
  readonly levels: number;
  /** log2 of the entries in a table. */
  readonly indexBits: number;
  /** First address beyond user space. Entries of the root that lie beyond it as a whole are the machine's own. */
  readonly userTop: number;
  /** Low and high word of a leaf. Write and execute permission include reading where the hardware cannot do without. */
  leafLo(frame: Frame, flags: number): number;
  leafHi(frame: Frame, flags: number): number;
  /** Low and high word of an entry that points to the next table. */
  tableLo(frame: Frame): number;
  tableHi(frame: Frame): number;
  /** Frame of a leaf, present or retained, or of a table entry. */
  frame(lo: number, hi: number): Frame;
  /** Flags of a leaf: no permission when it is retained. */
  flags(lo: number, hi: number): number;
}
