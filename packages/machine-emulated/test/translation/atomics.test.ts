/** LR, SC, AMOs and AMOCAS in a translated loop: registers, memory and traps as the interpreter leaves them. */
import { describe, expect, it } from '@jest/globals';
import type { Assembler, Mnemonic } from '../../src/testing.js';
import { INSTRUCTIONS, REG } from '../../src/testing.js';
import { DATA_AT, makeGuest } from '../helpers/guest.js';

const { s0, s1, a0, a1, a2, a3, a4 } = REG;
const COUNT = 60;
/** Bytes of a row: what memory holds, the operand, what rd holds; memory; results. */
const ROW = 64;
const VALUES = [0n, 1n, -1n, 0x7fffffffn, -0x80000000n, 0x123456789abcdefn, -0x8000000000000000n, 0xffffffffn];

type Body = (a: Assembler) => void;

function rows(view: DataView): void {
  for (let i = 0; i < COUNT; i++) {
    for (let k = 0; k < 3; k++) {
      const value = VALUES[(i * (k + 3) + (i >> 3) * k) % VALUES.length];
      view.setBigUint64(i * ROW + k * 8, BigInt.asUintN(64, value), true);
    }
  }
}

function outcome(body: Body, translated: boolean): string {
  const guest = makeGuest({ translation: translated ? { threshold: 0, interval: 3 } : false });
  rows(guest.data);
  guest.load((a) => {
    a.li(s0, DATA_AT).li(s1, COUNT).label('loop');
    a.i('ld', a1, s0, 0).i('ld', a2, s0, 8).i('ld', a0, s0, 16).s('sd', a1, s0, 24).i('addi', a3, s0, 24);
    body(a);
    a.s('sd', a0, s0, 40).i('addi', s0, s0, ROW).i('addi', s1, s1, -1).to('bne', 'loop', { rs1: s1, rs2: 0 });
    a.op('ecall');
  });
  const trap = JSON.stringify(guest.run());
  if (translated) expect(guest.machine.translation!.entered).toBeGreaterThan(0);
  const words = Array.from({ length: (COUNT * ROW) / 8 }, (_, i) => guest.data.getBigUint64(i * 8, true).toString(16));
  const registers = Array.from({ length: 32 }, (_, r) => guest.x(r).toString(16));
  guest.machine.dispose();
  return [trap, ...registers, ...words].join('\n');
}

function expectSame(body: Body): void {
  expect(outcome(body, true)).toBe(outcome(body, false));
}

const AMOS = ([...INSTRUCTIONS.keys()] as Mnemonic[]).filter((name) => /^amo\w+\.[wd]$/.test(name));

describe('atomics in regions', () => {
  it('are all here', () => expect(AMOS).toHaveLength(20));

  it.each(AMOS)('%s', (name) => {
    expectSame((a) => a.op(name, { rd: a0, rs1: a3, rs2: a2 }));
    expectSame((a) => a.op(name, { rd: 0, rs1: a3, rs2: a2 }));
    expectSame((a) => a.op(name, { rd: a2, rs1: a3, rs2: a2 }).op(name, { rd: a3, rs1: a3, rs2: a3 }));
  });

  it.each<Mnemonic>(['amoadd.w', 'amocas.d', 'lr.w', 'sc.d'])('%s at a misaligned address', (name) => {
    expectSame((a) => {
      a.i('sltiu', a4, s1, 2).i('slli', a4, a4, 1).r('add', a3, a3, a4); // in the last row
      a.op(name, { rd: a0, rs1: a3, rs2: name === 'lr.w' ? 0 : a2 });
    });
  });

  describe.each(['w', 'd'] as const)('lr.%s and sc', (width) => {
    const pair = (rd: number): Body => {
      return (a) => a.op(`lr.${width}`, { rd, rs1: a3, rs2: 0 }).op(`sc.${width}`, { rd: a4, rs1: a3, rs2: a2 });
    };
    const after = (body: Body): Body => {
      return (a) => {
        body(a);
        a.i('addi', a0, a4, 0).op(`sc.${width}`, { rd: a4, rs1: a3, rs2: a1 }).s('sd', a4, s0, 48);
      };
    };

    it('store once', () => {
      expectSame(after(pair(a0)));
      expectSame(after(pair(0)));
    });

    it('do not store elsewhere, nor without a reservation', () => {
      expectSame((a) => {
        a.op(`lr.${width}`, { rd: a0, rs1: a3, rs2: 0 }).i('addi', a3, a3, 8);
        a.op(`sc.${width}`, { rd: a4, rs1: a3, rs2: a2 }).s('sd', a4, s0, 48);
      });
      expectSame((a) => a.op(`sc.${width}`, { rd: a0, rs1: a3, rs2: a2 }));
    });
  });
});
