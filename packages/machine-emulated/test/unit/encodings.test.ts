/** Every encoding is either an instruction of the table or illegal, in user mode. */
import { describe, expect, it } from '@jest/globals';
import { FaultKind, TrapKind } from '@veridian-os/hal';
import type { Instruction } from '../../src/testing.js';
import { INSTRUCTIONS } from '../../src/testing.js';
import { DATA_AT, makeGuest } from '../helpers/guest.js';
import { fixedBits } from '../differential/privileged/fixed-bits.js';
import { Rng } from '../differential/rng.js';

const ROUNDING = 0x7000;
const PRIVILEGED = ['mret', 'sret', 'wfi', 'sfence.vma', 'sinval.vma', 'sfence.w.inval', 'sfence.inval.ir'];
function matches(word: number, instruction: Instruction): boolean {
  const { name, format, bits } = instruction;
  const mask = fixedBits(instruction);
  if ((word & mask) !== (bits & mask)) return false;
  if (format.endsWith('rm')) return (word & ROUNDING) >>> 12 !== 5 && (word & ROUNDING) >>> 12 !== 6;
  if (name === 'amocas.q') return (word & 0x0010_0080) === 0; // odd registers are reserved
  return true;
}

const USER = [...INSTRUCTIONS.values()].filter(
  ({ name, extension }) => !PRIVILEGED.includes(name) && extension !== 'Zicsr' && name !== 'cbo.inval',
);
const OPCODES = [0x03, 0x07, 0x0f, 0x13, 0x1b, 0x23, 0x27, 0x2f, 0x33, 0x3b, 0x43, 0x53, 0x63, 0x67, 0x73];
const CSR_INSTRUCTION = 0x3000;

describe('random 32-bit encodings', () => {
  const guest = makeGuest();
  const isIllegal = (word: number): boolean => {
    guest.load((a) => a.word(word));
    for (let i = 1; i < 32; i++) guest.setX(i, BigInt(DATA_AT + 4096));
    guest.setFcsr(0);
    const trap = guest.run(1);
    return trap.kind === TrapKind.Fault && trap.fault === FaultKind.Illegal;
  };
  const check = (words: readonly number[]): string[] =>
    words
      .filter((word) => isIllegal(word) === USER.some((instruction) => matches(word, instruction)))
      .map((word) => (word >>> 0).toString(16));

  it('of every opcode', () => {
    const rng = new Rng(5);
    const words = Array.from({ length: 4000 }, () => (rng.bits() & ~0x7f) | (rng.below(32) << 2) | 3);
    expect(check(words.filter((word) => (word & 0x7f) !== 0x73))).toEqual([]);
  });

  it.each(OPCODES.map((opcode) => [opcode.toString(16), opcode] as const))('near opcode 0x%s', (_, opcode) => {
    const rng = new Rng(opcode);
    const near = USER.filter(({ bits }) => (bits & 0x7f) === opcode);
    // An instruction with one bit of its fixed part turned, or two.
    const words = Array.from({ length: 1500 }, () => {
      const { bits } = rng.pick(near);
      const turned = bits ^ (1 << rng.between(7, 31)) ^ (rng.below(2) << rng.between(7, 31));
      return turned | (rng.below(2) === 0 ? 0 : (rng.below(32) << 7) | (rng.below(32) << 15));
    });
    expect(check(words.filter((word) => opcode !== 0x73 || (word & CSR_INSTRUCTION) === 0))).toEqual([]);
  });

  it('cbo.inval, which Linux does not let user mode do, and what supervisors do', () => {
    const bits = (name: string): number => [...INSTRUCTIONS.values()].find((i) => i.name === name)!.bits;
    for (const name of [...PRIVILEGED, 'cbo.inval']) expect([name, isIllegal(bits(name))]).toEqual([name, true]);
  });
});
