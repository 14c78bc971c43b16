/** What names a futex: a scope and an address in it. Source: futex(2), Linux kernel/futex/core.c (get_futex_key). */
import type { Errno } from '@veridian-os/abi';
import { EFAULT, EINVAL, panic } from '@veridian-os/abi';
import { SHARED } from '@veridian-os/kernel';
import { AccessKind } from '@veridian-os/memory';
import type { Call } from '../call.js';

export interface FutexKey {
  readonly scope: object;
  readonly address: number;
}

/**
 * Key of the word at `address`, or EINVAL (not aligned), EFAULT, WOULD_BLOCK.
 *
 * Private memory is named by its address space, also without FUTEX_PRIVATE: copy-on-write moves its frame while
 * somebody waits. Only shared mappings are named by their frame.
 */
export function futexKey(call: Call, address: number, isPrivate: boolean): FutexKey | Errno {
  if (address % 4 !== 0) return EINVAL;
  if (isPrivate || !call.space.isShared(address)) return privateKey(call, address);
  const physical = call.noted(call.space.physical(address, AccessKind.Write));
  return physical < 0 ? (physical as Errno) : { scope: SHARED, address: physical };
}

export function privateKey(call: Call, address: number): FutexKey | Errno {
  if (!Number.isSafeInteger(address)) return EFAULT;
  return { scope: call.process.memory ?? panic('linux/no-memory'), address };
}
