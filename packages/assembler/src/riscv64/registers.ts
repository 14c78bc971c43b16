/** Registers by their ABI names, and the control and status registers that stubs use. */
export const [ZERO, RA, SP, GP, TP, T0, T1, T2] = [0, 1, 2, 3, 4, 5, 6, 7];
export const [S0, S1, A0, A1, A2, A3, A4, A5, A6, A7] = [8, 9, 10, 11, 12, 13, 14, 15, 16, 17];
export const [S2, S3, S4, S5, S6, S7, S8, S9, S10, S11] = [18, 19, 20, 21, 22, 23, 24, 25, 26, 27];
export const [T3, T4, T5, T6] = [28, 29, 30, 31];

/** Numbers of CSRs. Source: RISC-V Privileged ISA 20240411, section 2.2. */
export const CSR = {
  fflags: 0x001,
  frm: 0x002,
  fcsr: 0x003,
  cycle: 0xc00,
  time: 0xc01,
  instret: 0xc02,
  sstatus: 0x100,
  sie: 0x104,
  stvec: 0x105,
  scounteren: 0x106,
  sscratch: 0x140,
  sepc: 0x141,
  scause: 0x142,
  stval: 0x143,
  sip: 0x144,
  satp: 0x180,
  mvendorid: 0xf11,
  mhartid: 0xf14,
  mstatus: 0x300,
  misa: 0x301,
  medeleg: 0x302,
  mideleg: 0x303,
  mie: 0x304,
  mtvec: 0x305,
  mcounteren: 0x306,
  menvcfg: 0x30a,
  mcountinhibit: 0x320,
  mscratch: 0x340,
  mepc: 0x341,
  mcause: 0x342,
  mtval: 0x343,
  mip: 0x344,
  pmpcfg0: 0x3a0,
  pmpaddr0: 0x3b0,
  mcycle: 0xb00,
  minstret: 0xb02,
} as const;
