/**
 * Compute loops as static ELF images, from the package's own assembler, so that no cross compiler is needed and both
 * machines run the same bytes. Each program repeats its work `rounds` times and exits with 0.
 */
import { Assembler, REG, elfImage } from '@veridian-os/machine-emulated/testing';

const { ra, sp, t0, t1, t2, t3, t4, t5, s0, s1, s2, s3, a0, a1, a2, a3, a4, a5, a7 } = REG;
const BASE = 0x100000;
const DATA = 0x200000;
const DATA_BYTES = 0x400000;
const STACK_TOP = DATA + DATA_BYTES;

function image(body, rounds) {
  const a = new Assembler(BASE);
  a.li(sp, STACK_TOP).li(s0, DATA).li(s1, rounds);
  a.label('round');
  body(a);
  a.i('addi', s1, s1, -1).to('bne', 'again', { rs1: s1, rs2: 0 });
  a.li(a7, 93).li(a0, 0).op('ecall');
  a.label('again').to('jal', 'round', { rd: 0 });
  const code = a.finish();
  return elfImage(code, BASE, BASE, DATA + DATA_BYTES - BASE - code.length);
}

/** Sieve of Eratosthenes over a million bytes. */
function sieve(a) {
  const size = 1 << 20;
  a.li(t0, size).i('addi', t1, s0, 0).r('add', t2, s0, t0).li(t3, 1);
  a.label('fill').s('sb', t3, t1, 0).i('addi', t1, t1, 1).to('bne', 'fill', { rs1: t1, rs2: t2 });
  a.li(t1, 2).li(a1, 1024);
  a.label('outer').r('add', t4, s0, t1).i('lbu', t5, t4, 0).to('beq', 'next', { rs1: t5, rs2: 0 });
  a.r('mul', t4, t1, t1).r('add', t4, t4, s0);
  a.label('strike').s('sb', 0, t4, 0).r('add', t4, t4, t1).to('bltu', 'strike', { rs1: t4, rs2: t2 });
  a.label('next').i('addi', t1, t1, 1).to('bltu', 'outer', { rs1: t1, rs2: a1 });
}

/** Rotations, exclusive ors and additions on words in memory, as in a hash's message schedule. */
function mix(a) {
  a.li(t0, 100_000).i('addi', t1, s0, 0).li(a1, 0x1234567).li(a2, 0x89abcde).li(a3, 0xfedcba9);
  a.label('mix').i('lw', t2, t1, 0).i('slliw', t3, a1, 7).i('srliw', t4, a1, 25).r('or', t3, t3, t4);
  a.r('xor', t3, t3, a2).r('addw', t3, t3, t2).i('slliw', t4, a3, 18).i('srliw', t5, a3, 14).r('or', t4, t4, t5);
  a.r('xor', t4, t4, t3).r('addw', a1, a2, t4).r('and', t5, a1, a3).r('xor', a2, a3, t5).i('addiw', a3, t3, 99);
  a.s('sw', a1, t1, 0).i('addi', t1, t1, 4).i('andi', t2, t0, 1023).to('bne', 'same', { rs1: t2, rs2: 0 });
  a.i('addi', t1, s0, 0);
  a.label('same').i('addi', t0, t0, -1).to('bne', 'mix', { rs1: t0, rs2: 0 });
}

/** Builds a list of 64 Ki nodes in scattered order and walks it. */
function chase(a) {
  const nodes = 1 << 16;
  a.li(t0, nodes)
    .li(t1, 0)
    .li(t2, 40503)
    .li(t3, nodes - 1);
  a.label('build').r('add', t4, t1, t2).r('and', t4, t4, t3).i('slli', t5, t1, 4).r('add', t5, t5, s0);
  a.i('slli', a1, t4, 4).r('add', a1, a1, s0).s('sd', a1, t5, 0).s('sd', t0, t5, 8);
  a.i('addi', t1, t4, 0).i('addi', t0, t0, -1).to('bne', 'build', { rs1: t0, rs2: 0 });
  a.i('addi', t1, s0, 0)
    .li(t0, nodes * 8)
    .li(a2, 0);
  a.label('walk').i('ld', t2, t1, 8).i('ld', t1, t1, 0).r('add', a2, a2, t2);
  a.i('addi', t0, t0, -1).to('bne', 'walk', { rs1: t0, rs2: 0 });
}

