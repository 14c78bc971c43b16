/** Operands that do not fit, and known-good bytes for hosts without objdump. */
import { describe, expect, it, test } from '@jest/globals';
import { aarch64 as arm, assemble, riscv64 as rv, x86_64 as x86, type Code } from '@veridian-os/assembler';

const hex = (code: Code): string => Buffer.from(assemble(code)).toString('hex');

/** As GNU as 2.40 assembles them. */
test.each<[text: string, code: () => Code, bytes: string]>([
  ['addi a0,a1,-1', () => rv.addi(rv.A0, rv.A1, -1), '1385f5ff'],
  ['sd ra,8(sp)', () => rv.sd(rv.RA, rv.SP, 8), '23341100'],
  ['beq a0,a1,-8', () => rv.beq(rv.A0, rv.A1, -8), 'e30cb5fe'],
  ['jal ra,2048', () => rv.jal(rv.RA, 2048), 'ef001000'],
  ['csrrw t0,mscratch,t0', () => rv.csrrw(rv.T0, rv.CSR.mscratch, rv.T0), 'f3920234'],
  ['amoadd.d a0,a1,(a2)', () => rv.amoaddD(rv.A0, rv.A1, rv.A2), '2f35b600'],
  ['lr.w.aq a0,(a1)', () => rv.lrW(rv.A0, rv.A1, 'aq'), '2fa50514'],
  ['mret', () => rv.mret(), '73002030'],
  ['fadd.d ft0,ft1,ft2', () => rv.faddD(0, 1, 2), '53f02002'],
  ['mov rax,rbx', () => x86.mov(x86.RAX, x86.RBX), '4889d8'],
  ['mov r8,[r13]', () => x86.mov(x86.R8, x86.mem64(x86.R13)), '4d8b4500'],
  ['mov [rsp+8],eax', () => x86.mov(x86.mem32(x86.RSP, 8), x86.EAX), '89442408'],
  ['movabs rax,-1', () => x86.movabs(x86.RAX, -1), '48b8ffffffffffffffff'],
  ['iretq', () => x86.iretq(), '48cf'],
  ['mov cr3,rax', () => x86.movToControl(3, x86.RAX), '0f22d8'],
  ['mov cr8,rax', () => x86.movToControl(8, x86.RAX), '440f22c0'],
  ['xsave64 [rdi]', () => x86.xsave64(x86.mem(x86.RDI)), '480fae27'],
  ['invlpg [rax]', () => x86.invlpg(x86.mem(x86.RAX)), '0f0138'],
  ['vmovdqu ymm9,[r9]', () => x86.vmovdqu(x86.ymm(9), x86.mem(x86.R9)), 'c4417e6f09'],
  ['mov sil,dil', () => x86.mov(x86.r8(6), x86.r8(7)), '4088fe'],
  ['add x0,x1,#4095', () => arm.add(arm.X0, arm.X1, 4095), '20fc3f91'],
  ['and x0,x1,#0xff00ff00ff00ff00', () => arm.and(arm.X0, arm.X1, 0xff00ff00ff00ff00n), '209c0892'],
  ['ldr x0,[sp,#16]', () => arm.ldr(arm.X0, arm.mem(arm.SP, 16)), 'e00b40f9'],
  ['stp q0,q1,[x2,#-32]!', () => arm.stp(arm.q(0), arm.q(1), arm.pre(arm.X2, -32)), '4004bfad'],
  ['tbnz x0,#63,-4', () => arm.tbnz(arm.X0, 63, -4), 'e0ffffb7'],
  ['msr vbar_el1,x0', () => arm.msr('vbar_el1', arm.X0), '00c018d5'],
  ['msr daifset,#2', () => arm.msrImmediate('daifset', 2), 'df4203d5'],
  ['tlbi vmalle1is', () => arm.tlbi('vmalle1is'), '1f8308d5'],
  ['dsb ish', () => arm.dsb('ish'), '9f3b03d5'],
  ['eret', () => arm.eret(), 'e0039fd6'],
  ['ldadd x0,x1,[x2]', () => arm.ldadd(arm.X0, arm.X1, arm.X2), '410020f8'],
])('%s', (_text, code, bytes) => {
  expect(hex(code())).toBe(bytes);
});

