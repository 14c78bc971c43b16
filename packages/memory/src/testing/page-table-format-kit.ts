/** Laws of any {@link PageTableFormat}. */
import type { Frame } from '@veridian-os/abi';
import fc from 'fast-check';
import { PERMISSIONS, PageFlag } from '../page-table/format.js';
import type { PageTableFormat } from '../page-table/format.js';
import { check, equal } from './assert.js';
import type { TestFramework } from './user-space/bench.js';

const ALL_FLAGS = PERMISSIONS | PageFlag.Accessed | PageFlag.Dirty;

/** Any combination of flags. */
export const pageFlags: fc.Arbitrary<number> = fc.nat(ALL_FLAGS);

/** @param limits largest frame number that the format can hold */
export function pageTableFormatKit(
  { describe, it }: TestFramework,
  format: PageTableFormat,
  limits: { readonly maxFrame: number },
): void {
  const frames = fc.oneof(fc.nat(2 ** 20), fc.integer({ min: 0, max: limits.maxFrame })).map((frame) => frame as Frame);
  const isWord = (word: number) => Number.isInteger(word) && word >= 0 && word < 2 ** 32;

  describe(`page-table format ${format.name}`, () => {
    it('gives back the frame and flags of a leaf; writing and executing may include reading', () => {
      fc.assert(
        fc.property(frames, pageFlags, (frame, flags) => {
          const lo = format.leafLo(frame, flags);
          const hi = format.leafHi(frame, flags);
          check(isWord(lo) && isWord(hi), `words of frame ${frame} are unsigned: ${lo} ${hi}`);
          equal(format.frame(lo, hi), frame, 'frame');
          if ((flags & PERMISSIONS) === 0) return equal(format.flags(lo, hi), 0, 'flags of a retained entry');
          const expected =
            (flags & (PageFlag.Write | PageFlag.Execute)) === 0 ? [flags] : [flags, flags | PageFlag.Read];
          check(expected.includes(format.flags(lo, hi)), `flags ${flags}: got ${format.flags(lo, hi)}`);
        }),
      );
    });

    it('never makes a used entry look empty', () => {
      for (const frame of [0, 1, limits.maxFrame] as Frame[]) {
        for (let flags = 0; flags <= ALL_FLAGS; flags++) {
          check(format.leafLo(frame, flags) !== 0, `leaf of frame ${frame}, flags ${flags}`);
        }
        check(format.tableLo(frame) !== 0, `table entry of frame ${frame}`);
      }
      equal(format.flags(0, 0), 0, 'flags of the empty entry');
    });

    it('gives back the frame of a table entry', () => {
      fc.assert(
        fc.property(frames, (frame) => {
          equal(format.frame(format.tableLo(frame), format.tableHi(frame)), frame, 'frame');
        }),
      );
    });

    it('has tables of one page that cover user space', () => {
      equal(2 ** format.indexBits * 8, 4096, 'bytes of a table');
      check(format.userTop <= 2 ** (12 + format.levels * format.indexBits), 'userTop fits the levels');
    });
  });
}
