/** Floating point, where the native and the integer implementation meet: both must say the same, flags included. */
import { describe, expect, it } from '@jest/globals';
import type { Mnemonic } from '../../src/testing.js';
import { INSTRUCTIONS } from '../../src/testing.js';
import type { Guest } from '../helpers/guest.js';
import { makeGuest } from '../helpers/guest.js';
import { Rng } from '../differential/rng.js';

const NX = 1;
const RMM = 4;
const view = new DataView(new ArrayBuffer(8));

function bits(value: number): bigint {
  view.setFloat64(0, value);
  return view.getBigUint64(0);
}

/** One instruction on f1, f2, f3 (or x11) in every rounding mode field. */
class Bench {
  private readonly guest: Guest = makeGuest();
  private loaded = '';

  run(name: Mnemonic, rm: number, a: bigint, b: bigint, c: bigint, fcsr: number): { result: bigint; flags: number } {
    const key = `${name} ${rm}`;
    if (this.loaded !== key) {
      this.guest.load((asm) => asm.op(name, { rd: 10, rs1: 11, rs2: 12, rs3: 13, rm }).op('ecall'));
      this.loaded = key;
    } else {
      this.guest.setPc(0x1_0000);
    }
    const { guest } = this;
    guest.setF(11, a);
    guest.setX(11, a);
    guest.setF(12, b);
    guest.setF(13, c);
    guest.setFcsr(fcsr);
    guest.run();
    const toInteger = ['Fx', 'Fxrm', 'FRx'].includes(INSTRUCTIONS.get(name)!.format);
    return { result: toInteger ? guest.x(10) : guest.f(10), flags: guest.fcsr() & 31 };
  }
}

const ROUNDED = [...INSTRUCTIONS.values()].filter((i) => i.format.endsWith('rm'));

describe('the native path and the integer path agree', () => {
  // With frm = RMM, static RNE takes the integer path; with frm = RNE and NX set, the native one where it can.
  it.each(ROUNDED.map((i) => i.name))('%s', (name) => {
    const bench = new Bench();
    const rng = new Rng(name.length * 7919 + name.charCodeAt(1));
    const wrong: string[] = [];
    for (let i = 0; i < 400; i++) {
      const [a, b, c] = [rng.floatRegister(), rng.floatRegister(), rng.floatRegister()];
      const exact = bench.run(name, 0, a, b, c, RMM << 5);
      const sticky = bench.run(name, 0, a, b, c, NX);
      const clean = bench.run(name, 0, a, b, c, 0);
      const agree =
        sticky.result === exact.result &&
        sticky.flags === (exact.flags | NX) &&
        clean.result === exact.result &&
        clean.flags === exact.flags;
      if (!agree) wrong.push(`${a.toString(16)} ${b.toString(16)} ${c.toString(16)}`);
    }
    expect(wrong).toEqual([]);
  });
});

describe('against the host', () => {
  const operations: [Mnemonic, (a: number, b: number) => number][] = [
    ['fadd.d', (a, b) => a + b],
    ['fsub.d', (a, b) => a - b],
    ['fmul.d', (a, b) => a * b],
    ['fdiv.d', (a, b) => a / b],
    ['fsqrt.d', (a) => Math.sqrt(a)],
  ];
  it.each(operations)('%s to nearest', (name, operation) => {
    const bench = new Bench();
    const rng = new Rng(42);
    for (let i = 0; i < 500; i++) {
      const [a, b] = [rng.double(), rng.double()];
      view.setBigUint64(0, a);
      const x = view.getFloat64(0);
      view.setBigUint64(0, b);
      const expected = operation(x, view.getFloat64(0));
      const { result } = bench.run(name, 0, a, b, 0n, RMM << 5);
      expect(result).toBe(Number.isNaN(expected) ? 0x7ff8000000000000n : bits(expected));
    }
  });
});

