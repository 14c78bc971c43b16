/**
 * The regions that are installed: their functions in the core's table, their entries in decoded code, and which code is
 * theirs. Bounded: when it is full, an eighth of it goes, what was not entered for the longest time first.
 */
/// <reference types="webassembly" />
import { MICRO_TLBS, MICRO_TLB_BYTES, RECORDS, TARGET_MAPS } from '../internal/layout.js';
import { OP } from '../generated/ops.js';
import type { CodeView } from './code-view.js';
import type { RegionCode } from './emit.js';
import { HELPER_FUNCTIONS } from './helpers.js';
import { Owners } from './owners.js';
import { RecordPool, idleFor, installEntry, removeEntry } from './region.js';
import type { Region } from './region.js';
import { TargetPool } from './targets.js';
import type { TargetMap } from './targets.js';
import { buildModule } from './wasm.js';

/** What an eviction leaves of the cache's bytes and records. */
const KEPT_SHARE = 7 / 8;
const TABLE_STEP = 64;

/** What a region needs before its code is emitted: a place in the table, the record of its stamp, maps of its entries. */
export interface Place {
  readonly index: number;
  readonly stamp: number;
  readonly targets: TargetMap | null;
  /** Address of its micro-TLB; 0 when there are no more. */
  readonly micro: number;
}

export interface CacheOptions {
  readonly memory: WebAssembly.Memory;
  readonly table: WebAssembly.Table;
  /** Addresses of the records, of the maps of entries, and of the micro-TLBs. */
  readonly records: number;
  readonly targetMaps: number;
  readonly microTlbs: number;
  /** Most bytes of WebAssembly. */
  readonly maxBytes: number;
  /** How often a code page was cleared. */
  readonly generationOf: (page: number) => number;
}

export class RegionCache {
  wasmBytes = 0;
  guestBytes = 0;
  translated = 0;
  dropped = 0;
  private readonly options: CacheOptions;
  private readonly words: Uint32Array;
  private readonly records: RecordPool;
  private readonly targets: TargetPool;
  private readonly micros: RecordPool;
  private readonly owners: Owners;
  /** By table index. */
  private readonly regions = new Map<number, Region>();
  private readonly freeIndices: number[] = [];

  constructor(options: CacheOptions) {
    this.options = options;
    this.words = new Uint32Array(options.memory.buffer);
    this.records = new RecordPool(options.records, RECORDS);
    this.targets = new TargetPool(this.words, options.targetMaps);
    this.micros = new RecordPool(options.microTlbs, MICRO_TLBS, MICRO_TLB_BYTES);
    this.owners = new Owners(options.generationOf);
  }

  get all(): readonly Region[] {
    return [...this.regions.values()];
  }

  at(index: number): Region | undefined {
    return this.regions.get(index);
  }

  has(region: Region): boolean {
    return this.regions.get(region.index) === region;
  }

  /** The region of the instruction at byte `off` of a code page. */
  ownerAt(page: number, off: number): Region | undefined {
    return this.owners.at(page, off);
  }

  /** The region of the instruction `off` bytes from the view's base. */
  ownerOf(view: CodeView, off: number): Region | undefined {
    const page = view.page(off >> 12);
    return page === null ? undefined : this.owners.at(page.index, off & 0xffe);
  }

  /** Forgets regions whose code was cleared. */
  prune(): void {
    const { generationOf } = this.options;
    for (const region of this.regions.values()) {
      if (region.pages.some(({ page, generation }) => generationOf(page.index) !== generation)) this.remove(region);
    }
  }

  /** @param pages numbers of the region's pages, if it has computed jumps */
  reserve(pages: readonly number[] | null): Place {
    this.makeRoom(0, 1, pages === null ? 0 : pages.length + 1);
    const stamp = this.records.take();
    this.words.fill(0, stamp / 4, stamp / 4 + 8);
    const micro = this.micros.room > 0 ? this.micros.take() : 0;
    return { index: this.takeIndex(), stamp, micro, targets: pages === null ? null : this.targets.take(pages) };
  }

  /** Compiles a region and puts its entries where the view has their code; gives its place back when there is no room. */
  install(view: CodeView, code: RegionCode, about: Omit<Region, 'entries' | 'wasmBytes'>): void {
    const { memory, table } = this.options;
    const helpers = code.helpers === 0 ? [] : HELPER_FUNCTIONS.map((make) => make());
    const bytes = buildModule([...helpers, code.body], memory.buffer.byteLength / 65536);
    if (!this.makeRoom(bytes.length, code.entries.length)) return this.giveBack(about);
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
    table.set(about.index, instance.exports[String(helpers.length)]);
    const entries: { slot: number; record: number }[] = [];
    const region: Region = { ...about, wasmBytes: bytes.length, entries };
    code.entries.forEach((off, number) => {
      if (about.targets !== null) this.targets.enter(about.targets, off, number);
      const slot = view.slotAt(off);
      if ((this.words[slot / 4] & 255) === OP.ENTER) return;
      const record = this.records.take();
      installEntry(this.words, slot, record, { index: about.index, number, off });
      entries.push({ slot, record });
    });
    this.owners.claim(view, code.offsets, region);
    this.regions.set(region.index, region);
    this.wasmBytes += region.wasmBytes;
    this.guestBytes += region.guestBytes;
    this.translated++;
  }

  remove(region: Region): void {
    for (const { slot, record } of region.entries) {
      removeEntry(this.words, slot, record);
      this.records.give(record);
    }
    this.giveBack(region);
    this.owners.release(region);
    this.regions.delete(region.index);
    this.wasmBytes -= region.wasmBytes;
    this.guestBytes -= region.guestBytes;
    this.dropped++;
  }

  /** @returns false when there is no room for so much at all */
  private makeRoom(bytes: number, records: number, maps = 0): boolean {
    const { maxBytes } = this.options;
    const fits = (share: number): boolean =>
      this.wasmBytes + bytes <= maxBytes * share &&
      this.records.room >= records + RECORDS * (1 - share) &&
      this.targets.room >= maps + TARGET_MAPS * (1 - share);
    if (fits(1)) return true;
    const ages = this.all.map((region) => ({ region, age: idleFor(this.words, region) }));
    for (const { region } of ages.sort((a, b) => b.age - a.age)) {
      if (fits(KEPT_SHARE)) break;
      this.remove(region);
    }
    return fits(1);
  }

  private takeIndex(): number {
    const { table } = this.options;
    if (this.freeIndices.length === 0) {
      const first = table.length;
      table.grow(TABLE_STEP);
      for (let i = TABLE_STEP - 1; i >= 0; i--) this.freeIndices.push(first + i);
    }
    return this.freeIndices.pop()!;
  }

  private giveBack({ index, stamp, targets, micro }: Place): void {
    this.records.give(stamp);
    if (micro !== 0) this.micros.give(micro);
    if (targets !== null) this.targets.give(targets);
    this.options.table.set(index, null);
    this.freeIndices.push(index);
  }
}