describe('operands that do not fit are RangeErrors', () => {
  test.each<[message: RegExp, code: () => unknown]>([
    [/immediate: .* got 2048/, () => rv.addi(1, 1, 2048)],
    [/rd: .* got 32/, () => rv.add(32, 0, 0)],
    [/rs1: .* got -1/, () => rv.ld(1, -1, 0)],
    [/offset: expected a multiple of 2, got 3/, () => rv.j(3)],
    [/amount: .* got 64/, () => rv.slli(1, 1, 64)],
    [/csr: .* got 4096/, () => rv.csrr(1, 4096)],
    [/operand size, got 64 and 32/, () => x86.mov(x86.RAX, x86.EBX)],
    [/operand size, got none/, () => x86.mov(x86.mem(x86.RAX), 1)],
    [/at most one in memory/, () => x86.mov(x86.mem64(x86.RAX), x86.mem64(x86.RBX))],
    [/index: .* got rsp/, () => x86.mem64(x86.RAX, 0, { index: x86.RSP })],
    [/immediate: .* got 4294967295/, () => x86.add(x86.RAX, 0xffffffff)],
    [/expected a number or cl/, () => x86.shl(x86.RAX, x86.DL)],
    [/register: expected al, ax or eax/, () => x86.inPort(x86.RAX)],
    [/offset: .* got 128/, () => x86.jmpShort(130)],
    [/rd: expected a register other than sp/, () => arm.orr(arm.SP, arm.X0, arm.X1)],
    [/base: .* zero register/, () => arm.ldr(arm.X0, arm.mem(arm.XZR))],
    [/expected one size, got 64 and 32/, () => arm.add(arm.X0, arm.X1, arm.W2)],
    [/offset: expected a multiple of 8, got 4/, () => arm.ldr(arm.X0, arm.mem(arm.X1, 4))],
    [/offset: expected at least 0/, () => arm.ldr(arm.X0, arm.mem(arm.X1, -8))],
    [/run of ones, got 0x0/, () => arm.and(arm.X0, arm.X1, 0)],
    [/run of ones, got 0xf0f1/, () => arm.and(arm.X0, arm.X1, 0xf0f1)],
    [/immediate: .* got 65536/, () => arm.movz(arm.X0, 65536)],
  ])('%s', (message, code) => {
    expect(code).toThrow(RangeError);
    expect(code).toThrow(message);
  });
});

describe('constants of any size', () => {
  const VALUES = [0n, 1n, -1n, 2047n, -2048n, 2048n, 0x7ffff7ffn, 0x7fffffffn, 0x80000000n, -0x80000000n, 0xffffffffn];
  const LARGE = [
    2n ** 63n - 1n,
    -(2n ** 63n),
    0x123456789abcdef0n,
    0xfffff800n << 20n,
    0x8000_0000_0000_0800n,
    2n ** 40n - 1n,
  ];
  const all = [...VALUES, ...LARGE, ...Array.from({ length: 64 }, (_, bit) => 1n << BigInt(bit))];

  it('li gives what it was asked for', () => {
    for (const value of all) {
      let register = 0n;
      for (const word of rv.li(5, value)) {
        const immediate = BigInt(word >> 20);
        const opcode = word & 0x7f;
        if (opcode === 0x37) register = BigInt((word & ~0xfff) | 0);
        else if (opcode === 0x1b) register = BigInt.asIntN(32, register + immediate);
        else if (((word >> 12) & 7) === 1) register = BigInt.asIntN(64, register << (immediate & 63n));
        else register = BigInt.asIntN(64, (((word >> 15) & 31) === 0 ? 0n : register) + immediate);
      }
      expect(register).toBe(BigInt.asIntN(64, value));
    }
  });

  it('movConstant gives what it was asked for, in four instructions at most', () => {
    for (const value of all) {
      const words = arm.movConstant(arm.X0, value);
      expect(words.length).toBeLessThanOrEqual(4);
      let register = 0n;
      for (const word of words) {
        const shift = BigInt((word >>> 21) & 3) * 16n;
        const part = BigInt((word >>> 5) & 0xffff) << shift;
        const opc = (word >>> 29) & 3;
        if (opc === 0) register = BigInt.asUintN(64, ~part);
        else if (opc === 2) register = part;
        else register = (register & ~(0xffffn << shift)) | part;
      }
      expect(register).toBe(BigInt.asUintN(64, value));
    }
  });
});
