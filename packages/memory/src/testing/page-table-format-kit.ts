/** Laws of any {@link PageTableFormat}. What a CPU makes of its entries no kit can know: see test/qemu. */
import type { Frame } from '@veridian-os/abi';
import fc from 'fast-check';
import { ACCESS_BITS, MEMORY_TYPE, PERMISSIONS, PageFlag } from '../page-table/format.js';
import type { PageTableFormat } from '../page-table/format.js';
import { check, equal } from './assert.js';
import { checkTableHistories } from './table-history.js';
import type { TestFramework } from './user-space/bench.js';

const ALL_FLAGS = PERMISSIONS | ACCESS_BITS | PageFlag.Supervisor | PageFlag.Global | MEMORY_TYPE;

/** Any combination of flags of a user page. */
export const pageFlags: fc.Arbitrary<number> = fc.nat(PERMISSIONS | ACCESS_BITS);

/** Every combination of flags that means something: a page is of one memory type. */
function combinations(): number[] {
  const all = Array.from({ length: ALL_FLAGS + 1 }, (_, flags) => flags);
  return all.filter((flags) => (flags & MEMORY_TYPE) !== MEMORY_TYPE);
}

/** Frames that a leaf of a level may begin at: each bit of the number alone, none, all. */
function framesOf({ frameLimit, indexBits }: PageTableFormat, level: number): Frame[] {
  const frames = [0];
  for (let bit = 2 ** (indexBits * level); bit < frameLimit; bit *= 2) frames.push(bit);
  frames.push(frameLimit - 2 ** (indexBits * level));
  return frames as Frame[];
}

/** Answers of {@link PageTableFormat.flags} for a present leaf: writing, executing and supervisors may include reading. */
function answersTo(flags: number): number[] {
  const { Write, Execute, Supervisor, Read } = PageFlag;
  return (flags & (Write | Execute | Supervisor)) === 0 ? [flags] : [flags, flags | Read];
}

export function pageTableFormatKit({ describe, it }: TestFramework, format: PageTableFormat): void {
  const levels = Array.from({ length: format.largestLeaf + 1 }, (_, level) => level);
  const all = combinations();
  const isWord = (word: number) => Number.isInteger(word) && word >= 0 && word < 2 ** 32;

  /** Runs `body` for leaves of every level, with frames that have one bit and with every combination of flags. */
  const everyLeaf = (body: (frame: Frame, flags: number, level: number) => void) => {
    for (const level of levels) {
      for (const frame of framesOf(format, level)) {
        for (const flags of all) {
          try {
            body(frame, flags, level);
          } catch (error) {
            throw new Error(`level ${level}, frame ${frame}, flags ${flags}: ${(error as Error).message}`);
          }
        }
      }
    }
  };

  describe(`page-table format ${format.name}`, () => {
    it('gives back the frame and flags of a leaf; writing and executing may include reading', () => {
      everyLeaf((frame, flags, level) => {
        const lo = format.leafLo(frame, flags, level);
        const hi = format.leafHi(frame, flags);
        if (!isWord(lo) || !isWord(hi)) throw new Error(`expected unsigned words, got ${lo} ${hi}`);
        equal(format.frame(lo, hi), frame, 'frame');
        const got = format.flags(lo, hi);
        if ((flags & PERMISSIONS) === 0) equal(got, 0, 'flags of a retained entry');
        else if (!answersTo(flags).includes(got)) throw new Error(`got flags ${got}`);
      });
    });

    it('gives back any frame, and by default makes leaves of one', () => {
      const frames = fc.oneof(
        fc.nat(2 ** 20),
        fc.maxSafeNat().map((n) => n % format.frameLimit),
      );
      fc.assert(
        fc.property(frames, fc.constantFrom(...combinations()), (number, flags) => {
          const frame = number as Frame;
          const lo = format.leafLo(frame, flags);
          equal(lo, format.leafLo(frame, flags, 0), 'low word');
          equal(format.frame(lo, format.leafHi(frame, flags)), frame, 'frame of a leaf');
          equal(format.frame(format.tableLo(frame), format.tableHi(frame)), frame, 'frame of a table entry');
        }),
      );
    });

    it('never makes a used entry look empty, or a leaf like a guard', () => {
      everyLeaf((frame, flags, level) => {
        const lo = format.leafLo(frame, flags, level);
        check(lo !== 0, 'looks empty');
        check(lo !== format.guard || format.leafHi(frame, flags) !== 0, 'looks like a guard');
      });
      for (const frame of framesOf(format, 0)) check(format.tableLo(frame) !== 0, `table entry of frame ${frame}`);
      check(isWord(format.guard) && format.guard !== 0, `guard ${format.guard}`);
      equal(format.flags(format.guard, 0), 0, 'flags of a guard');
      equal(format.flags(0, 0), 0, 'flags of the empty entry');
    });

    it('tells tables from large leaves, present and retained', () => {
      everyLeaf((frame, flags, level) => {
        if (level > 0) equal(format.isLeaf(format.leafLo(frame, flags, level)), true, 'isLeaf');
      });
      for (const frame of framesOf(format, 0)) {
        equal(format.isLeaf(format.tableLo(frame)), false, `table entry of frame ${frame}`);
        const words = [format.tableLo(frame), format.tableHi(frame)];
        check(words.every(isWord), `words of a table entry are unsigned: ${words.join(' ')}`);
        equal(format.frame(words[0], words[1]), frame, 'frame of a table entry');
      }
    });

    it('lets the CPU set accessed and dirty by setting bits', () => {
      everyLeaf((frame, flags, level) => {
        if ((flags & ACCESS_BITS) === 0 || (flags & PERMISSIONS) === 0) return;
        const clean = flags & ~ACCESS_BITS;
        const [lo, hi] = [format.leafLo(frame, clean, level), format.leafHi(frame, clean)];
        equal((format.leafLo(frame, flags, level) | lo) >>> 0, format.leafLo(frame, flags, level), 'low word');
        equal((format.leafHi(frame, flags) | hi) >>> 0, format.leafHi(frame, flags), 'high word');
      });
    });

    it('carries a page table through random histories', () => {
      checkTableHistories(format, { commands: 900, seed: 1 });
    });

    it('has tables of one page that cover user space, whose addresses are exact', () => {
      equal(2 ** format.indexBits * 8, 4096, 'bytes of a table');
      check(format.userTop <= 2 ** (12 + format.levels * format.indexBits), 'userTop fits the levels');
      check(format.userTop <= 2 ** 53 && format.userTop % 4096 === 0, 'userTop is a page below 2^53');
      check(format.largestLeaf >= 0 && format.largestLeaf < format.levels, 'leaves lie in tables');
      check(format.frameLimit * 4096 <= 2 ** 56 && Number.isInteger(format.frameLimit), 'frames are addresses');
    });
  });
}
