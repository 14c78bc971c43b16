/**
 * The whole hart against qemu-system-riscv64 on random items in every privilege (layout.ts tells how): a million
 * instructions here, more with `npm run difftest -- --privileged`. A failure prints the seed and the item.
 */
import { afterAll, describe, expect, it } from '@jest/globals';
import { compareItems } from './compare.js';
import { directedItems } from './directed.js';
import { randomItems } from './generate.js';
import { buildImage } from './image.js';
import { lockedItems } from './items-pmp.js';
import type { SeenCsr } from './layout.js';
import { R_CSRS, R_WORDS, SEEN_CSRS } from './layout.js';
import { Rng } from '../rng.js';
import { findPrivilegedOracle, needsOracle, runOurSystem } from './run.js';

const SEEDS = [1, 2];
const PER_SEED = 1200;

const oracle = findPrivilegedOracle();
/** Access faults of loads and stores that came from machine mode. */
function machineFaults(records: BigUint64Array): number {
  const column = (name: SeenCsr): number => R_CSRS + SEEN_CSRS.indexOf(name);
  let count = 0;
  for (let at = 0; at < records.length; at += R_WORDS) {
    const cause = records[at + column('mcause')];
    if ((cause === 5n || cause === 7n) && ((records[at + column('mstatus')] >> 11n) & 3n) === 3n) count++;
  }
  return count;
}

const describeWithQemu = needsOracle(oracle) ? describe : describe.skip;

describeWithQemu('random items, ours and qemu-system-riscv64', () => {
  let compared = 0;

  it.each(SEEDS)('seed %i', (seed) => {
    const { instructions, report } = compareItems(randomItems(seed, PER_SEED), oracle!);
    expect(report).toBe('');
    compared += instructions;
  });

  it('every cause, system instruction and CSR, from every privilege', () => {
    const { instructions, report } = compareItems(directedItems(), oracle!);
    expect(report).toBe('');
    compared += instructions;
  });

  it('locked entries of PMP', () => {
    const { report, ours } = compareItems(lockedItems(new Rng(3), 400), oracle!);
    expect(report).toBe('');
    // Machine mode ran into some of them.
    expect(machineFaults(ours.records)).toBeGreaterThan(5);
  });

  it('a run that finds everything translated', () => {
    const translated = { translation: { threshold: 0, interval: 1 }, rounds: 2 };
    expect(compareItems(randomItems(78, 60), oracle!, translated).report).toBe('');
  });

  it('a run in slices of 97 instructions', () => {
    expect(compareItems(randomItems(77, 150), oracle!, { slice: 97 }).report).toBe('');
  });

  afterAll(() => {
    if (compared < 1_000_000) throw new Error(`compared only ${compared} instructions`);
  });
});

describe('random items, ours alone', () => {
  it('leave the same records whatever the budget slices', () => {
    const image = buildImage(randomItems(5, 60));
    const whole = runOurSystem(image);
    expect(whole.ended).toBe('stopped');
    for (const slice of [1, 3, 61]) {
      const sliced = runOurSystem(image, { slice });
      expect(sliced.ended).toBe('stopped');
      expect(sliced.records).toEqual(whole.records);
    }
  });
});
