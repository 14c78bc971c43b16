/** Architectural bit positions and numbers (privileged specification, chapters 3 and 10). */
export const PRIV_U: u32 = 0;
export const PRIV_S: u32 = 1;
export const PRIV_M: u32 = 3;

export const SIE: u64 = 1 << 1;
export const MIE: u64 = 1 << 3;
export const SPIE: u64 = 1 << 5;
export const MPIE: u64 = 1 << 7;
export const SPP: u64 = 1 << 8;
export const MPP: u64 = 3 << 11;
export const FS: u64 = 3 << 13;
export const MPRV: u64 = 1 << 17;
export const SUM: u64 = 1 << 18;
export const MXR: u64 = 1 << 19;
export const TVM: u64 = 1 << 20;
export const TW: u64 = 1 << 21;
export const TSR: u64 = 1 << 22;
export const XL: u64 = 0xa00000000; // UXL = SXL = 64
export const SD: u64 = 1 << 63;

export const IRQ_SSI: u32 = 1 << 1;
export const IRQ_MSI: u32 = 1 << 3;
export const IRQ_STI: u32 = 1 << 5;
export const IRQ_MTI: u32 = 1 << 7;
export const IRQ_SEI: u32 = 1 << 9;
export const IRQ_MEI: u32 = 1 << 11;

export const CAUSE_FETCH_ACCESS: u32 = 1;
export const CAUSE_ILLEGAL: u32 = 2;
export const CAUSE_BREAKPOINT: u32 = 3;
export const CAUSE_LOAD_MISALIGNED: u32 = 4;
export const CAUSE_LOAD_ACCESS: u32 = 5;
export const CAUSE_STORE_MISALIGNED: u32 = 6;
export const CAUSE_STORE_ACCESS: u32 = 7;
export const CAUSE_ECALL_U: u32 = 8;
export const CAUSE_FETCH_PAGE: u32 = 12;
export const CAUSE_LOAD_PAGE: u32 = 13;
export const CAUSE_STORE_PAGE: u32 = 15;

/** menvcfg and senvcfg; the last three only in menvcfg (section 3.1.18). */
export const FIOM: u64 = 1;
export const CBIE: u64 = 3 << 4;
export const CBCFE: u64 = 1 << 6;
export const CBZE: u64 = 1 << 7;
export const ADUE: u64 = 1 << 61;
export const PBMTE: u64 = 1 << 62;
export const STCE: u64 = 1 << 63;

/** Page-table entry bits. */
export const PTE_V: u64 = 1;
export const PTE_R: u64 = 2;
export const PTE_W: u64 = 4;
export const PTE_X: u64 = 8;
export const PTE_U: u64 = 16;
export const PTE_A: u64 = 64;
export const PTE_D: u64 = 128;
/** Svpbmt's memory type and Svnapot's N. */
export const PTE_PBMT: u64 = <u64>3 << 61;
export const PTE_N: u64 = <u64>1 << 63;
