/**
 * How often each page is used, from accessed bits and sampled faults.
 *
 * Units      pages = numbers 0 .. n - 1 of the caller's choosing; scan = the time between two `endScan`, all equally long;
 *            heat = accesses of a page per scan, as far as bits can tell
 * Shapes     n = pages: slow Float32Array[n] (share of scans with an access, over the page's life or some 32 scans), age
 *            Uint8Array[n] (scans since the last access, the page's generation), life Uint8Array[n] (scans averaged over), up,
 *            down Float32Array[n] (evidence that it is used more, or less, than that)
 * Method     a bit says "at least once": for accesses at random the share s of scans with an access gives -ln(1 - s) accesses.
 *            Each bit is also weighed as evidence (log of the odds, summed as long as it is positive) that the page is now
 *            used all the time, or no longer; enough of it, and the average begins anew. A scan that is too unlike all
 *            averages at once is a new phase: all of them begin anew. Samples count for more than bits where a page is used
 *            in every scan.
 * Cost       O(1) per access and sample, O(n) per scan
 * Source     Yu Zhao, "Multi-Gen LRU", LWN 851184, 2021 (generations); Page, "Continuous inspection
 *            schemes", Biometrika 41, 1954 (evidence of a change)
 */
const { log, max, min, sqrt } = Math;

/** Weight of a scan in the average of a page that is no longer young. */
const SLOW = 1 / 32;
/** What a change is a change to: used in this share of scans, or in all but this share. */
const OFTEN = 0.9;
/** Log of the odds at which a change is believed, and the scans that the new average then counts for. */
const EVIDENCE = 7;
const NEW_LIFE = 2;
const FORGET = 255;
/** Deviations that make a phase. Chance makes 3; averages of few scans, which know too little, up to 12. */
const PHASE = 20;
/** Scans after which a page's average can be surprised. */
const SETTLED = 8;
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
  private readonly up: Float32Array;
  private readonly down: Float32Array;
  private readonly samples: Float32Array;
  private readonly sampled: Float32Array;
  private readonly samplePeriod: number;

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
    this.up = new Float32Array(pages);
    this.down = new Float32Array(pages);
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
      this.up[page] = 0;
      this.down[page] = 0;
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
    const anew = this.surprise() > PHASE;
    if (anew) {
      this.life.fill(0);
      this.up.fill(0);
      this.down.fill(0);
    }
    for (let page = 0; page < this.pages; page++) if (this.tier[page] !== ABSENT) this.ageOne(page);
    this.bits.fill(0);
    if (this.samplePeriod > 0) this.samples.fill(0);
    return anew;
  }

  /**
   * How unlikely the bits of this scan are, in deviations from what the averages let expect: if a page is accessed with
   * probability s, the sum of -ln(probability of its bit) has a known mean and variance. Young pages have no say.
   */
  private surprise(): number {
    let excess = 0;
    let variance = 0;
    for (let page = 0; page < this.pages; page++) {
      if (this.tier[page] === ABSENT || this.life[page] < SETTLED) continue;
      const share = this.expected(page);
      const odds = log(share / (1 - share));
      excess += (share - this.bits[page]) * odds;
      variance += share * (1 - share) * odds * odds;
    }
    return variance > 0 ? excess / sqrt(variance) : 0;
  }

  /** Share of scans with an access that the past lets expect, never quite 0 or 1 (Krichevsky and Trofimov's estimate). */
  private expected(page: number): number {
    const scans = min(1 / SLOW, this.life[page]);
    return (this.slow[page] * scans + 0.5) / (scans + 1);
  }

  private restart(page: number, share: number): void {
    this.slow[page] = share;
    this.life[page] = NEW_LIFE;
    this.up[page] = 0;
    this.down[page] = 0;
  }

  private ageOne(page: number): void {
    const bit = this.bits[page];
    this.age[page] = bit !== 0 ? 0 : min(FORGET, this.age[page] + 1);
    const expected = this.expected(page);
    this.life[page] = min(FORGET, this.life[page] + 1);
    const young = 1 / this.life[page];
    this.slow[page] += (bit - this.slow[page]) * max(SLOW, young);
    this.up[page] = max(0, this.up[page] + log(bit !== 0 ? OFTEN / expected : (1 - OFTEN) / (1 - expected)));
    this.down[page] = max(0, this.down[page] + log(bit !== 0 ? (1 - OFTEN) / expected : OFTEN / (1 - expected)));
    if (this.up[page] > EVIDENCE || this.down[page] > EVIDENCE)
      this.restart(page, this.up[page] > EVIDENCE ? OFTEN : 1 - OFTEN);
    if (this.samplePeriod === 0) return;
    const seen = this.samples[page] * this.samplePeriod;
    this.sampled[page] += (seen - this.sampled[page]) * max(SLOW, young);
  }
}
