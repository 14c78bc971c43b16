/** Ten million instructions against qemu-system-riscv64, and a read of every CSR number from every privilege. */
import { describe, expect, it } from '@jest/globals';
import { compareItems } from './compare.js';
import { directedItems } from './directed.js';
import { randomItems } from './generate.js';
import { findPrivilegedOracle, needsOracle } from './run.js';

const SEEDS = [101, 102, 103, 104, 105, 106, 107];
const PER_SEED = 3000;

const oracle = findPrivilegedOracle();
const describeWithQemu = needsOracle(oracle) ? describe : describe.skip;

describeWithQemu('many random items, ours and qemu-system-riscv64', () => {
  it.each(SEEDS)('seed %i', (seed) => {
    expect(compareItems(randomItems(seed, PER_SEED), oracle!).report).toBe('');
  });

  it('every CSR number', () => {
    expect(compareItems(directedItems(2, true), oracle!).report).toBe('');
  });
});
