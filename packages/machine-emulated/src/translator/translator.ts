/**
 * The translating tier: turns hot decoded code into regions of WebAssembly, installs and forgets them. It runs inside
 * the core's
 * call of `sample`, between two instructions of the guest, and changes nothing the guest can see.
 *
 * A region belongs to its base: an address of a virtual page, with decoded pages at fixed distances. One translation
 * serves every
 * virtual address at which the same pages lie the same way. Its entries are slots of decoded pages and die with them;
 * a region of
 * several pages checks at each entry that the others are in place and were not cleared since.
 */
/// <reference types="webassembly" />
import { CODE_PAGE_BYTES, HART, RECORDS } from '../internal/layout.js';
import { OP } from '../generated/ops.js';
import { CodeView } from './code-view.js';
import { Discovery, RunStarts } from './discover.js';
import type { Found } from './discover.js';
import { RegionEmitter } from './emit.js';
import type { RegionCode } from './emit.js';
import { buildGraph } from './graph.js';
import type { Graph } from './graph.js';
import { Heat } from './heat.js';
import type { PageHeat } from './heat.js';
import { HELPER_FUNCTIONS } from './helpers.js';
import { Flow } from './instruction.js';
import type { PageUse } from './prologue.js';
import { RecordPool, idleFor, installEntry, removeEntry } from './region.js';
import type { Region } from './region.js';
import { buildModule } from './wasm.js';

export interface TranslatorSettings {
  /** Instructions interpreted per instruction of a region before it is translated. */
  readonly threshold: number;
  /** Instructions between samples. */
  readonly interval: number;
  /** Most bytes of WebAssembly kept. */
  readonly maxBytes: number;
}

/** Where the core's parts are in memory. */
export interface TranslatorPlan {
  readonly codePages: number;
  readonly generations: number;
  readonly records: number;
}

/** Counts since the machine was made, except the first three. */
export interface TranslationStatistics {
  /** Installed now: regions, their WebAssembly, the guest code they cover. */
  readonly regions: number;
  readonly wasmBytes: number;
  readonly guestBytes: number;
  readonly translated: number;
  readonly dropped: number;
  /** Entries into regions, and those that regions refused. */
  readonly entered: number;
  readonly refused: number;
}

/** What a translation starts from. */
interface Start {
  readonly seeds: readonly number[];
  readonly roots: readonly number[];
  readonly rebuilds: number;
  /** Offsets of accesses that must not look up spans. */
  readonly split: ReadonlySet<number>;
  readonly replaces: readonly Region[];
}

/** Exits per notice (assembly/regions.ts), and those per byte of guest code that outweigh translating it anew. */
const EXIT_INTERVAL = 64;
const EXITS_PER_BYTE = 64;
/** Most instructions of a region. */
const REGION_LIMIT = 1200;
const MOST_REBUILDS = 6;
/** What an eviction leaves of the cache's bytes and records. */
const KEPT_SHARE = 7 / 8;
const TABLE_STEP = 64;

export class Translator {
  private readonly words: Uint32Array;
  private readonly memory: WebAssembly.Memory;
  private readonly table: WebAssembly.Table;
  private readonly plan: TranslatorPlan;
  private readonly settings: TranslatorSettings;
  private readonly heat: Heat;
  private readonly records: RecordPool;
  private readonly regions = new Set<Region>();
  private readonly freeIndices: number[] = [];
  /** By code page: the region that each halfword belongs to. */
  private readonly owners = new Map<number, { generation: number; regions: (Region | undefined)[] }>();
  private wasmBytes = 0;
  private guestBytes = 0;
  private translated = 0;
  private dropped = 0;

  constructor(
    memory: WebAssembly.Memory,
    table: WebAssembly.Table,
    plan: TranslatorPlan,
    settings: TranslatorSettings,
  ) {
    this.memory = memory;
    this.words = new Uint32Array(memory.buffer);
    this.table = table;
    this.plan = plan;
    this.settings = settings;
    this.heat = new Heat(this.words, plan.generations, settings.threshold, settings.interval);
    this.records = new RecordPool(plan.records, RECORDS);
    this.words[HART.CODE_GENERATIONS / 4] = plan.generations;
    this.words[HART.SAMPLE_CREDIT / 4] = settings.interval;
    this.words[HART.SAMPLE_INTERVAL / 4] = settings.interval;
  }

