/**
 * The exact path of memory accesses: translation, translation-buffer fills, devices, misaligned accesses. Functions
 * return false after `fault`; then nothing was written.
 */
import {
  EXEC_TABLE, HART_CODE_SET, HART_DATA_SET, HART_KICK, HART_WATCH, HART_WATCH_BYTES, HART_WATCH_CREDIT, LOOSE_ENTRY,
  PAGE_CODE_MASK, PAGE_WRITABLE, WRITE_TABLE,
} from './layout';
import { codePageFor, markStale } from './code-cache';
import { deviceAt, deviceLoad, deviceStore, hostOf, pageInfoOf, rawLoad, rawStore } from './memory';
import { ALLOWED, DENIED, MIXED, judgePage, permitted } from './pmp';
import { entryOf, execEntryOf, fillData, setMode } from './tlb';
import { EXEC, NOWHERE, READ, WRITE, accessFault, translate } from './walk';

/** Result of the last `loadVirtual`, zero-extended. */
export let loaded: u64 = 0;

/** What the last `resolve` translated to. */
let physical: u64 = 0;

/**
 * @returns address in this memory of the `size` bytes at `va`, which lie in one page, entering it in the tables if it may be
 * there; 0 = a device at `physical`, or a fault
 */
function resolve(va: u64, access: i32, size: u64): usize {
  const set = <usize>load<u32>(HART_DATA_SET);
  physical = translate(set, va, access);
  if (physical == NOWHERE) return 0;
  const priv = setMode(set) & 3;
  const verdict = judgePage(physical, access, priv);
  if (verdict == DENIED || (verdict == MIXED && !permitted(physical, size, access, priv))) {
    physical = accessFault(access, va);
    return 0;
  }
  const host = hostOf(physical & ~0xfff, 4096);
  if (host == 0) return 0;
  if (access == WRITE) {
    const info = pageInfoOf(physical);
    const word = load<u32>(info);
    store<u32>(info, word | PAGE_WRITABLE);
    if (word & PAGE_CODE_MASK) markStale(info);
    if (verdict == ALLOWED && !watched(host, <usize>(va & 0xfff), <usize>size)) fillData(set + WRITE_TABLE, va, host);
  } else if (verdict == ALLOWED) {
    fillData(set, va, host);
  }
  return host + <usize>(va & 0xfff);
}

/**
 * Whether the page at `page` holds the watched doubleword and so stays out of the write table: every store to it comes
 * here. One that meets the doubleword is noted and ends the run behind the instruction.
 */
function watched(page: usize, offset: usize, size: usize): bool {
  const word = <usize>load<u32>(HART_WATCH);
  if (word == 0 || word - page >= 4096) return false;
  const first = max<usize>(page + offset, word);
  const end = min<usize>(page + offset + size, word + 8);
  if (first < end) {
    const bytes = (1 << <u32>(end - word)) - (1 << <u32>(first - word));
    store<u32>(HART_WATCH_BYTES, load<u32>(HART_WATCH_BYTES) | bytes);
    store<u32>(HART_KICK, 1);
    return true;
  }
  const credit = load<u32>(HART_WATCH_CREDIT);
  if (credit == 0) store<u32>(HART_WATCH, 0);
  else store<u32>(HART_WATCH_CREDIT, credit - 1);
  return credit != 0;
}

/** Results of `refill`. */
export const FILLED: i32 = 0;
export const FAULTED: i32 = 1;
/**
 * The page was there (so the access is misaligned), a device is, or PMP differs on it: the exact path must look at the
 * instruction.
 */
export const UNDECIDED: i32 = 2;

/** Enters the page of `va` in the read or write table. */
export function refill(va: u64, access: i32): i32 {
  const set = <usize>load<u32>(HART_DATA_SET);
  const table = access == WRITE ? set + WRITE_TABLE : set;
  if (load<u64>(entryOf(table, va)) == (va & ~0xfff)) return UNDECIDED;
  if (resolve(va, access, 1) != 0) return load<u64>(entryOf(table, va)) == (va & ~0xfff) ? FILLED : UNDECIDED;
  return physical == NOWHERE ? FAULTED : UNDECIDED;
}

/** Like `resolve`, for accesses that only RAM can serve (AMO, LR, SC). Sets the fault when it returns 0. */
export function resolveRam(va: u64, access: i32, size: u64): usize {
  const host = resolve(va, access, size);
  if (host == 0 && physical != NOWHERE) accessFault(access, va);
  return host;
}

