/**
 * Where the interpreter spends its time: samples of the pc by code page. A page is looked at when it has some, and again
 * when it has as many as what would be translated is worth: `threshold` instructions interpreted for each one of it.
 */
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
  private readonly generations: number;
  private readonly threshold: number;
  private readonly interval: number;
  private readonly pages = new Map<number, PageHeat>();

  /** Address of the code pages' generations; instructions per instruction, and per sample. */
  constructor(words: Uint32Array, generations: number, threshold: number, interval: number) {
    this.words = words;
    this.generations = generations;
    this.threshold = threshold;
    this.interval = interval;
  }

  generationOf(page: number): number {
    return this.words[this.generations / 4 + page];
  }

  /** Counts a sample. @returns the page's heat when it is time to look at it, else null */
  sample(page: number, off: number): PageHeat | null {
    let heat = this.of(page);
    if (heat === undefined) {
      const [generation, next] = [this.generationOf(page), this.least];
      heat = { generation, count: 0, next, builds: 0, offsets: new Map() };
      this.pages.set(page, heat);
    }
    heat.offsets.set(off, (heat.offsets.get(off) ?? 0) + 1);
    // What would be translated has at least the instructions that were seen: no need to explore the page before that is worth it.
    return ++heat.count < Math.max(heat.next, this.needed(heat, heat.offsets.size)) ? null : heat;
  }

  /** Whether the guest was seen at byte `off` of a page. */
  isWarm(page: number, off: number): boolean {
    return this.threshold === 0 || this.of(page)?.offsets.has(off) === true;
  }

  /** Whether a page is hot enough to translate so many instructions of it; else it is looked at later. */
  isWorth(heat: PageHeat, instructions: number): boolean {
    const needed = this.needed(heat, instructions);
    if (instructions > 0 && heat.count >= needed) return true;
    heat.next = Math.max(needed, Math.ceil(heat.count * 1.5));
    return false;
  }

  /** After a translation: the page has to become hot again, and hotter. */
  built(heat: PageHeat): void {
    heat.builds++;
    heat.count = 0;
    heat.next = this.least;
    heat.offsets.clear();
  }

  /** Samples that translating so many instructions of a page is worth. */
  private needed(heat: PageHeat, instructions: number): number {
    return Math.ceil((instructions * this.threshold) / this.interval) * 2 ** Math.min(heat.builds, 12);
  }

  private get least(): number {
    return this.threshold === 0 ? 1 : LEAST;
  }

  private of(page: number): PageHeat | undefined {
    const heat = this.pages.get(page);
    return heat?.generation === this.generationOf(page) ? heat : undefined;
  }
}
