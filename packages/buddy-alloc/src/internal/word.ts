/**
 * Buddies inside one 32-bit word: which aligned power-of-two runs of ones are maximal.
 *
 * A word says which of 32 neighbouring units are free. Its free blocks need no other record: a block of step s is an aligned
 * run of 2^s ones that is not half of a longer one. `cap` is the longest step that counts, 0 .. 5.
 * Cost       at most `cap` rounds of shifts, none for an empty word
 */
const { clz32 } = Math;

/** By step: where the low halves of pairs start. */
const PAIRS = Int32Array.of(0x55555555, 0x11111111, 0x01010101, 0x00010001, 0x00000001);

/** Index of the lowest one, 31 .. 0; the word is not 0. */
export function lowestOne(word: number): number {
  return 31 - clz32(word & -word);
}

/** Bit s is set when the word has a maximal block of step s. */
export function stepsIn(free: number, cap: number): number {
  if (free === 0) return 0;
  let blocks = free;
  let steps = 0;
  for (let step = 0; step < cap; step++) {
    const width = 1 << step;
    const pairs = blocks & (blocks >>> width) & PAIRS[step];
    if ((blocks & ~(pairs | (pairs << width))) !== 0) steps |= width;
    if (pairs === 0) return steps;
    blocks = pairs;
  }
  return steps | (1 << cap);
}

/** The first units of all maximal blocks of this step, as a word. */
export function blocksIn(free: number, step: number, cap: number): number {
  let blocks = free;
  for (let i = 0; i < step; i++) blocks &= (blocks >>> (1 << i)) & PAIRS[i];
  if (step === cap) return blocks;
  const width = 1 << step;
  const pairs = blocks & (blocks >>> width) & PAIRS[step];
  return blocks & ~(pairs | (pairs << width));
}

/** Step of the maximal block that contains the free unit `bit`, at least `step`, which is known to be free. */
export function stepAt(free: number, bit: number, step: number, cap: number): number {
  let found = step;
  while (found < cap) {
    const width = 2 << found;
    const block = runOf(found + 1) << (bit & -width);
    if ((free & block) !== block) return found;
    found++;
  }
  return found;
}

/** 2^step ones, step 0 .. 5. */
export function runOf(step: number): number {
  return -1 >>> (32 - (1 << step));
}
