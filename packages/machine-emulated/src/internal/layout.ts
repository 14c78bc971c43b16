/**
 * Addresses in the machine's WebAssembly memory, as assembly/layout.ts has them (a unit test compares the two files),
 * and where the parts whose size depends on the options go.
 */

/** One context: x0..x31 and pc (33 u64), f0..f31 (u64), fcsr (u32), zero (u32), satp (u64), padding. */
export const CONTEXT = {
  PC: 256,
  F: 264,
  FCSR: 520,
  SATP: 528,
  BYTES: 576,
} as const;

/** Bytes of one CPU's own part of the memory; CPU i's begins at i times this. */
export const HART_BYTES = 0xb0000;

/** Hart state, in the CPU's part. */
export const HART = {
  STEPS: 0x1000,
  RETIRED: 0x1008,
  TIME_OFFSET: 0x1010,
  TIMER: 0x1018,
  PS_PER_STEP: 0x1020,
  KICK: 0x1024,
  HOSTED: 0x1028,
  PRIV: 0x102c,
  LINES: 0x1030,
  RES_VALID: 0x1038,
  DATA_SET: 0x103c,
  RES_ADDR: 0x1040,
  RES_CTX: 0x1048,
  CODE_SET: 0x104c,
  MSTATUS: 0x1050,
  MTVEC: 0x1058,
  MEPC: 0x1060,
  MCAUSE: 0x1068,
  MTVAL: 0x1070,
  MSCRATCH: 0x1078,
  MIE: 0x1090,
  MCOUNTEREN: 0x1098,
  STVEC: 0x10a0,
  SEPC: 0x10a8,
  SCAUSE: 0x10b0,
  STVAL: 0x10b8,
  SSCRATCH: 0x10c0,
  SCOUNTEREN: 0x10c8,
  MENVCFG: 0x10d8,
  SENVCFG: 0x10e0,
  STIMECMP: 0x10f0,
  WAITING: 0x10f8,
  STATE: 0x1100,
  PAUSE: 0x1104,
  PAUSED: 0x1108,
  REGISTERS: 0x110c,
  BUDGET: 0x1110,
  BELL: 0x1114,
  FENCE: 0x1120,
  SAMPLE_INTERVAL: 0x1220,
  CODE_GENERATIONS: 0x1224,
  SAMPLE_CREDIT: 0x1228,
  REGION_ENTERED: 0x1230,
  REGION_DECLINED: 0x1238,
  EXIT_CREDIT: 0x1240,
  WATCH: 0x1244,
  WATCH_CREDIT: 0x1248,
  WATCH_BYTES: 0x124c,
  TICK_SHIFT: 0x1250,
  CODE_EPOCH: 0x1258,
  MOVE_CREDIT: 0x125c,
  LEFT_BASE: 0x1260,
  DATA_EPOCH: 0x1270,
  READY: 0x126c,
  SLICE_END: 0x1278,
} as const;

/** Values of HART.STATE; see assembly/serve.ts. */
export const HartState = { Parked: 0, Running: 1, Back: 2, Quit: 3 } as const;

/** The trap record. */
export const TRAP = {
  KIND: 0x1400,
  CAUSE: 0x1404,
  TVAL: 0x1408,
  CONSUMED: 0x1410,
} as const;

export const CODE_PAGE_BYTES = 16400;
export const MAX_REGIONS = 16;
/** Part of a page-info word that is not 0 while code of the page is decoded. */
export const PAGE_CODE_MASK = 0x00ffffff;

/** Entry records of translated regions (assembly/regions.ts). */
export const RECORDS = 8192;
const RECORD_BYTES = 32;
/** Maps of regions' entries, of one page of code each (src/translator/targets.ts). */
export const TARGET_MAPS = 1024;
export const TARGET_MAP_BYTES = 4096;
/** Regions that may have a micro-TLB, and its size (src/translator/micro-tlb.ts). */
export const MICRO_TLBS = 1024;
export const MICRO_TLB_BYTES = 1024;

/** Decoded code of one CPU. */
export interface CodePlan {
  readonly codeOwners: number;
  readonly codePages: number;
  readonly pageInfo: number;
}

/** Byte addresses of the variable parts. */
export interface MemoryPlan {
  readonly contexts: number;
  /** Of each CPU. */
  readonly code: readonly CodePlan[];
  /** Of each RAM region. */
  readonly ram: readonly number[];
  /** Bytes in all, a multiple of 64 KiB. */
  readonly total: number;
  /** For translation, with one CPU: u32 per code page, entry records, maps of entries, micro-TLBs. */
  readonly generations: number;
  readonly records: number;
  readonly targetMaps: number;
  readonly microTlbs: number;
}

const WASM_PAGE = 65536;

function alignUp(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}

/** Lays out a memory for these sizes (bytes of RAM per region). The result may exceed what WebAssembly can have. */
export function planMemory(
  maxContexts: number,
  codePages: number,
  ramBytes: readonly number[],
  cpus: number,
): MemoryPlan {
  const frames = ramBytes.reduce((sum, bytes) => sum + bytes / 4096, 0);
  const contexts = cpus * HART_BYTES;
  let next = contexts + maxContexts * CONTEXT.BYTES;
  const take = (bytes: number, unit: number): number => {
    const at = alignUp(next, unit);
    next = at + bytes;
    return at;
  };
  const code: CodePlan[] = [];
  for (let i = 0; i < cpus; i++) {
    const codeOwners = take(codePages * 4, 64);
    const pageInfo = take(frames * 4, 64);
    code.push({ codeOwners, pageInfo, codePages: take(codePages * CODE_PAGE_BYTES, 64) });
  }
  const isTranslated = cpus === 1;
  const generations = take(isTranslated ? codePages * 4 : 0, 64);
  const records = take(isTranslated ? RECORDS * RECORD_BYTES : 0, 64);
  const targetMaps = take(isTranslated ? TARGET_MAPS * TARGET_MAP_BYTES : 0, 64);
  const microTlbs = take(isTranslated ? MICRO_TLBS * MICRO_TLB_BYTES : 0, 64);
  const ram = ramBytes.map((bytes) => take(bytes, WASM_PAGE));
  return { contexts, code, generations, records, targetMaps, microTlbs, ram, total: alignUp(next, WASM_PAGE) };
}
