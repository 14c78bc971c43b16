/** Zbc, Zfa, Zacas, Zicbom and Zicboz, by the specification's own words; differential tests need a QEMU that has them. */
import { describe, expect, it } from '@jest/globals';
import { Access, FaultKind, TrapKind } from '@veridian-os/hal';
import type { Mnemonic } from '../../src/testing.js';
import { Rng } from '../differential/rng.js';
import { DATA_AT, makeGuest } from '../helpers/guest.js';

const M64 = (1n << 64n) - 1n;
const NV = 16;
const NX = 1;
const view = new DataView(new ArrayBuffer(8));

function double(value: number): bigint {
  view.setFloat64(0, value);
  return view.getBigUint64(0);
}

function single(value: number): bigint {
  view.setFloat32(0, value);
  return 0xffff_ffff_0000_0000n | BigInt(view.getUint32(0));
}

describe('Zbc', () => {
  function product(a: bigint, b: bigint): bigint {
    let sum = 0n;
    for (let i = 0n; i < 64n; i++) if ((b >> i) & 1n) sum ^= a << i;
    return sum;
  }

  it.each<[Mnemonic, bigint]>([
    ['clmul', 0n],
    ['clmulr', 63n],
    ['clmulh', 64n],
  ])('%s is a part of the product of polynomials', (name, shift) => {
    const guest = makeGuest();
    guest.load((a) => a.r(name, 10, 11, 12).op('ecall'));
    const rng = new Rng(9);
    const pairs = Array.from({ length: 100 }, () => [rng.integer(), rng.integer()]);
    for (const [a, b] of [...pairs, [M64, M64]]) {
      guest.setPc(0x1_0000);
      guest.setX(11, a);
      guest.setX(12, b);
      guest.run();
      expect(guest.x(10)).toBe((product(a, b) >> shift) & M64);
    }
  });
});

describe('Zfa', () => {
  const values = [
    ...[-1, 0, 2 ** -16, 2 ** -15, 2 ** -8, 2 ** -7, 0.0625, 0.125, 0.25, 0.3125, 0.375, 0.4375, 0.5, 0.625],
    ...[0.75, 0.875, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4, 8, 16, 128, 256, 32768, 65536, Infinity, NaN],
  ];

  it('fli loads the 32 constants of the table', () => {
    const guest = makeGuest();
    values.forEach((value, i) => {
      guest.load((a) => a.op('fli.s', { rd: 1, imm: i }).op('fli.d', { rd: 2, imm: i }).op('ecall'));
      guest.run();
      // Entry 1 is the format's smallest positive normal number.
      expect(guest.f(1)).toBe(i === 1 ? 0xffff_ffff_0080_0000n : single(value));
      expect(guest.f(2)).toBe(i === 1 ? 0x0010_0000_0000_0000n : double(value));
    });
  });

  it.each<[string, number | bigint, bigint, number]>([
    ['a fraction', 3.75, 3n, NX],
    ['a negative fraction', -3.75, -3n, NX],
    ['the lowest word', -(2 ** 31), -(2n ** 31n), 0],
    ['just below the lowest word', -(2 ** 31) - 0.5, -(2n ** 31n), NX],
    ['2^31', 2 ** 31, -(2n ** 31n), NV],
    ['2^32 + 5', 2 ** 32 + 5, 5n, NV],
    ['-(2^32 + 5)', -(2 ** 32 + 5), -5n, NV],
    ['2^32 + 5.5: NV alone', 2 ** 32 + 5.5, 5n, NV],
    ['2^52 + 2^31', 2 ** 52 + 2 ** 31, -(2n ** 31n), NV],
    ['2^63 + 2^11', 2 ** 63 + 2 ** 11, 2048n, NV],
    ['2^83 + 2^31', 2 ** 83 + 2 ** 31, -(2n ** 31n), NV],
    ['2^90', 2 ** 90, 0n, NV],
    ['2^300', 2 ** 300, 0n, NV],
    ['infinity', Infinity, 0n, NV],
    ['a quiet NaN', NaN, 0n, NV],
    ['zero', -0, 0n, 0],
  ])('fcvtmod.w.d of %s', (_, value, result, flags) => {
    const guest = makeGuest();
    guest.load((a) => a.op('fcvtmod.w.d', { rd: 10, rs1: 1 }).op('ecall'));
    guest.setF(1, double(Number(value)));
    guest.run();
    expect([BigInt.asIntN(64, guest.x(10)), guest.fcsr()]).toEqual([result, flags]);
  });

  it.each<[Mnemonic, number, number, number]>([
    ['fround.d', 2.5, 2, 0],
    ['froundnx.d', 2.5, 2, NX],
    ['froundnx.d', 2, 2, 0],
    ['froundnx.d', -0.25, -0, NX],
    ['fround.d', 2 ** 60 + 256, 2 ** 60 + 256, 0],
  ])('%s of %d', (name, value, result, flags) => {
    const guest = makeGuest();
    guest.load((a) => a.op(name, { rd: 2, rs1: 1, rm: 0 }).op('ecall'));
    guest.setF(1, double(value));
    guest.run();
    expect([guest.f(2), guest.fcsr()]).toEqual([double(result), flags]);
  });

  const quiet = 0x7ff8_0000_0000_0001n;
  const signalling = 0x7ff0_0000_0000_0001n;
  it.each<[Mnemonic, bigint, bigint, number]>([
    ['fminm.d', quiet, 0x7ff8_0000_0000_0000n, 0],
    ['fmaxm.d', signalling, 0x7ff8_0000_0000_0000n, NV],
    ['fminm.d', double(-0), double(-0), 0],
    ['fmaxm.d', double(-0), double(0), 0],
    ['fltq.d', quiet, 0n, 0],
    ['fleq.d', signalling, 0n, NV],
    ['fleq.d', double(-0), 1n, 0],
  ])('%s with a NaN or a zero', (name, operand, result, flags) => {
    const guest = makeGuest();
    guest.load((a) => a.op(name, { rd: 10, rs1: 1, rs2: 2 }).op('ecall'));
    guest.setF(1, operand);
    guest.setF(2, double(0));
    guest.run();
    expect([name.endsWith('q.d') ? guest.x(10) : guest.f(10), guest.fcsr()]).toEqual([result, flags]);
  });
});

