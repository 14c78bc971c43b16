/** What the host may call. Everything else is shared memory (layout.ts). */
import {
  CFG_CODE_BASE, CFG_CODE_OWNERS, CFG_CODE_PAGES, CFG_PAGE_INFO, CFG_REGIONS, HART_HARTID, HART_INHIBIT, HART_MENVCFG, HART_MIP,
  HART_MSTATUS, HART_PRIV, HART_STIMECMP, HART_TIMER, HART_WAITING, HART_WATCH, HART_WATCH_BYTES,
  HART_WATCH_CREDIT, REGIONS, REGION_BYTES,
} from './layout';
import { ADUE, PRIV_M } from './bits';
import { dropAll, dropCode } from './code-cache';
import { dropReservation } from './atomic';
import { openProtection, resetProtection } from './pmp';
import { flushAll, flushMatching } from './tlb';

export { runHosted, runSystem } from './run';
export { dropReservation } from './atomic';

/** Tells where the variable parts of the memory are. Memory is zero-filled; call once, before everything else. */
export function init(codeBase: u32, codePages: u32, codeOwners: u32, pageInfo: u32): void {
  store<u32>(CFG_CODE_BASE, codeBase);
  store<u32>(CFG_CODE_PAGES, codePages);
  store<u32>(CFG_CODE_OWNERS, codeOwners);
  store<u32>(CFG_PAGE_INFO, pageInfo);
  store<u64>(HART_TIMER, <u64>-1);
  store<u64>(HART_STIMECMP, <u64>-1);
  store<u32>(HART_PRIV, PRIV_M);
  flushAll();
}

/** Adds a RAM region of `pages` pages at physical page `frame`, whose bytes are at `host`. */
export function addRegion(frame: f64, pages: u32, host: u32): void {
  const count = load<u32>(CFG_REGIONS);
  const r = REGIONS + <usize>count * REGION_BYTES;
  const before = r - REGION_BYTES;
  const first = count == 0 ? 0 : load<u32>(before, 20) + <u32>(load<u64>(before, 8) >> 12);
  store<u64>(r, <u64>frame << 12);
  store<u64>(r, <u64>pages << 12, 8);
  store<u32>(r, host, 16);
  store<u32>(r, first, 20);
  store<u32>(CFG_REGIONS, count + 1);
}

/** Forgets translations of `va` (two halves), or all, in every address space of an ASID. */
export function flushSpace(asid: u32, lo: u32, hi: u32, all: u32): void {
  flushMatching(<u64>asid << 44, <u64>0xffff << 44, <u64>lo | (<u64>hi << 32), all != 0);
}

/**
 * The hart's state after a reset that the specification fixes (privileged specification, "Reset"), and the rest of it zero.
 * What a platform may choose depends on `isBare`: a board's guests that know nothing of Svadu find accessed and dirty bits
 * set for them, as on QEMU's; a bare program finds Svade, and memory that PMP leaves open, as on Spike, for which such
 * programs are written.
 */
export function resetHart(isBare: u32): void {
  memory.fill(HART_MSTATUS, 0, HART_HARTID - HART_MSTATUS);
  store<u32>(HART_PRIV, PRIV_M);
  store<u32>(HART_WAITING, 0);
  store<u32>(HART_MIP, 0);
  store<u64>(HART_STIMECMP, <u64>-1);
  store<u64>(HART_MENVCFG, isBare ? 0 : ADUE);
  store<u64>(HART_INHIBIT, 0);
  store<u32>(HART_WATCH, 0);
  dropReservation();
  resetProtection();
  if (isBare) openProtection();
}

/**
 * Stores to the doubleword at this address in this memory end a run of the hart like a kick; 0 = none. Where its page is
 * data that is stored to all the time, that would be dear: after `credit` other stores to it, none is seen any more.
 */
export function watch(host: u32, credit: u32): void {
  store<u32>(HART_WATCH, host);
  store<u32>(HART_WATCH_CREDIT, credit);
  store<u32>(HART_WATCH_BYTES, 0);
  flushAll();
}

/** Forgets every translation. */
export function flushEverything(): void {
  flushAll();
}

/** Forgets instructions decoded from RAM pages first .. first + count - 1. */
export function forgetCode(first: u32, count: u32): void {
  dropCode(first, count);
}

/** Forgets everything derived from memory: after a snapshot was restored. */
export function forgetAll(): void {
  dropAll();
  flushAll();
  dropReservation();
}
