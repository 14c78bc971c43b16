/**
 * What the walks need to know of one of QEMU's boards, and how a guest program without a kernel makes accesses there.
 *
 * The program (the board's `image`) turns translation on with a root of ours and works off a list of probes in user mode:
 * it loads, stores, or jumps, and writes down what came of it. Then it powers the board off, or stays for questions.
 */
import type { Frame } from '@veridian-os/abi';
import type { PageTableFormat } from '@veridian-os/memory';
import type { RamPart } from './guest-ram.js';

/** What a probe does with its address. */
export const Probe = { Load: 0, Store: 1, Execute: 2 } as const;
export type Probe = (typeof Probe)[keyof typeof Probe];

/** Words of 64 bits of a probe: address, kind, value (out of a store, into a load), cause (0: no fault), fault address. */
export const PROBE_BYTES = 64;

/** Page under test: a tag that loads find; where stores go; code that puts the tag into a register and traps. */
export const PAGE = { TAG: 0, STORED: 8, CODE: 16 } as const;

export interface Piece {
  readonly address: number;
  readonly bytes: Uint8Array;
}

export interface Start {
  /** Of the tables under test. */
  readonly root: Frame;
  /** First probe and their number, in RAM. */
  readonly probes: number;
  readonly count: number;
  /** Instead of powering off, write 1 where the next probe would be and wait, with translation on for user mode. */
  readonly stay: boolean;
}

export interface Board {
  readonly format: PageTableFormat;
  readonly executable: string;
  readonly ram: readonly RamPart[];
  /** A page of virtual addresses that probes leave out. */
  readonly blind?: number;
  /** RAM for probes and for tables: the latter low and high. */
  readonly probes: number;
  readonly tables: readonly [low: number, high: number];
  /** `ram` and `firmware` are names of files. */
  args(ram: string, firmware: string): readonly string[];
  /** Exit status of a board that powered itself off. */
  readonly status: number;
  /** The program, and what else has to be in RAM. */
  image(start: Start): readonly Piece[];
  /** Contents of the file `firmware`. */
  readonly firmware?: Uint8Array;
  /** Entries of the root that the program needs for itself: slot, value. */
  readonly rootEntries: readonly (readonly [slot: number, value: bigint])[];
  /** Code for PAGE.CODE. */
  code(tag: number): Uint8Array;
  /** What a fault's cause says. */
  explain(cause: bigint): 'page' | 'trap' | 'other';
  /** Whether the CPU sets accessed and dirty; otherwise an access to a page that is not accessed faults. */
  readonly setsAccessBits: boolean;
  /** Whether an access that faults may leave its page accessed. */
  readonly faultsMayAccess: boolean;
  /** Whether a page that may only be written, or only be executed, can be read. */
  readonly writeReads: boolean;
  readonly executeReads: boolean;
}
