/**
 * Operations of the predecoded slots.
 *
 * A slot is 8 bytes: op, rd, rs1, rs2 (register numbers times 8, so that they are byte offsets into the register
 * file), imm (i32). `_C` operations are two bytes long, all others four. `_NEAR` jumps hold the distance in slot bytes
 * (four times the distance in code bytes); others hold code bytes. Three-source floating-point operations hold
 * rs3 * 8 in imm. Operations the loop has no handler for decode to SLOW.
 */
// Control of the loop itself: decode me, take the exact path, end of page, instruction crosses into the next page
export const DECODE: u32 = 0;
export const SLOW: u32 = 1;
export const PAGE_END: u32 = 2;
export const CROSS: u32 = 3;
export const NOP: u32 = 4;
export const NOP_C: u32 = 5;

// Constants and jumps; NEAR targets lie in the same page and need no lookup
export const LI: u32 = 6;
export const AUIPC: u32 = 7;
export const JAL: u32 = 8;
export const JAL_NEAR: u32 = 9;
export const J: u32 = 10;
export const J_NEAR: u32 = 11;
export const JALR: u32 = 12;
export const JR: u32 = 13;

// Branches
export const BEQ: u32 = 14;
export const BNE: u32 = 15;
export const BLT: u32 = 16;
export const BGE: u32 = 17;
export const BLTU: u32 = 18;
export const BGEU: u32 = 19;
export const BEQ_NEAR: u32 = 20;
export const BNE_NEAR: u32 = 21;
export const BLT_NEAR: u32 = 22;
export const BGE_NEAR: u32 = 23;
export const BLTU_NEAR: u32 = 24;
export const BGEU_NEAR: u32 = 25;

// Memory
export const LB: u32 = 26;
export const LH: u32 = 27;
export const LW: u32 = 28;
export const LD: u32 = 29;
export const LBU: u32 = 30;
export const LHU: u32 = 31;
export const LWU: u32 = 32;
export const SB: u32 = 33;
export const SH: u32 = 34;
export const SW: u32 = 35;
export const SD: u32 = 36;

// Register-immediate
export const ADDI: u32 = 37;
export const SLTI: u32 = 38;
export const SLTIU: u32 = 39;
export const XORI: u32 = 40;
export const ORI: u32 = 41;
export const ANDI: u32 = 42;
export const SLLI: u32 = 43;
export const SRLI: u32 = 44;
export const SRAI: u32 = 45;
export const ADDIW: u32 = 46;
export const SLLIW: u32 = 47;
export const SRLIW: u32 = 48;
export const SRAIW: u32 = 49;

// Register-register
export const ADD: u32 = 50;
export const SUB: u32 = 51;
export const SLL: u32 = 52;
export const SLT: u32 = 53;
export const SLTU: u32 = 54;
export const XOR: u32 = 55;
export const SRL: u32 = 56;
export const SRA: u32 = 57;
export const OR: u32 = 58;
export const AND: u32 = 59;
export const ADDW: u32 = 60;
export const SUBW: u32 = 61;
export const SLLW: u32 = 62;
export const SRLW: u32 = 63;
export const SRAW: u32 = 64;

// M
export const MUL: u32 = 65;
export const MULH: u32 = 66;
export const MULHSU: u32 = 67;
export const MULHU: u32 = 68;
export const DIV: u32 = 69;
export const DIVU: u32 = 70;
export const REM: u32 = 71;
export const REMU: u32 = 72;
export const MULW: u32 = 73;
export const DIVW: u32 = 74;
export const DIVUW: u32 = 75;
export const REMW: u32 = 76;
export const REMUW: u32 = 77;

// Zba
export const ADD_UW: u32 = 78;
export const SH1ADD: u32 = 79;
export const SH2ADD: u32 = 80;
export const SH3ADD: u32 = 81;
export const SH1ADD_UW: u32 = 82;
export const SH2ADD_UW: u32 = 83;
export const SH3ADD_UW: u32 = 84;
export const SLLI_UW: u32 = 85;

// Zbb
export const ANDN: u32 = 86;
export const ORN: u32 = 87;
export const XNOR: u32 = 88;
export const CLZ: u32 = 89;
export const CLZW: u32 = 90;
export const CTZ: u32 = 91;
export const CTZW: u32 = 92;
export const CPOP: u32 = 93;
export const CPOPW: u32 = 94;
export const MAX: u32 = 95;
export const MAXU: u32 = 96;
export const MIN: u32 = 97;
export const MINU: u32 = 98;
export const SEXT_B: u32 = 99;
export const SEXT_H: u32 = 100;
export const ZEXT_H: u32 = 101;
export const ROL: u32 = 102;
export const ROLW: u32 = 103;
export const ROR: u32 = 104;
export const RORI: u32 = 105;
export const RORIW: u32 = 106;
export const RORW: u32 = 107;
export const ORC_B: u32 = 108;
export const REV8: u32 = 109;

// Zbs
export const BCLR: u32 = 110;
export const BCLRI: u32 = 111;
export const BEXT: u32 = 112;
export const BEXTI: u32 = 113;
export const BINV: u32 = 114;
export const BINVI: u32 = 115;
export const BSET: u32 = 116;
export const BSETI: u32 = 117;

