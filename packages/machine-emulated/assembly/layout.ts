/**
 * Where everything lives in the one WebAssembly memory. The TypeScript side mirrors these numbers in
 * `src/internal/layout.ts`; a unit test compares the two.
 *
 *   0x000400  static data of this module (`--memoryBase`)
 *
 * Then each CPU's own part, at BASE:
 *   0x001000  hart state (HART_*), 1 KiB
 *   0x001400  trap record (TRAP_*)
 *   0x001500  RAM regions (REGION_*), 32 bytes each
 *   0x001800  translation-buffer set headers, 16 bytes each
 *   0x002000  scratch slots for an instruction that crosses a page
 *   0x003000  physical memory protection (PMP_*)
 *   0x010000  translation buffers: 16 sets of read, write and execute tables
 *   0x0b0000  end of the CPU's part; after the last CPU's, contexts, code pages and RAM follow at `init`'s addresses
 */
import { BASE } from './base';

/** One register file ("context"), in bytes from its base. x0's cell is always zero. */
export const PC: usize = 256;
export const F: usize = 264;
/** u32: frm << 5 | fflags; bit 31 is FP_TRAP. */
export const FCSR: usize = 520;
/** u64: the context's satp while it runs hosted. */
export const SATP: usize = 528;
export const CONTEXT_BYTES: usize = 576;

/** Set in FCSR while mstatus.FS is not Dirty: every floating-point instruction takes the exact path. */
export const FP_TRAP: u32 = 0x80000000;

/** Hart state. u64 unless said otherwise. */
export const HART_STEPS: usize = BASE + 0x1000; // instructions begun; virtual time derives from it
export const HART_RETIRED: usize = BASE + 0x1008;
export const HART_TIME_OFFSET: usize = BASE + 0x1010; // ns of idle time skipped
export const HART_TIMER: usize = BASE + 0x1018; // step count at which MTIP rises
export const HART_PS_PER_STEP: usize = BASE + 0x1020; // u32
export const HART_KICK: usize = BASE + 0x1024; // u32, sticky
export const HART_HOSTED: usize = BASE + 0x1028; // u32: 1 = every trap returns to the host
export const HART_PRIV: usize = BASE + 0x102c; // u32: 0 U, 1 S, 3 M
export const HART_LINES: usize = BASE + 0x1030; // u32: interrupt lines that devices drive, as mip bits
export const HART_MIP: usize = BASE + 0x1034; // u32: software-writable mip bits
export const HART_RES_VALID: usize = BASE + 0x1038; // u32: LR reservation held
export const HART_DATA_SET: usize = BASE + 0x103c; // u32: address of the data translation set
export const HART_RES_ADDR: usize = BASE + 0x1040; // u32: address in this memory
export const HART_RES_CTX: usize = BASE + 0x1048; // u32: context that holds it
export const HART_CODE_SET: usize = BASE + 0x104c; // u32: address of the fetch translation set
export const HART_MSTATUS: usize = BASE + 0x1050;
export const HART_MTVEC: usize = BASE + 0x1058;
export const HART_MEPC: usize = BASE + 0x1060;
export const HART_MCAUSE: usize = BASE + 0x1068;
export const HART_MTVAL: usize = BASE + 0x1070;
export const HART_MSCRATCH: usize = BASE + 0x1078;
export const HART_MEDELEG: usize = BASE + 0x1080;
export const HART_MIDELEG: usize = BASE + 0x1088;
export const HART_MIE: usize = BASE + 0x1090;
export const HART_MCOUNTEREN: usize = BASE + 0x1098;
export const HART_STVEC: usize = BASE + 0x10a0;
export const HART_SEPC: usize = BASE + 0x10a8;
export const HART_SCAUSE: usize = BASE + 0x10b0;
export const HART_STVAL: usize = BASE + 0x10b8;
export const HART_SSCRATCH: usize = BASE + 0x10c0;
export const HART_SCOUNTEREN: usize = BASE + 0x10c8;
export const HART_SATP: usize = BASE + 0x10d0;
export const HART_MENVCFG: usize = BASE + 0x10d8;
export const HART_SENVCFG: usize = BASE + 0x10e0;
export const HART_HARTID: usize = BASE + 0x10e8;
export const HART_STIMECMP: usize = BASE + 0x10f0; // ticks: Sstc's comparator
export const HART_WAITING: usize = BASE + 0x10f8; // u32: stopped in WFI

export const HART_INHIBIT: usize = BASE + 0x1130; // mcountinhibit
export const HART_CYCLE_BASE: usize = BASE + 0x1138; // step count at which mcycle was 0
export const HART_HELD_CYCLE: usize = BASE + 0x1140; // mcycle and minstret while inhibited
export const HART_HELD_RETIRED: usize = BASE + 0x1148;

/** How the kernel's thread and this CPU's worker speak (shared build only). i32 each; see serve.ts. */
export const HART_STATE: usize = BASE + 0x1100;
export const HART_PAUSE: usize = BASE + 0x1104;
export const HART_PAUSED: usize = BASE + 0x1108;
export const HART_REGISTERS: usize = BASE + 0x110c;
export const HART_BUDGET: usize = BASE + 0x1110;
export const HART_FENCE: usize = BASE + 0x1120;
/** In the first CPU's part: not 0 = some worker has come back. */
export const HART_BELL: usize = 0x1114;
/** In the first CPU's part, i32: held during an amocas.q (shared build only). */
export const QUAD_LOCK: usize = 0x1124;
/** u64: what LR read; SC stores only where it still is. */
export const HART_RES_VALUE: usize = BASE + 0x1118;

