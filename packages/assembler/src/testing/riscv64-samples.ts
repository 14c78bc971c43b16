/** Every riscv64 encoder with random operands, and its text as `objdump -M no-aliases,numeric` prints it. */
import * as fc from 'fast-check';
import * as rv from '../riscv64/index.js';
import { fixed, hex, index32 as register, offset, plain, samples, unsignedOf, type Samples } from './samples.js';

type Three = (a: number, b: number, c: number) => number;

/** amoaddD is amoadd.d, fenceI is fence.i. */
const mnemonic = (name: string): string => name.replace(/([A-Z])/g, (capital) => `.${capital.toLowerCase()}`);

const table = <T>(functions: Record<string, T>, each: (name: string, encode: T) => Samples): Samples[] =>
  Object.entries(functions).map(([name, encode]) => each(name, encode));

const immediate12 = offset(12);

const threeRegisters = table<Three>(
  {
    ...{ add: rv.add, sub: rv.sub, sll: rv.sll, slt: rv.slt, sltu: rv.sltu, xor: rv.xor, srl: rv.srl, sra: rv.sra },
    ...{ or: rv.or, and: rv.and, addw: rv.addw, subw: rv.subw, sllw: rv.sllw, srlw: rv.srlw, sraw: rv.sraw },
    ...{ mul: rv.mul, mulh: rv.mulh, mulhsu: rv.mulhsu, mulhu: rv.mulhu, div: rv.div, divu: rv.divu, rem: rv.rem },
    ...{ remu: rv.remu, mulw: rv.mulw, divw: rv.divw, divuw: rv.divuw, remw: rv.remw, remuw: rv.remuw },
  },
  (name, encode) =>
    samples(name, [register, register, register], (rd, rs1, rs2) =>
      fixed(encode(rd, rs1, rs2), `${name} x${rd},x${rs1},x${rs2}`),
    ),
);

const immediates = table<Three>(
  { addi: rv.addi, slti: rv.slti, sltiu: rv.sltiu, xori: rv.xori, ori: rv.ori, andi: rv.andi, addiw: rv.addiw },
  (name, encode) =>
    samples(name, [register, register, immediate12], (rd, rs1, value) =>
      fixed(encode(rd, rs1, value), `${name} x${rd},x${rs1},${value}`),
    ),
);

const shifts = (functions: Record<string, Three>, bits: number): Samples[] =>
  table(functions, (name, encode) =>
    samples(name, [register, register, unsignedOf(bits)], (rd, rs1, amount) =>
      fixed(encode(rd, rs1, amount), `${name} x${rd},x${rs1},${hex(amount)}`),
    ),
  );

const memory = (functions: Record<string, Three>, prefix: string): Samples[] =>
  table(functions, (name, encode) =>
    samples(name, [register, register, immediate12], (data, base, distance) =>
      fixed(encode(data, base, distance), `${name} ${prefix}${data},${distance}(x${base})`),
    ),
  );

const branches = table<Three>(
  { beq: rv.beq, bne: rv.bne, blt: rv.blt, bge: rv.bge, bltu: rv.bltu, bgeu: rv.bgeu },
  (name, encode) =>
    samples(name, [register, register, offset(12, 2)], (rs1, rs2, distance) => ({
      code: encode(rs1, rs2, distance),
      text: (at) => `${name} x${rs1},x${rs2},${hex(at + distance)}`,
    })),
);

const jumps: Samples[] = [
  samples('jal', [register, offset(20, 2)], (rd, distance) => ({
    code: rv.jal(rd, distance),
    text: (at) => `jal x${rd},${hex(at + distance)}`,
  })),
  samples('j', [offset(20, 2)], (distance) => ({ code: rv.j(distance), text: (at) => `jal x0,${hex(at + distance)}` })),
  samples('jalr', [register, register, immediate12], (rd, rs1, value) =>
    fixed(rv.jalr(rd, rs1, value), `jalr x${rd},${value}(x${rs1})`),
  ),
  samples('jr', [register], (rs) => fixed(rv.jr(rs), `jalr x0,0(x${rs})`)),
  plain('ret', rv.ret(), 'jalr x0,0(x1)'),
  samples('lui', [register, unsignedOf(20)], (rd, upper) => fixed(rv.lui(rd, upper), `lui x${rd},${hex(upper)}`)),
  samples('auipc', [register, unsignedOf(20)], (rd, upper) => fixed(rv.auipc(rd, upper), `auipc x${rd},${hex(upper)}`)),
];

