/** Which pages are in memory, and which stay there: mincore, mlock, mlockall. */
import { EINVAL, ENOMEM, PAGE_SIZE } from '@veridian-os/abi';
import type { Errno } from '@veridian-os/abi';
import type { Mapping } from './mapping.js';
import { MAX_MAPPINGS, isPageAddress, pagesUp } from './space.js';
import type { Space } from './space.js';

/**
 * mlock(2), munlock(2): reclaim leaves the pages of a locked range alone, or not any more. Bringing them in is the caller's
 * affair. @returns 0, or EINVAL, ENOMEM (part unmapped, or too many mappings)
 */
export function lock(space: Space, address: number, length: number, locked: boolean): 0 | Errno {
  return mark(space, address, length, (mapping) => (mapping.locked = locked));
}

/** Marks whole mappings that make up a range. */
function mark(space: Space, address: number, length: number, set: (mapping: Mapping) => void): 0 | Errno {
  const { tree } = space;
  if (!isPageAddress(address)) return EINVAL;
  if (length === 0) return 0;
  const end = address + pagesUp(length);
  if (!(end > address)) return EINVAL;
  if (!(end <= space.top) || !space.covers(address, end) || tree.size + 2 > MAX_MAPPINGS) return ENOMEM;
  space.splitAt(address);
  space.splitAt(end);
  for (let m = tree.from(address); m !== null && m.start < end; m = m.next) set(m);
  space.joinAround(address, end);
  return 0;
}

/** madvise(MADV_HUGEPAGE, MADV_NOHUGEPAGE) */
export function setHuge(space: Space, address: number, length: number, huge: boolean): 0 | Errno {
  return mark(space, address, length, (mapping) => (mapping.huge = huge));
}

/** madvise(MADV_MERGEABLE, MADV_UNMERGEABLE): whether pages of the range may be merged with equal ones. */
export function setMergeable(space: Space, address: number, length: number, mergeable: boolean): 0 | Errno {
  if (mergeable) space.noteMerging();
  return mark(space, address, length, (mapping) => (mapping.mergeable = mergeable));
}

/** mlockall(2), munlockall(2): all present mappings (undefined: they stay as they are), and those to come. */
export function lockAll(space: Space, present: boolean | undefined, future: boolean): void {
  space.locksNew = future;
  if (present === undefined) return;
  for (let m = space.tree.first; m !== null; m = m.next) m.locked = present;
  space.joinAround(0, space.top);
}

/** Bytes that are locked. */
export function lockedBytes(space: Space): number {
  let bytes = 0;
  for (let m = space.tree.first; m !== null; m = m.next) if (m.locked) bytes += m.end - m.start;
  return bytes;
}

/** mincore(2): `into[i]` = 1 where page `i` from `address` on is in memory. The range is mapped. */
export function residency(space: Space, address: number, into: Uint8Array): void {
  const { table } = space;
  const end = address + into.length * PAGE_SIZE;
  into.fill(0);
  for (let page = table.next(address, end); page < end; page = table.next(page + PAGE_SIZE, end)) {
    if (!table.isSwapped) into[(page - address) / PAGE_SIZE] = 1;
  }
}
