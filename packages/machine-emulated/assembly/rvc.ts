/**
 * Compressed instructions: every 16-bit encoding becomes the 32-bit instruction it abbreviates
 * (unprivileged specification, chapter "C"). 0 = illegal.
 */

// @ts-ignore: decorator
@inline
function field(c: u32, from: u32, width: u32, to: u32): u32 {
  return ((c >> from) & ((1 << width) - 1)) << to;
}

// @ts-ignore: decorator
@inline
function sext(value: u32, width: u32): u32 {
  return <u32>(<i32>(value << (32 - width)) >> <i32>(32 - width));
}

function iType(imm: u32, rs1: u32, funct3: u32, rd: u32, opcode: u32): u32 {
  return (imm << 20) | (rs1 << 15) | (funct3 << 12) | (rd << 7) | opcode;
}

function sType(imm: u32, rs2: u32, rs1: u32, funct3: u32, opcode: u32): u32 {
  return ((imm >> 5) << 25) | (rs2 << 20) | (rs1 << 15) | (funct3 << 12) | ((imm & 31) << 7) | opcode;
}

function rType(funct7: u32, rs2: u32, rs1: u32, funct3: u32, rd: u32, opcode: u32): u32 {
  return (funct7 << 25) | (rs2 << 20) | (rs1 << 15) | (funct3 << 12) | (rd << 7) | opcode;
}

function jal(offset: u32, rd: u32): u32 {
  return field(offset, 20, 1, 31) | field(offset, 1, 10, 21) | field(offset, 11, 1, 20) | field(offset, 12, 8, 12) | (rd << 7) | 0x6f;
}

function branch(offset: u32, rs1: u32, funct3: u32): u32 {
  return field(offset, 12, 1, 31) | field(offset, 5, 6, 25) | (rs1 << 15) | (funct3 << 12) | field(offset, 1, 4, 8) | field(offset, 11, 1, 7) | 0x63;
}

function quadrant0(c: u32): u32 {
  const rdq = ((c >> 2) & 7) + 8;
  const rs1q = ((c >> 7) & 7) + 8;
  const w = field(c, 10, 3, 3) | field(c, 6, 1, 2) | field(c, 5, 1, 6);
  const d = field(c, 10, 3, 3) | field(c, 5, 2, 6);
  switch ((c >> 13) & 7) {
    case 0: {
      const imm = field(c, 11, 2, 4) | field(c, 7, 4, 6) | field(c, 6, 1, 2) | field(c, 5, 1, 3);
      return imm == 0 ? 0 : iType(imm, 2, 0, rdq, 0x13);
    }
    case 1:
      return iType(d, rs1q, 3, rdq, 0x07);
    case 2:
      return iType(w, rs1q, 2, rdq, 0x03);
    case 3:
      return iType(d, rs1q, 3, rdq, 0x03);
    case 5:
      return sType(d, rdq, rs1q, 3, 0x27);
    case 6:
      return sType(w, rdq, rs1q, 2, 0x23);
    case 7:
      return sType(d, rdq, rs1q, 3, 0x23);
    default:
      return 0;
  }
}

function arithmetic(c: u32): u32 {
  const r = ((c >> 7) & 7) + 8;
  const s = ((c >> 2) & 7) + 8;
  const shamt = field(c, 12, 1, 5) | field(c, 2, 5, 0);
  switch ((c >> 10) & 3) {
    case 0:
      return iType(shamt, r, 5, r, 0x13);
    case 1:
      return iType(0x400 | shamt, r, 5, r, 0x13);
    case 2:
      return iType(sext(shamt, 6), r, 7, r, 0x13);
  }
  switch (((c >> 10) & 4) | ((c >> 5) & 3)) {
    case 0:
      return rType(0x20, s, r, 0, r, 0x33);
    case 1:
      return rType(0, s, r, 4, r, 0x33);
    case 2:
      return rType(0, s, r, 6, r, 0x33);
    case 3:
      return rType(0, s, r, 7, r, 0x33);
    case 4:
      return rType(0x20, s, r, 0, r, 0x3b);
    case 5:
      return rType(0, s, r, 0, r, 0x3b);
    default:
      return 0;
  }
}

