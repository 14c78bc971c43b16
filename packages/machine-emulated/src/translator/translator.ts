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
import { CODE_PAGE_BYTES, HART } from '../internal/layout.js';
import { RegionCache } from './cache.js';
import { CodeView, REACH } from './code-view.js';
import { Discovery, RunStarts } from './discover.js';
import type { DiscoveryLimits, Found } from './discover.js';
import { RegionEmitter } from './emit.js';
import { buildGraph } from './graph.js';
import type { Graph } from './graph.js';
import { Heat } from './heat.js';
import type { PageHeat } from './heat.js';
import { Flow } from './instruction.js';
import type { PageUse } from './prologue.js';
import { baseOf, offsetIn } from './region.js';
import type { Region } from './region.js';

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
  readonly targetMaps: number;
  readonly microTlbs: number;
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
  readonly firm: readonly number[];
  readonly rebuilds: number;
  /** Offsets of accesses that must not look up spans. */
  readonly split: ReadonlySet<number>;
  readonly replaces: readonly Region[];
  readonly limits: DiscoveryLimits;
}

/** Exits per notice (assembly/regions.ts), and those per byte of guest code that outweigh translating it anew. */
const EXIT_INTERVAL = 64;
const EXITS_PER_BYTE = 64;
/** Instructions per exit above which a span is worth it: going through the interpreter costs some 100 ns. */
const RARE_EXIT = 500;
/** The same for ways from region to region, which cost a tenth of that, as a share of the threshold. */
const MOVES_SHARE = 1 / 40;
/** Of a region, and of one made of two that control goes between. */
const LIMITS: DiscoveryLimits = { instructions: 1200, pages: 3 };
const MERGED_LIMITS: DiscoveryLimits = { instructions: 2400, pages: 16 };
const MOST_REBUILDS = 6;
/** Targets of computed jumps that become entries at a time: each ends what is known of registers and spans. */
const MOST_NEW_ROOTS = 4;
/** WebAssembly per byte of guest code above which a region goes without a micro-TLB. */
const MOST_CODE = 15;
/** Share of two regions' bytes that the one made of them must have. */
const LEAST_MERGED = 0.9;

export class Translator {
  private readonly words: Uint32Array;
  private readonly plan: TranslatorPlan;
  private readonly settings: TranslatorSettings;
  private readonly heat: Heat;
  private readonly cache: RegionCache;

  constructor(
    memory: WebAssembly.Memory,
    table: WebAssembly.Table,
    plan: TranslatorPlan,
    settings: TranslatorSettings,
  ) {
    this.words = new Uint32Array(memory.buffer);
    this.plan = plan;
    this.settings = settings;
    this.heat = new Heat(this.words, plan.generations, settings.threshold, settings.interval);
    const generationOf = (page: number): number => this.heat.generationOf(page);
    const { records, targetMaps, microTlbs } = plan;
    const { maxBytes } = settings;
    this.cache = new RegionCache({ memory, table, records, targetMaps, microTlbs, maxBytes, generationOf });
    this.words[HART.CODE_GENERATIONS / 4] = plan.generations;
    this.words[HART.SAMPLE_CREDIT / 4] = settings.interval;
    this.words[HART.SAMPLE_INTERVAL / 4] = settings.interval;
  }

  get statistics(): TranslationStatistics {
    const { wasmBytes, guestBytes, translated, dropped } = this.cache;
    const counter = (at: number): number => this.words[at / 4] + this.words[at / 4 + 1] * 2 ** 32;
    const entered = counter(HART.REGION_ENTERED);
    const refused = counter(HART.REGION_DECLINED);
    return { regions: this.cache.all.length, wasmBytes, guestBytes, translated, dropped, entered, refused };
  }

  /**
   * Control is at the slot at this address, at the pc `hi`:`lo`. `from`: 0 = the interpreter was there; 1 = a region has just
   * been left there; 2 + its table index = another region was left, and there is an entry.
   */
  sample(slot: number, lo: number, hi: number, from: number): void {
    const page = Math.floor((slot - this.plan.codePages) / CODE_PAGE_BYTES);
    const region = this.cache.ownerAt(page, lo & 0xffe);
    if (region !== undefined) {
      if (from === 0) this.strayed(region, page, lo, hi);
      else if (from === 1) this.exited(region, page, lo, hi);
      else this.moved(this.cache.at(from - 2), region, page, lo, hi);
      return;
    }
    if (from > 1) return;
    // Going in and out costs as much as interpreting what lies between two samples, so it counts as one.
    const heat = this.heat.sample(page, lo & 0xffe);
    if (heat === null) return;
    this.cache.prune();
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
    return page !== null && (this.heat.isWarm(page.index, off & 0xffe) || this.cache.ownerOf(view, off) !== undefined);
  }

