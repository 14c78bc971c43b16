/**
 * Physical memory protection: 16 entries of any size from 4 bytes (privileged specification, section 3.7). Translation
 * buffers hold only pages on which one answer holds for every byte; on others each access is asked for by itself.
 * Hosted runs have no machine mode and no entries.
 */
import { HART_HOSTED, PMP_ADDRESSES, PMP_CONFIGS, PMP_LIMIT, PMP_RANGES } from './layout';
import { PRIV_M } from './bits';
import { flushAll, selectSets } from './tlb';
import { EXEC, READ } from './walk';

const ENTRIES: u32 = 16;
const R: u32 = 1;
const W: u32 = 2;
const X: u32 = 4;
const A_TOR: u32 = 1 << 3;
const A_NA4: u32 = 2 << 3;
const A: u32 = 3 << 3;
const L: u32 = 0x80;
/** Address bits 55 to 2. */
const ADDRESS: u64 = 0x3fffffffffffff;

/** Verdicts on a page: `MIXED` = not the same for all its bytes. */
export const DENIED: i32 = 0;
export const ALLOWED: i32 = 1;
export const MIXED: i32 = 2;

function configOf(index: u32): u32 {
  return load<u8>(PMP_CONFIGS + index);
}

function addressOf(index: u32): u64 {
  return load<u64>(PMP_ADDRESSES + (index << 3));
}

/** Computes an entry's range, [low, high). */
function place(index: u32): void {
  const mode = configOf(index) & A;
  const address = addressOf(index);
  let low: u64 = 0;
  let high: u64 = 0;
  if (mode == A_TOR) {
    if (index > 0) low = addressOf(index - 1) << 2;
    high = address << 2;
    if (high <= low) low = high = 0; // no byte: an access around it does not meet it either
  } else if (mode == A_NA4) {
    low = address << 2;
    high = low + 4;
  } else if (mode == A) {
    const ones = ctz<u64>(~address);
    low = (address >> ones << ones) << 2;
    high = low + (<u64>8 << ones);
  }
  const range = PMP_RANGES + (index << 4);
  store<u64>(range, low);
  store<u64>(range, high, 8);
}

/** After every change: ranges, and nothing remembered that was checked against the old ones. */
function update(): void {
  let limit: u32 = 0;
  for (let i: u32 = 0; i < ENTRIES; i++) {
    place(i);
    if (configOf(i) & A) limit = i + 1;
  }
  store<u32>(PMP_LIMIT, limit);
  flushAll();
  selectSets();
}

/** pmpcfg0 and pmpcfg2: eight entries from `first`. */
export function readConfigs(first: u32): u64 {
  return load<u64>(PMP_CONFIGS + first);
}

export function readAddress(index: u32): u64 {
  return addressOf(index);
}

export function writeConfigs(first: u32, v: u64): bool {
  for (let i: u32 = 0; i < 8; i++) {
    let config = <u32>(v >> (8 * i)) & (L | A | X | W | R);
    if ((config & (R | W)) == W) config &= ~(X | W); // reserved: nothing is permitted, as in the Sail model
    if ((configOf(first + i) & L) == 0) store<u8>(PMP_CONFIGS + first + i, <u8>config);
  }
  update();
  return true;
}

/** A locked entry keeps its address, and a locked top of range its bottom. */
export function writeAddress(index: u32, v: u64): bool {
  const next = index + 1 < ENTRIES ? configOf(index + 1) : 0;
  if (configOf(index) & L || (next & (L | A)) == (L | A_TOR)) return true;
  store<u64>(PMP_ADDRESSES + (index << 3), v & ADDRESS);
  update();
  return true;
}

/** Unlocks and switches off everything; addresses are zero, as on a new machine. */
export function resetProtection(): void {
  memory.fill(PMP_CONFIGS, 0, ENTRIES);
  memory.fill(PMP_ADDRESSES, 0, ENTRIES << 3);
  update();
}

/** Entry 0 becomes a range of all addresses in which everything is allowed. It is not locked. */
export function openProtection(): void {
  store<u64>(PMP_ADDRESSES, ADDRESS);
  store<u8>(PMP_CONFIGS, A | X | W | R);
  update();
}

/** The first entry that meets [pa, pa + size) decides; MIXED if it does not cover all of it. */
function decide(pa: u64, size: u64, access: i32, priv: u32): i32 {
  const limit = load<u32>(PMP_LIMIT);
  for (let i: u32 = 0; i < limit; i++) {
    const range = PMP_RANGES + (i << 4);
    const low = load<u64>(range);
    const high = load<u64>(range, 8);
    if (pa >= high || pa + size <= low) continue;
    if (pa < low || pa + size > high) return MIXED;
    const config = configOf(i);
    if (priv == PRIV_M && (config & L) == 0) return ALLOWED;
    return <i32>((config & (access == READ ? R : access == EXEC ? X : W)) != 0);
  }
  return <i32>(priv == PRIV_M);
}

/** Verdict on the whole page of `pa`. */
export function judgePage(pa: u64, access: i32, priv: u32): i32 {
  if (load<u32>(HART_HOSTED)) return ALLOWED;
  return decide(pa & ~0xfff, 4096, access, priv);
}

/** Whether [pa, pa + size) may be accessed: an entry that covers only a part of it denies it. */
export function permitted(pa: u64, size: u64, access: i32, priv: u32): bool {
  return load<u32>(HART_HOSTED) != 0 || decide(pa, size, access, priv) == ALLOWED;
}