function crosses(va: u64, size: i32): bool {
  return (va & 0xfff) + size > 4096;
}

export function loadVirtual(va: u64, size: i32): bool {
  if (crosses(va, size)) return loadCrossing(va, size);
  const host = resolve(va, READ, size);
  if (host != 0) {
    loaded = rawLoad(host, size);
    return true;
  }
  if (physical == NOWHERE) return false;
  if (va & (size - 1) || !deviceAt(physical, size)) return accessFault(READ, va) != NOWHERE;
  loaded = deviceLoad(physical, size);
  return true;
}

function loadCrossing(va: u64, size: i32): bool {
  const second = (va & ~0xfff) + 4096;
  const split = <i32>(second - va);
  const first = resolveRam(va, READ, split);
  if (first == 0) return false;
  const next = resolveRam(second, READ, size - split);
  if (next == 0) return false;
  let value: u64 = 0;
  for (let i = 0; i < size; i++) {
    const host = i < split ? first + i : next + (i - split);
    value |= <u64>load<u8>(host) << (8 * i);
  }
  loaded = value;
  return true;
}

export function storeVirtual(va: u64, size: i32, value: u64): bool {
  if (crosses(va, size)) return storeCrossing(va, size, value);
  const host = resolve(va, WRITE, size);
  if (host != 0) {
    rawStore(host, size, value);
    return true;
  }
  if (physical == NOWHERE) return false;
  if (va & (size - 1) || !deviceAt(physical, size)) return accessFault(WRITE, va) != NOWHERE;
  deviceStore(physical, size, value);
  return true;
}

function storeCrossing(va: u64, size: i32, value: u64): bool {
  const second = (va & ~0xfff) + 4096;
  const split = <i32>(second - va);
  const first = resolveRam(va, WRITE, split);
  if (first == 0) return false;
  const next = resolveRam(second, WRITE, size - split);
  if (next == 0) return false;
  for (let i = 0; i < size; i++) {
    const host = i < split ? first + i : next + (i - split);
    store<u8>(host, <u8>(value >> (8 * i)));
  }
  return true;
}

/**
 * Makes the execute table hold the page of `va`, unless PMP lets only parts of it in: `fetch` then asks for each.
 * @returns its entry, which is LOOSE_ENTRY without slots in that case, or 0 after a fault with value `va`
 */
export function resolveFetch(va: u64): usize {
  const set = <usize>load<u32>(HART_CODE_SET);
  const entry = execEntryOf(set + EXEC_TABLE, va);
  const page = va & ~0xfff;
  if (load<u64>(entry) == page) return entry;
  const pa = translate(set, va, EXEC);
  if (pa == NOWHERE) return 0;
  const verdict = judgePage(pa, EXEC, setMode(set) & 3);
  const host = verdict == DENIED ? <usize>0 : hostOf(pa & ~0xfff, 4096);
  if (host == 0) {
    accessFault(EXEC, va);
    return 0;
  }
  if (verdict == MIXED) {
    physical = pa;
    store<u32>(LOOSE_ENTRY, 0, 8);
    store<u32>(LOOSE_ENTRY, <u32>host, 12);
    return LOOSE_ENTRY;
  }
  const slots = codePageFor(pageInfoOf(pa), host);
  store<u64>(entry, page);
  store<u32>(entry, <u32>slots, 8);
  store<u32>(entry, <u32>host, 12);
  return entry;
}

/** Result of the last `fetch`: the instruction as in memory, 16 or 32 bits. */
export let fetched: u32 = 0;

/** @returns address in this memory of the two bytes of code at `pc`, or 0 after a fault */
function fetchHalf(pc: u64): usize {
  const entry = resolveFetch(pc);
  if (entry == 0) return 0;
  if (entry == LOOSE_ENTRY && !permitted(physical, 2, EXEC, setMode(<usize>load<u32>(HART_CODE_SET)) & 3)) {
    accessFault(EXEC, pc);
    return 0;
  }
  return <usize>load<u32>(entry, 12) + <usize>(pc & 0xfff);
}

/** Reads the instruction at `pc` as it is in memory now. */
export function fetch(pc: u64): bool {
  const first = fetchHalf(pc);
  if (first == 0) return false;
  fetched = <u32>load<u16>(first);
  if ((fetched & 3) != 3) return true;
  const second = fetchHalf(pc + 2);
  if (second == 0) return false;
  fetched |= <u32>load<u16>(second) << 16;
  return true;
}
