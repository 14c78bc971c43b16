/**
 * Thousands of generated mappings of every format, walked by a CPU that is not ours.
 * MEMORY_SEED=n changes the mappings, MEMORY_MAPPINGS=n their number.
 */
import { describe, expect, it } from '@jest/globals';
import { needs } from '../../../../tools/require-tool.js';
import { BOARDS } from './boards.js';
import { checkTranslations } from './translate.js';
import { checkWalks } from './walks.js';

const SEED = Number(process.env.MEMORY_SEED ?? 1000);
const MAPPINGS = Number(process.env.MEMORY_MAPPINGS ?? 1000);
const RUNS = 1;

for (const board of BOARDS) {
  const describeWithQemu = needs(board.executable) ? describe : describe.skip;
  describeWithQemu(`${board.format.name} in ${board.executable}`, () => {
    for (let seed = SEED; seed < SEED + RUNS; seed++) {
      it(`walks ${MAPPINGS} mappings as they were made, seed ${seed}`, () => {
        expect(checkWalks(board, seed, MAPPINGS).mappings).toBeGreaterThanOrEqual(MAPPINGS);
      }, 120_000);

      it(`translates to any frame, seed ${seed}`, async () => {
        expect(await checkTranslations(board, seed, MAPPINGS)).toBeGreaterThan(MAPPINGS);
      }, 120_000);
    }
  });
}