  get statistics(): TranslationStatistics {
    const { wasmBytes, guestBytes, translated, dropped } = this;
    const counter = (at: number): number => this.words[at / 4] + this.words[at / 4 + 1] * 2 ** 32;
    const entered = counter(HART.REGION_ENTERED);
    const refused = counter(HART.REGION_DECLINED);
    return { regions: this.regions.size, wasmBytes, guestBytes, translated, dropped, entered, refused };
  }

  /**
   * The interpreter was about to execute the slot at this address, at the pc `hi`:`lo`. `isExit`: 1 = a region has just been
   * left there.
   */
  sample(slot: number, lo: number, hi: number, isExit: number): void {
    const page = Math.floor((slot - this.plan.codePages) / CODE_PAGE_BYTES);
    const region = this.regionAt(page, lo & 0xffe);
    if (region !== null) return isExit === 1 ? this.exited(region, page, lo, hi) : this.strayed(region, page, lo, hi);
    // Going in and out costs as much as interpreting what lies between two samples, so it counts as one.
    const heat = this.heat.sample(page, lo & 0xffe);
    if (heat === null) return;
    this.prune();
    const view = new CodeView(this.words, this.plan.codePages, (lo & ~0xfff) >>> 0, hi >>> 0);
    const start = this.startOf(heat, view);
    const found = this.discover(view, start, (off) => this.isWarm(view, off));
    if (!this.heat.isWorth(heat, found.instructions.size)) return;
    this.attempt(view, start, found);
    this.heat.built(heat);
  }

  /** The guest was seen at an offset, or it has a region already. */
  private isWarm(view: CodeView, off: number): boolean {
    const page = view.page(off >> 12);
    return page !== null && (this.heat.isWarm(page.index, off & 0xffe) || this.ownerOf(view, off) !== undefined);
  }

  private discover(view: CodeView, start: Start, isWarm: (off: number) => boolean): Found {
    const isTaken = (off: number): boolean => {
      const owner = this.ownerOf(view, off);
      return owner !== undefined && !start.replaces.includes(owner);
    };
    return new Discovery(view, REGION_LIMIT, isTaken, isWarm).run(start.seeds, start.roots);
  }

  private attempt(view: CodeView, start: Start, found: Found): void {
    for (const region of start.replaces) this.remove(region);
    try {
      this.translate(view, start, found);
    } catch (error) {
      // Hosts may refuse to compile more; nothing but speed depends on it.
      if (!(error instanceof WebAssembly.CompileError || error instanceof RangeError)) throw error;
      this.words[HART.SAMPLE_INTERVAL / 4] = 0;
    }
  }

  /** Where a span is found in two pages again and again, its accesses are better looked up one by one. */
  private exited(region: Region, page: number, lo: number, hi: number): void {
    const off = offsetIn(region, page, lo);
    const exits = (region.exits.get(off) ?? 0) + 1;
    region.exits.set(off, exits);
    if (!region.spans.has(off) || exits * EXIT_INTERVAL < region.guestBytes * EXITS_PER_BYTE) return;
    this.renew(region, baseOf(lo, hi, off), { split: new Set([...region.split, off]) });
  }

  /** Where the interpreter is found inside a region again and again, no entry is near: the block becomes one. */
  private strayed(region: Region, page: number, lo: number, hi: number): void {
    const off = offsetIn(region, page, lo);
    const leader = region.leaders[upperBound(region.leaders, off) - 1];
    const times = (region.strays.get(leader) ?? 0) + 1;
    region.strays.set(leader, times);
    const { threshold, interval } = this.settings;
    const needed = Math.ceil((region.guestBytes * threshold) / interval) * 2 ** region.rebuilds;
    if (times < needed || region.roots.includes(leader)) return;
    this.renew(region, baseOf(lo, hi, off), { roots: [...region.roots, leader], rebuilds: region.rebuilds + 1 });
  }

