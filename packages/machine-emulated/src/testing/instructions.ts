/**
 * Every instruction of the machine as data: name, operand format, fixed bits.
 *
 * Formats    R rd,rs1,rs2 | I rd,rs1,imm12 | load rd,imm(rs1) | S rs2,imm(rs1) | B rs1,rs2,offset | U rd,imm20 |
 *            J rd,offset | shift64, shift32 rd,rs1,shamt | unary rd,rs1 | lr rd,(rs1) | amo rd,rs2,(rs1) |
 *            csr rd,csr,rs1 | csri rd,csr,uimm | none | fence-vma rs1,rs2 | cbo (rs1) | fli rd,index
 *            FR, F1, F4 floating-point registers only (two, one, three sources); `rm` = has a rounding mode;
 *            FRx, Fx result in an integer register; xF source in one; fload, FS memory
 * Source     The RISC-V Instruction Set Manual, volume I, "RV32/64G Instruction Set Listings" and the extensions' chapters
 */
export type Format =
  | 'R'
  | 'I'
  | 'load'
  | 'S'
  | 'B'
  | 'U'
  | 'J'
  | 'shift64'
  | 'shift32'
  | 'unary'
  | 'lr'
  | 'amo'
  | 'csr'
  | 'csri'
  | 'none'
  | 'fence-vma'
  | 'cbo'
  | 'fli'
  | 'FR'
  | 'FRrm'
  | 'F1rm'
  | 'F4rm'
  | 'FRx'
  | 'Fx'
  | 'Fxrm'
  | 'xF'
  | 'xFrm'
  | 'fload'
  | 'FS';