const compareWithZero = table<(rs: number, offset: number) => number>(
  { beqz: rv.beqz, bnez: rv.bnez, bltz: rv.bltz, bgez: rv.bgez },
  (name, encode) =>
    samples(name, [register, offset(12, 2)], (rs, distance) => ({
      code: encode(rs, distance),
      text: (at) => `${name.slice(0, -1)} x${rs},x0,${hex(at + distance)}`,
    })),
);

const pseudo: Samples[] = [
  plain('nop', rv.nop(), 'addi x0,x0,0'),
  samples('mv', [register, register], (rd, rs) => fixed(rv.mv(rd, rs), `addi x${rd},x${rs},0`)),
  samples('neg', [register, register], (rd, rs) => fixed(rv.neg(rd, rs), `sub x${rd},x0,x${rs}`)),
  samples('not', [register, register], (rd, rs) => fixed(rv.not(rd, rs), `xori x${rd},x${rs},-1`)),
  samples('seqz', [register, register], (rd, rs) => fixed(rv.seqz(rd, rs), `sltiu x${rd},x${rs},1`)),
  samples('snez', [register, register], (rd, rs) => fixed(rv.snez(rd, rs), `sltu x${rd},x0,x${rs}`)),
];

// cycle is read-only: writing x0 to it is `unimp`, an assembler's way to say illegal
const csrName = fc.constantFrom(...(Object.keys(rv.CSR) as (keyof typeof rv.CSR)[])).filter((name) => name !== 'cycle');

const system: Samples[] = [
  plain('ecall', rv.ecall()),
  plain('ebreak', rv.ebreak()),
  plain('sret', rv.sret()),
  plain('mret', rv.mret()),
  plain('wfi', rv.wfi()),
  plain('fenceI', rv.fenceI(), 'fence.i'),
  plain('fence', rv.fence(), 'fence iorw,iorw'),
  samples('sfenceVma', [register, register], (a, b) => fixed(rv.sfenceVma(a, b), `sfence.vma x${a},x${b}`)),
  ...table<Three>({ csrrw: rv.csrrw, csrrs: rv.csrrs, csrrc: rv.csrrc }, (name, encode) =>
    samples(name, [register, csrName, register], (rd, csr, rs) =>
      fixed(encode(rd, rv.CSR[csr], rs), `${name} x${rd},${csr},x${rs}`),
    ),
  ),
  ...table<Three>({ csrrwi: rv.csrrwi, csrrsi: rv.csrrsi, csrrci: rv.csrrci }, (name, encode) =>
    samples(name, [register, csrName, unsignedOf(5)], (rd, csr, value) =>
      fixed(encode(rd, rv.CSR[csr], value), `${name} x${rd},${csr},${value}`),
    ),
  ),
  samples('csrr', [register, csrName], (rd, csr) => fixed(rv.csrr(rd, rv.CSR[csr]), `csrrs x${rd},${csr},x0`)),
  samples('csrw', [register, csrName], (rs, csr) => fixed(rv.csrw(rv.CSR[csr], rs), `csrrw x0,${csr},x${rs}`)),
  samples('csrs', [register, csrName], (rs, csr) => fixed(rv.csrs(rv.CSR[csr], rs), `csrrs x0,${csr},x${rs}`)),
  samples('csrc', [register, csrName], (rs, csr) => fixed(rv.csrc(rv.CSR[csr], rs), `csrrc x0,${csr},x${rs}`)),
];

