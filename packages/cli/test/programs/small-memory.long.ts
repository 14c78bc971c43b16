/** Guests once more, in a memory that is too small for most of them, with a swap area. */
import { describe, it } from '@jest/globals';
import { GUEST_LIMIT_MS, checkGuest } from './run-cases.js';
import { guestRuns, guestsBuilt } from './support.js';

const MEBIBYTE = 2 ** 20;
const LIMITS = { memory: 5 * MEBIBYTE, swap: 256 * MEBIBYTE };
/** Of the guests, those that use memory, processes and threads in ways of their own. */
const MEMORY = ['fork-memory', 'heap', 'jit', 'locked', 'memory-touch', 'mmap-anonymous', 'mmap-file', 'swap'];
const OTHERS = ['contexts', 'deaths', 'exec-big', 'fork-storm', 'futex', 'sigaltstack', 'thread-storm', 'vfork'];
const CHOSEN = new Set([...MEMORY, ...OTHERS]);

const describeGuests = guestsBuilt() ? describe : describe.skip;
const runs = guestRuns().filter(({ missing, guest }) => missing === undefined && CHOSEN.has(guest));

describeGuests('guests with little memory and a swap area', () => {
  it.each(runs)('$name', (guest) => checkGuest(guest, undefined, LIMITS), GUEST_LIMIT_MS + 10_000);
});
