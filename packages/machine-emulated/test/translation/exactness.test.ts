/**
 * Whole programs with and without translation: the same output, the same way out and the same number of instructions,
 * however
 * the budget is sliced. The programs run several times on one machine, so that later runs find everything translated.
 */
import { describe, expect, it } from '@jest/globals';
import type { TranslationOptions } from '../../src/index.js';
import { buildImage, randomProgram } from '../differential/program.js';
import type { TestProgram } from '../differential/program.js';
import type { Outcome } from '../differential/run-ours.js';
import { HostedImage, runImage } from '../differential/run-ours.js';

const AT_ONCE: TranslationOptions = { threshold: 0, interval: 1 };
const ROUNDS = 3;

/** Every round's outcome, and instructions retired by regions' entries. */
function rounds(
  image: Uint8Array,
  translation: TranslationOptions | false,
  slice?: number,
): { outcomes: Outcome[]; entered: number } {
  const hosted = new HostedImage(image, 1, translation);
  const entry = hosted.registers[64];
  const outcomes = Array.from({ length: ROUNDS }, () => {
    hosted.registers[64] = entry;
    return runImage(hosted, slice);
  });
  return { outcomes, entered: hosted.machine.translation?.entered ?? 0 };
}

/** Native arithmetic needs nearest-even and NX. */
function nativeFloat(program: TestProgram): TestProgram {
  const chunks = program.chunks.map((chunk) => ({ ...chunk, state: { ...chunk.state, fcsr: 1 } }));
  return { ...program, chunks };
}

function expectSame(image: Uint8Array, translation: TranslationOptions, slice?: number): void {
  const plain = rounds(image, false, slice);
  const translated = rounds(image, translation, slice);
  expect(translated.entered).toBeGreaterThan(0);
  translated.outcomes.forEach((outcome, i) => {
    const reference = plain.outcomes[i];
    expect(outcome.ended).toBe(reference.ended);
    expect(outcome.instructions).toBe(reference.instructions);
    const at = outcome.output.findIndex((byte, k) => byte !== reference.output[k]);
    expect([i, at]).toEqual([i, -1]);
  });
  expect(plain.outcomes[0].ended).toBe('exit 0');
}

describe('random programs with and without translation', () => {
  it.each([101, 102])('seed %i', (seed) => expectSame(buildImage(randomProgram(seed, 2500)), AT_ONCE));

  it.each([104, 105])('seed %i, native arithmetic', (seed) =>
    expectSame(buildImage(nativeFloat(randomProgram(seed, 2500))), AT_ONCE),
  );

  it.each([1, 61])('in slices of %i', (slice) =>
    expectSame(buildImage(nativeFloat(randomProgram(106, 1000))), AT_ONCE, slice),
  );

  it('with room for little translated code', () =>
    expectSame(buildImage(randomProgram(107, 2000)), { ...AT_ONCE, maxBytes: 65536 }));
});