const ordering = fc.constantFrom<rv.Ordering>('', 'aq', 'rl', 'aqrl');
const suffix = (order: rv.Ordering): string => (order === '' ? '' : `.${order}`);

const atomics: Samples[] = [
  ...table<typeof rv.amoaddD>(
    {
      ...{ scW: rv.scW, scD: rv.scD, amoswapW: rv.amoswapW, amoswapD: rv.amoswapD, amoaddW: rv.amoaddW },
      ...{ amoaddD: rv.amoaddD, amoxorW: rv.amoxorW, amoxorD: rv.amoxorD, amoandW: rv.amoandW, amoandD: rv.amoandD },
      ...{ amoorW: rv.amoorW, amoorD: rv.amoorD, amomaxuD: rv.amomaxuD, amominuD: rv.amominuD },
    },
    (name, encode) =>
      samples(name, [register, register, register, ordering], (rd, rs2, base, order) =>
        fixed(encode(rd, rs2, base, order), `${mnemonic(name)}${suffix(order)} x${rd},x${rs2},(x${base})`),
      ),
  ),
  ...table<typeof rv.lrD>({ lrW: rv.lrW, lrD: rv.lrD }, (name, encode) =>
    samples(name, [register, register, ordering], (rd, base, order) =>
      fixed(encode(rd, base, order), `${mnemonic(name)}${suffix(order)} x${rd},(x${base})`),
    ),
  ),
];

const floats: Samples[] = [
  ...memory({ flw: rv.flw, fld: rv.fld, fsw: rv.fsw, fsd: rv.fsd }, 'f'),
  ...table<Three>(
    {
      ...{ faddS: rv.faddS, faddD: rv.faddD, fsubS: rv.fsubS, fsubD: rv.fsubD },
      ...{ fmulS: rv.fmulS, fmulD: rv.fmulD, fdivS: rv.fdivS, fdivD: rv.fdivD },
    },
    (name, encode) =>
      samples(name, [register, register, register], (rd, a, b) =>
        fixed(encode(rd, a, b), `${mnemonic(name)} f${rd},f${a},f${b}`),
      ),
  ),
  samples('fmvXD', [register, register], (rd, rs) => fixed(rv.fmvXD(rd, rs), `fmv.x.d x${rd},f${rs}`)),
  samples('fmvDX', [register, register], (rd, rs) => fixed(rv.fmvDX(rd, rs), `fmv.d.x f${rd},x${rs}`)),
  samples('fmvXW', [register, register], (rd, rs) => fixed(rv.fmvXW(rd, rs), `fmv.x.w x${rd},f${rs}`)),
  samples('fmvWX', [register, register], (rd, rs) => fixed(rv.fmvWX(rd, rs), `fmv.w.x f${rd},x${rs}`)),
  samples('fcvtLD', [register, register], (rd, rs) => fixed(rv.fcvtLD(rd, rs), `fcvt.l.d x${rd},f${rs},rtz`)),
  samples('fcvtDL', [register, register], (rd, rs) => fixed(rv.fcvtDL(rd, rs), `fcvt.d.l f${rd},x${rs}`)),
];

export const riscv64Samples: readonly Samples[] = [
  ...threeRegisters,
  ...immediates,
  ...shifts({ slli: rv.slli, srli: rv.srli, srai: rv.srai }, 6),
  ...shifts({ slliw: rv.slliw, srliw: rv.srliw, sraiw: rv.sraiw }, 5),
  ...memory({ lb: rv.lb, lh: rv.lh, lw: rv.lw, ld: rv.ld, lbu: rv.lbu, lhu: rv.lhu, lwu: rv.lwu }, 'x'),
  ...memory({ sb: rv.sb, sh: rv.sh, sw: rv.sw, sd: rv.sd }, 'x'),
  ...branches,
  ...jumps,
  ...compareWithZero,
  ...pseudo,
  ...system,
  ...atomics,
  ...floats,
];
