/** From items to an image: launcher, trap handlers, page tables, snippets and descriptors. */
import { Assembler, PTE } from '../../../src/testing.js';
import {
  CHUNK_DATA,
  CHUNK_TABLE0,
  CHUNK_TABLE1,
  CODE,
  CODE_BYTES,
  CSR,
  DATA,
  DESCRIPTORS,
  D_CSRS,
  D_F,
  D_FCSR,
  D_MSIP,
  D_MSTATUS,
  D_MTIMECMP,
  D_POKES,
  D_WATCHES,
  D_WORDS,
  D_X,
  EXEC,
  MAX_ITEMS,
  M_VECTORS,
  POKES,
  RAM,
  RECORDS,
  ROOT39,
  ROOT48,
  ROOT57,
  R_CSRS,
  R_WATCHES,
  R_WORDS,
  SEEN_CSRS,
  SET_CSRS,
  SNIPPETS,
  S_ECALL,
  S_ILLEGAL,
  USER_DATA,
  USER_OFFSET,
  WATCHES,
  tableOf,
} from './layout.js';
import type { SetCsr } from './layout.js';

export const MSTATUS = {
  ...{ SIE: 1n << 1n, MIE: 1n << 3n, SPIE: 1n << 5n, MPIE: 1n << 7n, SPP: 1n << 8n, MPP: 3n << 11n, FS: 3n << 13n },
  ...{ MPRV: 1n << 17n, SUM: 1n << 18n, MXR: 1n << 19n, TVM: 1n << 20n, TW: 1n << 21n, TSR: 1n << 22n },
} as const;

export type Privilege = 0 | 1 | 3;

/** One thing to try. Whatever is not given is harmless: everything allowed, nothing pending. */
export interface Item {
  /** What kind of test it is, for reports and coverage. */
  readonly kind: string;
  readonly privilege: Privilege;
  /** Bits of mstatus besides MPP. */
  readonly status?: bigint;
  readonly csrs?: Partial<Record<SetCsr, bigint>>;
  /** Halfwords of the snippet, which ECALL follows. */
  readonly code: readonly number[];
  readonly x?: ReadonlyMap<number, bigint>;
  readonly f?: readonly bigint[];
  readonly fcsr?: number;
  /** Physical address -> doubleword, stored before the item; POKES at most. */
  readonly pokes?: readonly (readonly [number, bigint])[];
  /** Physical addresses of doublewords to record after it; WATCHES at most. */
  readonly watches?: readonly number[];
  readonly timerPending?: boolean;
  readonly softwarePending?: boolean;
}

/** Address at which an item sees its own snippet, whose physical address is `pa`. */
export function snippetAddress(item: Pick<Item, 'privilege' | 'csrs'>, pa: number): number {
  const paged = (item.csrs?.satp ?? 0n) >> 60n !== 0n;
  return item.privilege === 0 && paged ? pa + USER_OFFSET : pa;
}

const X_TIMECMP = 0x200_4000;
const X_MSIP = 0x200_0000;
const FINISHER = 0x10_0000;
const MPRV_BIT = 0x2_0000;

/** Loads the word of a label into `rd`, relative to the pc. */
function loadCell(a: Assembler, rd: number, cell: number): void {
  const distance = cell - a.here;
  a.op('auipc', { rd, imm: ((distance + 0x800) >> 12) & 0xfffff }).i('ld', rd, rd, (distance << 20) >> 20);
}

function csrw(a: Assembler, csr: number, rs1: number): void {
  a.op('csrrw', { rd: 0, rs1, csr });
}

/** The launcher: x31 holds the descriptor throughout. */
function launcher(a: Assembler, cells: { next: number; end: number }): void {
  a.label('next');
  loadCell(a, 31, cells.next);
  loadCell(a, 1, cells.end);
  a.to('beq', 'finish', { rs1: 31, rs2: 1 });
  a.i('addi', 1, 31, D_WORDS * 8);
  const distance = cells.next - a.here;
  a.op('auipc', { rd: 2, imm: ((distance + 0x800) >> 12) & 0xfffff }).s('sd', 1, 2, (distance << 20) >> 20);
  for (let i = 0; i < POKES; i++) {
    a.i('ld', 1, 31, (D_POKES + 2 * i) * 8)
      .i('ld', 2, 31, (D_POKES + 2 * i + 1) * 8)
      .s('sd', 2, 1, 0);
  }
  a.li(1, X_TIMECMP)
    .i('ld', 2, 31, D_MTIMECMP * 8)
    .s('sd', 2, 1, 0);
  a.li(1, X_MSIP)
    .i('ld', 2, 31, D_MSIP * 8)
    .s('sw', 2, 1, 0);
  SET_CSRS.forEach((name, i) => csrw(a.i('ld', 1, 31, (D_CSRS + i) * 8), CSR[name], 1));
  a.op('sfence.vma').op('fence.i');
  a.i('ld', 1, 31, D_FCSR * 8);
  csrw(a, CSR.fcsr, 1);
  for (let i = 0; i < 32; i++) a.i('fld', i, 31, (D_F + i) * 8);
  csrw(a.i('ld', 1, 31, D_MSTATUS * 8), CSR.mstatus, 1);
  for (let i = 1; i < 32; i++) a.i('ld', i, 31, (D_X + i) * 8);
  a.op('mret');
  a.label('finish').li(1, FINISHER).li(2, 0x5555).s('sw', 2, 1, 0).label('stop').to('jal', 'stop', { rd: 0 });
}

