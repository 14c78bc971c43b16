/** Every 16-bit encoding: what the C extension reserves is illegal, and hints do nothing but take their turn. */
import { describe, expect, it } from '@jest/globals';
import { FaultKind, TrapKind } from '@veridian-os/hal';
import { CODE_AT, DATA_AT, makeGuest } from '../helpers/guest.js';

type Class = 'reserved' | 'hint' | 'instruction';

/** Source: unprivileged specification, "C", tables of the three quadrants for RV64 with D. */
function classOf(half: number): Class {
  const f3 = half >> 13;
  const rd = (half >> 7) & 31;
  const rs2 = (half >> 2) & 31;
  const upper = (half >> 12) & 1;
  const isZero = upper === 0 && rs2 === 0;
  switch ((half & 3) * 8 + f3) {
    case 0: // c.addi4spn
      return (half & 0x1fe0) === 0 ? 'reserved' : 'instruction';
    case 4:
      return 'reserved';
    case 8: // c.nop, c.addi
      return (rd === 0) === isZero ? 'instruction' : 'hint';
    case 9: // c.addiw
      return rd === 0 ? 'reserved' : 'instruction';
    case 10: // c.li
      return rd === 0 ? 'hint' : 'instruction';
    case 11: // c.lui, c.addi16sp
      return isZero ? 'reserved' : rd === 0 ? 'hint' : 'instruction';
    case 12: // c.srli, c.srai, c.andi, and arithmetic, of which two word forms are not there
      if ((rd & 0x18) < 0x10) return isZero ? 'hint' : 'instruction';
      return (rd & 0x18) === 0x18 && upper === 1 && rs2 >= 16 ? 'reserved' : 'instruction';
    case 16: // c.slli
      return rd === 0 || isZero ? 'hint' : 'instruction';
    case 18: // c.lwsp
    case 19: // c.ldsp
      return rd === 0 ? 'reserved' : 'instruction';
    case 20: // c.jr, c.mv, c.ebreak, c.jalr, c.add
      if (rs2 !== 0) return rd === 0 ? 'hint' : 'instruction';
      return rd === 0 && upper === 0 ? 'reserved' : 'instruction';
    default:
      return 'instruction';
  }
}

const HALVES = Array.from({ length: 0x10000 }, (_, half) => half).filter((half) => (half & 3) !== 3);

describe('compressed encodings', () => {
  const guest = makeGuest();
  guest.load((a) => HALVES.forEach((half) => a.half(half)));
  const REGISTER = BigInt(DATA_AT + 0x8000);

  /** What one step from the encoding does: one that does nothing has changed no register and gone to the next. */
  function observe(index: number): Class | 'nothing' {
    guest.setPc(CODE_AT + 2 * index);
    for (let i = 1; i < 32; i++) guest.setX(i, REGISTER);
    const { kind, fault, consumed } = guest.run(1);
    if (kind === TrapKind.Fault && fault === FaultKind.Illegal) return consumed === 0 ? 'reserved' : 'instruction';
    if (kind !== TrapKind.Budget || guest.pc() !== BigInt(CODE_AT + 2 * index + 2)) return 'instruction';
    for (let i = 1; i < 32; i++) if (guest.x(i) !== REGISTER) return 'instruction';
    return 'nothing';
  }

  it('that are reserved are illegal, hints do nothing, and the rest is legal', () => {
    const wrong: string[] = [];
    const counts = { reserved: 0, hint: 0, instruction: 0 };
    HALVES.forEach((half, index) => {
      const expected = classOf(half);
      const found = observe(index);
      counts[expected]++;
      const isRight = expected === 'hint' ? found === 'nothing' : (found === 'reserved') === (expected === 'reserved');
      if (!isRight) wrong.push(`${half.toString(16)}: expected ${expected}, got ${found}`);
    });
    expect(wrong).toEqual([]);
    expect(counts).toEqual({ reserved: 2409, hint: 394, instruction: 46_349 });
  });

  it('the value of a reserved one is the encoding', () => {
    guest.setPc(CODE_AT + 2 * HALVES.indexOf(0x8002));
    const { kind, addressLo, addressHi } = guest.run(1);
    expect([kind, addressLo, addressHi]).toEqual([TrapKind.Fault, 0x8002, 0]);
  });
});
