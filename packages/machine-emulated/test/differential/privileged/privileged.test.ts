/**
 * The whole hart against qemu-system-riscv64 on random items in every privilege (layout.ts tells how): a million
 * instructions here, more with `npm run difftest -- --privileged`. A failure prints the seed and the item.
 */
import { afterAll, describe, expect, it } from '@jest/globals';
import { compareItems } from './compare.js';
import { directedItems } from './directed.js';
import { randomItems } from './generate.js';
import { buildImage } from './image.js';
import { findPrivilegedOracle, needsOracle, runOurSystem } from './run.js';

const SEEDS = [1, 2];
const PER_SEED = 1200;

const oracle = findPrivilegedOracle();
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

  it('a run in slices of 97 instructions', () => {
    expect(compareItems(randomItems(77, 150), oracle!, 97).report).toBe('');
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
      const sliced = runOurSystem(image, slice);
      expect(sliced.ended).toBe('stopped');
      expect(sliced.records).toEqual(whole.records);
    }
  });
});
