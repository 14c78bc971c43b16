/**
 * Loads and stores near each other, which regions look up together: random ones around the ends of pages of every kind, in
 * straight code and behind branches, must do what the interpreter does, down to the trap.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Assembler } from '../../src/testing.js';
import { PTE, REG } from '../../src/testing.js';
import type { Guest } from '../helpers/guest.js';
import { CODE_AT, CODE_PA, DATA_AT, DATA_PA, USER, makeGuest } from '../helpers/guest.js';

const { s0, s1, t1, a0 } = REG;
const FAR = 0x10_0400;
const ROUNDS = 12;
const LOADS = ['lb', 'lhu', 'lw', 'ld', 'lbu', 'fld'] as const;
const STORES = ['sb', 'sh', 'sw', 'sd', 'fsd'] as const;

interface Step {
  readonly kind: 'load' | 'store' | 'move' | 'skip';
  readonly which: number;
  readonly base: number;
  readonly offset: number;
  readonly target: number;
}

/** Data pages that follow each other: writable twice (apart in memory), read only, writable, and none. */
function pages(guest: Guest): void {
  const rw = USER | PTE.R | PTE.W;
  [rw, rw, USER | PTE.R, rw].forEach((flags, i) => {
    guest.tables.map(DATA_AT + i * 4096, DATA_PA + (7 - 2 * i) * 4096, 1, flags);
  });
  guest.tables.map(DATA_AT + 4 * 4096, DATA_PA, 1, 0);
}

const BASES = [8, 28, 18, 19];
const TARGETS = [11, 12, 13, 14];

function build(a: Assembler, steps: readonly Step[], bases: readonly number[]): void {
  a.li(s1, ROUNDS).label('loop');
  // The bases come nearer round by round, so that most rounds end before one traps.
  BASES.forEach((r, i) => {
    a.li(r, DATA_AT + bases[i]).i('slli', t1, s1, 3 + i);
    a.r('sub', r, r, t1);
  });
  steps.forEach(({ kind, which, base, offset, target }, i) => {
    const from = BASES[base];
    const rd = TARGETS[target];
    if (kind === 'load') a.op(LOADS[which], { rd, rs1: from, imm: offset });
    else if (kind === 'store') a.op(STORES[which % STORES.length], { rs2: rd, rs1: from, imm: offset });
    else if (kind === 'move') a.i('addi', from, from, offset);
    else
      a.to(which % 2 === 0 ? 'beq' : 'blt', `s${i}`, { rs1: rd, rs2: s1 })
        .i('addi', rd, rd, 3)
        .label(`s${i}`);
  });
  a.i('addi', s1, s1, -1).to('bne', 'loop', { rs1: s1, rs2: 0 }).op('ecall');
}

function run(steps: readonly Step[], bases: readonly number[], translated: boolean): string {
  const guest = makeGuest({
    translation: translated ? { threshold: 0, interval: 3 } : false,
    memoryBytes: 8 * 2 ** 20,
  });
  pages(guest);
  guest.load((a) => build(a, steps, bases));
  const trap = guest.run();
  const registers = Array.from({ length: 32 }, (_, r) => `${guest.x(r).toString(16)} ${guest.f(r).toString(16)}`);
  const bytes = new Uint8Array(guest.data.buffer, guest.data.byteOffset, 8 * 4096);
  const sum = bytes.reduce((all, byte, i) => (all + byte * (i + 1)) % 1000003, 0);
  guest.machine.dispose();
  return [JSON.stringify(trap), guest.pc().toString(16), sum, ...registers].join('\n');
}

const step = fc.record<Step>({
  kind: fc.constantFrom('load', 'load', 'store', 'store', 'move', 'skip'),
  which: fc.nat(LOADS.length - 1),
  base: fc.nat(BASES.length - 1),
  offset: fc.oneof(
    fc.integer({ min: -6, max: 6 }).map((n) => n * 8),
    fc.integer({ min: -40, max: 40 }),
  ),
  target: fc.nat(TARGETS.length - 1),
});
/** Near the beginning of a page, mostly aligned. */
const base = fc
  .tuple(fc.nat(4), fc.integer({ min: -5, max: 5 }), fc.constantFrom(0, 0, 0, 4, 2, 1))
  .map(([page, words, rest]) => Math.max(800, page * 4096 + words * 8 + rest));

const load = { kind: 'load', which: 0, base: 0, offset: 0, target: 0 } as const;
/** Shrunk counterexamples: without the check of a span's end, and without that of the write table. */
const FOUND: [Step[], [number, number, number, number]][] = [
  [
    [{ ...load, kind: 'store', base: 1, offset: 16 }, { ...load, base: 1 }, load, load],
    [800, 8192, 800, 800],
  ],
  [
    [{ ...load, base: 1 }, { ...load, kind: 'store', base: 1, offset: -8 }, load, load],
    [800, 8224, 800, 800],
  ],
];

describe('accesses near each other', () => {
  it('do what the interpreter does', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 2, maxLength: 24 }), fc.tuple(base, base, base, base), (steps, bases) => {
        expect(run(steps, bases, true)).toBe(run(steps, bases, false));
      }),
      { numRuns: 80, examples: FOUND },
    );
  });
});

describe('a region', () => {
  it('is left for code farther away than its exits can say', () => {
    const count = (translated: boolean): [bigint, number] => {
      const guest = makeGuest({ translation: translated ? { threshold: 0, interval: 3 } : false });
      guest.tables.map(CODE_AT + 0x10_0000, CODE_PA + 0x8000, 1, USER | PTE.R | PTE.X);
      guest.load((a) => a.i('addi', a0, a0, 1).op('jalr', { rd: 0, rs1: t1, imm: 0 }), CODE_AT + 0x8400);
      guest.load((a) => {
        a.li(s0, 50).label('loop');
        a.op('jal', { rd: t1, imm: CODE_AT + FAR - a.here });
        a.i('addi', s0, s0, -1).to('bne', 'loop', { rs1: s0, rs2: 0 }).op('ecall');
      }, CODE_AT + 0x800);
      const { consumed } = guest.run();
      return [guest.x(a0), consumed];
    };
    expect(count(true)).toEqual(count(false));
    expect(count(true)[0]).toBe(50n);
  });
});
