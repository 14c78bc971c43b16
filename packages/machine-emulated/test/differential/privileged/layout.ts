/**
 * Where a privileged test program has its parts in physical memory, and the shapes of its descriptors and records.
 *
 * A program is a list of items. For each, the launcher (machine mode) loads a descriptor: memory words to poke, CSRs, all
 * registers; and enters the item's snippet with MRET, in any privilege and under any translation. The first trap that
 * reaches machine mode ends the item: the handler appends a record. Traps that are delegated reach the supervisor's
 * handler, which is one instruction that traps into machine mode: the record then shows scause, sepc and stval too.
 *
 * Units   addresses in bytes, descriptors and records in u64 words
 */
export const RAM = 0x8000_0000;
export const RAM_BYTES = 64 * 1024 * 1024;
/** Launcher, handlers, snippets. */
export const CODE = RAM;
export const CODE_BYTES = 0x60_0000;
/** One-instruction handlers for supervisor mode: 64 vectors of ECALL, 64 of an illegal instruction. */
export const S_ECALL = RAM + 0x4000;
export const S_ILLEGAL = RAM + 0x4100;
export const M_VECTORS = RAM + 0x4200;
export const SNIPPETS = RAM + 0x6000;
/** Sixteen data pages, 64 KiB aligned, that memory items access. */
export const DATA = RAM + 0x60_0000;
/** Two data pages around this address, for random user-level code. */
export const CHUNK_DATA = RAM + 0x62_1000;
/** Pages that fetch items jump to. */
export const EXEC = RAM + 0x63_0000;
/** Page tables: roots of Sv39, Sv48, Sv57, a fixed path for CHUNK_DATA, and one table page per level for items. */
export const ROOT39 = RAM + 0x64_0000;
export const ROOT48 = RAM + 0x64_1000;
export const ROOT57 = RAM + 0x64_2000;
export const CHUNK_TABLE1 = RAM + 0x64_3000;
export const CHUNK_TABLE0 = RAM + 0x64_4000;
/** Table page of `level` (0..3). */
export const tableOf = (level: number): number => RAM + 0x65_0000 + level * 4096;
export const DESCRIPTORS = RAM + 0x80_0000;
export const RECORDS = RAM + 0x200_0000;
export const RECORDS_BYTES = RAM + RAM_BYTES - RECORDS;

/** Under translation: RAM for supervisor mode at its own address, code for user mode here, chunk data here. */
export const USER_OFFSET = 0x4000_0000;
export const USER_DATA = 0x1_4000_0000 + (CHUNK_DATA - RAM);

/**
 * CSRs that the launcher writes, in descriptor order. mstatus comes last, on its own. All that an item can read, so that an
 * explained difference of one item is none of the next.
 */
export const SET_CSRS = [
  // STCE before stimecmp before mip: with it off, STIP is what was written last; with it on, the comparator's.
  ...(['menvcfg', 'stimecmp', 'medeleg', 'mideleg', 'mip', 'mie', 'satp', 'senvcfg', 'mcounteren'] as const),
  ...(['scounteren', 'stvec', 'mtvec', 'mepc', 'sepc', 'sscratch', 'scause', 'stval'] as const),
  ...(['mcountinhibit', 'mcycle', 'minstret'] as const),
  ...(['pmpaddr0', 'pmpaddr1', 'pmpaddr2', 'pmpaddr3', 'pmpaddr4', 'pmpaddr5', 'pmpaddr6', 'pmpaddr7'] as const),
  ...(['pmpcfg0', 'pmpcfg2', 'mcause', 'mtval'] as const),
];
/** CSRs that the handler records. mstatus comes first, as it was. */
export const SEEN_CSRS = [
  ...(['mstatus', 'mcause', 'mepc', 'mtval', 'mip', 'mie', 'scause', 'sepc', 'stval', 'sscratch', 'satp'] as const),
  ...(['medeleg', 'mideleg', 'mcounteren', 'scounteren', 'menvcfg', 'senvcfg', 'stvec', 'mtvec', 'fcsr'] as const),
  ...(['pmpcfg0', 'pmpaddr1', 'mcountinhibit', 'stimecmp'] as const),
];
export type SetCsr = (typeof SET_CSRS)[number];
export type SeenCsr = (typeof SEEN_CSRS)[number];

export const POKES = 8;
export const WATCHES = 8;

/** Descriptor: x1..x31, f0..f31, CSRs, pokes (address, value), watched addresses, then these. */
export const D_X = 0;
export const D_F = 32;
export const D_CSRS = 64;
export const D_POKES = D_CSRS + SET_CSRS.length;
export const D_WATCHES = D_POKES + 2 * POKES;
export const D_MSTATUS = D_WATCHES + WATCHES;
export const D_FCSR = D_MSTATUS + 1;
export const D_MTIMECMP = D_FCSR + 1;
export const D_MSIP = D_MTIMECMP + 1;
export const D_WORDS = D_MSIP + 1;

/** Record: x1..x31, f0..f31, CSRs, watched words. */
export const R_CSRS = 64;
export const R_WATCHES = R_CSRS + SEEN_CSRS.length;
export const R_WORDS = R_WATCHES + WATCHES;

export const MAX_ITEMS = Math.min(
  Math.floor((RECORDS - DESCRIPTORS) / (D_WORDS * 8)),
  Math.floor(RECORDS_BYTES / (R_WORDS * 8)),
);

/** Numbers of every CSR by name. Source: privileged specification, chapter "CSRs". */
export const CSR = {
  ...{ fflags: 0x001, frm: 0x002, fcsr: 0x003, cycle: 0xc00, time: 0xc01, instret: 0xc02 },
  ...{ sstatus: 0x100, sie: 0x104, stvec: 0x105, scounteren: 0x106, senvcfg: 0x10a, sscratch: 0x140, sepc: 0x141 },
  ...{ scause: 0x142, stval: 0x143, sip: 0x144, stimecmp: 0x14d, satp: 0x180 },
  ...{ mvendorid: 0xf11, marchid: 0xf12, mimpid: 0xf13, mhartid: 0xf14, mconfigptr: 0xf15 },
  ...{ mstatus: 0x300, misa: 0x301, medeleg: 0x302, mideleg: 0x303, mie: 0x304, mtvec: 0x305, mcounteren: 0x306 },
  ...{ menvcfg: 0x30a, mscratch: 0x340, mepc: 0x341, mcause: 0x342, mtval: 0x343, mip: 0x344 },
  ...{ mcycle: 0xb00, minstret: 0xb02, mcountinhibit: 0x320, pmpcfg0: 0x3a0, pmpcfg2: 0x3a2 },
  ...{ pmpaddr0: 0x3b0, pmpaddr1: 0x3b1, pmpaddr2: 0x3b2, pmpaddr3: 0x3b3, pmpaddr4: 0x3b4, pmpaddr5: 0x3b5 },
  ...{ pmpaddr6: 0x3b6, pmpaddr7: 0x3b7, pmpaddr8: 0x3b8, pmpaddr15: 0x3bf },
} as const;
export type CsrName = keyof typeof CSR;
