import { describe, it } from '@jest/globals';
import { PAGE_TABLE_FORMATS } from '@veridian-os/memory';
import { checkTableHistories } from '@veridian-os/memory/testing';

/** Of each format. MEMORY_COMMANDS extends the search, MEMORY_SEED repeats one, MEMORY_SHRINK=1 shortens it. */
const commands = Number(process.env.MEMORY_COMMANDS ?? 1000);
const seed = Number(process.env.MEMORY_SEED ?? 1000);
const shrink = process.env.MEMORY_SHRINK === '1';

describe('page tables against a list of leaves', () => {
  it.each(Object.values(PAGE_TABLE_FORMATS))(
    `agree after each of ${commands} commands, $name, seed ${seed}`,
    (format) => {
      checkTableHistories(format, { commands, seed, shrink });
    },
    3_600_000,
  );
});