/** The handler clobbers x29 and x30 before it looks. mscratch holds where the record goes. */
function handler(a: Assembler, cells: { next: number; end: number }): void {
  a.align(4).label('trap');
  a.li(29, MPRV_BIT).op('csrrc', { rd: 30, rs1: 29, csr: CSR.mstatus }).op('csrrw', { rd: 31, rs1: 31, csr: 0x340 });
  for (let i = 1; i < 31; i++) if (i !== 29 && i !== 30) a.s('sd', i, 31, i * 8);
  a.op('csrrs', { rd: 1, rs1: 0, csr: 0x340 }).s('sd', 1, 31, 31 * 8);
  a.s('sd', 30, 31, R_CSRS * 8);
  a.li(29, 0x6000).op('csrrs', { rd: 0, rs1: 29, csr: CSR.mstatus });
  SEEN_CSRS.forEach((name, i) => {
    if (i > 0) a.op('csrrs', { rd: 1, rs1: 0, csr: CSR[name] }).s('sd', 1, 31, (R_CSRS + i) * 8);
  });
  // An entry that covers only a part of a watched word would deny it even to machine mode.
  csrw(a, CSR.pmpcfg0, 0);
  for (let i = 0; i < 32; i++) a.s('fsd', i, 31, (32 + i) * 8);
  loadCell(a, 30, cells.next);
  for (let i = 0; i < WATCHES; i++) {
    a.i('ld', 1, 30, (D_WATCHES + i - D_WORDS) * 8)
      .i('ld', 1, 1, 0)
      .s('sd', 1, 31, (R_WATCHES + i) * 8);
  }
  a.i('addi', 31, 31, R_WORDS * 8);
  csrw(a, 0x340, 31);
  a.to('jal', 'next', { rd: 0 });
}

/** Vectored machine traps tell their vector in x28. */
function vectors(a: Assembler): void {
  for (let i = 0; i < 16; i++)
    a.label(`stub${i}`)
      .i('addi', 28, 0, i + 1)
      .to('jal', 'trap', { rd: 0 });
  padTo(a, S_ECALL);
  for (let i = 0; i < 64; i++) a.op('ecall');
  for (let i = 0; i < 64; i++) a.word(0xc0001073);
  if (a.here !== M_VECTORS || S_ILLEGAL !== S_ECALL + 256) throw new Error('layout of the vectors');
  for (let i = 0; i < 16; i++) a.to('jal', `stub${i}`, { rd: 0 });
}

function padTo(a: Assembler, address: number): void {
  if (a.here > address) throw new RangeError(`code: expected at most 0x${address.toString(16)}, got ${a.here}`);
  a.raw(new Uint8Array(address - a.here));
}

const leaf = (pa: number, flags: number): bigint => (BigInt(pa / 4096) << 10n) | BigInt(flags);
const pointer = (pa: number): bigint => leaf(pa, PTE.V);

/** Translations that every item may rely on; the others are the items' own. */
function fixedTables(set: (pa: number, value: bigint) => void): void {
  const all = PTE.V | PTE.R | PTE.W | PTE.X | PTE.A | PTE.D;
  set(ROOT39 + 2 * 8, leaf(RAM, all));
  set(ROOT39 + 3 * 8, leaf(RAM, PTE.V | PTE.R | PTE.X | PTE.U | PTE.A | PTE.D));
  set(ROOT39 + Math.floor(USER_DATA / 2 ** 30) * 8, pointer(CHUNK_TABLE1));
  set(CHUNK_TABLE1 + (Math.floor(USER_DATA / 2 ** 21) % 512) * 8, pointer(CHUNK_TABLE0));
  for (const page of [-1, 0]) {
    const at = Math.floor(USER_DATA / 4096) + page;
    set(CHUNK_TABLE0 + (at % 512) * 8, leaf(CHUNK_DATA + page * 4096, PTE.V | PTE.R | PTE.W | PTE.U));
  }
  set(ROOT48, pointer(ROOT39));
  set(ROOT57, pointer(ROOT48));
}

