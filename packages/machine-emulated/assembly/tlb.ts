/**
 * Software translation buffers. A set serves one (satp, mode): three direct-mapped tables (read, write, execute) of
 * pages. Choosing an address space is choosing a set, so a context switch flushes nothing; sets are reused least
 * recently used first.
 *
 * mode = privilege | SUM << 2 | MXR << 3: everything a permission check depends on.
 * An entry's tag is the virtual page address; the accessing code compares it with the address masked by
 * `-4096 | size - 1`, so one comparison checks page and alignment. An entry that is empty has bits 3 and 11 of its tag set, and
 * the page that it names belongs to another entry, so it never matches, also where only the page is compared.
 */
import {
  CFG_PAGE_INFO, CFG_REGIONS, DATA_MASK, EXEC_MASK, EXEC_TABLE, EXEC_TABLE_BYTES, HART_CODE_EPOCH, HART_CODE_SET, HART_DATA_EPOCH, HART_DATA_SET,
  HART_HOSTED, HART_MSTATUS, HART_PRIV, HART_SATP, PAGE_WRITABLE, REGIONS, REGION_BYTES, SETS, SET_BYTES, SET_CLOCK,
  SET_COUNT, SET_HEADERS, SET_SUPER, WRITE_TABLE, WRITE_TABLE_BYTES,
} from './layout';
import { MPRV, MXR, PRIV_M, SUM } from './bits';

const EMPTY_BYTE: u8 = 0x08;
/** Entry that pages named by EMPTY_BYTEs belong to, in every table; it names page 0. */
const NAMED_BY_EMPTY: usize = 0x800;
const EMPTY_PAGE_ZERO: u64 = 0x808;
const EMPTY_BIT: u32 = 0x800;
const NO_SATP: u64 = 0xffffffffffffffff;

/** Entry of a read or write table for `va`. */
// @ts-ignore: decorator
@inline
export function entryOf(table: usize, va: u64): usize {
  return table + ((<u32>(va >> 8)) & DATA_MASK);
}

/** Entry of the execute table of `va`. */
// @ts-ignore: decorator
@inline
export function execEntryOf(table: usize, va: u64): usize {
  return table + ((<u32>(va >> 8)) & EXEC_MASK);
}

function emptyTable(table: usize, bytes: usize): void {
  memory.fill(table, EMPTY_BYTE, bytes);
  store<u64>(table + NAMED_BY_EMPTY, EMPTY_PAGE_ZERO);
}

/** Empties an entry: afterwards it names the neighbour of the page that it named. */
function empty(entry: usize): void {
  const tag = load<u64>(entry);
  if ((<u32>tag & EMPTY_BIT) == 0) store<u64>(entry, (tag & ~0xfff) ^ 0x1808);
}

function headerOf(set: usize): usize {
  return SET_HEADERS + ((set - SETS) / SET_BYTES) * 16;
}

export function setSatp(set: usize): u64 {
  return load<u64>(headerOf(set));
}

export function setMode(set: usize): u32 {
  return load<u32>(headerOf(set), 8);
}

/**
 * The set's first and last address in superpages, as far as it may hold pages of them: those of the half of the address
 * space that holds `va`. A kernel's superpages are in the upper half, so that they do not concern a program's page faults.
 */
function superRange(set: usize, va: u64): usize {
  return SET_SUPER + (((set - SETS) / SET_BYTES) << 5) + (<usize>(va >> 63) << 4);
}

/**
 * Must precede entering a page of the superpage of 2^bits bytes around `va`: forgetting one of its addresses must then
 * forget its other pages.
 */
export function markSuper(set: usize, va: u64, bits: u32): void {
  const range = superRange(set, va);
  const first = va >> bits << bits;
  const last = first + ((<u64>1 << bits) - 1);
  if (first < load<u64>(range)) store<u64>(range, first);
  if (last > load<u64>(range, 8)) store<u64>(range, last, 8);
}

function isInSuper(set: usize, va: u64): bool {
  const range = superRange(set, va);
  return va >= load<u64>(range) && va <= load<u64>(range, 8);
}

/** What regions know of where their pages are, and which code is in them, is no longer certain (regions.ts). */
export function endCodeEpoch(): void {
  store<u32>(HART_CODE_EPOCH, load<u32>(HART_CODE_EPOCH) + 1);
}

/** Copies of data entries that regions have are no longer certain (src/translator/micro-tlb.ts). */
function endDataEpoch(): void {
  store<u32>(HART_DATA_EPOCH, load<u32>(HART_DATA_EPOCH) + 1);
}

function clearSet(set: usize): void {
  endCodeEpoch();
  endDataEpoch();
  emptyTable(set, WRITE_TABLE);
  emptyTable(set + WRITE_TABLE, WRITE_TABLE_BYTES);
  emptyTable(set + EXEC_TABLE, EXEC_TABLE_BYTES);
  for (let half: u64 = 0; half < 2; half++) {
    const range = superRange(set, half << 63);
    store<u64>(range, <u64>-1);
    store<u64>(range, 0, 8);
  }
}

