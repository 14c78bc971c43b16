/** What differs between the architectures, as the rest of the package sees it. */
import type { PageTables, RegisterLayout, Trap } from '@veridian-os/hal';
import type { Settings } from './options.js';

/** Bytes that must be in guest RAM before QEMU starts. */
export interface Piece {
  /** From the start of RAM. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Part of RAM at one guest physical address; the parts follow each other in the shared file. */
export interface RamPart {
  readonly base: number;
  readonly length: number;
}

export type WritableTrap = { -readonly [Key in keyof Trap]: Trap[Key] };

export interface QemuIsa {
  readonly layout: RegisterLayout;
  readonly pageTables: PageTables;
  readonly hardwareAccessedDirty: boolean;
  /** Guest physical address of the first byte of RAM. */
  readonly ramBase: number;
  /** High word that the monitor adds to physical addresses: where it sees physical memory. */
  readonly monitorHi: number;
  /** Bytes of a context, and where its FP state, its page-table root (64 bits) and the monitor's own word are. */
  readonly context: { readonly bytes: number; readonly fp: number; readonly root: number };
  /** Most CPUs of the board. */
  readonly mostCpus: number;
  /** Timer ticks per second of the monitor's `TICKS`; absent: to be measured. */
  readonly ticksPerSecond?: number;
  /**
   * What the counter that user mode reads is made of under QEMU's translator, so that the host can follow it: its own time
   * stamp counter, or its monotonic clock in units of `ticksPerSecond`; both at an unknown distance. Absent: no counter.
   */
  readonly counter?: 'time stamp' | 'monotonic';
  /** False where accesses to nothing do not trap; see `MachineFeatures.busFaults`. */
  readonly busFaults?: false;
  /** Input and output have an address space of their own. */
  readonly ports?: true;
  /** Machine, CPU and firmware options of QEMU. */
  args(settings: Settings): readonly string[];
  /** The parts of a RAM of `bytes` bytes. @throws RangeError `memoryBytes` when the board cannot have so much */
  parts(bytes: number): readonly RamPart[];
  /** Monitor and tables. */
  image(settings: Settings): readonly Piece[];
  /** Firmware image for `-bios`, where the board needs one. */
  firmware?(): Uint8Array;
  /** The value of the translation register; `words` are its two halves. */
  setRoot(words: Uint32Array, root: number, asid: number): void;
  /** Physical address of the root in what `setRoot` wrote. */
  rootOf(lo: number, hi: number): number;
  readonly pageFormat: PageFormat;
  /** Puts the monitor's part into a root table. */
  prepareRoot?(words: Uint32Array): void;
  /** Bytes of a fresh FP state; all zero where absent. */
  readonly initialFp?: Uint8Array;
  /** Makes bytes from outside a state that the monitor can load. @param features what its reset code reported */
  cleanFp(state: Uint8Array, features: number): void;
  /**
   * Kind, fault, access and address from the monitor's words; the kind is final, the rest was cleared.
   * @param registers of the context, in which the pc may still be moved
   */
  decode(trap: WritableTrap, cause: MonitorCause, registers: Uint32Array): void;
}

/**
 * Page-table entries of 64 bits in tables of 512, as far as it takes to find what a program can reach. Bits are of an
 * entry's low word.
 */
export interface PageFormat {
  readonly levels: number;
  /** What every entry has on a program's way. */
  readonly present: number;
  /** An entry above level 0 is a table where `entry & tableMask` is `table`. */
  readonly tableMask: number;
  readonly table: number;
  /** A page may have been written where `entry & writtenMask` is `written`. */
  readonly writtenMask: number;
  readonly written: number;
  /** The frame's lowest bit in the low word, and the bits of the high word that belong to it. */
  readonly frameShift: number;
  readonly frameHigh: number;
}

/** CAUSE, ADDRESS and DETAIL of the mailbox. */
export interface MonitorCause {
  causeLo: number;
  causeHi: number;
  addressLo: number;
  addressHi: number;
  detail: number;
}
