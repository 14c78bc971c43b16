/**
 * What to move between memory tiers: hot pages up, cold ones down, as far as the moves pay.
 *
 * Pure: the caller feeds accessed bits and samples, tells how full the tiers are and what time it is, gets moves, carries out
 * those that it can and says so with `placed`.
 *
 * Policy     a page is promoted where the tier above has room over its low mark, else in exchange for a colder one. An
 *            exchange must pay within `horizonScans`: (heat of one - heat of the other) x time saved per access x horizon
 *            > cost of two moves; that is the hysteresis, together with `restScans` in which a page that has moved stays. A tier
 *            below its low mark demotes its coldest pages until it is at its high mark, whether or not something is hot.
 * Bandwidth  moves are paid from a bucket that fills with `movesPerSecond` and holds at most `burst`
 * Cost       O(pages) per tick
 * Source     Maruf et al., "TPP: Transparent Page Placement for CXL-Enabled Tiered-Memory", ASPLOS 2023 (watermarks, room for
 *            promotions); Raybuck et al., "HeMem", SOSP 2021 (hot and cold lists by counts)
 */
import { ABSENT, PageHeat } from './page-heat.js';

export interface TierBalancerOptions {
  /** Page numbers are 0 .. pages - 1. */
  readonly pages: number;
  /** Time of an access in each tier, in nanoseconds, fastest first; two tiers or more. */
  readonly accessNs: readonly number[];
  /** Time that moving a page costs, in nanoseconds. */
  readonly moveNs: number;
  /** Bandwidth. */
  readonly movesPerSecond: number;
  /** Most moves saved up for one tick; an exchange takes two. Default 64. */
  readonly burst?: number;
  /** Scans in which a move must pay. Default 32. */
  readonly horizonScans?: number;
  /** Scans that a page stays where it was moved to. Default 4. */
  readonly restScans?: number;
  /** Accesses that a sampled fault stands for. Default 0: no samples. */
  readonly samplePeriod?: number;
}

/** Frames of a tier: free ones, and the marks between which demotion works. */
export interface TierRoom {
  readonly free: number;
  readonly low: number;
  readonly high: number;
}

export interface TierMove {
  readonly page: number;
  readonly from: number;
  readonly to: number;
}

export interface TierBalancerStatistics {
  readonly scans: number;
  readonly promotions: number;
  readonly demotions: number;
  /** Moves that would have paid and found the bucket empty. */
  readonly postponed: number;
}

const NS_PER_SECOND = 1e9;

export class TierBalancer {
  readonly heat: PageHeat;
  private readonly options: Required<TierBalancerOptions>;
  private readonly rest: Uint8Array;
  private readonly room: TierRoom[];
  private tokens = 0;
  private lastNs = -1;
  private scans = 0;
  private promotions = 0;
  private demotions = 0;
  private postponed = 0;

  /** @throws RangeError for an option out of range */
  constructor(options: TierBalancerOptions) {
    this.options = { burst: 64, horizonScans: 32, restScans: 4, samplePeriod: 0, ...options };
    const { accessNs, moveNs, movesPerSecond, burst, horizonScans, restScans } = this.options;
    if (accessNs.length < 2) throw new RangeError(`accessNs: expected two tiers or more, got ${accessNs.length}`);
    if (accessNs.some((ns, tier) => !(ns > 0) || ns < accessNs[tier - 1])) {
      throw new RangeError(`accessNs: expected times > 0, fastest first, got ${accessNs.join()}`);
    }
    const numbers = { moveNs, movesPerSecond, burst, horizonScans, restScans };
    for (const [name, value] of Object.entries(numbers)) {
      if (!(Number.isFinite(value) && value >= 0)) throw new RangeError(`${name}: expected 0 or more, got ${value}`);
    }
    this.heat = new PageHeat(options.pages, this.options.samplePeriod);
    this.rest = new Uint8Array(options.pages);
    this.room = accessNs.map(() => ({ free: 0, low: 0, high: 0 }));
  }

  get statistics(): TierBalancerStatistics {
    const { scans, promotions, demotions, postponed } = this;
    return { scans, promotions, demotions, postponed };
  }

  /** A page came, or was moved: it is in `tier` now. */
  placed(page: number, tier: number): void {
    const before = this.heat.tier[page];
    this.heat.place(page, tier);
    this.rest[page] = before === ABSENT || before === tier ? 0 : this.options.restScans;
    if (before === ABSENT || before === tier) return;
    if (tier < before) this.promotions++;
    else this.demotions++;
  }

  /** The page is gone. */
  removed(page: number): void {
    this.heat.remove(page);
  }

  /** The page's accessed bit was set in this scan. */
  accessed(page: number): void {
    this.heat.accessed(page);
  }

  /** A sampled (hinting) fault of the page. */
  sampled(page: number): void {
    this.heat.sample(page);
  }

  setRoom(tier: number, room: TierRoom): void {
    this.room[tier] = room;
  }

