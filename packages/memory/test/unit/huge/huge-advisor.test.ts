import { describe, expect, it } from '@jest/globals';
import { HugeAdvisor, faultsHuge } from '@veridian-os/memory';
import type { BlockScan } from '@veridian-os/memory';
import * as fc from 'fast-check';

const SCAN: BlockScan = { present: 512, accessed: 1, shared: 0, swapped: 0, huge: false };
const at = (block: number) => expect.objectContaining({ space: 1, block }) as unknown;

/** An advisor that watches block 0, with these scans behind it. */
function scanned(options: object, ...scans: Partial<BlockScan>[]): HugeAdvisor {
  const advisor = new HugeAdvisor(options);
  advisor.faulted(1, 0);
  for (const scan of scans) advisor.report(1, 0, { ...SCAN, ...scan });
  return advisor;
}

describe('HugeAdvisor', () => {
  it('watches a block from its first fault on, and goes round', () => {
    const advisor = new HugeAdvisor();
    for (const page of [0, 511, 512, 5 * 512 + 7]) advisor.faulted(1, page);
    expect(advisor.size).toBe(3);
    expect([0, 1, 2, 3].map(() => advisor.next()?.block)).toEqual([0, 1, 5, 0]);
    advisor.forget(1, 511, 513);
    expect([advisor.size, advisor.next()?.block]).toEqual([1, 5]);
    advisor.forget(1, 0, 2 ** 40);
    expect(advisor.next()).toBeNull();
  });

  it('forgets the range of one space only', () => {
    const advisor = new HugeAdvisor();
    advisor.faulted(1, 0);
    advisor.faulted(2, 0);
    advisor.forget(1, 0, 2 ** 40);
    expect(advisor.next()).toEqual(expect.objectContaining({ space: 2, block: 0 }));
  });

  it.each([
    ['all there and accessed', {}, {}, true],
    ['not accessed', {}, { accessed: 0 }, false],
    ['huge already', {}, { huge: true }, false],
    ['as few pages as allowed', {}, { present: 1 }, true],
    ['no page at all', { maxNone: 512 }, { present: 0 }, false],
    ['as many missing as allowed', { maxNone: 12 }, { present: 500 }, true],
    ['one missing too many', { maxNone: 12 }, { present: 499 }, false],
    ['swapped pages, which are not missing', { maxNone: 0 }, { present: 448, swapped: 64 }, true],
    ['a swapped page too many', {}, { present: 447, swapped: 65 }, false],
    ['as many shared as allowed', {}, { shared: 256 }, true],
    ['a shared page too many', {}, { shared: 257 }, false],
  ])('promotes a block or not: %s', (_name, options, scan, promotes) => {
    expect(scanned(options, scan).promotions(9)).toHaveLength(promotes ? 1 : 0);
  });

  it('wants accesses in a row', () => {
    expect(scanned({ hotScans: 2 }, {}).promotions(9)).toEqual([]);
    expect(scanned({ hotScans: 2 }, {}, { accessed: 0 }, {}).promotions(9)).toEqual([]);
    expect(scanned({ hotScans: 2 }, {}, {}).promotions(9)).toEqual([at(0)]);
  });

  it('lets a split block rest', () => {
    const advisor = scanned({ restScans: 2 }, {});
    advisor.changed(1, 0, false);
    for (const promotes of [0, 1, 1]) {
      advisor.report(1, 0, SCAN);
      expect(advisor.promotions(9)).toHaveLength(promotes);
    }
    advisor.changed(1, 0, true);
    expect(advisor.promotions(9)).toEqual([]);
    advisor.report(1, 0, SCAN);
    expect(advisor.promotions(9)).toEqual([at(0)]);
  });

  it('names the most accessed blocks first', () => {
    const advisor = new HugeAdvisor();
    [3, 500, 40].forEach((accessed, block) => {
      advisor.faulted(1, block * 512);
      advisor.report(1, block, { ...SCAN, accessed });
    });
    expect(advisor.promotions(2)).toEqual([at(1), at(2)]);
  });

  it('splits what is cold, or mostly zero', () => {
    const huge = { huge: true, accessed: 0 };
    expect(scanned({}, huge, huge, huge).splits(9)).toEqual([]);
    expect(scanned({}, huge, huge, huge, huge).splits(9)).toEqual([at(0)]);
    expect(scanned({}, huge, huge, huge, huge, { huge: true }).splits(9)).toEqual([]);
    expect(scanned({ maxNone: 300 }, { huge: true, zero: 300 }).splits(9)).toEqual([]);
    expect(scanned({ maxNone: 300 }, { huge: true, zero: 301 }).splits(9)).toEqual([at(0)]);
    expect(scanned({ coldScans: 0 }, { accessed: 0 }).splits(9)).toEqual([]);
  });

  it('refuses options and blocks that cannot be', () => {
    expect(() => new HugeAdvisor({ maxNone: -1 })).toThrow(new RangeError('maxNone: expected 0 or more, got -1'));
    const advisor = new HugeAdvisor();
    expect(() => advisor.faulted(2 ** 17, 0)).toThrow(RangeError);
    expect(() => advisor.faulted(0, -1)).toThrow(RangeError);
    advisor.report(1, 7, SCAN);
    expect(advisor.promotions(9)).toEqual([]);
  });

  it('agrees with a list of blocks', () => {
    const command = fc.record({
      kind: fc.constantFrom('fault', 'forget', 'report', 'changed', 'next'),
      space: fc.integer({ min: 0, max: 1 }),
      block: fc.integer({ min: 0, max: 4 }),
      accessed: fc.integer({ min: 0, max: 2 }),
      huge: fc.boolean(),
    });
    const run = (commands: { kind: string; space: number; block: number; accessed: number; huge: boolean }[]) => {
      const advisor = new HugeAdvisor({ hotScans: 2, coldScans: 2, restScans: 2 });
      let list: { space: number; block: number; history: number[]; huge: boolean | null; rest: number }[] = [];
      for (const { kind, space, block, accessed, huge } of commands) {
        const found = list.find((entry) => entry.space === space && entry.block === block);
        if (kind === 'fault') {
          advisor.faulted(space, block * 512 + 9);
          if (found === undefined) list.push({ space, block, history: [], huge: null, rest: 0 });
        } else if (kind === 'forget') {
          advisor.forget(space, block * 512, (block + 2) * 512);
          list = list.filter((entry) => entry.space !== space || entry.block < block || entry.block > block + 1);
        } else if (kind === 'next') {
          const [first] = list.splice(0, 1);
          if (first !== undefined) list.push(first);
          const next = advisor.next();
          expect([next?.space, next?.block]).toEqual([first?.space, first?.block]);
        } else if (kind === 'changed') {
          advisor.changed(space, block, huge);
          if (found !== undefined) Object.assign(found, { history: [], huge: null, rest: huge ? 0 : 2 });
        } else {
          advisor.report(space, block, { ...SCAN, accessed, huge });
          if (found === undefined) continue;
          found.history.push(accessed);
          found.huge = huge;
          found.rest = Math.max(0, found.rest - 1);
        }
        const lastTwo = (entry: { history: number[] }) => entry.history.slice(-2);
        const hot = list.filter(
          (entry) => entry.huge === false && entry.rest === 0 && lastTwo(entry).filter((n) => n > 0).length === 2,
        );
        const cold = list.filter((entry) => entry.huge === true && lastTwo(entry).filter((n) => n === 0).length === 2);
        const names = (blocks: readonly { space: number; block: number }[]) =>
          blocks.map((entry) => `${entry.space}:${entry.block}`).sort();
        expect(names(advisor.promotions(99))).toEqual(names(hot));
        expect(names(advisor.splits(99))).toEqual(names(cold));
        expect(advisor.size).toBe(list.length);
      }
    };
    fc.assert(fc.property(fc.array(command, { maxLength: 60 }), run), { numRuns: 200, seed: 1 });
  });
});

describe('faultsHuge', () => {
  const mapping = { firstPage: 512, endPage: 1024 };
  it.each([
    [600, true, 'always', undefined, true],
    [511, true, 'always', undefined, false],
    [1024, true, 'always', undefined, false],
    [600, false, 'always', undefined, false],
    [600, true, 'never', true, false],
    [600, true, 'madvise', undefined, false],
    [600, true, 'madvise', true, true],
    [600, true, 'always', false, false],
  ] as const)('page %i, empty %j, mode %s, advised %j', (page, empty, mode, advised, huge) => {
    expect(faultsHuge(page, mapping, empty, mode, advised)).toBe(huge);
  });
  it('wants the whole block in the mapping', () => {
    expect(faultsHuge(600, { firstPage: 513, endPage: 1024 }, true, 'always')).toBe(false);
    expect(faultsHuge(600, { firstPage: 512, endPage: 1023 }, true, 'always')).toBe(false);
  });
});
