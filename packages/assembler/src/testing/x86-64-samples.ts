/** Every x86-64 encoder with random operands, and its text as `objdump -M intel` prints it. */
import * as fc from 'fast-check';
import * as x86 from '../x86_64/index.js';
import type { Bits, Memory, Register } from '../x86_64/index.js';
import {
  displacement,
  immediate,
  memory,
  place,
  register,
  show,
  showImmediate,
  sized,
  table,
} from './x86-64-operands.js';
import { fixed, hex, offset, plain, samples, unsignedOf, type Samples } from './samples.js';
import { systemSamples } from './x86-64-system-samples.js';

type TwoOperands = (to: Register | Memory, from: Register | Memory | number) => Uint8Array;

const arithmetic = table<TwoOperands>(
  {
    add: x86.add,
    or: x86.or,
    adc: x86.adc,
    sbb: x86.sbb,
    and: x86.and,
    sub: x86.sub,
    xor: x86.xor,
    cmp: x86.cmp,
    mov: x86.mov,
  },
  (name, encode) =>
    sized(name, (size) =>
      fc.oneof(
        fc
          .tuple(place(size), register(size))
          .map(([to, from]) => [encode(to, from), `${name} ${show(to)},${show(from)}`] as const),
        fc
          .tuple(register(size), memory(size))
          .map(([to, from]) => [encode(to, from), `${name} ${show(to)},${show(from)}`] as const),
        fc
          .tuple(place(size), immediate(size))
          .map(([to, value]) => [encode(to, value), `${name} ${show(to)},${showImmediate(value, size)}`] as const),
      ),
    ),
);

const moves: Samples[] = [
  samples('movabs', [register(64), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })], (to, value) =>
    fixed(x86.movabs(to, value), `movabs ${show(to)},${hex(value)}`),
  ),
  ...table({ movzx: x86.movzx, movsx: x86.movsx }, (name, encode) => ({
    name,
    sample: fc
      .constantFrom<readonly [Bits, Bits]>([64, 8], [64, 16], [32, 8], [32, 16], [16, 8])
      .chain(([to, from]) =>
        fc.tuple(register(to), place(from)).map(([a, b]) => fixed(encode(a, b), `${name} ${show(a)},${show(b)}`)),
      ),
  })),
  samples('movsxd', [register(64), place(32)], (to, from) =>
    fixed(x86.movsxd(to, from), `movsxd ${show(to)},${show(from)}`),
  ),
  samples('lea', [register(64), memory(0)], (to, from) => fixed(x86.lea(to, from), `lea ${show(to)},${show(from)}`)),
  samples('lea relative', [register(64), offset(31)], (to, by) => {
    const code = x86.lea(to, x86.relative(by));
    const fromEnd = by - code.length;
    return fixed(code, `lea ${show(to)},[rip+${hex(BigInt.asUintN(64, BigInt(fromEnd)))}]`);
  }),
  samples('32-bit address', [register(32), fc.nat(3), displacement], (to, base, by) =>
    fixed(x86.mov(to, x86.mem32(x86.r32(base), by)), `mov ${show(to)},${show(x86.mem32(x86.r32(base), by))}`),
  ),
];

const exchange: Samples[] = [
  ...table<typeof x86.xadd>({ xadd: x86.xadd, cmpxchg: x86.cmpxchg }, (name, encode) =>
    sized(name, (size) =>
      fc
        .tuple(place(size), register(size))
        .map(([to, from]) => [encode(to, from), `${name} ${show(to)},${show(from)}`] as const),
    ),
  ),
  sized('xchg', (size) =>
    fc
      .tuple(memory(size), register(size))
      .map(([to, from]) => [x86.xchg(to, from), `xchg ${show(to)},${show(from)}`] as const),
  ),
  sized('lock', (size) =>
    fc
      .tuple(memory(size), register(size))
      .map(([to, from]) => [x86.lock(x86.xadd(to, from)), `lock xadd ${show(to)},${show(from)}`] as const),
  ),
  sized('test', (size) =>
    fc.oneof(
      fc
        .tuple(place(size), register(size))
        .map(([to, from]) => [x86.test(to, from), `test ${show(to)},${show(from)}`] as const),
      fc
        .tuple(place(size), immediate(size))
        .map(([to, value]) => [x86.test(to, value), `test ${show(to)},${showImmediate(value, size)}`] as const),
    ),
  ),
];

