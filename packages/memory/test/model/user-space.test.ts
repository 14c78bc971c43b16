import { describe, it } from '@jest/globals';
import { checkHistories } from '@veridian-os/memory/testing';
import { createManager } from '../create-manager.js';

/** MEMORY_RUNS extends the search, MEMORY_SEED repeats one. */
const runs = Number(process.env.MEMORY_RUNS ?? 300);
const seed = process.env.MEMORY_SEED === undefined ? {} : { seed: Number(process.env.MEMORY_SEED) };

describe('address spaces against the naive model', () => {
  it.each([1, 4, 512])('agree after every command of any history, %i pages of fresh memory at a time', (zeroAhead) => {
    checkHistories((machine, swap) => createManager(machine, zeroAhead, swap), { numRuns: runs, ...seed });
  });
});
