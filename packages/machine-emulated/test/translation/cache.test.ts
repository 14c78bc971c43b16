/** The bound of translated code: it holds, what is hot stays, and what went comes back right. */
import { describe, expect, it } from '@jest/globals';
import type { TranslationStatistics } from '../../src/index.js';
import type { Assembler } from '../../src/testing.js';
import { REG } from '../../src/testing.js';
import type { Guest } from '../helpers/guest.js';
import { CODE_AT, makeGuest } from '../helpers/guest.js';

const { a0, t0, t1 } = REG;
const MAX_BYTES = 65536;
const PAGE = 4096;
/** Cold loops, each on a page of its own: several times what the cache holds. */
const COLD = 60;
const BODY = 150;
const TURNS = 5;

/** A loop of `length` operations, then a system call. */
function loop(a: Assembler, length: number, turns: number, seed: number): void {
  a.li(a0, seed).li(t0, turns).li(t1, 3).label('loop');
  for (let i = 0; i < length; i++) a.r(i % 3 === seed % 3 ? 'add' : 'xor', a0, a0, t1).i('addi', t1, t1, (i % 7) + 1);
  a.i('addi', t0, t0, -1).to('bne', 'loop', { rs1: t0, rs2: 0 }).op('ecall');
}

function makeCache(maxBytes: number): { guest: Guest; call: (page: number) => bigint } {
  const guest = makeGuest({ translation: { threshold: 0, interval: 1, maxBytes }, codePages: 128 });
  guest.load((a) => loop(a, 8, 200, 1));
  for (let k = 1; k <= COLD; k++) guest.load((a) => loop(a, BODY, TURNS, k), CODE_AT + k * PAGE);
  const call = (page: number): bigint => {
    guest.setPc(CODE_AT + page * PAGE);
    guest.run();
    return guest.x(a0);
  };
  return { guest, call };
}

const statistics = (guest: Guest): TranslationStatistics => guest.machine.translation!;

describe('the cache of translated code', () => {
  it('stays within its bound, and what is hot is translated once', () => {
    const { guest, call } = makeCache(MAX_BYTES);
    const hot = 0;
    for (let i = 0; i < 5; i++) call(hot);
    for (let k = 1; k <= COLD; k++) {
      for (let i = 0; i < 3; i++) call(k);
      expect(statistics(guest).wasmBytes).toBeLessThanOrEqual(MAX_BYTES);
      const before = statistics(guest);
      call(hot);
      const after = statistics(guest);
      expect([k, after.translated, after.dropped]).toEqual([k, before.translated, before.dropped]);
      expect(after.entered).toBeGreaterThan(before.entered);
    }
    const { dropped, regions, wasmBytes } = statistics(guest);
    expect(dropped).toBeGreaterThan(COLD / 2);
    // Not everything went at once.
    expect([regions > 5, wasmBytes > MAX_BYTES / 2]).toEqual([true, true]);
  });

  it('translates again what went', () => {
    const { guest, call } = makeCache(MAX_BYTES);
    const first = Array.from({ length: COLD }, (_, k) => call(k + 1));
    const { translated } = statistics(guest);
    const second = Array.from({ length: COLD }, (_, k) => call(k + 1));
    expect(second).toEqual(first);
    expect(statistics(guest).translated).toBeGreaterThan(translated + COLD / 2);
  });
});
