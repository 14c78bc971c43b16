/**
 * Every operation of the instruction table in a loop over operands, with and without translation: the loop is
 * translated after
 * its first turn, so nearly all results come from there.
 */
import { describe, expect, it } from '@jest/globals';
import { TrapKind } from '@veridian-os/hal';
import type { Instruction, Assembler } from '../../src/testing.js';
import { INSTRUCTIONS, REG } from '../../src/testing.js';
import type { Guest } from '../helpers/guest.js';
import { DATA_AT, makeGuest } from '../helpers/guest.js';

const { s0, s1, t0, a0, a1, a2, a3 } = REG;
const COUNT = 150;
/** Bytes of a row: three operands and both results. */
const ROW = 40;
const BOX = 0xffffffff00000000n;
const SKIPPED = ['ecall', 'ebreak', 'mret', 'sret', 'wfi', 'sfence.vma', 'amocas.q', 'jalr'];

const operations = [...INSTRUCTIONS.values()].filter(
  ({ name, format, extension }) =>
    !SKIPPED.includes(name) &&
    extension !== 'Svinval' &&
    !/^(load|fload|S|FS|B|J|jalr|lr|amo|cbo|csr|csri|fence)/.test(format),
);

function bitsOf(value: number): bigint {
  return new BigUint64Array(new Float64Array([value]).buffer)[0];
}

function singleBits(value: number): bigint {
  return BOX | BigInt(new Uint32Array(new Float32Array([value]).buffer)[0]);
}

/** Numbers of every kind: small, equal, opposite, far apart, extreme. Deterministic. */
function operand(seed: number, isSingle: boolean): bigint {
  const special = [0, -0, 1, -1, 1.5, Infinity, NaN, 2 ** -1030, 2 ** 1023, 3, 2 ** 53, 1 + 2 ** -52, 0.1, 2 ** -126];
  const mixed = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
  const moderate = ((mixed % 20011) - 10000) / ((mixed >>> 20) % 7 === 0 ? 1 : 3 ** ((mixed >>> 9) % 5));
  const value = mixed % 5 === 0 ? special[(mixed >>> 8) % special.length] : moderate;
  if (mixed % 11 === 3) return BigInt(mixed) * 0x100000001b3n;
  return isSingle ? singleBits(value) : bitsOf(value);
}

function integer(seed: number): bigint {
  const mixed = Math.imul(seed + 1, 0x85ebca6b) >>> 0;
  const small = [0n, 1n, -1n, -0x8000000000000000n, 0x7fffffffffffffffn, -0x80000000n, 0x7fffffffn, 63n, 2n];
  if (mixed % 3 === 0) return BigInt.asUintN(64, small[(mixed >>> 7) % small.length]);
  return BigInt.asUintN(
    64,
    BigInt(mixed | 0) * BigInt((mixed % 9) * 0x10001 + 1) * (mixed % 2 === 0 ? 0x1234567n : 1n),
  );
}

function program(a: Assembler, { name, format }: Instruction, rm: number): void {
  const shamt = /w$|w\./.test(name) ? 13 : 41;
  a.li(s0, DATA_AT).li(s1, COUNT).label('loop');
  a.i('ld', a1, s0, 0).i('ld', a2, s0, 8);
  for (const [k, f] of [1, 2, 3].entries()) a.op('fld', { rd: f, rs1: s0, imm: k * 8 });
  a.i('addi', a0, 0, -7).op('fmv.d.x', { rd: 4, rs1: a0 });
  const imm = format === 'U' ? 0x54321 : format === 'I' ? -1234 : shamt;
  // Register numbers name both files: a0 = f10 and so on; operands are put into both.
  a.op('fsgnj.d', { rd: a1, rs1: 1, rs2: 1 }).op('fsgnj.d', { rd: a2, rs1: 2, rs2: 2 });
  a.op('fsgnj.d', { rd: a3, rs1: 3, rs2: 3 }).op('fsgnj.d', { rd: a0, rs1: 4, rs2: 4 });
  a.op(name, { rd: a0, rs1: a1, rs2: a2, rs3: a3, imm, rm });
  a.s('sd', a0, s0, 24).op('fsd', { rs2: a0, rs1: s0, imm: 32 });
  a.i('addi', s0, s0, ROW).i('addi', s1, s1, -1).to('bne', 'loop', { rs1: s1, rs2: 0 });
  a.op('csrrs', { rd: t0, rs1: 0, csr: 3 }).op('ecall');
}

function run(
  instruction: Instruction,
  rm: number,
  translated: boolean,
  fcsr: number,
): { guest: Guest; results: string } {
  const guest = makeGuest({
    translation: translated ? { threshold: 0, interval: 5 } : false,
    memoryBytes: 8 * 2 ** 20,
  });
  const isSingle = /\.s(\.|$)|^fcvt\.d\.s/.test(instruction.name);
  const isFloat = instruction.name.startsWith('f');
  for (let i = 0; i < COUNT; i++) {
    for (let k = 0; k < 3; k++) {
      const seed = i * 3 + k;
      guest.data.setBigUint64(i * ROW + k * 8, isFloat ? operand(seed, isSingle) : integer(seed), true);
    }
  }
  guest.load((a) => program(a, instruction, rm));
  guest.setFcsr(fcsr);
  const trap = guest.run();
  const results = Array.from(new BigUint64Array(guest.data.buffer, guest.data.byteOffset, (COUNT * ROW) / 8));
  const state = `${trap.kind === TrapKind.Syscall} ${trap.consumed} ${guest.fcsr()} ${guest.pc()}`;
  return { guest, results: [state, ...results.map((value) => value.toString(16))].join('\n') };
}

describe('operations over operands', () => {
  it.each(operations.map((instruction) => [instruction.name, instruction] as const))('%s', (name, instruction) => {
    for (const fcsr of name.startsWith('f') ? [0, 1] : [0]) {
      const rm = /^fcvt\.[wl]u?\./.test(name) ? 1 : 7;
      const plain = run(instruction, rm, false, fcsr);
      const translated = run(instruction, rm, true, fcsr);
      expect(translated.results).toBe(plain.results);
      if (!plain.results.startsWith('true')) throw new Error(`the program did not end: ${plain.results.slice(0, 40)}`);
      expect(translated.guest.machine.translation?.entered).toBeGreaterThan(0);
    }
  });
});