const unary = table(
  { not: x86.not, neg: x86.neg, mul: x86.mul, div: x86.div, idiv: x86.idiv, inc: x86.inc, dec: x86.dec },
  (name, encode) =>
    sized(name, (size) => place(size).map((operand) => [encode(operand), `${name} ${show(operand)}`] as const)),
);

const shifts = table({ rol: x86.rol, ror: x86.ror, shl: x86.shl, shr: x86.shr, sar: x86.sar }, (name, encode) =>
  sized(name, (size) =>
    fc.oneof(
      fc
        .tuple(place(size), unsignedOf(5))
        .map(([to, by]) => [encode(to, by), `${name} ${show(to)},${hex(by)}`] as const),
      place(size).map((to) => [encode(to, x86.CL), `${name} ${show(to)},cl`] as const),
    ),
  ),
);

const WIDE = fc.constantFrom<Bits>(16, 32, 64);

const stack: Samples[] = [
  ...table({ push: x86.push, pop: x86.pop }, (name, encode) =>
    samples(name, [place(64)], (operand) => fixed(encode(operand), `${name} ${show(operand)}`)),
  ),
  samples('push immediate', [immediate(64)], (value) => fixed(x86.push(value), `push ${showImmediate(value, 64)}`)),
  sized(
    'imul',
    (size) =>
      fc
        .tuple(register(size), place(size))
        .map(([to, from]) => [x86.imul(to, from), `imul ${show(to)},${show(from)}`] as const),
    WIDE,
  ),
];

const condition = fc.constantFrom<x86.Condition>(
  'o',
  'no',
  'b',
  'ae',
  'e',
  'ne',
  'be',
  'a',
  's',
  'ns',
  'p',
  'np',
  'l',
  'ge',
  'le',
  'g',
);

const branches: Samples[] = [
  ...table({ jmp: x86.jmp, call: x86.call }, (name, encode) =>
    samples(name, [offset(31)], (by) => ({ code: encode(by), text: (at) => `${name} ${hex(at + by)}` })),
  ),
  ...table({ jmp: x86.jmp, call: x86.call }, (name, encode) =>
    samples(`${name} indirect`, [place(64)], (target) => fixed(encode(target), `${name} ${show(target)}`)),
  ),
  samples('jmpShort', [offset(7)], (by) => ({ code: x86.jmpShort(by), text: (at) => `jmp ${hex(at + by)}` })),
  samples('jcc', [condition, offset(31)], (when, by) => ({
    code: x86.jcc(when, by),
    text: (at) => `j${when} ${hex(at + by)}`,
  })),
  samples('jccShort', [condition, offset(7)], (when, by) => ({
    code: x86.jccShort(when, by),
    text: (at) => `j${when} ${hex(at + by)}`,
  })),
  samples('setcc', [condition, place(8)], (when, to) => fixed(x86.setcc(when, to), `set${when} ${show(to)}`)),
  {
    name: 'cmovcc',
    sample: WIDE.chain((size) =>
      fc
        .tuple(condition, register(size), place(size))
        .map(([when, to, from]) => fixed(x86.cmovcc(when, to, from), `cmov${when} ${show(to)},${show(from)}`)),
    ),
  },
];

