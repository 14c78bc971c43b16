/** Every A64 encoder with random operands, and its text as `objdump -M no-aliases` prints it. */
import * as fc from 'fast-check';
import * as arm from '../aarch64/index.js';
import { memorySamples } from './aarch64-memory-samples.js';
import { base, index, of, show, table, wide, x } from './aarch64-operands.js';
import { fixed, hex, offset, plain, samples, unsignedOf, type Sample, type Samples } from './samples.js';

const moves: Samples[] = [
  ...table({ movz: arm.movz, movn: arm.movn, movk: arm.movk }, (name, encode) =>
    samples(name, [x, unsignedOf(16), fc.constantFrom<0 | 16 | 32 | 48>(0, 16, 32, 48)], (rd, value, shift) =>
      fixed(encode(rd, value, shift), `${name} ${show(rd)}, #${hex(value)}${shift === 0 ? '' : `, lsl #${shift}`}`),
    ),
  ),
  samples('mov', [wide, index, index], (is64, a, b) => {
    const [rd, rm] = of(is64, a, b);
    return fixed(arm.mov(rd, rm), `orr ${show(rd)}, ${is64 ? 'xzr' : 'wzr'}, ${show(rm)}`);
  }),
  samples('mov to sp', [fc.nat(30)], (n) => fixed(arm.mov(arm.SP, arm.x(n)), `add sp, x${n}, #0x0`)),
  samples('mov from sp', [fc.nat(30)], (n) => fixed(arm.mov(arm.x(n), arm.SP), `add x${n}, sp, #0x0`)),
];

const shift = (is64: boolean, amount: number): [arm.Shift, string] => {
  const lsl = is64 ? amount : amount & 31;
  return [{ lsl }, lsl === 0 ? '' : `, lsl #${lsl}`];
};

const threeRegisters = table(
  {
    ...{ add: arm.add, adds: arm.adds, sub: arm.sub, subs: arm.subs, and: arm.and, bic: arm.bic },
    ...{ orr: arm.orr, orn: arm.orn, eor: arm.eor, ands: arm.ands },
  },
  (name, encode) =>
    samples(name, [wide, index, index, index, unsignedOf(6)], (is64, a, b, c, amount) => {
      const [rd, rn, rm] = of(is64, a, b, c);
      const [by, text] = shift(is64, amount);
      return fixed(encode(rd, rn, rm, by), `${name} ${show(rd)}, ${show(rn)}, ${show(rm)}${text}`);
    }),
);

const immediate12 = (value: number, high: boolean): [number, string] => [
  high ? value * 4096 : value,
  `#${hex(value)}${high ? ', lsl #12' : ''}`,
];

const immediates = table({ add: arm.add, adds: arm.adds, sub: arm.sub, subs: arm.subs }, (name, encode) =>
  samples(
    `${name} immediate`,
    [fc.nat(30), fc.nat(30), fc.integer({ min: 1, max: 4095 }), fc.boolean()],
    (a, b, value, high) => {
      const [number, text] = immediate12(value, high);
      return fixed(encode(arm.x(a), arm.x(b), number), `${name} x${a}, x${b}, ${text}`);
    },
  ),
);

/** A rotated run of ones in elements of some size, as 64 bits. */
const bitmask = fc.tuple(fc.constantFrom(2, 4, 8, 16, 32, 64), fc.nat(), fc.nat()).map(([size, ones, rotate]) => {
  const run = (1n << BigInt(1 + (ones % (size - 1)))) - 1n;
  const by = BigInt(rotate % size);
  const element = ((run >> by) | (run << (BigInt(size) - by))) & ((1n << BigInt(size)) - 1n);
  let value = 0n;
  for (let at = 0; at < 64; at += size) value |= element << BigInt(at);
  return value;
});

const logicalImmediates = table({ and: arm.and, orr: arm.orr, eor: arm.eor, ands: arm.ands }, (name, encode) =>
  samples(`${name} immediate`, [fc.nat(30), index, bitmask], (a, b, value) =>
    fixed(encode(arm.x(a), arm.x(b), value), `${name} x${a}, ${show(arm.x(b))}, #${hex(value)}`),
  ),
);

const zero = (is64: boolean): string => (is64 ? 'xzr' : 'wzr');

const compare: Samples[] = [
  ...table({ cmp: arm.cmp, cmn: arm.cmn }, (name, encode) =>
    samples(name, [wide, index, index], (is64, a, b) => {
      const [rn, rm] = of(is64, a, b);
      const real = name === 'cmp' ? 'subs' : 'adds';
      return fixed(encode(rn, rm), `${real} ${zero(is64)}, ${show(rn)}, ${show(rm)}`);
    }),
  ),
  samples('cmp immediate', [fc.nat(30), fc.nat(4095)], (n, value) =>
    fixed(arm.cmp(arm.x(n), value), `subs xzr, x${n}, #${hex(value)}`),
  ),
  samples('tst', [x, x], (rn, rm) => fixed(arm.tst(rn, rm), `ands xzr, ${show(rn)}, ${show(rm)}`)),
  samples('mvn', [x, x], (rd, rm) => fixed(arm.mvn(rd, rm), `orn ${show(rd)}, xzr, ${show(rm)}`)),
  samples('add sp', [base, x], (rn, rm) => fixed(arm.add(arm.SP, rn, rm), `add sp, ${show(rn)}, ${show(rm)}`)),
];

const bitfields: Samples[] = [
  ...table({ sbfm: arm.sbfm, bfm: arm.bfm, ubfm: arm.ubfm }, (name, encode) =>
    samples(name, [wide, index, index, unsignedOf(5), unsignedOf(5)], (is64, a, b, immr, imms) => {
      const [rd, rn] = of(is64, a, b);
      return fixed(encode(rd, rn, immr, imms), `${name} ${show(rd)}, ${show(rn)}, #${immr}, #${imms}`);
    }),
  ),
  samples('lsr', [x, x, unsignedOf(6)], (rd, rn, by) =>
    fixed(arm.lsr(rd, rn, by), `ubfm ${show(rd)}, ${show(rn)}, #${by}, #63`),
  ),
  samples('asr', [x, x, unsignedOf(6)], (rd, rn, by) =>
    fixed(arm.asr(rd, rn, by), `sbfm ${show(rd)}, ${show(rn)}, #${by}, #63`),
  ),
  samples('lsl', [x, x, unsignedOf(6)], (rd, rn, by) =>
    fixed(arm.lsl(rd, rn, by), `ubfm ${show(rd)}, ${show(rn)}, #${(64 - by) % 64}, #${63 - by}`),
  ),
  samples('ubfx', [x, x, fc.nat(31), fc.integer({ min: 1, max: 32 })], (rd, rn, low, width) =>
    fixed(arm.ubfx(rd, rn, low, width), `ubfm ${show(rd)}, ${show(rn)}, #${low}, #${low + width - 1}`),
  ),
  samples('bfi', [x, x, fc.nat(31), fc.integer({ min: 1, max: 32 })], (rd, rn, low, width) =>
    fixed(arm.bfi(rd, rn, low, width), `bfm ${show(rd)}, ${show(rn)}, #${(64 - low) % 64}, #${width - 1}`),
  ),
];

const condition = fc.constantFrom<arm.Condition>(
  'eq',
  'ne',
  'cs',
  'cc',
  'mi',
  'pl',
  'vs',
  'vc',
  'hi',
  'ls',
  'ge',
  'lt',
  'gt',
  'le',
);

const others: Samples[] = [
  ...table({ udiv: arm.udiv, sdiv: arm.sdiv, lslv: arm.lslv, lsrv: arm.lsrv, asrv: arm.asrv }, (name, encode) =>
    samples(name, [wide, index, index, index], (is64, ...indices) => {
      const [rd, rn, rm] = of(is64, ...indices);
      return fixed(encode(rd, rn, rm), `${name} ${show(rd)}, ${show(rn)}, ${show(rm)}`);
    }),
  ),
  samples('madd', [wide, index, index, index, index], (is64, ...indices) => {
    const [rd, rn, rm, ra] = of(is64, ...indices);
    return fixed(arm.madd(rd, rn, rm, ra), `madd ${[rd, rn, rm, ra].map(show).join(', ')}`);
  }),
  samples('mul', [x, x, x], (rd, rn, rm) =>
    fixed(arm.mul(rd, rn, rm), `madd ${[rd, rn, rm].map(show).join(', ')}, xzr`),
  ),
  ...table({ csel: arm.csel, csinc: arm.csinc }, (name, encode) =>
    samples(name, [x, x, x, condition], (rd, rn, rm, when) =>
      fixed(encode(rd, rn, rm, when), `${name} ${[rd, rn, rm].map(show).join(', ')}, ${when}`),
    ),
  ),
];

/** `at` is far from 0, so that targets are positive; those beyond 64 bits cannot happen. */
const to = (code: number, text: string, distance: number): Sample => ({
  code,
  text: (at) => `${text}${hex(at + distance)}`,
});

const branches: Samples[] = [
  samples('branch', [offset(26, 4)], (distance) => to(arm.branch(distance), 'b ', distance)),
  samples('bl', [offset(26, 4)], (distance) => to(arm.bl(distance), 'bl ', distance)),
  samples('bCond', [condition, offset(19, 4)], (when, distance) =>
    to(arm.bCond(when, distance), `b.${when} `, distance),
  ),
  ...table({ cbz: arm.cbz, cbnz: arm.cbnz }, (name, encode) =>
    samples(name, [wide, index, offset(19, 4)], (is64, n, distance) => {
      const [rt] = of(is64, n);
      return to(encode(rt, distance), `${name} ${show(rt)}, `, distance);
    }),
  ),
  ...table({ tbz: arm.tbz, tbnz: arm.tbnz }, (name, encode) =>
    samples(name, [index, unsignedOf(6), offset(14, 4)], (n, bit, distance) =>
      to(encode(arm.x(n), bit, distance), `${name} ${bit < 32 ? show(arm.w(n)) : show(arm.x(n))}, #${bit}, `, distance),
    ),
  ),
  samples('br', [x], (rn) => fixed(arm.br(rn), `br ${show(rn)}`)),
  samples('blr', [x], (rn) => fixed(arm.blr(rn), `blr ${show(rn)}`)),
  samples('ret', [x], (rn) => fixed(arm.ret(rn), rn.index === 30 ? 'ret' : `ret ${show(rn)}`)),
  samples('adr', [x, offset(21)], (rd, distance) => to(arm.adr(rd, distance), `adr ${show(rd)}, `, distance)),
  samples('adrp', [x, offset(16, 4096)], (rd, distance) => ({
    code: arm.adrp(rd, distance),
    text: (at) => `adrp ${show(rd)}, ${hex(at - (at % 4096) + distance)}`,
  })),
];

const literal = samples('ldrLiteral', [wide, index, offset(19, 4)], (is64, n, distance) => {
  const [rt] = of(is64, n);
  return to(arm.ldrLiteral(rt, distance), `ldr ${show(rt)}, `, distance);
});

const registerName = fc.constantFrom(...(Object.keys(arm.SYSTEM_REGISTERS) as arm.SystemRegister[]));
/** objdump knows the operating system's lock registers only as writable, and identification only as readable. */
const readable = registerName.filter((name) => name !== 'oslar_el1');
const writable = registerName.filter((name) => !/^(id_|midr|mpidr|currentel|cntpct|cntvct_|ctr_|dczid)/.test(name));

const system: Samples[] = [
  ...table({ svc: arm.svc, hvc: arm.hvc, smc: arm.smc, brk: arm.brk, hlt: arm.hlt, udf: arm.udf }, (name, encode) =>
    samples(name, [unsignedOf(16)], (n) => fixed(encode(n), `${name} #${name === 'udf' ? n : hex(n)}`)),
  ),
  plain('eret', arm.eret()),
  plain('isb', arm.isb()),
  ...table({ dsb: arm.dsb, dmb: arm.dmb }, (name, encode) =>
    samples(
      name,
      [fc.constantFrom<arm.Barrier>('sy', 'st', 'ld', 'ish', 'ishst', 'ishld', 'nsh', 'nshst', 'osh', 'oshst')],
      (domain) => fixed(encode(domain), `${name} ${domain}`),
    ),
  ),
  samples('mrs', [x, readable], (rt, name) => fixed(arm.mrs(rt, name), `mrs ${show(rt)}, ${name}`)),
  samples('msr', [x, writable], (rt, name) => fixed(arm.msr(name, rt), `msr ${name}, ${show(rt)}`)),
  samples('msrImmediate', [fc.constantFrom('daifset' as const, 'daifclr' as const), unsignedOf(4)], (field, n) =>
    fixed(arm.msrImmediate(field, n), `msr ${field}, #${hex(n)}`),
  ),
  samples('msrImmediate spsel', [fc.nat(1)], (n) => fixed(arm.msrImmediate('spsel', n), `msr spsel, #${hex(n)}`)),
];

const floatRegister = (is64: boolean): ((n: number) => arm.VectorRegister) => (is64 ? arm.d : arm.s);

const floats: Samples[] = [
  ...table({ fadd: arm.fadd, fsub: arm.fsub, fmul: arm.fmul, fdiv: arm.fdiv }, (name, encode) =>
    samples(name, [wide, index, index, index], (is64, ...indices) => {
      const [rd, rn, rm] = indices.map(floatRegister(is64));
      return fixed(encode(rd, rn, rm), `${name} ${show(rd)}, ${show(rn)}, ${show(rm)}`);
    }),
  ),
  samples('fmov', [wide, index, index], (is64, a, b) => {
    const [rd, rn] = [a, b].map(floatRegister(is64));
    return fixed(arm.fmov(rd, rn), `fmov ${show(rd)}, ${show(rn)}`);
  }),
  samples('fmov from general', [wide, index, index], (is64, a, b) => {
    const [rd, [rn]] = [floatRegister(is64)(a), of(is64, b)];
    return fixed(arm.fmov(rd, rn), `fmov ${show(rd)}, ${show(rn)}`);
  }),
  samples('fmov to general', [wide, index, index], (is64, a, b) => {
    const [[rd], rn] = [of(is64, a), floatRegister(is64)(b)];
    return fixed(arm.fmov(rd, rn), `fmov ${show(rd)}, ${show(rn)}`);
  }),
  samples('fcmp', [wide, index, index], (is64, a, b) => {
    const [rn, rm] = [a, b].map(floatRegister(is64));
    return fixed(arm.fcmp(rn, rm), `fcmp ${show(rn)}, ${show(rm)}`);
  }),
  samples('scvtf', [wide, wide, index, index], (is64, isDouble, a, b) => {
    const [rd, [rn]] = [floatRegister(isDouble)(a), of(is64, b)];
    return fixed(arm.scvtf(rd, rn), `scvtf ${show(rd)}, ${show(rn)}`);
  }),
  samples('fcvtzs', [wide, wide, index, index], (is64, isDouble, a, b) => {
    const [[rd], rn] = [of(is64, a), floatRegister(isDouble)(b)];
    return fixed(arm.fcvtzs(rd, rn), `fcvtzs ${show(rd)}, ${show(rn)}`);
  }),
  ...table({ add2d: arm.add2d, fadd2d: arm.fadd2d, eor16b: arm.eor16b, orr16b: arm.orr16b }, (name, encode) =>
    samples(name, [index, index, index], (a, b, c) => {
      const [, real = '', lanes = ''] = /^(\D+)(\d+\w)$/.exec(name) ?? [];
      return fixed(encode(arm.q(a), arm.q(b), arm.q(c)), `${real} v${a}.${lanes}, v${b}.${lanes}, v${c}.${lanes}`);
    }),
  ),
];

export const aarch64Samples: readonly Samples[] = [
  ...[...moves, ...threeRegisters, ...immediates, ...logicalImmediates, ...compare, ...bitfields, ...others],
  ...[...branches, ...memorySamples, literal, ...system, ...floats],
];

/** Hints and maintenance, as objdump prints them with aliases. */
export const aarch64AliasSamples: readonly Samples[] = [
  ...table({ nop: arm.nop, wfe: arm.wfe, wfi: arm.wfi, sev: arm.sev, sevl: arm.sevl }, (name, encode) =>
    plain(name, encode()),
  ),
  plain('yieldHint', arm.yieldHint(), 'yield'),
  samples('tlbi', [fc.constantFrom('vmalle1' as const, 'vmalle1is' as const)], (name) =>
    fixed(arm.tlbi(name), `tlbi ${name}`),
  ),
  samples(
    'tlbi by register',
    [
      fc.constantFrom<'vae1' | 'vae1is' | 'aside1' | 'aside1is' | 'vaae1' | 'vaae1is' | 'vale1is'>(
        'vae1',
        'vae1is',
        'aside1',
        'aside1is',
        'vaae1',
        'vaae1is',
        'vale1is',
      ),
      fc.nat(30),
    ],
    (name, n) => fixed(arm.tlbi(name, arm.x(n)), `tlbi ${name}, x${n}`),
  ),
  plain('ic iallu', arm.ic('iallu'), 'ic iallu'),
  plain('ic ialluis', arm.ic('ialluis'), 'ic ialluis'),
  samples('ic ivau', [fc.nat(30)], (n) => fixed(arm.ic('ivau', arm.x(n)), `ic ivau, x${n}`)),
  samples(
    'dc',
    [fc.constantFrom<'ivac' | 'cvac' | 'cvau' | 'civac' | 'zva'>('ivac', 'cvac', 'cvau', 'civac', 'zva'), fc.nat(30)],
    (name, n) => fixed(arm.dc(name, arm.x(n)), `dc ${name}, x${n}`),
  ),
  samples(
    'at',
    [fc.constantFrom<'s1e1r' | 's1e1w' | 's1e0r' | 's1e0w'>('s1e1r', 's1e1w', 's1e0r', 's1e0w'), fc.nat(30)],
    (name, n) => fixed(arm.at(name, arm.x(n)), `at ${name}, x${n}`),
  ),
  plain('ret alias', arm.ret(), 'ret'),
];