describe('known results', () => {
  const one = bits(1);
  const tiny = 1n;
  it.each<[string, Mnemonic, number, bigint, bigint, bigint, number]>([
    ['1 / 3 down', 'fdiv.d', 2, one, bits(3), 0x3fd5555555555555n, 1],
    ['1 / 3 up', 'fdiv.d', 3, one, bits(3), 0x3fd5555555555556n, 1],
    ['1 / 0', 'fdiv.d', 0, one, 0n, bits(Infinity), 8],
    ['0 / 0', 'fdiv.d', 0, 0n, 0n, 0x7ff8000000000000n, 16],
    ['sqrt -1', 'fsqrt.d', 0, bits(-1), 0n, 0x7ff8000000000000n, 16],
    ['largest x largest, toward zero', 'fmul.d', 1, 0x7fefffffffffffffn, 0x7fefffffffffffffn, 0x7fefffffffffffffn, 5],
    ['largest x largest, to nearest', 'fmul.d', 0, 0x7fefffffffffffffn, 0x7fefffffffffffffn, bits(Infinity), 5],
    ['smallest x 1/2, up', 'fmul.d', 3, tiny, bits(0.5), 1n, 3],
    ['smallest x 1/2, to nearest even', 'fmul.d', 0, tiny, bits(0.5), 0n, 3],
    ['smallest x 1/2, to nearest away', 'fmul.d', 4, tiny, bits(0.5), 1n, 3],
    [
      'the lowest product bit alone is sticky',
      'fmul.d',
      3,
      0x3ff0000000100000n,
      0x3ff0000000200000n,
      0x3ff0000000300001n,
      1,
    ],
    ['1 - 1 down', 'fsub.d', 2, one, one, 1n << 63n, 0],
    ['signalling NaN + 1', 'fadd.d', 0, 0x7ff0000000000001n, one, 0x7ff8000000000000n, 16],
    ['a single that is not boxed', 'fadd.s', 0, one, one, 0xffffffff7fc00000n, 0],
    ['fmin -0 +0', 'fmin.d', 0, 1n << 63n, 0n, 1n << 63n, 0],
    ['fmax -0 +0', 'fmax.d', 0, 1n << 63n, 0n, 0n, 0],
    ['fmin of a signalling NaN', 'fmin.d', 0, 0x7ff0000000000001n, one, one, 16],
    ['flt with a quiet NaN', 'flt.d', 0, 0x7ff8000000000000n, one, 0n, 16],
    ['feq with a quiet NaN', 'feq.d', 0, 0x7ff8000000000000n, one, 0n, 0],
    ['fcvt.w.d of 2^31', 'fcvt.w.d', 1, bits(2 ** 31), 0n, 0x7fffffffn, 16],
    ['fcvt.wu.d of -1', 'fcvt.wu.d', 1, bits(-1), 0n, 0n, 16],
    ['fcvt.wu.d of 2^32', 'fcvt.wu.d', 1, bits(2 ** 32), 0n, 0xffffffffffffffffn, 16],
    ['fcvt.w.d of -2147483648.5 toward zero', 'fcvt.w.d', 1, bits(-2147483648.5), 0n, 0xffffffff80000000n, 1],
    ['fcvt.l.d of NaN', 'fcvt.l.d', 1, 0x7ff8000000000000n, 0n, 0x7fffffffffffffffn, 16],
    ['fcvt.lu.d of -0.5 to nearest', 'fcvt.lu.d', 0, bits(-0.5), 0n, 0n, 1],
    ['fcvt.l.d of 2^51 + 1/2 up', 'fcvt.l.d', 3, 0x4320000000000001n, 0n, (1n << 51n) + 1n, 1],
    ['fcvt.l.d of 2^52 + 1', 'fcvt.l.d', 3, 0x4330000000000001n, 0n, (1n << 52n) + 1n, 0],
    ['fclass of -0', 'fclass.d', 0, 1n << 63n, 0n, 8n, 0],
    ['fclass of a subnormal', 'fclass.d', 0, 1n, 0n, 32n, 0],
  ])('%s', (_, name, rm, a, b, result, flags) => {
    expect(new Bench().run(name, rm, a, b, 0n, 0)).toEqual({ result, flags });
  });

  it('infinity x 0 + quiet NaN raises NV', () => {
    const out = new Bench().run('fmadd.d', 0, bits(Infinity), 0n, 0x7ff8000000000000n, 0);
    expect(out).toEqual({ result: 0x7ff8000000000000n, flags: 16 });
  });

  it('tininess is detected after rounding', () => {
    // (1 + 2^-52) x (2^-1022 - 2^-1074) lies just below the smallest normal but rounds to it at full precision.
    const out = new Bench().run('fmul.d', 0, 0x3ff0000000000001n, 0x000fffffffffffffn, 0n, 0);
    expect(out.result).toBe(0x0010000000000000n);
    expect(out.flags).toBe(NX);
  });
});