const simple: Samples[] = [
  ...table(
    {
      ...{ ret: x86.ret, nop: x86.nop, pause: x86.pause, cld: x86.cld, std: x86.std, cqo: x86.cqo, cdq: x86.cdq },
      ...{
        mfence: x86.mfence,
        lfence: x86.lfence,
        sfence: x86.sfence,
        cpuid: x86.cpuid,
        rdtsc: x86.rdtsc,
        rdtscp: x86.rdtscp,
      },
      ...{ syscall: x86.syscall, sysretq: x86.sysretq, int3: x86.int3, ud2: x86.ud2, iretq: x86.iretq, hlt: x86.hlt },
      ...{ cli: x86.cli, sti: x86.sti, clts: x86.clts, swapgs: x86.swapgs, rdmsr: x86.rdmsr, wrmsr: x86.wrmsr },
      ...{ wbinvd: x86.wbinvd, xgetbv: x86.xgetbv, xsetbv: x86.xsetbv, rdpkru: x86.rdpkru, wrpkru: x86.wrpkru },
      ...{ fninit: x86.fninit, fldz: x86.fldz, fld1: x86.fld1, vzeroupper: x86.vzeroupper },
    },
    (name, encode) => plain(name, encode()),
  ),
  plain('pushfq', x86.pushfq(), 'pushf'),
  plain('popfq', x86.popfq(), 'popf'),
  plain('retfq', x86.retfq(), 'retfq'),
  plain('fdivp', x86.fdivp(), 'fdivp st(1),st'),
  plain('repMovsb', x86.repMovsb(), 'rep movs BYTE PTR es:[rdi],BYTE PTR ds:[rsi]'),
  plain('repMovsq', x86.repMovsq(), 'rep movs QWORD PTR es:[rdi],QWORD PTR ds:[rsi]'),
  plain('repStosq', x86.repStosq(), 'rep stos QWORD PTR es:[rdi],rax'),
  samples('int', [unsignedOf(8)], (vector) => fixed(x86.int(vector), `int ${hex(vector)}`)),
];

export const x86Samples: readonly Samples[] = [
  ...[...arithmetic, ...moves, ...exchange, ...unary, ...shifts, ...stack, ...branches],
  ...[...simple, ...systemSamples],
  // objdump takes it for a prefix of an x87 instruction that follows
  plain('fwait', x86.fwait()),
];

/** Instructions of 16-bit mode, for `objdump -m i8086`. */
export const x86RealModeSamples: readonly Samples[] = [
  plain('cli', x86.cli()),
  samples('in16', [fc.nat(7).map(x86.r32), fc.integer({ min: 256, max: 2 ** 31 - 1 })], (to, value) =>
    fixed(x86.in16(x86.or(to, value)), `or ${show(to)},${hex(value)}`),
  ),
  samples('mov cr0', [fc.nat(7).map(x86.r32)], (from) => fixed(x86.movToControl(0, from), `mov cr0,${show(from)}`)),
  samples('lgdt16', [unsignedOf(16)], (at) => fixed(x86.lgdt16(at), `lgdtd cs:${hex(at)}`)),
  samples('lidt16', [unsignedOf(16)], (at) => fixed(x86.lidt16(at), `lidtd cs:${hex(at)}`)),
  samples('jmpFar16To32', [unsignedOf(16), unsignedOf(32)], (selector, at) =>
    fixed(x86.jmpFar16To32(selector, at), `jmp ${hex(selector)}:${hex(at)}`),
  ),
];

/** Instructions of 32-bit mode, for `objdump -m i386`. */
export const x86ProtectedModeSamples: readonly Samples[] = [
  samples('jmpFar32', [unsignedOf(16), unsignedOf(32)], (selector, at) =>
    fixed(x86.jmpFar32(selector, at), `jmp ${hex(selector)}:${hex(at)}`),
  ),
  samples('mov absolute', [fc.nat(7).map(x86.r32), fc.nat(2 ** 31 - 1)], (to, at) =>
    fixed(x86.mov(to, x86.mem32(undefined, at)), `mov ${show(to)},DWORD PTR [eiz*1+${hex(at)}]`),
  ),
];
