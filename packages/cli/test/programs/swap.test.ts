/** Guests that touch more memory than there is, with a swap area and without. */
import { describe, expect, it } from '@jest/globals';
import { run } from '@veridian-os/veridian';
import { GUEST_LIMIT_MS, checkGuest } from './run-cases.js';
import { guestBytes, guestRuns, guestsBuilt, type GuestRun } from './support.js';

const MEBIBYTE = 2 ** 20;
const LIMIT_MS = GUEST_LIMIT_MS + 10_000;

const describeGuests = guestsBuilt() ? describe : describe.skip;

function named(name: string): GuestRun {
  const found = guestRuns().find((guest) => guest.name === name);
  if (found === undefined) throw new Error(`no guest ${name}`);
  return found;
}

describeGuests('swap', () => {
  // 50 MiB of a process and up to 12 more of its child; the output does not tell how many.
  it(
    'holds ten times what the machine has',
    async () => {
      const { statistics } = await checkGuest({ ...named('swap'), args: ['50'] }, undefined, {
        memory: 5 * MEBIBYTE,
        swap: 80 * MEBIBYTE,
      });
      expect(statistics.totalFrames).toBeLessThanOrEqual((5 * MEBIBYTE) / 4096);
    },
    LIMIT_MS,
  );

  it(
    'leaves alone what is locked',
    async () => {
      await checkGuest(named('locked'), undefined, { memory: 8 * MEBIBYTE, swap: 32 * MEBIBYTE });
    },
    LIMIT_MS,
  );

  it.each([
    ['none', 0, 'no swap'],
    ['too little', 20 * MEBIBYTE, '20.0 of 20.0 MiB of swap'],
  ])(
    'with %s, who holds most is killed, and why is said',
    async (_, swap, said) => {
      const { guest } = named('swap');
      const args = ['50'];
      const limits = { memory: 8 * MEBIBYTE, ...(swap === 0 ? {} : { swap }) };
      const result = await run(guestBytes(guest, 'riscv64'), { name: guest, args, limits });
      expect([result.kind, result.status]).toEqual(['limit', 137]);
      expect(result.faults).toEqual([
        expect.stringMatching(/^swap\[\d+\]: out of memory: .* it held most: [\d.]+ MiB resident/),
      ]);
      expect(result.faults[0]).toContain(said);
    },
    LIMIT_MS,
  );
});

describeGuests('same-page merging', () => {
  const limits = { memory: 8 * MEBIBYTE };

  it(
    'makes room for what does not fit otherwise',
    async () => {
      await checkGuest(named('merge-ask'), undefined, limits);
      const { guest, args } = named('merge');
      const result = await run(guestBytes(guest, 'riscv64'), { name: guest, args, limits });
      expect([result.kind, result.status]).toEqual(['limit', 137]);
    },
    LIMIT_MS,
  );
});

describeGuests('huge pages', () => {
  it(
    'are seen by a guest that asks for them, with little memory and a swap area too',
    async () => {
      const asking = { ...named('huge'), args: ['ask'] };
      await checkGuest(asking);
      await checkGuest(named('huge'), undefined, { memory: 5 * MEBIBYTE, swap: 64 * MEBIBYTE });
    },
    LIMIT_MS,
  );
});
