/** A translated region that is installed, and the records of its entries in the core's memory (assembly/regions.ts). */
import { OP } from '../generated/ops.js';
import { HART } from '../internal/layout.js';
import type { DiscoveryLimits } from './discover.js';
import type { PageUse } from './prologue.js';
import type { TargetMap } from './targets.js';

export const RECORD_BYTES = 32;
/** Word of a record: when it was last entered, as the low half of the count of entries. */
const ENTERED = 7;

export interface Region {
  /** Table index of its function. */
  readonly index: number;
  /** Virtual address of its base, in halves. */
  readonly lo: number;
  readonly hi: number;
  readonly pages: readonly PageUse[];
  /** Address of the record that its prologue uses. */
  readonly stamp: number;
  readonly targets: TargetMap | null;
  readonly micro: number;
  /** Addresses of its entries' slots and records. */
  readonly entries: readonly { readonly slot: number; readonly record: number }[];
  /** What it was found within. */
  readonly limits: DiscoveryLimits;
  /** Offsets that it was made from. */
  readonly roots: readonly number[];
  /** Offsets that are entries because it was made anew for them. */
  readonly firm: readonly number[];
  /** Offsets of all its entries. */
  readonly heads: ReadonlySet<number>;
  readonly wasmBytes: number;
  readonly guestBytes: number;
  /** Times it was made anew with more. */
  readonly rebuilds: number;
  /** Offsets of accesses that look up spans, and of those that may not (spans.ts). */
  readonly spans: ReadonlySet<number>;
  readonly split: ReadonlySet<number>;
  /** By offset: how often the region was left there, as far as it was noticed, and at which step that was first. */
  readonly exits: Map<number, { times: number; readonly since: number }>;
  /** Offsets where blocks begin, ascending; and how often the interpreter was found in one. */
  readonly leaders: readonly number[];
  readonly strays: Map<number, number>;
  /** How often control went on in another region, as far as it was noticed; infinite where they are not to be merged. */
  readonly moves: Map<Region, number>;
}

/** Distance from a region's base, of an address in one of its pages. */
export function offsetIn(region: Region, page: number, lo: number): number {
  const use = region.pages.find((each) => each.page.index === page)!;
  return use.number * 4096 + (lo & 0xfff);
}

/** The base of which the address `hi`:`lo` is `off` bytes away. */
export function baseOf(lo: number, hi: number, off: number): bigint {
  return BigInt.asUintN(64, (BigInt(hi) << 32n) + BigInt(lo >>> 0) - BigInt(off));
}

/** Free addresses of records. */
export class RecordPool {
  private readonly free: number[] = [];
  /** Records from here on were never taken. */
  private next: number;
  private readonly end: number;
  private readonly bytes: number;

  /** `count` records of `bytes` from address `first`. */
  constructor(first: number, count: number, bytes = RECORD_BYTES) {
    this.bytes = bytes;
    this.next = first;
    this.end = first + count * bytes;
  }

  get room(): number {
    return this.free.length + (this.end - this.next) / this.bytes;
  }

  /** Only while there is room. */
  take(): number {
    const used = this.free.pop();
    if (used !== undefined) return used;
    this.next += this.bytes;
    return this.next - this.bytes;
  }

  give(record: number): void {
    this.free.push(record);
  }
}

/** Puts ENTER into a slot: entry `number` of the function at `index`, `off` bytes from its base. */
export function installEntry(
  words: Uint32Array,
  slot: number,
  record: number,
  entry: { readonly index: number; readonly number: number; readonly off: number },
): void {
  const at = record / 4;
  words[at] = words[slot / 4];
  words[at + 1] = words[slot / 4 + 1];
  words[at + 2] = entry.index;
  words[at + 3] = entry.number;
  words[at + 4] = entry.off;
  words[at + 5] = entry.off < 0 ? -1 : 0;
  words[at + 6] = 0;
  words[at + ENTERED] = words[HART.REGION_ENTERED / 4];
  words[slot / 4] = OP.ENTER;
  words[slot / 4 + 1] = record;
}

/** Puts back what ENTER replaced, unless the page was cleared meanwhile. */
export function removeEntry(words: Uint32Array, slot: number, record: number): void {
  if ((words[slot / 4] & 255) !== OP.ENTER || words[slot / 4 + 1] !== record) return;
  words[slot / 4] = words[record / 4];
  words[slot / 4 + 1] = words[record / 4 + 1];
}

/** Entries into any region since this one was last entered or made; after 2^32 it seems new again. */
export function idleFor(words: Uint32Array, { entries }: Region): number {
  const now = words[HART.REGION_ENTERED / 4];
  return entries.reduce((least, { record }) => Math.min(least, (now - words[record / 4 + ENTERED]) >>> 0), 2 ** 32);
}
