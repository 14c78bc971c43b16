/**
 * Address translation: Sv39, Sv48 and Sv57 page tables in guest RAM (privileged specification, "Virtual
 * Address Translation Process"), with accessed and dirty bits set by the hart unless menvcfg.ADUE is 0 (Svadu, Svade),
 * Svnapot's ranges, and Svpbmt's memory types, which mean nothing here beyond which of them are reserved. A failure leaves
 * the exception in `faultCause` and `faultValue`.
 */
import {
  ADUE, CAUSE_FETCH_ACCESS, CAUSE_FETCH_PAGE, CAUSE_LOAD_ACCESS, CAUSE_LOAD_PAGE, CAUSE_STORE_ACCESS, CAUSE_STORE_PAGE,
  PBMTE, PRIV_M, PRIV_S, PRIV_U, PTE_A, PTE_D, PTE_N, PTE_PBMT, PTE_R, PTE_U, PTE_V, PTE_W, PTE_X,
} from './bits';
import { SHARED } from './base';
import { HART_HOSTED, HART_MENVCFG } from './layout';
import { hostOf } from './memory';
import { permitted } from './pmp';
import { markSuper, setMode, setSatp } from './tlb';

export const READ: i32 = 0;
export const WRITE: i32 = 1;
export const EXEC: i32 = 2;
/** What failed translations return. */
export const NOWHERE: u64 = 0xffffffffffffffff;

export let faultCause: u32 = 0;
export let faultValue: u64 = 0;

const PPN_MASK: u64 = 0xfffffffffff;
const RESERVED: u64 = 0x1fc0000000000000;
/** PTE bits of the only range that Svnapot defines, 64 KiB: the low bits of the page number are 1000. */
const NAPOT_PPN: u64 = 15;
const SET_SUM: u32 = 4;
const SET_MXR: u32 = 8;

export function fault(cause: u32, value: u64): void {
  faultCause = cause;
  faultValue = value;
}

export function pageFault(access: i32, va: u64): u64 {
  fault(access == READ ? CAUSE_LOAD_PAGE : access == WRITE ? CAUSE_STORE_PAGE : CAUSE_FETCH_PAGE, va);
  return NOWHERE;
}

export function accessFault(access: i32, va: u64): u64 {
  fault(access == READ ? CAUSE_LOAD_ACCESS : access == WRITE ? CAUSE_STORE_ACCESS : CAUSE_FETCH_ACCESS, va);
  return NOWHERE;
}

function permits(pte: u64, mode: u32, access: i32): bool {
  const user = (pte & PTE_U) != 0;
  if ((mode & 3) == PRIV_U) {
    if (!user) return false;
  } else if (user && (access == EXEC || (mode & SET_SUM) == 0)) return false;
  if (access == EXEC) return (pte & PTE_X) != 0;
  if (access == WRITE) return (pte & PTE_W) != 0;
  return (pte & PTE_R) != 0 || ((mode & SET_MXR) != 0 && (pte & PTE_X) != 0);
}

/** Whether a leaf may have these upper bits: a memory type that is enabled, and N only as a range of 16 pages. */
function leafAllowed(pte: u64, level: i32): bool {
  const type = pte & PTE_PBMT;
  if (type != 0 && (type == PTE_PBMT || (load<u64>(HART_MENVCFG) & PBMTE) == 0)) return false;
  return (pte & PTE_N) == 0 || (level == 0 && ((pte >> 10) & NAPOT_PPN) == 8);
}

/** Whether A, or D for a write, is to be set. */
function needsTouch(pte: u64, access: i32): bool {
  return (pte & PTE_A) == 0 || (access == WRITE && (pte & PTE_D) == 0);
}

/** Svadu: whether the hart sets A and D itself. Otherwise, as Svade has it, their absence is a page fault. */
function updatesBits(): bool {
  return load<u32>(HART_HOSTED) != 0 || (load<u64>(HART_MENVCFG) & ADUE) != 0;
}

/** Sets A, and D for a write, in the entry at `entry`. @returns false when somebody changed the entry meanwhile */
// @ts-ignore: decorator
@inline
function touch(entry: usize, pte: u64, access: i32): bool {
  const wanted = access == WRITE ? pte | PTE_A | PTE_D : pte | PTE_A;
  if (wanted == pte) return true;
  if (SHARED) return atomic.cmpxchg<u64>(entry, pte, wanted) == pte;
  store<u64>(entry, wanted);
  return true;
}

/** @returns physical address of `va` for an access in translation set `set`, or NOWHERE. */
export function translate(set: usize, va: u64, access: i32): u64 {
  const satp = setSatp(set);
  const mode = setMode(set);
  const scheme = <i32>(satp >> 60);
  if ((mode & 3) == PRIV_M || scheme == 0) return va;
  if (scheme < 8 || scheme > 10) return pageFault(access, va); // a hosted context without an address space
  const levels = scheme - 5; // 8: Sv39, three levels
  const unused = 64 - (12 + 9 * levels);
  if (<u64>(<i64>(va << unused) >> unused) != va) return pageFault(access, va);
  let table = (satp & PPN_MASK) << 12;
  for (let level = levels - 1; level >= 0; level--) {
    const at = table + (((va >> (12 + 9 * level)) & 511) << 3);
    const entry = hostOf(at, 8);
    if (entry == 0 || !permitted(at, 8, READ, PRIV_S)) return accessFault(access, va);
    const pte = load<u64>(entry);
    if ((pte & PTE_V) == 0 || (pte & (PTE_R | PTE_W)) == PTE_W || (pte & RESERVED) != 0) return pageFault(access, va);
    const ppn = (pte >> 10) & PPN_MASK;
    if (pte & (PTE_R | PTE_X)) {
      if (!leafAllowed(pte, level) || !permits(pte, mode, access)) return pageFault(access, va);
      const isRange = (pte & PTE_N) != 0;
      const low = isRange ? NAPOT_PPN : (<u64>1 << (9 * level)) - 1;
      if (!isRange && (ppn & low) != 0) return pageFault(access, va);
      if (needsTouch(pte, access)) {
        if (!updatesBits()) return pageFault(access, va);
        if (!permitted(at, 8, WRITE, PRIV_S)) return accessFault(access, va);
      }
      if (!touch(entry, pte, access)) return translate(set, va, access);
      if (low != 0) markSuper(set, va, 12 + <u32>popcnt<u64>(low));
      return (((ppn & ~low) | ((va >> 12) & low)) << 12) | (va & 0xfff);
    }
    if (pte & (PTE_A | PTE_D | PTE_U | PTE_N | PTE_PBMT)) return pageFault(access, va);
    table = ppn << 12;
  }
  return pageFault(access, va);
}
