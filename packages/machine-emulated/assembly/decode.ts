/**
 * Decoder: one 32-bit instruction (compressed ones expanded first) to one slot. Whatever has no handler in the loop
 * becomes SLOW; the exact path decides whether it is legal.
 */
import { SHARED } from './base';
import * as op from './ops';
import { isDefined } from './atomic';
import { decodeFloat, decodeFused, floatImm } from './decode-float';

let slotOp: u32 = 0;
let slotImm: i32 = 0;
let slotRd: u32 = 0;
let slotRs1: u32 = 0;
let slotRs2: u32 = 0;

function loads(f3: u32): u32 {
  if (f3 == 7) return op.SLOW;
  if (slotRd == 0) {
    slotRd = (f3 & 3) << 3;
    return op.LOAD_0;
  }
  switch (f3) {
    case 0: return op.LB;
    case 1: return op.LH;
    case 2: return op.LW;
    case 3: return op.LD;
    case 4: return op.LBU;
    case 5: return op.LHU;
    default: return op.LWU;
  }
}

function shiftImmediate(raw: u32, f3: u32): u32 {
  const top = raw >> 26;
  slotImm = (raw >> 20) & 63;
  if (f3 == 1) {
    switch (top) {
      case 0x00: return op.SLLI;
      case 0x0a: return op.BSETI;
      case 0x12: return op.BCLRI;
      case 0x1a: return op.BINVI;
      case 0x18: return unary(slotImm);
      default: return op.SLOW;
    }
  }
  switch (top) {
    case 0x00: return op.SRLI;
    case 0x10: return op.SRAI;
    case 0x12: return op.BEXTI;
    case 0x18: return op.RORI;
    case 0x0a: return slotImm == 7 ? op.ORC_B : op.SLOW;
    case 0x1a: return slotImm == 0x38 ? op.REV8 : op.SLOW;
    default: return op.SLOW;
  }
}

function unary(selector: u32): u32 {
  switch (selector) {
    case 0: return op.CLZ;
    case 1: return op.CTZ;
    case 2: return op.CPOP;
    case 4: return op.SEXT_B;
    case 5: return op.SEXT_H;
    default: return op.SLOW;
  }
}

function opImm(raw: u32, f3: u32): u32 {
  switch (f3) {
    case 0:
      if (slotRs1 == 0) return op.LI;
      return slotImm == 0 ? op.MV : op.ADDI;
    case 2: return op.SLTI;
    case 3: return op.SLTIU;
    case 4: return op.XORI;
    case 6: return op.ORI;
    case 7: return op.ANDI;
    default: return shiftImmediate(raw, f3);
  }
}

function opImm32(raw: u32, f3: u32): u32 {
  if (f3 == 0) return op.ADDIW;
  const top = raw >> 25;
  slotImm = (raw >> 20) & 63;
  if (f3 == 1) {
    if (top >> 1 == 0x02) return op.SLLI_UW;
    if (top == 0) return op.SLLIW;
    if (top != 0x30) return op.SLOW;
    switch (slotImm) {
      case 0: return op.CLZW;
      case 1: return op.CTZW;
      case 2: return op.CPOPW;
      default: return op.SLOW;
    }
  }
  if (f3 != 5) return op.SLOW;
  switch (top) {
    case 0x00: return op.SRLIW;
    case 0x20: return op.SRAIW;
    case 0x30: return op.RORIW;
    default: return op.SLOW;
  }
}

function base(f3: u32): u32 {
  switch (f3) {
    case 0: return op.ADD;
    case 1: return op.SLL;
    case 2: return op.SLT;
    case 3: return op.SLTU;
    case 4: return op.XOR;
    case 5: return op.SRL;
    case 6: return op.OR;
    default: return op.AND;
  }
}

function opReg(f7: u32, f3: u32): u32 {
  if (f7 == 0) return slotRs1 == 0 && f3 == 0 ? op.MV : base(f3);
  if (f7 == 1) return op.MUL + f3;
  switch ((f7 << 3) | f3) {
    case 0x100: return op.SUB;
    case 0x105: return op.SRA;
    case 0x107: return op.ANDN;
    case 0x106: return op.ORN;
    case 0x104: return op.XNOR;
    case 0x082: return op.SH1ADD;
    case 0x084: return op.SH2ADD;
    case 0x086: return op.SH3ADD;
    case 0x029: return op.CLMUL;
    case 0x02a: return op.CLMULR;
    case 0x02b: return op.CLMULH;
    case 0x02c: return op.MIN;
    case 0x02d: return op.MINU;
    case 0x02e: return op.MAX;
    case 0x02f: return op.MAXU;
    case 0x181: return op.ROL;
    case 0x185: return op.ROR;
    case 0x121: return op.BCLR;
    case 0x125: return op.BEXT;
    case 0x1a1: return op.BINV;
    case 0x0a1: return op.BSET;
    case 0x03d: return op.CZERO_EQZ;
    case 0x03f: return op.CZERO_NEZ;
    default: return op.SLOW;
  }
}

