/**
 * Regions that control goes between: they become one, and that one checks again where its pages are, and what is in them,
 * whenever either may have changed.
 */
import { describe, expect, it } from '@jest/globals';
import type { Asid } from '@veridian-os/abi';
import { TrapKind } from '@veridian-os/hal';
import type { Guest } from '../helpers/guest.js';
import { CODE_AT, CODE_PA, USER, makeGuest } from '../helpers/guest.js';
import { PTE, REG } from '../../src/testing.js';

const { ra, s0, a0 } = REG;
const READ_EXECUTE = USER | PTE.R | PTE.X;
/** Pages between the functions: a region found at once has three pages at most. */
const APART = 5 * 4096;
const FUNCTIONS = 4;
/** A page with the last function's other body. */
const OTHER = 40 * 4096;
const LAST = FUNCTIONS * APART;
/** Where the loop and its functions are mapped a second time. */
const AGAIN = CODE_AT + 0x8_0000;
const TURNS = 3000;

/** Adds `value` to a0. */
function loadFunction(guest: Guest, at: number, value: number): void {
  guest.load((a) => a.i('addi', a0, a0, value).op('jalr', { rd: 0, rs1: ra, imm: 0 }), at);
}

/** A loop that calls function k, which adds k, for k from 1. */
function load(guest: Guest): void {
  for (let k = 1; k <= FUNCTIONS; k++) loadFunction(guest, CODE_AT + k * APART, k);
  loadFunction(guest, CODE_AT + OTHER, 1000 + FUNCTIONS);
  guest.load((a) => {
    a.label('loop');
    for (let k = 1; k <= FUNCTIONS; k++) a.op('jal', { rd: ra, imm: CODE_AT + k * APART - a.here });
    a.i('addi', s0, s0, -1).to('bne', 'loop', { rs1: s0, rs2: 0 }).op('ecall');
  });
}

interface Seen {
  readonly sums: readonly string[];
  readonly counts: readonly number[];
  /** Entries into regions, by run. */
  readonly entered: readonly number[];
}

/** Runs the loop several times; `between` changes something before the last two runs, and says where they start. */
function observe(translated: boolean, between: (guest: Guest) => number): Seen {
  const guest = makeGuest({ translation: translated ? { threshold: 0, interval: 3 } : false });
  load(guest);
  const sums: string[] = [];
  const counts: number[] = [];
  const entered: number[] = [];
  let before = 0;
  let start = CODE_AT;
  for (let run = 0; run < 4; run++) {
    if (run === 2) start = between(guest);
    guest.setX(s0, BigInt(TURNS));
    guest.setX(a0, 0n);
    guest.setPc(start);
    const trap = guest.run();
    expect(trap.kind).toBe(TrapKind.Syscall);
    sums.push(guest.x(a0).toString());
    counts.push(trap.consumed);
    const now = guest.machine.translation?.entered ?? 0;
    entered.push(now - before);
    before = now;
  }
  guest.machine.dispose();
  return { sums, counts, entered };
}

const PLAIN = (TURNS * FUNCTIONS * (FUNCTIONS + 1)) / 2;
const CHANGED = PLAIN + 1000 * TURNS;

/** Another page at the last function's address. */
function remap({ tables, machine }: Guest): number {
  tables.map(CODE_AT + LAST, CODE_PA + OTHER, 1, READ_EXECUTE);
  machine.mmu.flushAddressSpace(1 as Asid);
  return CODE_AT;
}

/** Other bytes in the same page. */
function rewrite(guest: Guest): number {
  loadFunction(guest, CODE_AT + LAST, 1000 + FUNCTIONS);
  return CODE_AT;
}

/** The same pages at other addresses, all but the last. */
function alias({ tables }: Guest): number {
  tables.map(AGAIN, CODE_PA, LAST / 4096, READ_EXECUTE);
  tables.map(AGAIN + LAST, CODE_PA + OTHER, 1, READ_EXECUTE);
  return AGAIN;
}

describe('regions that control goes between', () => {
  it('become one', () => {
    const { sums, counts, entered } = observe(true, () => CODE_AT);
    const plain = observe(false, () => CODE_AT);
    expect(sums).toEqual(Array.from({ length: 4 }, () => String(PLAIN)));
    expect(counts).toEqual(plain.counts);
    // At first the last functions are other regions, twice a turn.
    expect(entered[3]).toBeLessThan(TURNS / 10);
  });

  it.each([
    ['another page', remap],
    ['other code', rewrite],
    ['another neighbour', alias],
  ])('find %s where one of them was', (_, between) => {
    const seen = observe(true, between);
    expect(seen.sums).toEqual([PLAIN, PLAIN, CHANGED, CHANGED].map(String));
    expect(seen.counts).toEqual(observe(false, between).counts);
  });
});
