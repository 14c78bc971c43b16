/**
 * Tables of every format, walked by a CPU that is not ours. Hundreds of mappings each; `walks.long.ts` has thousands.
 * MEMORY_SEED=n changes the mappings.
 */
import { describe, expect, it } from '@jest/globals';
import { needs } from '../../../../tools/require-tool.js';
import { BOARDS } from './boards.js';
import { checkTranslations } from './translate.js';
import { checkWalks } from './walks.js';

const SEED = Number(process.env.MEMORY_SEED ?? 1);
const MAPPINGS = 300;

for (const board of BOARDS) {
  const describeWithQemu = needs(board.executable) ? describe : describe.skip;
  describeWithQemu(`${board.format.name} in ${board.executable}`, () => {
    it(`walks ${MAPPINGS} mappings as they were made, seed ${SEED}`, () => {
      const { large, accesses, faults } = checkWalks(board, SEED, MAPPINGS);
      expect(large).toBeGreaterThan(MAPPINGS / 10);
      expect(faults).toBeGreaterThan(MAPPINGS / 2);
      expect(accesses - faults).toBeGreaterThan(MAPPINGS / 2);
    }, 60_000);

    it(`translates to any frame, seed ${SEED}`, async () => {
      expect(await checkTranslations(board, SEED, MAPPINGS)).toBeGreaterThan(MAPPINGS);
    }, 60_000);
  });
}
