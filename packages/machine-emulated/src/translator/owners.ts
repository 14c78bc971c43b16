/** Which region each halfword of decoded code belongs to. */
import type { CodeView } from './code-view.js';
import type { Region } from './region.js';

interface Page {
  readonly generation: number;
  readonly regions: (Region | undefined)[];
}

export class Owners {
  /** By code page. */
  private readonly pages = new Map<number, Page>();
  private readonly generationOf: (page: number) => number;

  /** @param generationOf how often a code page was cleared: then nothing in it belongs to anybody */
  constructor(generationOf: (page: number) => number) {
    this.generationOf = generationOf;
  }

  /** Of byte `off` of a code page. */
  at(page: number, off: number): Region | undefined {
    const known = this.pages.get(page);
    return known?.generation === this.generationOf(page) ? known.regions[off >> 1] : undefined;
  }

  /** The instructions at these offsets of the view are the region's. */
  claim(view: CodeView, offsets: readonly number[], region: Region): void {
    for (const off of offsets) this.of(view.page(off >> 12)!.index).regions[(off & 0xffe) >> 1] = region;
  }

  release(region: Region): void {
    for (const { page } of region.pages) {
      const regions = this.pages.get(page.index)?.regions ?? [];
      for (let i = 0; i < regions.length; i++) if (regions[i] === region) regions[i] = undefined;
    }
  }

  private of(page: number): Page {
    const generation = this.generationOf(page);
    let known = this.pages.get(page);
    if (known?.generation !== generation) {
      known = { generation, regions: new Array<Region | undefined>(2048) };
      this.pages.set(page, known);
    }
    return known;
  }
}
