/**
 * Every C guest through `run()`: exit status or signal, and standard output, must be what Linux gives
 * (programs/guests/expected, recorded where qemu-riscv64 and the host's own Linux agree).
 */
import { describe, it } from '@jest/globals';
import { GUEST_LIMIT_MS, checkGuest } from './run-cases.js';
import { guestRuns, guestsBuilt } from './support.js';

const describeGuests = guestsBuilt() ? describe : describe.skip;
const runs = guestRuns();
const LIMIT_MS = GUEST_LIMIT_MS + 10_000;

describeGuests('guests', () => {
  it.each(runs.filter(({ missing }) => missing === undefined))('$name', (guest) => checkGuest(guest), LIMIT_MS);
});

describeGuests('guests that need what is not there yet', () => {
  // Each fails; the day one passes, its `missing` in guests.json has to go.
  const missing = runs.filter((guest) => guest.missing !== undefined);
  it.failing.each(missing)('$name: $missing', (guest) => checkGuest(guest), LIMIT_MS);
});