/** Extension -> [name, format, fixed bits]. */
export const INSTRUCTION_SETS = {
  RV64I: [
    ['lui', 'U', 0x00000037],
    ['auipc', 'U', 0x00000017],
    ['jal', 'J', 0x0000006f],
    ['jalr', 'I', 0x00000067],
    ['beq', 'B', 0x00000063],
    ['bne', 'B', 0x00001063],
    ['blt', 'B', 0x00004063],
    ['bge', 'B', 0x00005063],
    ['bltu', 'B', 0x00006063],
    ['bgeu', 'B', 0x00007063],
    ['lb', 'load', 0x00000003],
    ['lh', 'load', 0x00001003],
    ['lw', 'load', 0x00002003],
    ['ld', 'load', 0x00003003],
    ['lbu', 'load', 0x00004003],
    ['lhu', 'load', 0x00005003],
    ['lwu', 'load', 0x00006003],
    ['sb', 'S', 0x00000023],
    ['sh', 'S', 0x00001023],
    ['sw', 'S', 0x00002023],
    ['sd', 'S', 0x00003023],
    ['addi', 'I', 0x00000013],
    ['slti', 'I', 0x00002013],
    ['sltiu', 'I', 0x00003013],
    ['xori', 'I', 0x00004013],
    ['ori', 'I', 0x00006013],
    ['andi', 'I', 0x00007013],
    ['slli', 'shift64', 0x00001013],
    ['srli', 'shift64', 0x00005013],
    ['srai', 'shift64', 0x40005013],
    ['addiw', 'I', 0x0000001b],
    ['slliw', 'shift32', 0x0000101b],
    ['srliw', 'shift32', 0x0000501b],
    ['sraiw', 'shift32', 0x4000501b],
    ['add', 'R', 0x00000033],
    ['sub', 'R', 0x40000033],
    ['sll', 'R', 0x00001033],
    ['slt', 'R', 0x00002033],
    ['sltu', 'R', 0x00003033],
    ['xor', 'R', 0x00004033],
    ['srl', 'R', 0x00005033],
    ['sra', 'R', 0x40005033],
    ['or', 'R', 0x00006033],
    ['and', 'R', 0x00007033],
    ['addw', 'R', 0x0000003b],
    ['subw', 'R', 0x4000003b],
    ['sllw', 'R', 0x0000103b],
    ['srlw', 'R', 0x0000503b],
    ['sraw', 'R', 0x4000503b],
  ],
  M: [
    ['mul', 'R', 0x02000033],
    ['mulh', 'R', 0x02001033],
    ['mulhsu', 'R', 0x02002033],
    ['mulhu', 'R', 0x02003033],
    ['div', 'R', 0x02004033],
    ['divu', 'R', 0x02005033],
    ['rem', 'R', 0x02006033],
    ['remu', 'R', 0x02007033],
    ['mulw', 'R', 0x0200003b],
    ['divw', 'R', 0x0200403b],
    ['divuw', 'R', 0x0200503b],
    ['remw', 'R', 0x0200603b],
    ['remuw', 'R', 0x0200703b],
  ],
  A: [
    ['lr.w', 'lr', 0x1000202f],
    ['sc.w', 'amo', 0x1800202f],
    ['amoadd.w', 'amo', 0x0000202f],
    ['amoswap.w', 'amo', 0x0800202f],
    ['amoxor.w', 'amo', 0x2000202f],
    ['amoor.w', 'amo', 0x4000202f],
    ['amoand.w', 'amo', 0x6000202f],
    ['amomin.w', 'amo', 0x8000202f],
    ['amomax.w', 'amo', 0xa000202f],
    ['amominu.w', 'amo', 0xc000202f],
    ['amomaxu.w', 'amo', 0xe000202f],
    ['lr.d', 'lr', 0x1000302f],
    ['sc.d', 'amo', 0x1800302f],
    ['amoadd.d', 'amo', 0x0000302f],
    ['amoswap.d', 'amo', 0x0800302f],
    ['amoxor.d', 'amo', 0x2000302f],
    ['amoor.d', 'amo', 0x4000302f],
    ['amoand.d', 'amo', 0x6000302f],
    ['amomin.d', 'amo', 0x8000302f],
    ['amomax.d', 'amo', 0xa000302f],
    ['amominu.d', 'amo', 0xc000302f],
    ['amomaxu.d', 'amo', 0xe000302f],
  ],
  F: [
    ['flw', 'fload', 0x00002007],
    ['fsw', 'FS', 0x00002027],
    ['fadd.s', 'FRrm', 0x00000053],
    ['fsub.s', 'FRrm', 0x08000053],
    ['fmul.s', 'FRrm', 0x10000053],
    ['fdiv.s', 'FRrm', 0x18000053],
    ['fsqrt.s', 'F1rm', 0x58000053],
    ['fmadd.s', 'F4rm', 0x00000043],
    ['fmsub.s', 'F4rm', 0x00000047],
    ['fnmsub.s', 'F4rm', 0x0000004b],
    ['fnmadd.s', 'F4rm', 0x0000004f],
    ['fsgnj.s', 'FR', 0x20000053],
    ['fsgnjn.s', 'FR', 0x20001053],
    ['fsgnjx.s', 'FR', 0x20002053],
    ['fmin.s', 'FR', 0x28000053],
    ['fmax.s', 'FR', 0x28001053],
    ['fle.s', 'FRx', 0xa0000053],
    ['flt.s', 'FRx', 0xa0001053],
    ['feq.s', 'FRx', 0xa0002053],
    ['fclass.s', 'Fx', 0xe0001053],
    ['fcvt.w.s', 'Fxrm', 0xc0000053],
    ['fcvt.s.w', 'xFrm', 0xd0000053],
    ['fcvt.wu.s', 'Fxrm', 0xc0100053],
    ['fcvt.s.wu', 'xFrm', 0xd0100053],
    ['fcvt.l.s', 'Fxrm', 0xc0200053],
    ['fcvt.s.l', 'xFrm', 0xd0200053],
    ['fcvt.lu.s', 'Fxrm', 0xc0300053],
    ['fcvt.s.lu', 'xFrm', 0xd0300053],
    ['fmv.x.w', 'Fx', 0xe0000053],
    ['fmv.w.x', 'xF', 0xf0000053],
  ],
  D: [
    ['fld', 'fload', 0x00003007],
    ['fsd', 'FS', 0x00003027],
    ['fadd.d', 'FRrm', 0x02000053],
    ['fsub.d', 'FRrm', 0x0a000053],
    ['fmul.d', 'FRrm', 0x12000053],
    ['fdiv.d', 'FRrm', 0x1a000053],
    ['fsqrt.d', 'F1rm', 0x5a000053],
    ['fmadd.d', 'F4rm', 0x02000043],
    ['fmsub.d', 'F4rm', 0x02000047],
    ['fnmsub.d', 'F4rm', 0x0200004b],
    ['fnmadd.d', 'F4rm', 0x0200004f],
    ['fsgnj.d', 'FR', 0x22000053],
    ['fsgnjn.d', 'FR', 0x22001053],
    ['fsgnjx.d', 'FR', 0x22002053],
    ['fmin.d', 'FR', 0x2a000053],
    ['fmax.d', 'FR', 0x2a001053],
    ['fle.d', 'FRx', 0xa2000053],
    ['flt.d', 'FRx', 0xa2001053],
    ['feq.d', 'FRx', 0xa2002053],
    ['fclass.d', 'Fx', 0xe2001053],
    ['fcvt.w.d', 'Fxrm', 0xc2000053],
    ['fcvt.d.w', 'xFrm', 0xd2000053],
    ['fcvt.wu.d', 'Fxrm', 0xc2100053],
    ['fcvt.d.wu', 'xFrm', 0xd2100053],
    ['fcvt.l.d', 'Fxrm', 0xc2200053],
    ['fcvt.d.l', 'xFrm', 0xd2200053],
    ['fcvt.lu.d', 'Fxrm', 0xc2300053],
    ['fcvt.d.lu', 'xFrm', 0xd2300053],
    ['fmv.x.d', 'Fx', 0xe2000053],
    ['fmv.d.x', 'xF', 0xf2000053],
    ['fcvt.s.d', 'F1rm', 0x40100053],
    ['fcvt.d.s', 'F1rm', 0x42000053],
  ],
  Zicsr: [
    ['csrrw', 'csr', 0x00001073],
    ['csrrs', 'csr', 0x00002073],
    ['csrrc', 'csr', 0x00003073],
    ['csrrwi', 'csri', 0x00005073],
    ['csrrsi', 'csri', 0x00006073],
    ['csrrci', 'csri', 0x00007073],
  ],
  'Zifencei and system': [
    ['fence', 'none', 0x0ff0000f],
    ['fence.i', 'none', 0x0000100f],
    ['ecall', 'none', 0x00000073],
    ['ebreak', 'none', 0x00100073],
    ['mret', 'none', 0x30200073],
    ['sret', 'none', 0x10200073],
    ['wfi', 'none', 0x10500073],
    ['sfence.vma', 'fence-vma', 0x12000073],
  ],
  Zba: [
    ['add.uw', 'R', 0x0800003b],
    ['sh1add', 'R', 0x20002033],
    ['sh1add.uw', 'R', 0x2000203b],
    ['sh2add', 'R', 0x20004033],
    ['sh2add.uw', 'R', 0x2000403b],
    ['sh3add', 'R', 0x20006033],
    ['sh3add.uw', 'R', 0x2000603b],
    ['slli.uw', 'shift64', 0x0800101b],
  ],
  Zbb: [
    ['andn', 'R', 0x40007033],
    ['orn', 'R', 0x40006033],
    ['xnor', 'R', 0x40004033],
    ['min', 'R', 0x0a004033],
    ['minu', 'R', 0x0a005033],
    ['max', 'R', 0x0a006033],
    ['maxu', 'R', 0x0a007033],
    ['rol', 'R', 0x60001033],
    ['ror', 'R', 0x60005033],
    ['rolw', 'R', 0x6000103b],
    ['rorw', 'R', 0x6000503b],
    ['clz', 'unary', 0x60001013],
    ['ctz', 'unary', 0x60101013],
    ['cpop', 'unary', 0x60201013],
    ['sext.b', 'unary', 0x60401013],
    ['sext.h', 'unary', 0x60501013],
    ['clzw', 'unary', 0x6000101b],
    ['ctzw', 'unary', 0x6010101b],
    ['cpopw', 'unary', 0x6020101b],
    ['orc.b', 'unary', 0x28705013],
    ['rev8', 'unary', 0x6b805013],
    ['zext.h', 'unary', 0x0800403b],
    ['rori', 'shift64', 0x60005013],
    ['roriw', 'shift32', 0x6000501b],
  ],
  Zbs: [
    ['bclr', 'R', 0x48001033],
    ['bclri', 'shift64', 0x48001013],
    ['bext', 'R', 0x48005033],
    ['bexti', 'shift64', 0x48005013],
    ['binv', 'R', 0x68001033],
    ['binvi', 'shift64', 0x68001013],
    ['bset', 'R', 0x28001033],
    ['bseti', 'shift64', 0x28001013],
  ],
  Zbc: [
    ['clmul', 'R', 0x0a001033],
    ['clmulr', 'R', 0x0a002033],
    ['clmulh', 'R', 0x0a003033],
  ],
  Zfa: [
    ['fli.s', 'fli', 0xf0100053],
    ['fminm.s', 'FR', 0x28002053],
    ['fmaxm.s', 'FR', 0x28003053],
    ['fround.s', 'F1rm', 0x40400053],
    ['froundnx.s', 'F1rm', 0x40500053],
    ['fleq.s', 'FRx', 0xa0004053],
    ['fltq.s', 'FRx', 0xa0005053],
    ['fli.d', 'fli', 0xf2100053],
    ['fminm.d', 'FR', 0x2a002053],
    ['fmaxm.d', 'FR', 0x2a003053],
    ['fround.d', 'F1rm', 0x42400053],
    ['froundnx.d', 'F1rm', 0x42500053],
    ['fleq.d', 'FRx', 0xa2004053],
    ['fltq.d', 'FRx', 0xa2005053],
    ['fcvtmod.w.d', 'Fx', 0xc2801053],
  ],
  Zacas: [
    ['amocas.w', 'amo', 0x2800202f],
    ['amocas.d', 'amo', 0x2800302f],
    ['amocas.q', 'amo', 0x2800402f],
  ],
  'Zicbom and Zicboz': [
    ['cbo.inval', 'cbo', 0x0000200f],
    ['cbo.clean', 'cbo', 0x0010200f],
    ['cbo.flush', 'cbo', 0x0020200f],
    ['cbo.zero', 'cbo', 0x0040200f],
  ],
  Zihintpause: [['pause', 'none', 0x0100000f]],
  Svinval: [
    ['sinval.vma', 'fence-vma', 0x16000073],
    ['sfence.w.inval', 'none', 0x18000073],
    ['sfence.inval.ir', 'none', 0x18100073],
  ],
  Zicond: [
    ['czero.eqz', 'R', 0x0e005033],
    ['czero.nez', 'R', 0x0e007033],
  ],
} as const satisfies Record<string, readonly (readonly [string, Format, number])[]>;

export type Extension = keyof typeof INSTRUCTION_SETS;
export type Mnemonic = (typeof INSTRUCTION_SETS)[Extension][number][0];

export interface Instruction {
  readonly name: Mnemonic;
  readonly extension: Extension;
  readonly format: Format;
  readonly bits: number;
}

/** All instructions by name. */
export const INSTRUCTIONS: ReadonlyMap<Mnemonic, Instruction> = new Map(
  (Object.keys(INSTRUCTION_SETS) as Extension[]).flatMap((extension) =>
    INSTRUCTION_SETS[extension].map(([name, format, bits]) => [name, { name, extension, format, bits }] as const),
  ),
);
