/** What a thread leaves behind in user memory: its tid word and the robust mutexes that it holds. */
import { highWord } from '@veridian-os/abi';
import type { Call } from '../call.js';
import { futexKey } from '../futex/key.js';
import { ROBUST_LIST_HEAD_BYTES, decodeRobustListHead } from '../layout/robust-list.js';
import { loadWord, storeWord, updateWord } from '../futex/word.js';
import { getWide } from '../layout/words.js';

const FUTEX_WAITERS = 0x80000000;
const FUTEX_OWNER_DIED = 0x40000000;
const FUTEX_TID_MASK = 0x3fffffff;
/** Linux's ROBUST_LIST_LIMIT: a list may be circular or made up. */
const LIST_LIMIT = 2048;
const ANY = 0xffffffff;

/** Called while the address space is still there. Bad pointers are ignored: nobody is left to hear of them. */
export function releaseThread(call: Call): void {
  if (call.process.memory === undefined) return;
  walkRobustList(call, call.state.robustList);
  const { clearChildTid } = call.state;
  if (clearChildTid === 0) return;
  if (clearWord(call, clearChildTid) === 0) wakeOne(call, clearChildTid);
}

/** Marks every mutex of the list as owned by a dead thread. Source: Linux kernel/futex/core.c (exit_robust_list). */
function walkRobustList(call: Call, head: number): void {
  if (head === 0 || call.fetch(head, ROBUST_LIST_HEAD_BYTES) < 0) return;
  const { first, futexOffset, pending } = decodeRobustListHead(call.view);
  let entry = first;
  for (let count = 0; count < LIST_LIMIT; count++) {
    const address = entry - (entry % 2);
    if (address === head || address === 0) break;
    if (call.fetch(address, 8) < 0) return;
    const next = getWide(call.view, 0);
    if (entry !== pending) markDead(call, address + futexOffset);
    entry = next;
  }
  if (pending !== 0) markDead(call, pending - (pending % 2) + futexOffset);
}

function markDead(call: Call, address: number): void {
  if (address % 4 !== 0 || highWord(address) > 0x7fffffff) return;
  const isOwn = (word: number): boolean => (word & FUTEX_TID_MASK) === call.thread.tid;
  const seen = loadWord(call, address);
  if (seen < 0 || !isOwn(seen)) return;
  const word = updateWord(call, address, (old) => (isOwn(old) ? (old & FUTEX_WAITERS) | FUTEX_OWNER_DIED : old));
  if (word >= 0 && isOwn(word) && (word & FUTEX_WAITERS) !== 0) wakeOne(call, address);
}

/** The tid word of a thread that ends, which may be anywhere. */
function clearWord(call: Call, address: number): number {
  if (address % 4 === 0) return storeWord(call, address, 0);
  call.linux.view.setUint32(0, 0, true);
  return call.store(address, 4);
}

function wakeOne(call: Call, address: number): void {
  const key = futexKey(call, address, false);
  if (typeof key !== 'number') call.kernel.futexes.wake(key.scope, key.address, 1, ANY);
}