  /** Translates what a region covers anew, at this base. */
  private renew(region: Region, base: bigint, change: Partial<Start>): void {
    this.prune();
    if (!this.regions.has(region)) return;
    const [lo, hi] = [Number(base & 0xffffffffn), Number((base >> 32n) & 0xffffffffn)];
    const view = new CodeView(this.words, this.plan.codePages, lo, hi);
    const { roots, rebuilds, split } = region;
    const start = { seeds: [], roots, rebuilds, split, replaces: [region], ...change };
    this.attempt(
      view,
      start,
      this.discover(view, start, (at) => this.ownerOf(view, at) === region),
    );
  }

  private regionAt(page: number, off: number): Region | null {
    const owners = this.owners.get(page);
    if (owners === undefined || owners.generation !== this.heat.generationOf(page)) return null;
    const region = owners.regions[off >> 1];
    return region !== undefined && this.regions.has(region) ? region : null;
  }

  /** Forgets regions whose code was cleared. */
  private prune(): void {
    for (const region of this.regions) {
      if (region.pages.some(({ page, generation }) => this.heat.generationOf(page.index) !== generation))
        this.remove(region);
    }
  }

  private translate(view: CodeView, { roots, rebuilds, split }: Start, found: Found): void {
    const graph = buildGraph(found);
    if (graph === null) return;
    const pages = this.pagesOf(found, view);
    const index = this.takeIndex();
    const emitter = new RegionEmitter(graph, { index, pages, generations: this.plan.generations }, split);
    const code = emitter.emit();
    this.compile(code, index, (wasmBytes) => {
      const { lo, hi } = view;
      const about = { index, lo, hi, pages, roots, wasmBytes, guestBytes: sizeOf(graph), rebuilds, split };
      const leaders = [...found.leaders].filter((off) => found.instructions.has(off)).sort((a, b) => a - b);
      this.install(view, code, { ...about, leaders, spans: code.spans, exits: new Map(), strays: new Map() });
    });
  }

  /** What to explore from: hot places, and what regions of the same base in this page had, which it replaces. */
  private startOf(heat: PageHeat, view: CodeView): Start {
    const split = new Set<number>();
    const seeds: number[] = [];
    const roots = new Set<number>();
    const own = view.page(0)?.index;
    const replaces = [...this.regions].filter(
      ({ lo, hi, pages, rebuilds }) =>
        lo === view.lo &&
        hi === view.hi &&
        rebuilds < MOST_REBUILDS &&
        pages.some(({ page, number }) => number === 0 && page.index === own),
    );
    for (const region of replaces) {
      for (const root of region.roots) roots.add(root);
      for (const off of region.split) split.add(off);
    }
    const starts = new RunStarts(view, (at) => this.isWarm(view, at));
    for (const [off] of [...heat.offsets].sort((a, b) => b[1] - a[1])) {
      const i = view.read(off);
      if (i === null || i.flow === Flow.Stop || this.ownerOf(view, off) !== undefined) continue;
      seeds.push(off);
      roots.add(starts.of(off));
    }
    const rebuilds = Math.max(0, ...replaces.map((region) => region.rebuilds + 1));
    return { seeds, roots: [...roots], rebuilds, split, replaces };
  }

  private pagesOf(found: Found, view: CodeView): PageUse[] {
    const numbers = new Set([...found.instructions.keys()].map((off) => off >> 12));
    return [...numbers].map((number) => {
      const page = view.page(number)!;
      return { number, page, generation: this.heat.generationOf(page.index) };
    });
  }

