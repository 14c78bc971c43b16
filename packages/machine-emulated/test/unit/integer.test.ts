/** Integer instructions: edges that random operands rarely meet, and extensions that the compared QEMU lacks. */
import { describe, expect, it } from '@jest/globals';
import { TrapKind } from '@veridian-os/hal';
import type { Mnemonic } from '../../src/testing.js';
import { makeGuest } from '../helpers/guest.js';

const M64 = (1n << 64n) - 1n;
const MIN64 = 1n << 63n;
const MIN32 = 0xffffffff80000000n;

/** Runs one register-register instruction. */
function binary(name: Mnemonic, a: bigint, b: bigint): bigint {
  const guest = makeGuest();
  guest.load((asm) => asm.r(name, 10, 11, 12).op('ecall'));
  guest.setX(11, a);
  guest.setX(12, b);
  expect(guest.run().kind).toBe(TrapKind.Syscall);
  return guest.x(10);
}

describe('division edges', () => {
  it.each<[Mnemonic, bigint, bigint, bigint]>([
    ['div', 7n, 0n, M64],
    ['divu', 7n, 0n, M64],
    ['rem', 7n, 0n, 7n],
    ['remu', 7n, 0n, 7n],
    ['div', MIN64, M64, MIN64],
    ['rem', MIN64, M64, 0n],
    ['divw', 7n, 0n, M64],
    ['divuw', 7n, 0n, M64],
    ['remw', 0x80000000n, 0n, MIN32],
    ['remuw', 0x80000000n, 0n, MIN32],
    ['divw', 0x80000000n, 0xffffffffn, MIN32],
    ['remw', 0x80000000n, 0xffffffffn, 0n],
    ['div', M64 - 6n, 2n, M64 - 2n],
    ['rem', M64 - 6n, 2n, M64],
  ])('%s %i %i', (name, a, b, result) => expect(binary(name, a, b)).toBe(result));
});

describe('high products', () => {
  it.each<[Mnemonic, bigint, bigint, bigint]>([
    ['mulhu', M64, M64, M64 - 1n],
    ['mulh', M64, M64, 0n],
    ['mulh', MIN64, MIN64, 1n << 62n],
    ['mulhsu', M64, M64, M64],
    ['mulhsu', MIN64, M64, MIN64],
  ])('%s %i %i', (name, a, b, result) => expect(binary(name, a, b)).toBe(result));
});

describe('Zicond', () => {
  it.each<[Mnemonic, bigint, bigint, bigint]>([
    ['czero.eqz', 5n, 0n, 0n],
    ['czero.eqz', 5n, 1n << 40n, 5n],
    ['czero.nez', 5n, 0n, 5n],
    ['czero.nez', 5n, 1n << 40n, 0n],
  ])('%s %i %i', (name, a, b, result) => expect(binary(name, a, b)).toBe(result));
});

it('ctzw of a word of zeroes is 32 whatever the upper half holds', () => {
  const guest = makeGuest();
  guest.load((a) => a.op('ctzw', { rd: 10, rs1: 11 }).op('clzw', { rd: 12, rs1: 11 }).op('ecall'));
  guest.setX(11, 1n << 51n);
  guest.run();
  expect(guest.x(10)).toBe(32n);
  expect(guest.x(12)).toBe(32n);
});

it('x0 stays zero as the target of loads, jumps, AMOs, CSRs and conversions', () => {
  const guest = makeGuest();
  guest.load((a) => {
    a.li(8, 0x200000)
      .i('ld', 0, 8, 0)
      .op('amoadd.d', { rd: 0, rs1: 8, rs2: 8 })
      .op('csrrs', { rd: 0, rs1: 0, csr: 0xc00 });
    a.op('fcvt.l.d', { rd: 0, rs1: 1, rm: 1 }).op('lr.d', { rd: 0, rs1: 8 }).op('sc.d', { rd: 0, rs1: 8, rs2: 8 });
    a.op('feq.d', { rd: 0, rs1: 1, rs2: 1 }).r('mul', 0, 8, 8).i('addi', 10, 0, 0).op('ecall');
  });
  guest.data.setBigUint64(0, M64, true);
  guest.setF(1, 0x4008000000000000n);
  guest.setX(10, 99n);
  expect(guest.run().kind).toBe(TrapKind.Syscall);
  expect(guest.x(0)).toBe(0n);
  expect(guest.x(10)).toBe(0n);
});