// Zicond
export const CZERO_EQZ: u32 = 118;
export const CZERO_NEZ: u32 = 119;

// F and D, memory and moves
export const FLW: u32 = 120;
export const FLD: u32 = 121;
export const FSW: u32 = 122;
export const FSD: u32 = 123;
export const FMV_X_W: u32 = 124;
export const FMV_W_X: u32 = 125;
export const FMV_X_D: u32 = 126;
export const FMV_D_X: u32 = 127;
export const FSGNJ_S: u32 = 128;
export const FSGNJN_S: u32 = 129;
export const FSGNJX_S: u32 = 130;
export const FSGNJ_D: u32 = 131;
export const FSGNJN_D: u32 = 132;
export const FSGNJX_D: u32 = 133;

// F and D, arithmetic with native fast paths
export const FADD_S: u32 = 134;
export const FSUB_S: u32 = 135;
export const FMUL_S: u32 = 136;
export const FDIV_S: u32 = 137;
export const FSQRT_S: u32 = 138;
export const FADD_D: u32 = 139;
export const FSUB_D: u32 = 140;
export const FMUL_D: u32 = 141;
export const FDIV_D: u32 = 142;
export const FSQRT_D: u32 = 143;
export const FMADD_S: u32 = 144;
export const FMSUB_S: u32 = 145;
export const FNMSUB_S: u32 = 146;
export const FNMADD_S: u32 = 147;
export const FMADD_D: u32 = 148;
export const FMSUB_D: u32 = 149;
export const FNMSUB_D: u32 = 150;
export const FNMADD_D: u32 = 151;

// F and D, comparisons and conversions
export const FMIN_S: u32 = 152;
export const FMAX_S: u32 = 153;
export const FMIN_D: u32 = 154;
export const FMAX_D: u32 = 155;
export const FEQ_S: u32 = 156;
export const FLT_S: u32 = 157;
export const FLE_S: u32 = 158;
export const FEQ_D: u32 = 159;
export const FLT_D: u32 = 160;
export const FLE_D: u32 = 161;
export const FCVT_W_D: u32 = 162;
export const FCVT_L_D: u32 = 163;
export const FCVT_W_S: u32 = 164;
export const FCVT_L_S: u32 = 165;
export const FCVT_D_W: u32 = 166;
export const FCVT_D_WU: u32 = 167;
export const FCVT_D_L: u32 = 168;
export const FCVT_S_W: u32 = 169;
export const FCVT_S_D: u32 = 170;
export const FCVT_D_S: u32 = 171;

// Two-byte forms of the instructions that C abbreviates
export const LI_C: u32 = 172;
export const J_C: u32 = 173;
export const J_NEAR_C: u32 = 174;
export const JR_C: u32 = 175;
export const JALR_C: u32 = 176;
export const BEQ_C: u32 = 177;
export const BNE_C: u32 = 178;
export const BEQ_NEAR_C: u32 = 179;
export const BNE_NEAR_C: u32 = 180;
export const LW_C: u32 = 181;
export const LD_C: u32 = 182;
export const SW_C: u32 = 183;
export const SD_C: u32 = 184;
export const FLD_C: u32 = 185;
export const FSD_C: u32 = 186;
export const ADDI_C: u32 = 187;
export const ADDIW_C: u32 = 188;
export const SLLI_C: u32 = 189;
export const SRLI_C: u32 = 190;
export const SRAI_C: u32 = 191;
export const ANDI_C: u32 = 192;
export const MV_C: u32 = 193;
export const ADD_C: u32 = 194;
export const SUB_C: u32 = 195;
export const XOR_C: u32 = 196;
export const OR_C: u32 = 197;
export const AND_C: u32 = 198;
export const ADDW_C: u32 = 199;
export const SUBW_C: u32 = 200;

// Four-byte move
export const MV: u32 = 201;

// A; AMO_* hold funct5 in imm, and every one may have x0 as its target
export const LR_W: u32 = 202;
export const LR_D: u32 = 203;
export const SC_W: u32 = 204;
export const SC_D: u32 = 205;
export const AMO_W: u32 = 206;
export const AMO_D: u32 = 207;

// Zacas
export const AMOCAS_W: u32 = 208;
export const AMOCAS_D: u32 = 209;

// Zbc
export const CLMUL: u32 = 210;
export const CLMULH: u32 = 211;
export const CLMULR: u32 = 212;

// Zfa; FLI_S holds the single's bits in imm, FLI_D the double's upper half, FROUND_* rm | (raises NX) << 3
export const FLI_S: u32 = 213;
export const FLI_D: u32 = 214;
export const FROUND_S: u32 = 215;
export const FROUND_D: u32 = 216;

/** A translated region begins here; imm is the address of its entry record (regions.ts). */
export const ENTER: u32 = 217;

// csrr of frm and of fflags
export const FRRM: u32 = 218;
export const FRFLAGS: u32 = 219;

// cbo.zero; a load to x0, with log2 of its bytes * 8 in rd; a CSR instruction, with funct3 << 12 | number in imm
export const CBO_ZERO: u32 = 220;
export const LOAD_0: u32 = 221;
export const CSR: u32 = 222;