/** Recursive Fibonacci of 24: calls, returns, stack. */
function calls(a) {
  a.li(a0, 24).to('jal', 'fib', { rd: ra }).to('jal', 'done', { rd: 0 });
  a.label('fib').li(t0, 2).to('blt', 'leaf', { rs1: a0, rs2: t0 });
  a.i('addi', sp, sp, -32).s('sd', ra, sp, 24).s('sd', s2, sp, 16).s('sd', s3, sp, 8).i('addi', s2, a0, 0);
  a.i('addi', a0, a0, -1).to('jal', 'fib', { rd: ra }).i('addi', s3, a0, 0).i('addi', a0, s2, -2);
  a.to('jal', 'fib', { rd: ra }).r('add', a0, a0, s3);
  a.i('ld', ra, sp, 24).i('ld', s2, sp, 16).i('ld', s3, sp, 8).i('addi', sp, sp, 32);
  a.label('leaf').i('jalr', 0, ra, 0);
  a.label('done');
}

/** 64 x 64 matrix product in doubles, with fused multiply-add as compilers emit it. */
function matmul(a) {
  const n = 64;
  const bytes = n * n * 8;
  a.li(t0, n * n * 2)
    .i('addi', t1, s0, 0)
    .li(t2, 3);
  a.label('init').op('fcvt.d.l', { rd: 0, rs1: t2 }).op('fcvt.d.l', { rd: 1, rs1: t0 });
  a.op('fdiv.d', { rd: 0, rs1: 0, rs2: 1 }).op('fsd', { rs2: 0, rs1: t1, imm: 0 });
  a.i('addi', t1, t1, 8).i('addi', t2, t2, 7).i('addi', t0, t0, -1).to('bne', 'init', { rs1: t0, rs2: 0 });
  a.li(a1, 0).li(a5, n);
  a.label('row').li(a2, 0);
  a.label('column').op('fmv.d.x', { rd: 2, rs1: 0 }).li(a3, n);
  a.i('slli', t1, a1, 9)
    .r('add', t1, t1, s0)
    .li(t3, bytes)
    .r('add', t3, t3, s0)
    .i('slli', t2, a2, 3)
    .r('add', t2, t2, t3);
  a.label('inner').op('fld', { rd: 3, rs1: t1, imm: 0 }).op('fld', { rd: 4, rs1: t2, imm: 0 });
  a.op('fmadd.d', { rd: 2, rs1: 3, rs2: 4, rs3: 2 })
    .i('addi', t1, t1, 8)
    .i('addi', t2, t2, n * 8);
  a.i('addi', a3, a3, -1).to('bne', 'inner', { rs1: a3, rs2: 0 });
  a.i('slli', t4, a1, 9)
    .i('slli', t5, a2, 3)
    .r('add', t4, t4, t5)
    .li(a4, bytes * 2)
    .r('add', t4, t4, a4)
    .r('add', t4, t4, s0);
  a.op('fsd', { rs2: 2, rs1: t4, imm: 0 });
  a.i('addi', a2, a2, 1).to('bne', 'column', { rs1: a2, rs2: a5 });
  a.i('addi', a1, a1, 1).to('bne', 'row', { rs1: a1, rs2: a5 });
}

/** Name, image maker (rounds -> ELF), rounds for about 450 million instructions. */
export const programs = [
  { name: 'sieve', build: (rounds) => image(sieve, rounds), rounds: 48 },
  { name: 'mix', build: (rounds) => image(mix, rounds), rounds: 240 },
  { name: 'pointer chase', build: (rounds) => image(chase, rounds), rounds: 140 },
  { name: 'calls', build: (rounds) => image(calls, rounds), rounds: 280 },
  { name: 'matmul f64', build: (rounds) => image(matmul, rounds), rounds: 200 },
];