  private compile(code: RegionCode, index: number, done: (wasmBytes: number) => void): void {
    const helpers = code.helpers === 0 ? [] : HELPER_FUNCTIONS.map((make) => make());
    const bytes = buildModule([...helpers, code.body], this.memory.buffer.byteLength / 65536);
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory: this.memory } });
    this.table.set(index, instance.exports[String(helpers.length)]);
    done(bytes.length);
  }

  private install(view: CodeView, code: RegionCode, about: Omit<Region, 'entries'>): void {
    if (!this.makeRoom(about.wasmBytes, code.entries.length)) return this.giveIndex(about.index);
    const entries: { slot: number; record: number }[] = [];
    const region: Region = { ...about, entries };
    code.entries.forEach((off, number) => {
      const slot = view.slotAt(off);
      if ((this.words[slot / 4] & 255) === OP.ENTER) return;
      const record = this.records.take();
      installEntry(this.words, slot, record, { index: about.index, number, off });
      entries.push({ slot, record });
    });
    this.own(view, code, region);
    this.regions.add(region);
    this.wasmBytes += region.wasmBytes;
    this.guestBytes += region.guestBytes;
    this.translated++;
  }

  /**
   * The cache is bounded: when it is full, an eighth of it goes, what was not entered for the longest time first. What is hot
   * stays.
   * @returns false when there is no room for so much at all
   */
  private makeRoom(bytes: number, entries: number): boolean {
    const { records, settings } = this;
    const fits = (share: number): boolean =>
      this.wasmBytes + bytes <= settings.maxBytes * share && records.room >= entries + RECORDS * (1 - share);
    if (fits(1)) return true;
    const ages = [...this.regions].map((region) => ({ region, age: idleFor(this.words, region) }));
    for (const { region } of ages.sort((a, b) => b.age - a.age)) {
      if (fits(KEPT_SHARE)) break;
      this.remove(region);
    }
    return fits(1);
  }

  private own(view: CodeView, code: RegionCode, region: Region): void {
    for (const off of code.offsets) {
      const page = view.page(off >> 12)!;
      this.ownersOf(page.index).regions[(off & 0xffe) >> 1] = region;
    }
  }

  private ownersOf(page: number): { generation: number; regions: (Region | undefined)[] } {
    const generation = this.heat.generationOf(page);
    let owners = this.owners.get(page);
    if (owners === undefined || owners.generation !== generation) {
      owners = { generation, regions: new Array<Region | undefined>(2048) };
      this.owners.set(page, owners);
    }
    return owners;
  }

  private ownerOf(view: CodeView, off: number): Region | undefined {
    const page = view.page(off >> 12);
    return page === null ? undefined : (this.regionAt(page.index, off & 0xffe) ?? undefined);
  }

  private takeIndex(): number {
    if (this.freeIndices.length === 0) {
      const first = this.table.length;
      this.table.grow(TABLE_STEP);
      for (let i = TABLE_STEP - 1; i >= 0; i--) this.freeIndices.push(first + i);
    }
    return this.freeIndices.pop()!;
  }

  private giveIndex(index: number): void {
    this.table.set(index, null);
    this.freeIndices.push(index);
  }

  private remove(region: Region): void {
    for (const { slot, record } of region.entries) {
      removeEntry(this.words, slot, record);
      this.records.give(record);
    }
    this.giveIndex(region.index);
    this.regions.delete(region);
    this.wasmBytes -= region.wasmBytes;
    this.guestBytes -= region.guestBytes;
    this.dropped++;
  }
}

/** Distance from a region's base, of an address in one of its pages. */
function offsetIn(region: Region, page: number, lo: number): number {
  const use = region.pages.find((each) => each.page.index === page)!;
  return use.number * 4096 + (lo & 0xfff);
}

/** The base of which the address `hi`:`lo` is `off` bytes away. */
function baseOf(lo: number, hi: number, off: number): bigint {
  return BigInt.asUintN(64, (BigInt(hi) << 32n) + BigInt(lo >>> 0) - BigInt(off));
}

/** How many of the ascending numbers are not above `value`. */
function upperBound(numbers: readonly number[], value: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function sizeOf(graph: Graph): number {
  let bytes = 0;
  for (const { instructions } of graph.blocks) for (const { length } of instructions) bytes += length;
  return bytes;
}