export interface Image {
  /** From RAM on. */
  readonly bytes: Uint8Array;
  /** Physical addresses of the items' snippets. */
  readonly snippets: readonly number[];
  readonly items: readonly Item[];
}

/** PMP as items have it unless they say otherwise: entry 0 allows everything. */
const OPEN: Partial<Record<SetCsr, bigint>> = { pmpaddr0: (1n << 54n) - 1n, pmpcfg0: 0x1fn };
const DEFAULTS: Partial<Record<SetCsr, bigint>> = {
  ...OPEN,
  ...{ stvec: BigInt(S_ECALL), mcountinhibit: 5n, stimecmp: (1n << 64n) - 1n },
};

/** Programs that end: at most MAX_ITEMS items. @throws RangeError when they do not fit */
export function buildImage(items: readonly Item[]): Image {
  if (items.length > MAX_ITEMS) throw new RangeError(`items: expected at most ${MAX_ITEMS}, got ${items.length}`);
  const a = new Assembler(CODE);
  const cells = { next: CODE + 8, end: CODE + 16 };
  a.to('jal', 'start', { rd: 0 }).word(0).raw(new Uint8Array(16));
  a.label('start').li(1, RECORDS);
  csrw(a, 0x340, 1);
  a.li(1, 0x6000).op('csrrs', { rd: 0, rs1: 1, csr: CSR.mstatus });
  launcher(a, cells);
  handler(a, cells);
  vectors(a);
  padTo(a, SNIPPETS);
  const snippets = items.map((item) => {
    a.align(4);
    const at = a.here;
    for (const half of item.code) a.half(half);
    // ECALL as it is, whatever the alignment.
    a.half(0x73).half(0);
    return at;
  });
  if (a.here > CODE + CODE_BYTES) throw new RangeError(`items: expected ${CODE_BYTES} bytes of code, got more`);
  const code = a.finish();
  const bytes = new Uint8Array(DESCRIPTORS - RAM + items.length * D_WORDS * 8);
  bytes.set(code);
  const view = new DataView(bytes.buffer);
  const set = (pa: number, value: bigint): void => view.setBigUint64(pa - RAM, BigInt.asUintN(64, value), true);
  set(cells.next, BigInt(DESCRIPTORS));
  set(cells.end, BigInt(DESCRIPTORS + items.length * D_WORDS * 8));
  fixedTables(set);
  for (let at = EXEC; at < EXEC + 0x1_0000; at += 8) set(at, 0x0000007300000073n);
  for (let at = DATA; at < CHUNK_DATA + 4096; at += 8) set(at, BigInt(at) * 0x9e3779b97f4a7c15n);
  items.forEach((item, i) => describe(item, snippets[i], DESCRIPTORS + i * D_WORDS * 8, a.addressOf('trap'), set));
  return { bytes, snippets, items };
}

function describe(
  item: Item,
  snippet: number,
  at: number,
  trap: number,
  set: (pa: number, value: bigint) => void,
): void {
  const word = (index: number, value: bigint): void => set(at + index * 8, value);
  for (let i = 1; i < 32; i++) word(D_X + i, item.x?.get(i) ?? 0n);
  for (let i = 0; i < 32; i++) word(D_F + i, item.f?.[i] ?? 0n);
  const entry = BigInt(snippetAddress(item, snippet));
  const csrs = { ...DEFAULTS, mtvec: BigInt(trap), mepc: entry, sepc: entry, ...item.csrs };
  SET_CSRS.forEach((name, i) => word(D_CSRS + i, csrs[name] ?? 0n));
  for (let i = 0; i < POKES; i++) {
    const [address, value] = item.pokes?.[i] ?? [tableOf(8), 0n];
    word(D_POKES + 2 * i, BigInt(address));
    word(D_POKES + 2 * i + 1, value);
  }
  for (let i = 0; i < WATCHES; i++) word(D_WATCHES + i, BigInt(item.watches?.[i] ?? tableOf(8)));
  const { MPP, MIE, MPRV } = MSTATUS;
  word(D_MSTATUS, ((item.status ?? 0n) & ~(MPP | MIE | MPRV)) | (BigInt(item.privilege) << 11n));
  word(D_FCSR, BigInt(item.fcsr ?? 0));
  word(D_MTIMECMP, item.timerPending === true ? 0n : (1n << 64n) - 1n);
  word(D_MSIP, item.softwarePending === true ? 1n : 0n);
}