describe('Zacas', () => {
  function quad(expected: readonly bigint[], operands: { rd: number; rs2: number }) {
    const guest = makeGuest();
    guest.load((a) => a.op('amocas.q', { ...operands, rs1: 10 }).op('ecall'));
    guest.data.setBigUint64(16, 111n, true);
    guest.data.setBigUint64(24, 222n, true);
    [BigInt(DATA_AT + 16), 1n, ...expected, 5n, 6n].forEach((value, i) => guest.setX(10 + i, value));
    guest.setX(1, 77n);
    const trap = guest.run();
    const memory = [guest.data.getBigUint64(16, true), guest.data.getBigUint64(24, true)];
    return { trap, guest, memory };
  }

  it('amocas.q stores when both halves are as expected, and loads the old ones', () => {
    const { guest, memory } = quad([111n, 222n], { rd: 12, rs2: 14 });
    expect([...memory, guest.x(12), guest.x(13)]).toEqual([5n, 6n, 111n, 222n]);
  });

  it.each([
    ['low', 110n, 222n],
    ['high', 111n, 223n],
  ])('amocas.q stores nothing when the %s half differs', (_, low, high) => {
    const { guest, memory } = quad([low, high], { rd: 12, rs2: 14 });
    expect([...memory, guest.x(12), guest.x(13)]).toEqual([111n, 222n, 111n, 222n]);
  });

  it('the pair of x0 is zero as a source and is not written as a target', () => {
    const { guest, memory } = quad([111n, 222n], { rd: 12, rs2: 0 });
    expect(memory).toEqual([0n, 0n]);
    expect(guest.x(1)).toBe(77n);
    const to = quad([], { rd: 0, rs2: 14 });
    expect([...to.memory, to.guest.x(0), to.guest.x(1)]).toEqual([111n, 222n, 0n, 77n]);
  });

  it.each<[Mnemonic, number]>([
    ['amocas.w', 2],
    ['amocas.d', 4],
    ['amocas.q', 8],
  ])('%s at a misaligned address is an alignment fault', (name, off) => {
    const guest = makeGuest();
    guest.load((a) => a.op(name, { rd: 12, rs1: 10, rs2: 14 }));
    guest.setX(10, BigInt(DATA_AT + off));
    const trap = guest.run();
    expect([trap.kind, trap.fault, trap.addressLo]).toEqual([TrapKind.Fault, FaultKind.Alignment, DATA_AT + off]);
  });

  it('amocas.w compares words only, and extends the old one', () => {
    const guest = makeGuest();
    guest.load((a) => a.op('amocas.w', { rd: 12, rs1: 10, rs2: 14 }).op('ecall'));
    guest.data.setUint32(8, 0x8000_0001, true);
    guest.data.setUint32(12, 7, true);
    [BigInt(DATA_AT + 8), 0n, 0x1234_8000_0001n, 0n, 0x5555_0000_0009n].forEach((v, i) => guest.setX(10 + i, v));
    guest.run();
    expect([guest.data.getUint32(8, true), guest.data.getUint32(12, true)]).toEqual([9, 7]);
    expect(guest.x(12)).toBe(0xffff_ffff_8000_0001n);
  });
});

describe('Zicbom and Zicboz', () => {
  function operate(name: Mnemonic, address: number) {
    const guest = makeGuest();
    guest.load((a) => a.op(name, { rs1: 10 }).op('ecall'));
    for (let i = 0; i < 256; i++) guest.data.setUint8(i, 0xaa);
    guest.setX(10, BigInt(address));
    return { guest, trap: guest.run() };
  }

  it('cbo.zero clears the 64 bytes around any address', () => {
    const { guest, trap } = operate('cbo.zero', DATA_AT + 64 + 37);
    expect(trap.kind).toBe(TrapKind.Syscall);
    const bytes = Array.from({ length: 256 }, (_, i) => guest.data.getUint8(i));
    expect(bytes).toEqual(bytes.map((_, i) => (i >= 64 && i < 128 ? 0 : 0xaa)));
  });

  it.each<Mnemonic>(['cbo.clean', 'cbo.flush'])('%s changes nothing', (name) => {
    const { guest, trap } = operate(name, DATA_AT + 100);
    expect([trap.kind, guest.data.getUint8(100)]).toEqual([TrapKind.Syscall, 0xaa]);
  });

  it.each<[Mnemonic, number, boolean]>([
    ['cbo.clean', 0x1_0000, true], // readable only
    ['cbo.zero', 0x1_0000, false],
    ['cbo.clean', 0x40_0025, false], // not mapped
    ['cbo.zero', 0x40_0025, false],
  ])('%s at 0x%x needs what the specification says, and reports rs1', (name, address, allowed) => {
    const { trap } = operate(name, address);
    if (allowed) return expect(trap.kind).toBe(TrapKind.Syscall);
    expect([trap.kind, trap.addressLo]).toEqual([TrapKind.Fault, address]);
    expect([trap.fault, trap.access]).toEqual([FaultKind.Page, Access.Write]);
  });
});

it('pause does nothing', () => {
  const guest = makeGuest();
  guest.load((a) => a.op('pause').op('ecall'));
  expect(guest.run().consumed).toBe(2);
});