function opReg32(f7: u32, f3: u32): u32 {
  switch ((f7 << 3) | f3) {
    case 0x000: return op.ADDW;
    case 0x001: return op.SLLW;
    case 0x005: return op.SRLW;
    case 0x100: return op.SUBW;
    case 0x105: return op.SRAW;
    case 0x008: return op.MULW;
    case 0x00c: return op.DIVW;
    case 0x00d: return op.DIVUW;
    case 0x00e: return op.REMW;
    case 0x00f: return op.REMUW;
    case 0x020: return op.ADD_UW;
    case 0x024: return slotRs2 == 0 ? op.ZEXT_H : op.SLOW;
    case 0x082: return op.SH1ADD_UW;
    case 0x084: return op.SH2ADD_UW;
    case 0x086: return op.SH3ADD_UW;
    case 0x181: return op.ROLW;
    case 0x185: return op.RORW;
    default: return op.SLOW;
  }
}

/** Direct jumps: the NEAR form when the target lies in the page of the slot, which is at byte `at` of its page. */
function jump(distance: i32, at: i32, far: u32, near: u32): u32 {
  const target = at + distance;
  if (target >= 0 && target < 4096) {
    slotImm = distance << 2;
    return near;
  }
  slotImm = distance;
  return far;
}

function atomics(raw: u32, f3: u32): u32 {
  if (f3 != 2 && f3 != 3) return op.SLOW;
  const f5 = raw >> 27;
  slotImm = f5;
  if (f5 == 2) return slotRs2 != 0 ? op.SLOW : op.LR_W + f3 - 2;
  if (f5 == 3) return op.SC_W + f3 - 2;
  if (f5 == 5) return op.AMOCAS_W + f3 - 2;
  return isDefined(f5) ? op.AMO_W + f3 - 2 : op.SLOW;
}

function withFloatImm(operation: u32): u32 {
  slotImm = floatImm;
  return operation;
}

function branchDistance(raw: u32): i32 {
  return ((<i32>raw >> 31) << 12) | (((raw >> 7) & 1) << 11) | (((raw >> 25) & 63) << 5) | (((raw >> 8) & 15) << 1);
}

function jumpDistance(raw: u32): i32 {
  return ((<i32>raw >> 31) << 20) | (raw & 0xff000) | (((raw >> 20) & 1) << 11) | (((raw >> 21) & 0x3ff) << 1);
}

function branches(raw: u32, f3: u32, at: i32): u32 {
  if (f3 == 2 || f3 == 3) return op.SLOW;
  const index = f3 < 2 ? f3 : f3 - 2;
  return jump(branchDistance(raw), at, op.BEQ + index, op.BEQ_NEAR + index);
}

/** Writes to x0 vanish: an operation without other effect becomes a NOP. */
function toRegister(operation: u32): u32 {
  return operation != op.SLOW && slotRd == 0 ? op.NOP : operation;
}

