/**
 * How often each page is used, from accessed bits and sampled faults.
 *
 * Units      pages = numbers 0 .. n - 1 of the caller's choosing; scan = the time between two `endScan`, all equally long;
 *            heat = accesses of a page per scan, as far as bits can tell
 * Shapes     n = pages: slow, fast Float32Array[n] (shares of scans with an access, averaged over about 2^k scans), age
 *            Uint8Array[n] (scans since the last access, the page's generation), life Uint8Array[n] (scans since it came)
 * Method     a bit says "at least once": for accesses at random the share s of scans with an access gives -ln(1 - s) accesses.
 *            The slow average is exact, the fast one quick; where they differ by more than chance explains, the page's
 *            use has changed and the slow one starts again from the fast one. Young pages average over their own life.
 *            Samples count for more than bits where a page is used in every scan.
 * Cost       O(1) per access and sample, O(n) per scan
 * Source     Yu Zhao, "Multi-Gen LRU", LWN 851184, 2021 (generations); Denning, "The working set model", CACM 11(5), 1968
 */
const { log, max, min } = Math;

/** Of the averages, as powers of two in scans. */
const FAST = 1 / 4;
const SLOW = 1 / 32;
/** Difference of the averages that chance does not explain: about three deviations of the fast one. */
const CHANGE = 0.6;
const FORGET = 255;
/** Scans after which a page's average can be surprised, and the shares beyond which it is certain of nothing more. */
const SETTLED = 8;
const EDGE = 0.02;
/** Share above which bits tell nothing more: 4.6 accesses a scan. */
const SATURATED = 0.99;

/** A page that nobody has. */
export const ABSENT = 255;

export class PageHeat {
  readonly pages: number;
  /** Tier of a page, or ABSENT. Read only. */
  readonly tier: Uint8Array;
  /** Scans since the last access, at most 255. Read only. */
  readonly age: Uint8Array;
  private readonly bits: Uint8Array;
  private readonly life: Uint8Array;
  private readonly slow: Float32Array;
  private readonly fast: Float32Array;
  private readonly samples: Float32Array;
  private readonly sampled: Float32Array;
  private readonly samplePeriod: number;
  private readonly phaseSurprise = 20;

  /**
   * @param samplePeriod accesses that one sampled fault stands for; 0 where there are none
   * @throws RangeError unless `pages` is 1 .. 2^30
   */
  constructor(pages: number, samplePeriod = 0) {
    if (!(Number.isInteger(pages) && pages >= 1 && pages <= 2 ** 30)) {
      throw new RangeError(`pages: expected 1..${2 ** 30}, got ${pages}`);
    }
    if (!(samplePeriod >= 0)) throw new RangeError(`samplePeriod: expected 0 or more, got ${samplePeriod}`);
    this.pages = pages;
    this.samplePeriod = samplePeriod;
    this.tier = new Uint8Array(pages).fill(ABSENT);
    this.age = new Uint8Array(pages);
    this.bits = new Uint8Array(pages);
    this.life = new Uint8Array(pages);
    this.slow = new Float32Array(pages);
    this.fast = new Float32Array(pages);
    this.samples = new Float32Array(pages);
    this.sampled = new Float32Array(pages);
  }

  /** The page is in `tier` now. One that comes anew has no past. */
  place(page: number, tier: number): void {
    if (this.tier[page] === ABSENT) {
      this.age[page] = 0;
      this.bits[page] = 0;
      this.life[page] = 0;
      this.slow[page] = 0;
      this.fast[page] = 0;
      this.samples[page] = 0;
      this.sampled[page] = 0;
    }
    this.tier[page] = tier;
  }

  remove(page: number): void {
    this.tier[page] = ABSENT;
  }

  /** The page's accessed bit was set since the last scan. */
  accessed(page: number): void {
    this.bits[page] = 1;
  }

  /** A sampled access of the page. */
  sample(page: number): void {
    this.bits[page] = 1;
    this.samples[page]++;
  }

  /** Accesses per scan that are expected of a page. */
  heat(page: number): number {
    const share = this.slow[page];
    const fromBits = share >= SATURATED ? -log(1 - SATURATED) : -log(1 - share);
    return max(fromBits, share > 0.9 ? this.sampled[page] : 0);
  }

  /** Ages every page by the scan that ends. @returns true when it was so unlike the past that all averages began anew */
  endScan(): boolean {
    const anew = this.surprise() > this.phaseSurprise;
    if (anew) this.life.fill(0);
    for (let page = 0; page < this.pages; page++) if (this.tier[page] !== ABSENT) this.ageOne(page);
    this.bits.fill(0);
    if (this.samplePeriod > 0) this.samples.fill(0);
    return anew;
  }

  /**
   * How unlikely the bits of this scan are, in deviations from what the averages let expect: if page p is accessed with
   * probability s, the sum of -ln(probability of its bit) has a known mean and variance. Young pages have no say.
   */
  private surprise(): number {
    let excess = 0;
    let variance = 0;
    for (let page = 0; page < this.pages; page++) {
      if (this.tier[page] === ABSENT || this.life[page] < SETTLED) continue;
      const share = max(EDGE, min(1 - EDGE, this.slow[page]));
      const odds = log(share / (1 - share));
      excess += (share - this.bits[page]) * odds;
      variance += share * (1 - share) * odds * odds;
    }
    return variance > 0 ? excess / Math.sqrt(variance) : 0;
  }

  private ageOne(page: number): void {
    const bit = this.bits[page];
    const life = min(FORGET, this.life[page] + 1);
    this.life[page] = life;
    this.age[page] = bit !== 0 ? 0 : min(FORGET, this.age[page] + 1);
    const young = 1 / life;
    const fast = this.fast[page] + (bit - this.fast[page]) * max(FAST, young);
    const slow = this.slow[page] + (bit - this.slow[page]) * max(SLOW, young);
    this.fast[page] = fast;
    const changed = fast - slow > CHANGE || slow - fast > CHANGE;
    this.slow[page] = changed ? fast : slow;
    if (changed) this.life[page] = 1 / FAST;
    if (this.samplePeriod === 0) return;
    const seen = this.samples[page] * this.samplePeriod;
    this.sampled[page] += (seen - this.sampled[page]) * max(SLOW, young);
  }
}
