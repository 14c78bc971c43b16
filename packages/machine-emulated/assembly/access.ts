/**
 * The exact path of memory accesses: translation, translation-buffer fills, devices, misaligned accesses. Functions
 * return false after `fault`; then nothing was written.
 */
import { EXEC_TABLE, HART_CODE_SET, HART_DATA_SET, PAGE_CODE_MASK, PAGE_STALE, PAGE_WRITABLE, WRITE_TABLE } from './layout';
import { codePageFor } from './code-cache';
import { deviceAt, deviceLoad, deviceStore, hostOf, pageInfoOf, rawLoad, rawStore } from './memory';
import { entryOf, execEntryOf, fillData } from './tlb';
import { EXEC, NOWHERE, READ, WRITE, accessFault, translate } from './walk';

/** Result of the last `loadVirtual`, zero-extended. */
export let loaded: u64 = 0;

/** What the last `resolve` translated to. */
let physical: u64 = 0;

/** @returns address in this memory of `va` for data, entering it in the tables; 0 = a device at `physical`, or a fault. */
function resolve(va: u64, access: i32): usize {
  const set = <usize>load<u32>(HART_DATA_SET);
  physical = translate(set, va, access);
  if (physical == NOWHERE) return 0;
  const host = hostOf(physical & ~0xfff, 4096);
  if (host == 0) return 0;
  if (access == WRITE) {
    const info = pageInfoOf(physical);
    const word = load<u32>(info);
    store<u32>(info, word | PAGE_WRITABLE | (word & PAGE_CODE_MASK ? PAGE_STALE : 0));
    fillData(set + WRITE_TABLE, va, host);
  } else {
    fillData(set, va, host);
  }
  return host + <usize>(va & 0xfff);
}

/** Results of `refill`. */
export const FILLED: i32 = 0;
export const FAULTED: i32 = 1;
/** The page was there (so the access is misaligned), or a device is: the exact path must look at the instruction. */
export const UNDECIDED: i32 = 2;

/** Enters the page of `va` in the read or write table. */
export function refill(va: u64, access: i32): i32 {
  const set = <usize>load<u32>(HART_DATA_SET);
  const table = access == WRITE ? set + WRITE_TABLE : set;
  if (load<u64>(entryOf(table, va)) == (va & ~0xfff)) return UNDECIDED;
  if (resolve(va, access) != 0) return FILLED;
  return physical == NOWHERE ? FAULTED : UNDECIDED;
}

/** Like `resolve`, for accesses that only RAM can serve (AMO, LR, SC). Sets the fault when it returns 0. */
export function resolveRam(va: u64, access: i32): usize {
  const host = resolve(va, access);
  if (host == 0 && physical != NOWHERE) accessFault(access, va);
  return host;
}

function crosses(va: u64, size: i32): bool {
  return (va & 0xfff) + size > 4096;
}

export function loadVirtual(va: u64, size: i32): bool {
  if (crosses(va, size)) return loadCrossing(va, size);
  const host = resolve(va, READ);
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
  let value: u64 = 0;
  for (let i = 0; i < size; i++) {
    const host = resolveRam(va + i, READ);
    if (host == 0) return false;
    value |= <u64>load<u8>(host) << (8 * i);
  }
  loaded = value;
  return true;
}

export function storeVirtual(va: u64, size: i32, value: u64): bool {
  if (crosses(va, size)) return storeCrossing(va, size, value);
  const host = resolve(va, WRITE);
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
  const first = resolveRam(va, WRITE);
  if (first == 0) return false;
  const next = resolveRam(second, WRITE);
  if (next == 0) return false;
  const split = <i32>(second - va);
  for (let i = 0; i < size; i++) {
    const host = i < split ? first + i : next + (i - split);
    store<u8>(host, <u8>(value >> (8 * i)));
  }
  return true;
}

/**
 * Makes the execute table hold the page of `va`.
 * @returns its entry, or 0 after a fault with value `va`
 */
export function resolveFetch(va: u64): usize {
  const set = <usize>load<u32>(HART_CODE_SET);
  const entry = execEntryOf(set + EXEC_TABLE, va);
  const page = va & ~0xfff;
  if (load<u64>(entry) == page) return entry;
  const pa = translate(set, va, EXEC);
  if (pa == NOWHERE) return 0;
  const host = hostOf(pa & ~0xfff, 4096);
  if (host == 0) {
    accessFault(EXEC, va);
    return 0;
  }
  const slots = codePageFor(pageInfoOf(pa));
  store<u64>(entry, page);
  store<u32>(entry, <u32>slots, 8);
  store<u32>(entry, <u32>host, 12);
  return entry;
}

/** Result of the last `fetch`: the instruction as in memory, 16 or 32 bits. */
export let fetched: u32 = 0;

/** Reads the instruction at `pc` as it is in memory now. */
export function fetch(pc: u64): bool {
  const entry = resolveFetch(pc);
  if (entry == 0) return false;
  const host = <usize>load<u32>(entry, 12) + <usize>(pc & 0xfff);
  const low = <u32>load<u16>(host);
  fetched = low;
  if ((low & 3) != 3) return true;
  if ((pc & 0xfff) != 0xffe) {
    fetched = low | (<u32>load<u16>(host, 2) << 16);
    return true;
  }
  const next = resolveFetch(pc + 2);
  if (next == 0) return false;
  fetched = low | (<u32>load<u16>(<usize>load<u32>(next, 12)) << 16);
  return true;
}