function quadrant1(c: u32): u32 {
  const rd = (c >> 7) & 31;
  const imm6 = sext(field(c, 12, 1, 5) | field(c, 2, 5, 0), 6);
  switch ((c >> 13) & 7) {
    case 0:
      return iType(imm6, rd, 0, rd, 0x13);
    case 1:
      return rd == 0 ? 0 : iType(imm6, rd, 0, rd, 0x1b);
    case 2:
      return iType(imm6, 0, 0, rd, 0x13);
    case 3: {
      if (imm6 == 0) return 0;
      if (rd != 2) return (imm6 << 12) | (rd << 7) | 0x37;
      const imm = field(c, 12, 1, 9) | field(c, 6, 1, 4) | field(c, 5, 1, 6) | field(c, 3, 2, 7) | field(c, 2, 1, 5);
      return iType(sext(imm, 10), 2, 0, 2, 0x13);
    }
    case 4:
      return arithmetic(c);
    case 5: {
      const t =
        field(c, 12, 1, 11) | field(c, 11, 1, 4) | field(c, 9, 2, 8) | field(c, 8, 1, 10) | field(c, 7, 1, 6) |
        field(c, 6, 1, 7) | field(c, 3, 3, 1) | field(c, 2, 1, 5);
      return jal(sext(t, 12), 0);
    }
    default: {
      const t = field(c, 12, 1, 8) | field(c, 10, 2, 3) | field(c, 5, 2, 6) | field(c, 3, 2, 1) | field(c, 2, 1, 5);
      return branch(sext(t, 9), ((c >> 7) & 7) + 8, (c >> 13) & 1);
    }
  }
}

function quadrant2(c: u32): u32 {
  const rd = (c >> 7) & 31;
  const rs2 = (c >> 2) & 31;
  const dsp = field(c, 12, 1, 5) | field(c, 5, 2, 3) | field(c, 2, 3, 6);
  switch ((c >> 13) & 7) {
    case 0:
      return iType(field(c, 12, 1, 5) | rs2, rd, 1, rd, 0x13);
    case 1:
      return iType(dsp, 2, 3, rd, 0x07);
    case 2:
      return rd == 0 ? 0 : iType(field(c, 12, 1, 5) | field(c, 4, 3, 2) | field(c, 2, 2, 6), 2, 2, rd, 0x03);
    case 3:
      return rd == 0 ? 0 : iType(dsp, 2, 3, rd, 0x03);
    case 4:
      if ((c & 0x1000) == 0) {
        if (rs2 != 0) return rType(0, rs2, 0, 0, rd, 0x33);
        return rd == 0 ? 0 : iType(0, rd, 0, 0, 0x67);
      }
      if (rs2 != 0) return rType(0, rs2, rd, 0, rd, 0x33);
      return rd == 0 ? 0x00100073 : iType(0, rd, 0, 1, 0x67);
    case 5:
      return sType(field(c, 10, 3, 3) | field(c, 7, 3, 6), rs2, 2, 3, 0x27);
    case 6:
      return sType(field(c, 9, 4, 2) | field(c, 7, 2, 6), rs2, 2, 2, 0x23);
    default:
      return sType(field(c, 10, 3, 3) | field(c, 7, 3, 6), rs2, 2, 3, 0x23);
  }
}

/** @returns the 32-bit instruction for `c` (whose low two bits are not 3), or 0. */
export function expand(c: u32): u32 {
  switch (c & 3) {
    case 0:
      return quadrant0(c);
    case 1:
      return quadrant1(c);
    default:
      return quadrant2(c);
  }
}