  /**
   * Ends a scan. @param nowNs time, never less than before
   * @returns moves, in the order in which they should be made: room before what needs it. Nothing is assumed of them: what was
   *          moved, the caller tells with {@link placed} before the next tick.
   */
  tick(nowNs: number): TierMove[] {
    this.refill(nowNs);
    this.scans++;
    this.heat.endScan();
    for (let page = 0; page < this.rest.length; page++) if (this.rest[page] > 0) this.rest[page]--;
    const moves: TierMove[] = [];
    const free = this.room.map((room) => room.free);
    // From the slowest pair up: what a lower tier takes from its neighbour needs room there first.
    for (let upper = this.room.length - 2; upper >= 0; upper--) this.balance(upper, free, moves);
    return moves;
  }

  /** The coldest pages of a tier, coldest first, at most `most`: what reclaim and swap should take. */
  coldest(tier: number, most: number): number[] {
    return this.extremes(tier, most, false);
  }

  private refill(nowNs: number): void {
    const { movesPerSecond, burst } = this.options;
    const elapsed = this.lastNs < 0 ? 0 : Math.max(0, nowNs - this.lastNs);
    this.tokens = Math.min(burst, this.tokens + (elapsed * movesPerSecond) / NS_PER_SECOND);
    this.lastNs = nowNs;
  }

  /** Moves between two neighbouring tiers. */
  private balance(upper: number, free: number[], moves: TierMove[]): void {
    const most = Math.floor(this.tokens);
    const lower = upper + 1;
    const { low, high } = this.room[upper];
    const cold = this.extremes(upper, most + 1, false);
    const hot = this.extremes(lower, most + 1, true);
    let nextCold = 0;
    if (free[upper] < low) {
      while (free[upper] < high && nextCold < cold.length && free[lower] > 0) {
        if (!this.move(cold[nextCold], upper, lower, free, moves)) return;
        nextCold++;
      }
    }
    for (const page of hot) {
      const partner = free[upper] > low ? -1 : (cold[nextCold] ?? ABSENT_PAGE);
      if (partner === ABSENT_PAGE || !this.pays(page, partner, upper)) return;
      if (partner >= 0) {
        if (free[lower] < 1) return;
        if (this.tokens < 2) return void this.postponed++;
        this.move(partner, upper, lower, free, moves);
        nextCold++;
      }
      if (!this.move(page, lower, upper, free, moves)) return;
    }
  }

  /** True when moving `page` up, and `partner` down unless it is negative, saves more than it costs. */
  private pays(page: number, partner: number, upper: number): boolean {
    const { accessNs, moveNs, horizonScans } = this.options;
    const heat = this.heat.heat(page) - (partner >= 0 ? this.heat.heat(partner) : 0);
    const saved = heat * (accessNs[upper + 1] - accessNs[upper]) * horizonScans;
    return saved > moveNs * (partner >= 0 ? 2 : 1);
  }

  private move(page: number, from: number, to: number, free: number[], moves: TierMove[]): boolean {
    if (this.tokens < 1) {
      this.postponed++;
      return false;
    }
    this.tokens--;
    // Not twice in one tick; a move that is not made counts for no more than that.
    this.rest[page] = 1;
    free[from]++;
    free[to]--;
    moves.push({ page, from, to });
    return true;
  }

  /** The hottest or coldest pages of a tier that may move, at most `most`, in order; equal ones by age, then by number. */
  private extremes(tier: number, most: number, hottest: boolean): number[] {
    const { heat, rest } = this;
    const found = new BoundedHeap(most);
    const sign = hottest ? 1 : -1;
    for (let page = 0; page < heat.pages; page++) {
      if (heat.tier[page] !== tier || rest[page] !== 0) continue;
      // Age parts pages of one heat: less than any difference of heats that could pay.
      found.offer(page, sign * (heat.heat(page) - heat.age[page] * 1e-6));
    }
    return found.best();
  }
}

/** Nothing to exchange for. */
const ABSENT_PAGE = -2;

/** The pages with the greatest keys, of all that were offered: a heap with the least of them on top. */
class BoundedHeap {
  private readonly most: number;
  private readonly pages: number[] = [];
  private readonly keys: number[] = [];

  constructor(most: number) {
    this.most = most;
  }

  offer(page: number, key: number): void {
    const { pages, keys, most } = this;
    if (pages.length < most) {
      pages.push(page);
      keys.push(key);
      this.up(pages.length - 1);
    } else if (most > 0 && key > keys[0]) {
      pages[0] = page;
      keys[0] = key;
      this.down(0);
    }
  }

  /** Greatest key first; of equal ones the lower page. */
  best(): number[] {
    const order = this.pages.map((_, i) => i);
    order.sort((a, b) => this.keys[b] - this.keys[a] || this.pages[a] - this.pages[b]);
    return order.map((i) => this.pages[i]);
  }

  private up(at: number): void {
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.keys[parent] <= this.keys[at]) return;
      this.swap(parent, at);
      at = parent;
    }
  }

  private down(at: number): void {
    for (;;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < this.keys.length && this.keys[child] < this.keys[least]) least = child;
      }
      if (least === at) return;
      this.swap(least, at);
      at = least;
    }
  }

  private swap(a: number, b: number): void {
    [this.pages[a], this.pages[b]] = [this.pages[b], this.pages[a]];
    [this.keys[a], this.keys[b]] = [this.keys[b], this.keys[a]];
  }
}
