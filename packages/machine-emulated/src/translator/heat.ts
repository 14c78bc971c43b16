/**
 * Where the interpreter spends its time: samples of the pc by code page. A page is hot when about `threshold`
 * instructions
 * were interpreted for each of its decoded ones, so that large cold code, which translation would not pay for, never
 * is.
 */
import { CODE_PAGE_BYTES } from '../internal/layout.js';
import { OP } from '../generated/ops.js';

const HALFWORDS = 2048;
/** Fewest samples that mean anything. */
const LEAST = 2;

export interface PageHeat {
  generation: number;
  count: number;
  /** Samples at which the page is looked at next. */
  next: number;
  builds: number;
  /** Samples by byte offset in the page. */
  readonly offsets: Map<number, number>;
}

export class Heat {
  private readonly words: Uint32Array;
  private readonly codeBase: number;
  private readonly generations: number;
  private readonly threshold: number;
  private readonly interval: number;
  private readonly pages = new Map<number, PageHeat>();

  /** Addresses of the code pages and of their generations; instructions per instruction, and per sample. */
  constructor(words: Uint32Array, codeBase: number, generations: number, threshold: number, interval: number) {
    this.words = words;
    this.codeBase = codeBase;
    this.generations = generations;
    this.threshold = threshold;
    this.interval = interval;
  }

  generationOf(page: number): number {
    return this.words[this.generations / 4 + page];
  }

  /** Counts a sample. @returns the page's heat when it has become hot, else null */
  sample(page: number, off: number): PageHeat | null {
    const generation = this.generationOf(page);
    let heat = this.pages.get(page);
    if (heat === undefined || heat.generation !== generation) {
      heat = { generation, count: 0, next: this.threshold === 0 ? 1 : LEAST, builds: 0, offsets: new Map() };
      this.pages.set(page, heat);
    }
    heat.offsets.set(off, (heat.offsets.get(off) ?? 0) + 1);
    if (++heat.count < heat.next) return null;
    heat.next = Math.max(heat.next, this.needed(page) << Math.min(heat.builds, 12));
    return heat.count < heat.next ? null : heat;
  }

  /** After a translation: the page has to become hot again, and hotter. */
  built(heat: PageHeat): void {
    heat.builds++;
    heat.count = 0;
    heat.next = this.threshold === 0 ? 1 : LEAST;
    heat.offsets.clear();
  }

  private needed(page: number): number {
    const first = (this.codeBase + page * CODE_PAGE_BYTES) / 4;
    let decoded = 0;
    for (let i = 0; i < HALFWORDS; i++) if ((this.words[first + i * 2] & 255) !== OP.DECODE) decoded++;
    return Math.ceil((decoded * this.threshold) / this.interval);
  }
}
