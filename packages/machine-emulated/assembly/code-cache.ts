/**
 * Decoded code pages, keyed by RAM page, filled one run of instructions at a time, reused in turn.
 *
 * A page's slots may lag behind its bytes until `fence.i` or `dropCode`: that is RISC-V's contract. Stores into a decoded
 * page set PAGE_STALE through the write table's miss path, so `fence.i` drops only pages that changed.
 */
import { CFG_CODE_BASE, HART_CODE_GENERATIONS, CFG_CODE_OWNERS, CFG_CODE_PAGES, CFG_PAGE_INFO, CODE_HAND, CODE_PAGE_BYTES, CODE_PAGE_END, CODE_USED, HART_STALE, PAGE_CODE_MASK, PAGE_STALE, PAGE_WRITABLE } from './layout';
import { SHARED } from './base';
import { decodeSlot } from './decode';
import { expand } from './rvc';
import { hostOfPage } from './memory';
import { endCodeEpoch, flushExec, flushPageWrites, flushWrites } from './tlb';
import { CROSS, PAGE_END, DECODE } from './ops';

const RUN: i32 = 64; // instructions decoded ahead at most
/** Forgetting all write translations costs as much as those of about so many single pages. */
const FEW_STALE: i32 = 4;

function slotsOf(index: u32): usize {
  return <usize>load<u32>(CFG_CODE_BASE) + <usize>index * CODE_PAGE_BYTES;
}

function ownerOf(index: u32): usize {
  return load<u32>(CFG_CODE_OWNERS) + (index << 2);
}

function clear(index: u32): void {
  endCodeEpoch();
  const slots = slotsOf(index);
  memory.fill(slots, 0, CODE_PAGE_BYTES);
  store<u32>(slots + CODE_PAGE_END, PAGE_END);
  const generations = load<u32>(HART_CODE_GENERATIONS);
  if (generations == 0) return;
  const at = generations + (index << 2);
  store<u32>(at, load<u32>(at) + 1);
}

/** Takes an eighth of the cache away from its owners, so that flushing execute tables stays rare. */
function evict(): void {
  const pages = load<u32>(CFG_CODE_PAGES);
  const count = max<u32>(pages >> 3, 1);
  let hand = load<u32>(CODE_HAND);
  for (let i: u32 = 0; i < count; i++) {
    const owner = ownerOf(hand);
    const info = load<u32>(CFG_PAGE_INFO) + ((load<u32>(owner) - 1) << 2);
    store<u32>(info, load<u32>(info) & ~(PAGE_CODE_MASK | PAGE_STALE));
    store<u32>(owner, 0);
    hand = hand + 1 == pages ? 0 : hand + 1;
  }
  flushExec();
}

function take(): u32 {
  const pages = load<u32>(CFG_CODE_PAGES);
  const hand = load<u32>(CODE_HAND);
  if (load<u32>(CODE_USED) == pages) {
    if (load<u32>(ownerOf(hand)) != 0) evict();
  } else {
    store<u32>(CODE_USED, load<u32>(CODE_USED) + 1);
  }
  store<u32>(CODE_HAND, hand + 1 == pages ? 0 : hand + 1);
  return hand;
}

/** @returns slots of the RAM page at `host`, whose page-info word is at `info`; they may all be undecoded. */
export function codePageFor(info: usize, host: usize): usize {
  const word = load<u32>(info);
  if (word & PAGE_CODE_MASK) return slotsOf((word & PAGE_CODE_MASK) - 1);
  const index = take();
  clear(index);
  store<u32>(ownerOf(index), ((<u32>info - load<u32>(CFG_PAGE_INFO)) >> 2) + 1);
  // A page with live write translations would be stored to unseen.
  if (word & PAGE_WRITABLE) flushPageWrites(host, info);
  const now = (load<u32>(info) & ~(PAGE_CODE_MASK | PAGE_STALE)) | (index + 1);
  // The kernel's thread writes code, then looks here: the flag must be out before the code is read (serve.ts).
  if (SHARED) atomic.store<u32>(info, now);
  else store<u32>(info, now);
  return slotsOf(index);
}

/** Forgets what was decoded from RAM pages first .. first + count - 1. */
export function dropCode(first: u32, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const info = load<u32>(CFG_PAGE_INFO) + ((first + i) << 2);
    const word = load<u32>(info);
    if ((word & PAGE_CODE_MASK) == 0) continue;
    clear((word & PAGE_CODE_MASK) - 1);
    store<u32>(info, word & ~PAGE_STALE);
  }
}

/** The decoded page with this page-info word is being stored to. */
export function markStale(info: usize): void {
  store<u32>(info, load<u32>(info) | PAGE_STALE);
  store<u32>(HART_STALE, 1);
}

/**
 * fence.i: forgets decoded pages that were stored to. Later stores must be seen again, so writes start cold. Stores of
 * other harts leave no mark here: with several, everything goes.
 */
export function dropStale(): void {
  if (SHARED) {
    dropAll();
    return;
  }
  if (load<u32>(HART_STALE) == 0) return; // kernels fence at every exec, and when they patch code
  store<u32>(HART_STALE, 0);
  const used = load<u32>(CODE_USED);
  let count = 0;
  for (let i: u32 = 0; i < used; i++) {
    const owner = load<u32>(ownerOf(i));
    if (owner == 0) continue;
    const info = load<u32>(CFG_PAGE_INFO) + ((owner - 1) << 2);
    const word = load<u32>(info);
    if ((word & PAGE_STALE) == 0) continue;
    clear(i);
    store<u32>(info, word & ~PAGE_STALE);
    if (++count <= FEW_STALE) flushPageWrites(hostOfPage(owner - 1), info);
  }
  if (count > FEW_STALE) flushWrites();
}

/** Decodes from byte `at` of the page whose bytes are at `host` until control ends, a decoded slot or the page's end. */
export function decodeRun(slots: usize, host: usize, at: u32): void {
  for (let i = 0; i < RUN && at < 4096; i++) {
    const slot = slots + <usize>(at << 2);
    if (load<u8>(slot) != DECODE) return;
    const low = <u32>load<u16>(host + at);
    if ((low & 3) != 3) {
      if (decodeSlot(slot, expand(low), true, at)) return;
      at += 2;
      continue;
    }
    if (at == 4094) {
      store<u32>(slot, CROSS);
      return;
    }
    if (decodeSlot(slot, low | (<u32>load<u16>(host + at, 2) << 16), false, at)) return;
    at += 4;
  }
}

/** Forgets everything. */
export function dropAll(): void {
  const used = load<u32>(CODE_USED);
  for (let i: u32 = 0; i < used; i++) {
    const owner = load<u32>(ownerOf(i));
    if (owner != 0) dropCode(owner - 1, 1);
  }
}