function select(raw: u32, at: i32): u32 {
  const f3 = (raw >> 12) & 7;
  const f7 = raw >> 25;
  switch (raw & 0x7f) {
    case 0x03: return loads(f3);
    case 0x07: return f3 == 2 ? op.FLW : f3 == 3 ? op.FLD : op.SLOW;
    case 0x0f: return f3 == 0 && !SHARED ? op.NOP : f3 == 2 && slotRd == 0 && slotImm == 4 ? op.CBO_ZERO : op.SLOW;
    case 0x13: return toRegister(opImm(raw, f3));
    case 0x17:
      slotImm = raw & 0xfffff000;
      return toRegister(op.AUIPC);
    case 0x1b: return toRegister(opImm32(raw, f3));
    case 0x23:
      slotImm = (<i32>raw >> 25 << 5) | ((raw >> 7) & 31);
      return f3 < 4 ? op.SB + f3 : op.SLOW;
    case 0x27:
      slotImm = (<i32>raw >> 25 << 5) | ((raw >> 7) & 31);
      return f3 == 2 ? op.FSW : f3 == 3 ? op.FSD : op.SLOW;
    case 0x2f: return atomics(raw, f3);
    case 0x33: return toRegister(opReg(f7, f3));
    case 0x37:
      slotImm = raw & 0xfffff000;
      return toRegister(op.LI);
    case 0x3b: return toRegister(opReg32(f7, f3));
    case 0x43:
    case 0x47:
    case 0x4b:
    case 0x4f: return withFloatImm(decodeFused(raw));
    case 0x53: return withFloatImm(decodeFloat(raw));
    case 0x63: return branches(raw, f3, at);
    case 0x67: return f3 != 0 ? op.SLOW : slotRd == 0 ? op.JR : op.JALR;
    case 0x6f: return slotRd == 0 ? jump(jumpDistance(raw), at, op.J, op.J_NEAR) : jump(jumpDistance(raw), at, op.JAL, op.JAL_NEAR);
    case 0x73: return f3 & 3 ? registers(raw, f3) : op.SLOW;
    default: return op.SLOW;
  }
}

/** CSR instructions. C libraries read the floating-point state before they round by themselves. */
function registers(raw: u32, f3: u32): u32 {
  const csr = raw >> 20;
  if (f3 == 2 && slotRs1 == 0 && slotRd != 0 && (csr == 1 || csr == 2)) return csr == 1 ? op.FRFLAGS : op.FRRM;
  slotImm = (f3 << 12) | csr;
  return op.CSR;
}

/** The two-byte form of an operation that a compressed instruction expanded to; SLOW stays (it finds its length). */
function compressed(operation: u32): u32 {
  switch (operation) {
    case op.NOP: return op.NOP_C;
    case op.LI: return op.LI_C;
    case op.J: return op.J_C;
    case op.J_NEAR: return op.J_NEAR_C;
    case op.JR: return op.JR_C;
    case op.JALR: return op.JALR_C;
    case op.BEQ: return op.BEQ_C;
    case op.BNE: return op.BNE_C;
    case op.BEQ_NEAR: return op.BEQ_NEAR_C;
    case op.BNE_NEAR: return op.BNE_NEAR_C;
    case op.LW: return op.LW_C;
    case op.LD: return op.LD_C;
    case op.SW: return op.SW_C;
    case op.SD: return op.SD_C;
    case op.FLD: return op.FLD_C;
    case op.FSD: return op.FSD_C;
    case op.ADDI: return op.ADDI_C;
    case op.ADDIW: return op.ADDIW_C;
    case op.SLLI: return op.SLLI_C;
    case op.SRLI: return op.SRLI_C;
    case op.SRAI: return op.SRAI_C;
    case op.ANDI: return op.ANDI_C;
    case op.MV: return op.MV_C;
    case op.ADD: return op.ADD_C;
    case op.SUB: return op.SUB_C;
    case op.XOR: return op.XOR_C;
    case op.OR: return op.OR_C;
    case op.AND: return op.AND_C;
    case op.ADDW: return op.ADDW_C;
    case op.SUBW: return op.SUBW_C;
    default: return op.SLOW;
  }
}

/**
 * Decodes `raw` (32 bits, already expanded when `isCompressed`) into `slot`. `at` is the instruction's byte offset in
 * its page; -1 forces far jumps.
 * @returns true when control never continues after the instruction, so decoding ahead would be idle
 */
export function decodeSlot(slot: usize, raw: u32, isCompressed: bool, at: i32): bool {
  slotRd = ((raw >> 7) & 31) << 3;
  slotRs1 = ((raw >> 15) & 31) << 3;
  slotRs2 = ((raw >> 20) & 31) << 3;
  slotImm = <i32>raw >> 20;
  slotOp = raw == 0 ? op.SLOW : select(raw, at < 0 ? 1 << 30 : at);
  if (isCompressed) slotOp = compressed(slotOp);
  if (slotOp == op.MV || slotOp == op.MV_C) {
    if (slotRs1 == 0) slotRs1 = slotRs2; // add rd, x0, rs2
  }
  store<u32>(slot, slotImm, 4);
  store<u32>(slot, slotOp | (slotRd << 8) | (slotRs1 << 16) | (slotRs2 << 24));
  return slotOp == op.J || slotOp == op.J_NEAR || slotOp == op.JR || slotOp == op.SLOW || slotOp == op.JR_C || slotOp == op.J_C || slotOp == op.J_NEAR_C;
}