  /** Instructions that were begun so far. */
  private get steps(): number {
    return this.words[HART.STEPS / 4] + this.words[HART.STEPS / 4 + 1] * 2 ** 32;
  }

  private discover(view: CodeView, start: Start, isWarm: (off: number) => boolean): Found {
    const isTaken = (off: number): boolean => {
      const owner = this.cache.ownerOf(view, off);
      return owner !== undefined && !start.replaces.includes(owner);
    };
    return new Discovery(view, start.limits, isTaken, isWarm).run(start);
  }

  private attempt(view: CodeView, start: Start, found: Found): void {
    for (const region of start.replaces) this.cache.remove(region);
    try {
      this.translate(view, start, found);
    } catch (error) {
      // Hosts may refuse to compile more; nothing but speed depends on it.
      if (!(error instanceof WebAssembly.CompileError || error instanceof RangeError)) throw error;
      this.words[HART.SAMPLE_INTERVAL / 4] = 0;
    }
  }

  /**
   * Where a region is left again and again at one of its own instructions: a span that is found in two pages, whose accesses
   * are better looked up one by one; or the target of a computed jump, which becomes an entry with the other frequent ones.
   */
  private exited(region: Region, page: number, lo: number, hi: number): void {
    const off = offsetIn(region, page, lo);
    const exits = region.exits.get(off) ?? { times: 0, since: this.steps };
    exits.times++;
    region.exits.set(off, exits);
    const times = exits.times * EXIT_INTERVAL;
    if (times < region.guestBytes * EXITS_PER_BYTE) return;
    const base = baseOf(lo, hi, off);
    if (region.spans.has(off)) {
      if (this.steps - exits.since > times * RARE_EXIT) region.exits.delete(off);
      else this.renew(region, base, { split: new Set([...region.split, off]) });
      return;
    }
    if (region.heads.has(off)) return;
    const targets = [...region.exits].filter(([at]) => !region.spans.has(at) && !region.heads.has(at));
    targets.sort((a, b) => b[1].times - a[1].times);
    const often = targets.slice(0, MOST_NEW_ROOTS).filter((each) => each[1].times * MOST_NEW_ROOTS >= exits.times);
    const firm = [...region.firm, ...often.map(([at]) => at)];
    this.renew(region, base, { firm, rebuilds: region.rebuilds + 1 });
  }

  /** Where the interpreter is found inside a region again and again, no entry is near: the block becomes one. */
  private strayed(region: Region, page: number, lo: number, hi: number): void {
    const off = offsetIn(region, page, lo);
    const leader = region.leaders[upperBound(region.leaders, off) - 1];
    const times = (region.strays.get(leader) ?? 0) + 1;
    region.strays.set(leader, times);
    const { threshold, interval } = this.settings;
    const needed = Math.ceil((region.guestBytes * threshold) / interval) * 2 ** region.rebuilds;
    if (times < needed || region.heads.has(leader)) return;
    this.renew(region, baseOf(lo, hi, off), { firm: [...region.firm, leader], rebuilds: region.rebuilds + 1 });
  }

  /** Regions that control goes between again and again become one, where they are near enough. */
  private moved(from: Region | undefined, to: Region, page: number, lo: number, hi: number): void {
    if (from === undefined || from === to) return;
    const times = (from.moves.get(to) ?? 0) + 1;
    from.moves.set(to, times);
    const needed = (from.guestBytes + to.guestBytes) * this.settings.threshold * MOVES_SHARE;
    if (times * EXIT_INTERVAL < needed) return;
    this.cache.prune();
    if (!this.cache.has(from) || !this.cache.has(to)) return;
    const at = HART.LEFT_BASE / 4;
    const base = BigInt(this.words[at]) + (BigInt(this.words[at + 1]) << 32n);
    const distance = Number(BigInt.asIntN(64, baseOf(lo, hi, offsetIn(to, page, lo)) - base));
    if (!this.merge(from, to, base, distance)) from.moves.set(to, -Infinity);
  }