/** Finds or makes the set for (satp, mode). */
function selectSet(satp: u64, mode: u32): usize {
  let oldest: i32 = 0;
  let oldestUse: u32 = 0xffffffff;
  const clock = load<u32>(SET_CLOCK) + 1;
  store<u32>(SET_CLOCK, clock);
  for (let i: i32 = 0; i < SET_COUNT; i++) {
    const h = SET_HEADERS + <usize>(i << 4);
    if (load<u64>(h) == satp && load<u32>(h, 8) == mode) {
      store<u32>(h, clock, 12);
      return SETS + <usize>i * SET_BYTES;
    }
    const use = clock - load<u32>(h, 12);
    if (i == 0 || use > oldestUse) {
      oldest = i;
      oldestUse = use;
    }
  }
  const h = SET_HEADERS + <usize>(oldest << 4);
  const set = SETS + <usize>oldest * SET_BYTES;
  clearSet(set);
  store<u64>(h, satp);
  store<u32>(h, mode, 8);
  store<u32>(h, clock, 12);
  return set;
}

function setFor(priv: u32, status: u64, satp: u64): usize {
  if (priv == PRIV_M) return selectSet(0, PRIV_M);
  let mode = priv;
  if (status & SUM) mode |= 4;
  if (status & MXR) mode |= 8;
  return selectSet(satp, mode);
}

/** Must follow every change of privilege, satp or mstatus.{MPRV,MPP,SUM,MXR}. */
export function selectSets(): void {
  const satp = load<u64>(HART_SATP);
  const priv = load<u32>(HART_PRIV);
  if (load<u32>(HART_HOSTED)) {
    const current = <usize>load<u32>(HART_DATA_SET);
    if (current != 0 && current == load<u32>(HART_CODE_SET) && setSatp(current) == satp && setMode(current) == 0) return;
    const set = selectSet(satp, 0);
    store<u32>(HART_CODE_SET, set);
    store<u32>(HART_DATA_SET, set);
    return;
  }
  const status = load<u64>(HART_MSTATUS);
  const dataPriv = (status & MPRV) != 0 && priv == PRIV_M ? <u32>(status >> 11) & 3 : priv;
  store<u32>(HART_CODE_SET, setFor(priv, status, satp));
  store<u32>(HART_DATA_SET, setFor(dataPriv, status, satp));
}

/** Forgets every translation of every address space. */
export function flushAll(): void {
  for (let i: i32 = 0; i < SET_COUNT; i++) {
    const h = SET_HEADERS + <usize>(i << 4);
    store<u64>(h, NO_SATP);
    store<u32>(h, 0, 8);
    store<u32>(h, 0, 12);
    clearSet(SETS + <usize>i * SET_BYTES);
  }
}

/**
 * Forgets translations of the address spaces whose satp equals `satp` under `mask` (0: all of them); only those of the
 * page of `va` unless `all`.
 */
export function flushMatching(satp: u64, mask: u64, va: u64, all: bool): void {
  endCodeEpoch();
  endDataEpoch();
  for (let i: i32 = 0; i < SET_COUNT; i++) {
    if ((load<u64>(SET_HEADERS + <usize>(i << 4)) ^ satp) & mask) continue;
    const set = SETS + <usize>i * SET_BYTES;
    if (all || isInSuper(set, va)) {
      clearSet(set);
    } else {
      empty(entryOf(set, va));
      empty(entryOf(set + WRITE_TABLE, va));
      empty(execEntryOf(set + EXEC_TABLE, va));
    }
  }
}

/** Forgets every execute translation: decoded pages moved. */
export function flushExec(): void {
  endCodeEpoch();
  for (let i: i32 = 0; i < SET_COUNT; i++) emptyTable(SETS + <usize>i * SET_BYTES + EXEC_TABLE, EXEC_TABLE_BYTES);
}

/** Forgets every write translation, so that the next store to each page is seen by `fillWrite`'s caller. */
export function flushWrites(): void {
  endDataEpoch();
  for (let i: i32 = 0; i < SET_COUNT; i++) emptyTable(SETS + <usize>i * SET_BYTES + WRITE_TABLE, WRITE_TABLE_BYTES);
  let pages: u32 = 0;
  const count = load<u32>(CFG_REGIONS);
  for (let i: u32 = 0, r = REGIONS; i < count; i++, r += REGION_BYTES) pages += <u32>(load<u64>(r, 8) >> 12);
  const info = load<u32>(CFG_PAGE_INFO);
  for (let i: u32 = 0; i < pages; i++) {
    const a = info + (i << 2);
    store<u32>(a, load<u32>(a) & ~PAGE_WRITABLE);
  }
}

/**
 * Forgets the write translations of the RAM page at `host`, so that the next store to it is seen, and `info`, its page-info
 * word, says so.
 */
export function flushPageWrites(host: usize, info: usize): void {
  endDataEpoch();
  for (let i: i32 = 0; i < SET_COUNT; i++) {
    if (load<u64>(SET_HEADERS + <usize>(i << 4)) == NO_SATP) continue;
    const table = SETS + <usize>i * SET_BYTES + WRITE_TABLE;
    for (let e = table; e < table + WRITE_TABLE_BYTES; e += 16) {
      if (<u32>load<u64>(e) + load<u32>(e, 8) == <u32>host) empty(e);
    }
  }
  store<u32>(info, load<u32>(info) & ~PAGE_WRITABLE);
}

/** Enters a data translation: `table` is a read or write table, `host` the page's address in this memory. */
export function fillData(table: usize, va: u64, host: usize): void {
  const e = entryOf(table, va);
  const page = va & ~0xfff;
  const addend = <u32>host - <u32>page;
  const old = load<u64>(e);
  if ((<u32>old & EMPTY_BIT) == 0 && (old != page || load<u32>(e, 8) != addend)) endDataEpoch();
  store<u64>(e, page);
  store<u32>(e, addend, 8);
}
