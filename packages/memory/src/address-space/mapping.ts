/** One mapping: a run of pages with the same protection and origin. */
import { PAGE_SIZE } from '@veridian-os/abi';
import { PROT_WRITE } from '../api.js';
import type { PageSource } from '../api.js';

/** Bytes kept free below a mapping that grows, and that it keeps free while growing (Linux: 256 pages). */
export const GUARD_GAP = 256 * PAGE_SIZE;

/** What a mapping is made of; `start`, `end` and `offset` are multiples of the page size. */
export interface MappingShape {
  start: number;
  end: number;
  prot: number;
  /** Bits that `protect` may give. */
  maxProt: number;
  shared: boolean;
  source: PageSource | null;
  offset: number;
  label: string;
  /** Bytes in all that it may grow downwards to; 0 = does not grow. */
  growLimit: number;
}

/** A node of {@link MappingTree}; the links belong to the tree. */
export class Mapping {
  start: number;
  end: number;
  prot: number;
  readonly maxProt: number;
  readonly shared: boolean;
  readonly source: PageSource | null;
  offset: number;
  readonly label: string;
  readonly growLimit: number;
  /** Its pages stay in memory (mlock). */
  locked = false;
  /** MADV_HUGEPAGE, MADV_NOHUGEPAGE; undefined: as the policy says. */
  huge: boolean | undefined = undefined;
  /** Its pages may be merged with equal ones (MADV_MERGEABLE). */
  mergeable = false;
  /** Private pages exist that cannot be had from the source again: fork must copy entries. */
  owned = false;
  /** Where the last batch of fresh pages ended, and how many it had; see `zeroAhead`. */
  batchEnd = 0;
  batch = 1;

  left: Mapping | null = null;
  right: Mapping | null = null;
  prev: Mapping | null = null;
  next: Mapping | null = null;
  height = 1;
  /** Largest hole before a mapping of this subtree. */
  gap = 0;

  constructor(shape: MappingShape) {
    this.start = shape.start;
    this.end = shape.end;
    this.prot = shape.prot;
    this.maxProt = shape.maxProt;
    this.shared = shape.shared;
    this.source = shape.source;
    this.offset = shape.offset;
    this.label = shape.label;
    this.growLimit = shape.growLimit;
  }

  /** Counted as promised: private and writable. */
  get isCommitted(): boolean {
    return !this.shared && (this.prot & PROT_WRITE) !== 0;
  }

  /** The part [start, end) as a mapping of its own, with its own reference to the source. */
  part(start: number, end: number): Mapping {
    const copy = new Mapping(this);
    copy.start = start;
    copy.end = end;
    copy.offset = this.offsetOf(start);
    copy.owned = this.owned;
    copy.locked = this.locked;
    copy.mergeable = this.mergeable;
    copy.huge = this.huge;
    this.source?.retain();
    return copy;
  }

  /** Byte offset into the source of an address; 0 without a source. */
  offsetOf(address: number): number {
    return this.source === null ? 0 : this.offset + (address - this.start);
  }

  /** Page of the source that `address` shows. */
  pageIndex(address: number): number {
    return (this.offset + (address - this.start)) / PAGE_SIZE;
  }

  /** True when `after`, which starts where this ends, could be the same mapping. */
  continuesIn(after: Mapping): boolean {
    return (
      this.end === after.start &&
      this.prot === after.prot &&
      this.maxProt === after.maxProt &&
      this.shared === after.shared &&
      this.source === after.source &&
      this.label === after.label &&
      this.locked === after.locked &&
      this.mergeable === after.mergeable &&
      this.huge === after.huge &&
      this.growLimit === 0 &&
      after.growLimit === 0 &&
      this.offsetOf(this.end) === after.offset
    );
  }
}