  /** @returns false when they cannot be one */
  private merge(from: Region, to: Region, base: bigint, distance: number): boolean {
    const view = this.viewAt(base);
    const pages = [...from.pages, ...to.pages.map((use) => ({ ...use, number: use.number + distance / 4096 }))];
    if (new Set(pages.map(({ number }) => number)).size > MERGED_LIMITS.pages) return false;
    if (!pages.every(({ page, number }) => Math.abs(number) <= REACH && view.page(number)?.index === page.index))
      return false;
    const shifted = (offs: Iterable<number>): number[] => [...offs].map((off) => off + distance);
    const start: Start = {
      seeds: [],
      roots: [...new Set([...from.roots, ...shifted(to.roots)])],
      firm: [...new Set([...from.firm, ...shifted(to.firm)])],
      rebuilds: Math.max(from.rebuilds, to.rebuilds),
      split: new Set([...from.split, ...shifted(to.split)]),
      replaces: [from, to],
      limits: MERGED_LIMITS,
    };
    const isTheirs = (off: number): boolean => start.replaces.includes(this.cache.ownerOf(view, off)!);
    const found = this.discover(view, start, isTheirs);
    const bytes = [...found.instructions.values()].reduce((sum, { length }) => sum + length, 0);
    if (bytes < (from.guestBytes + to.guestBytes) * LEAST_MERGED) return false;
    this.attempt(view, start, found);
    return true;
  }

  private viewAt(base: bigint): CodeView {
    return new CodeView(
      this.words,
      this.plan.codePages,
      Number(base & 0xffffffffn),
      Number((base >> 32n) & 0xffffffffn),
    );
  }

  /** Translates what a region covers anew, at this base. */
  private renew(region: Region, base: bigint, change: Partial<Start>): void {
    this.cache.prune();
    if (!this.cache.has(region)) return;
    const view = this.viewAt(base);
    const { roots, firm, rebuilds, split, limits } = region;
    const start = { seeds: [], roots, firm, rebuilds, split, limits, replaces: [region], ...change };
    this.attempt(
      view,
      start,
      this.discover(view, start, (at) => this.cache.ownerOf(view, at) === region),
    );
  }

  private translate(view: CodeView, { roots, firm, rebuilds, split, limits }: Start, found: Found): void {
    const graph = buildGraph(found);
    if (graph === null) return;
    const pages = this.pagesOf(found, view);
    const isComputed = [...found.instructions.values()].some(
      ({ flow }) => flow === Flow.Indirect || flow === Flow.IndirectCall,
    );
    const place = this.cache.reserve(isComputed ? pages.map(({ number }) => number) : null);
    const placement = { ...place, pages, generations: this.plan.generations };
    let code = new RegionEmitter(graph, placement, split).emit();
    // Asking two tables is more code: not where there is much already, as in floating point.
    if (code.body.code.length > MOST_CODE * sizeOf(graph))
      code = new RegionEmitter(graph, { ...placement, micro: 0 }, split).emit();
    const { lo, hi } = view;
    const leaders = [...found.leaders].filter((off) => found.instructions.has(off)).sort((a, b) => a - b);
    const about = { ...place, lo, hi, pages, roots, firm, guestBytes: sizeOf(graph), rebuilds, split, leaders, limits };
    const heads = new Set(code.entries);
    const seen = { exits: new Map(), strays: new Map(), moves: new Map() };
    this.cache.install(view, code, { ...about, ...seen, heads, spans: code.spans });
  }

  /** What to explore from: hot places, and what regions of the same base in this page had, which it replaces. */
  private startOf(heat: PageHeat, view: CodeView): Start {
    const split = new Set<number>();
    const seeds: number[] = [];
    const roots = new Set<number>();
    const firm = new Set<number>();
    const own = view.page(0)?.index;
    const replaces = this.cache.all.filter(
      ({ lo, hi, pages, rebuilds }) =>
        lo === view.lo &&
        hi === view.hi &&
        rebuilds < MOST_REBUILDS &&
        pages.some(({ page, number }) => number === 0 && page.index === own),
    );
    for (const region of replaces) {
      for (const root of region.roots) roots.add(root);
      for (const root of region.firm) firm.add(root);
      for (const off of region.split) split.add(off);
    }
    const starts = new RunStarts(view, (at) => this.isWarm(view, at));
    for (const [off] of [...heat.offsets].sort((a, b) => b[1] - a[1])) {
      const i = view.read(off);
      if (i === null || i.flow === Flow.Stop || this.cache.ownerOf(view, off) !== undefined) continue;
      seeds.push(off);
      roots.add(starts.of(off));
    }
    const rebuilds = Math.max(0, ...replaces.map((region) => region.rebuilds + 1));
    const limits = replaces.some((region) => region.limits === MERGED_LIMITS) ? MERGED_LIMITS : LIMITS;
    return { seeds, roots: [...roots], firm: [...firm], rebuilds, split, replaces, limits };
  }

  private pagesOf(found: Found, view: CodeView): PageUse[] {
    const numbers = new Set([...found.instructions.keys()].map((off) => off >> 12));
    return [...numbers].map((number) => {
      const page = view.page(number)!;
      return { number, page, generation: this.heat.generationOf(page.index) };
    });
  }
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
