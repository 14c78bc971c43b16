/** Reads of frm and fflags in a translated loop, between operations that need the interpreter and such that do not. */
import { describe, expect, it } from '@jest/globals';
import { REG } from '../../src/testing.js';
import { DATA_AT, makeGuest } from '../helpers/guest.js';

const { s0, s1, a0, a1 } = REG;
const FFLAGS = 1;
const FRM = 2;
const COUNT = 40;

function outcome(fcsr: number, translated: boolean): string {
  const guest = makeGuest({ translation: translated ? { threshold: 0, interval: 3 } : false });
  guest.setFcsr(fcsr);
  guest.load((a) => {
    a.li(s0, DATA_AT).li(s1, COUNT).label('loop');
    a.op('csrrs', { rd: a0, rs1: 0, csr: FRM }).op('csrrs', { rd: a1, rs1: 0, csr: FFLAGS });
    a.s('sb', a0, s0, 0).s('sb', a1, s0, 1).i('addi', s0, s0, 2);
    // Each turn something else: exact, inexact, by zero.
    a.op('fcvt.d.l', { rd: 1, rs1: s1 }).i('andi', a0, s1, 24).op('fcvt.d.l', { rd: 2, rs1: a0 });
    a.op('fdiv.d', { rd: 3, rs1: 1, rs2: 2, rm: 7 });
    a.op('csrrs', { rd: 0, rs1: 0, csr: FFLAGS });
    a.i('addi', s1, s1, -1).to('bne', 'loop', { rs1: s1, rs2: 0 }).op('ecall');
  });
  const trap = JSON.stringify(guest.run());
  if (translated) expect(guest.machine.translation!.entered).toBeGreaterThan(0);
  const bytes = Array.from({ length: 2 * COUNT }, (_, i) => guest.data.getUint8(i));
  const state = [guest.fcsr(), guest.x(a0), guest.f(3)].join(' ');
  guest.machine.dispose();
  return `${trap}\n${bytes.join(' ')}\n${state}`;
}

describe('floating-point state', () => {
  it.each([0, 1, 0x21, 0x60, 0x9f])('fcsr %i', (fcsr) => expect(outcome(fcsr, true)).toBe(outcome(fcsr, false)));

  it('is what it was', () => expect(outcome(0x60, true)).toContain('\n3 0 3 '));
});