/** Configuration written once by `init`. u32 each. */
export const CFG_CODE_BASE: usize = BASE + 0x1200;
export const CFG_CODE_PAGES: usize = BASE + 0x1204;
export const CFG_CODE_OWNERS: usize = BASE + 0x1208; // u32 per code page: RAM page index + 1, or 0
export const CFG_PAGE_INFO: usize = BASE + 0x120c; // u32 per RAM page
export const CFG_REGIONS: usize = BASE + 0x1210;
export const CODE_HAND: usize = BASE + 0x1214;
export const CODE_USED: usize = BASE + 0x1218;
export const SET_CLOCK: usize = BASE + 0x121c;
/** Interpreted instructions between two samples of the pc for the translator; 0 = there is none. */
export const HART_SAMPLE_INTERVAL: usize = BASE + 0x1220;
/** u32 per code page: how often it was cleared. */
export const HART_CODE_GENERATIONS: usize = BASE + 0x1224;
/** i32: interpreted instructions until the next sample. */
export const HART_SAMPLE_CREDIT: usize = BASE + 0x1228;
/** Entries into regions, entries that a region declined. u64 each. */
export const HART_REGION_ENTERED: usize = BASE + 0x1230;
export const HART_REGION_DECLINED: usize = BASE + 0x1238;
/** i32: ways out of regions that are no entries, until the translator is told of one. */
export const HART_EXIT_CREDIT: usize = BASE + 0x1240;
/** u32: address in this memory of the doubleword whose stores end a run of the hart, or 0 (access.ts). */
export const HART_WATCH: usize = BASE + 0x1244;
/** u32: other stores to its page until it is watched no longer. */
export const HART_WATCH_CREDIT: usize = BASE + 0x1248;
/** u32: its bytes that were stored since the host last looked, a bit each. */
export const HART_WATCH_BYTES: usize = BASE + 0x124c;
/** i64: ticks that the guest has added to its time by writing mtime. */
export const HART_TICK_SHIFT: usize = BASE + 0x1250;
/** u32: how often decoded pages were cleared or execute translations forgotten. */
export const HART_CODE_EPOCH: usize = BASE + 0x1258;
/** i32: ways from region to region, until the translator is told of one; and the base of the one left, u64. */
export const HART_MOVE_CREDIT: usize = BASE + 0x125c;
export const HART_LEFT_BASE: usize = BASE + 0x1260;
/** u32: not 0 = some decoded page may have been stored to. */
export const HART_STALE: usize = BASE + 0x1268;
/** u32: how often a read or write translation was replaced or forgotten. */
export const HART_DATA_EPOCH: usize = BASE + 0x1270;
/** u32: interrupts that are pending and enabled in mie, as of when the hart last looked; only the exact path changes them. */
export const HART_READY: usize = BASE + 0x126c;
/** u64: the step count at which the region that runs would have used up what it may. */
export const HART_SLICE_END: usize = BASE + 0x1278;

/** The record `run` fills before it returns. */
export const TRAP_KIND: usize = BASE + 0x1400; // u32
export const TRAP_CAUSE: usize = BASE + 0x1404; // u32: RISC-V exception code
export const TRAP_TVAL: usize = BASE + 0x1408; // u64
export const TRAP_CONSUMED: usize = BASE + 0x1410; // u64

/** RAM regions: base u64, length u64, address in this memory u32, first page index u32. */
export const REGIONS: usize = BASE + 0x1500;
export const REGION_BYTES: usize = 32;

/** Translation-set header: satp u64, mode u32 (see tlb.ts), last use u32. */
export const SET_HEADERS: usize = BASE + 0x1800;
export const SET_COUNT: i32 = 16;
/** Per set and half of the address space: first and last address in superpages, u64 each (tlb.ts). */
export const SET_SUPER: usize = BASE + 0x1900;
export const SCRATCH: usize = BASE + 0x2000;
export const SCRATCH_CHECK: usize = BASE + 0x2040;
/** An execute entry outside the table, for pages that PMP lets in only by parts. */
export const LOOSE_ENTRY: usize = BASE + 0x2080;
/** PMP: 16 configuration bytes, 16 u64 addresses, u32: entries in use end here, 16 ranges of two u64. */
export const PMP_CONFIGS: usize = BASE + 0x3000;
export const PMP_ADDRESSES: usize = BASE + 0x3010;
export const PMP_LIMIT: usize = BASE + 0x3090;
export const PMP_RANGES: usize = BASE + 0x3100;
export const SETS: usize = BASE + 0x10000;
/**
 * Entries of 16 bytes: tag u64, addend or slot base u32, host page u32. The read and write tables have 1024 each (4 MiB
 * of reach), the execute table 512.
 */
export const DATA_MASK: u32 = 0x3ff0;
export const EXEC_MASK: u32 = 0x1ff0;
export const WRITE_TABLE: usize = 0x4000;
export const WRITE_TABLE_BYTES: usize = 0x4000;
export const EXEC_TABLE: usize = 0x8000;
export const EXEC_TABLE_BYTES: usize = 0x2000;
export const SET_BYTES: usize = 0xa000;

/** Decoded slots: 2048 of 8 bytes for the page's halfwords and one that ends the page. */
export const CODE_PAGE_BYTES: usize = 16400;
export const CODE_PAGE_END: usize = 16384;

/** A page-info word: code page number + 1 in the low bits, and these flags. */
export const PAGE_CODE_MASK: u32 = 0x00ffffff;
export const PAGE_WRITABLE: u32 = 0x40000000; // some write table may hold the page
export const PAGE_STALE: u32 = 0x80000000; // stored to since it was decoded
