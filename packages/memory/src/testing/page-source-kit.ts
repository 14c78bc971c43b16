/** What a mapper may rely on in any {@link PageSource}. */
import { ENXIO, WOULD_BLOCK } from '@veridian-os/abi';
import type { Frame, FrameSource } from '@veridian-os/abi';
import type { PageSource } from '../api.js';
import { check, equal } from './assert.js';
import type { TestFramework } from './user-space/bench.js';

/** One source of `pages` pages, and what it takes its frames from. */
export interface SourceUnderTest {
  readonly source: PageSource;
  readonly frames: FrameSource;
  readonly pages: number;
  /** Finishes what a WOULD_BLOCK has started. */
  complete?(): void;
}

/** Registers the cases; `create` makes a source with at least two pages and one reference. */
export function pageSourceKit({ describe, it }: TestFramework, create: () => SourceUnderTest): void {
  function page({ source, complete }: SourceUnderTest, index: number, forWrite = false): Frame {
    let result = source.page(index, forWrite);
    for (let tries = 0; result === WOULD_BLOCK && tries < 3; tries++) {
      complete?.();
      result = source.page(index, forWrite);
    }
    check(result >= 0, `page ${index}: ${result}`);
    return result as Frame;
  }

  describe('page source', () => {
    it('gives the same frame for a page every time, and different ones for different pages', () => {
      const test = create();
      const first = page(test, 0);
      equal(page(test, 0, true), first, 'the same page, to be written');
      check(page(test, 1) !== first, 'another page has another frame');
    });

    it('keeps one reference of its own; the mapper adds its own', () => {
      const test = create();
      const frame = page(test, 0);
      equal(test.frames.references(frame), 1, 'references');
      test.frames.retain(frame);
      page(test, 0);
      equal(test.frames.references(frame), 2, 'references with a mapper, asked again');
      test.frames.release(frame);
    });

    it('answers ENXIO beyond the end and before the start', () => {
      const { source, pages } = create();
      equal(source.page(pages, false), ENXIO, 'the page after the last');
      equal(source.page(2 ** 40, true), ENXIO, 'a page far away');
      equal(source.page(-1, false), ENXIO, 'page -1');
    });

    it('peeks only at what is there', () => {
      const test = create();
      const { source, frames, pages } = test;
      if (source.peek === undefined) return;
      const free = frames.freeFrames;
      for (let i = -1; i <= pages; i++) source.peek(i);
      equal(frames.freeFrames, free, 'free frames after peeking');
      const frame = page(test, 1);
      equal(source.peek(1), frame, 'a page at hand');
      check(source.peek(pages) < 0, 'beyond the end');
    });

    it('gives its frames back with its last reference', () => {
      const test = create();
      const mapped = page(test, 0);
      page(test, 1);
      const { frames, source } = test;
      const free = frames.freeFrames;
      frames.retain(mapped);
      source.retain();
      source.release();
      equal(frames.freeFrames, free, 'free frames while somebody holds the source');
      source.release();
      equal(frames.references(mapped), 1, "the mapper's reference");
      frames.release(mapped);
      equal(frames.freeFrames, free + 2, 'free frames at the end');
    });
  });
}
