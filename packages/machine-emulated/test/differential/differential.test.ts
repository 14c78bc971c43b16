/**
 * The machine against qemu-riscv64 on random programs: at least 100,000 instructions here, more with
 * `npm run difftest`. A failure prints the seed and the smallest item list that still differs.
 */
import { afterAll, describe, expect, it } from '@jest/globals';
import { needs } from '../../../../tools/require-tool.js';
import { compare } from './compare.js';
import { RECORD_BYTES, buildImage, randomProgram } from './program.js';
import { runOurs } from './run-ours.js';
import { findOracle } from './run-qemu.js';

const SEEDS = [1, 2, 3, 4, 5, 6];
const PER_SEED = 20_000;
const PRIME_SLICE = 97;

const oracleLacks = [...findOracle().lacks];
if (oracleLacks.length > 0) {
  process.stderr.write(`not compared with QEMU: ${oracleLacks.join(', ')}: node tools/fetch-programs.mjs --dynamic\n`);
}
const describeWithQemu = needs('qemu-riscv64') ? describe : describe.skip;

describeWithQemu('random programs, ours and qemu-riscv64', () => {
  let compared = 0;
  const oracle = findOracle();
  const program = (seed: number, count = PER_SEED) => randomProgram(seed, count, oracle.lacks);

  it.each(SEEDS)('seed %i', (seed) => {
    const { instructions, report } = compare(program(seed), { oracle });
    expect(report).toBe('');
    compared += instructions;
  });

  it('a run in slices of 97 instructions', () => {
    expect(compare(program(77, 5000), { oracle, slice: PRIME_SLICE }).report).toBe('');
  });

  it('a program that is translated at once, when all of it is', () => {
    const translated = { translation: { threshold: 0, interval: 1 }, rounds: 3 };
    expect(compare(program(79, 2000), { oracle, ...translated }).report).toBe('');
  });

  it('a program on the build for several CPUs, on a worker', () => {
    expect(compare(program(78), { oracle, cpus: 2 }).report).toBe('');
  });

  afterAll(() => {
    if (compared < 100_000) throw new Error(`compared only ${compared} instructions`);
  });
});

describe('random programs, ours alone', () => {
  it('retire the same count and leave the same records whatever the budget slices', () => {
    const image = buildImage(randomProgram(11, 3000));
    const whole = runOurs(image);
    for (const slice of [1, 2, 61]) {
      const sliced = runOurs(image, { slice });
      expect(sliced.ended).toBe('exit 0');
      expect(sliced.instructions).toBe(whole.instructions);
      expect(Buffer.compare(sliced.output, whole.output)).toBe(0);
    }
    expect(whole.output.length % RECORD_BYTES).toBe(0);
  });
});
