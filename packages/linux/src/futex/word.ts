/** The word of a futex, read and changed in one piece: threads on other CPUs use it meanwhile. */
import type { Errno, PhysAddr } from '@veridian-os/abi';
import { AccessKind } from '@veridian-os/memory';
import type { Call } from '../call.js';

/** The aligned word at `address`, unsigned; or EFAULT, WOULD_BLOCK, ENOMEM. */
export function loadWord(call: Call, address: number): number | Errno {
  const physical = call.noted(call.space.physical(address, AccessKind.Read));
  return physical < 0 ? physical : call.kernel.words.load(physical as PhysAddr);
}

/** 0, or EFAULT, WOULD_BLOCK, ENOMEM. */
export function storeWord(call: Call, address: number, value: number): 0 | Errno {
  const physical = call.noted(call.space.physical(address, AccessKind.Write));
  if (physical < 0) return physical as Errno;
  call.kernel.words.store(physical as PhysAddr, value);
  return 0;
}

/** Replaces the aligned word by what `change` makes of it: the old one, unsigned; or EFAULT, WOULD_BLOCK, ENOMEM. */
export function updateWord(call: Call, address: number, change: (old: number) => number): number | Errno {
  const physical = call.noted(call.space.physical(address, AccessKind.Write));
  return physical < 0 ? physical : call.kernel.words.update(physical as PhysAddr, change);
}
