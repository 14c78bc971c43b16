/** Making, removing and changing mappings: mmap, munmap, mprotect, madvise(MADV_DONTNEED). */
import { EACCES, EEXIST, EINVAL, ENOMEM, EPERM, PAGE_SIZE } from '@veridian-os/abi';
import type { Errno } from '@veridian-os/abi';
import { PROT_EXEC, PROT_WRITE } from '../api.js';
import type { MapRequest } from '../api.js';
import { PERMISSIONS } from '../page-table/format.js';
import { splitEnds } from './huge.js';
import { Mapping } from './mapping.js';
import { protectPages } from './protect-pages.js';
import { MAX_MAPPINGS, MIN_ADDRESS, isPageAddress, pagesUp } from './space.js';
import type { Space } from './space.js';

const { floor, max, min } = Math;

/** mmap(2). @returns the address, or EINVAL, EACCES, EPERM (below MIN_ADDRESS), EEXIST, ENOMEM */
export function map(space: Space, request: MapRequest): number | Errno {
  const { prot, shared, source = null, offset = 0, placement = 'hint', growLimit = 0 } = request;
  const maxProt = request.maxProt ?? PERMISSIONS;
  const length = pagesUp(request.length);
  if (Number.isNaN(length) || !isPageAddress(offset) || (prot & ~PERMISSIONS) !== 0) return EINVAL;
  if ((shared && source === null) || growLimit < 0) return EINVAL;
  if (!allowed(space, prot, maxProt)) return EACCES;
  if (length > space.top) return ENOMEM;

  const start = placement === 'hint' ? place(space, request.address, length) : fixedStart(space, request, length);
  if (start < 0) return start;
  const end = start + length;
  const replaced = placement === 'replace' ? space.mappedIn(start, end) : 0;
  if (space.virtualBytes - replaced + length > space.virtualLimit) return ENOMEM;
  const committed = shared || (prot & PROT_WRITE) === 0 ? 0 : length;
  if (!space.account.permits(committed - (replaced > 0 ? space.committedIn(start, end) : 0))) return ENOMEM;
  if (space.tree.size + 2 > MAX_MAPPINGS) return ENOMEM; // one more, and one that `replace` cuts in two
  if (replaced > 0) {
    if (splitEnds(space, start, end) < 0) return ENOMEM;
    removeRange(space, start, end);
  }

  source?.retain();
  const label = request.label ?? source?.label ?? '';
  const mapping = new Mapping({ start, end, prot, maxProt, shared, source, offset, label, growLimit });
  mapping.locked = space.locksNew;
  space.add(mapping);
  space.joinAround(start, end);
  return start;
}

/** Where a mapping without a fixed address goes: at its hint when that is free, else as high as possible; or ENOMEM. */
export function place(space: Space, hint: number, length: number): number | Errno {
  const start = Number.isSafeInteger(hint) && hint > 0 ? floor(hint / PAGE_SIZE) * PAGE_SIZE : 0;
  if (start >= MIN_ADDRESS && start + length <= space.top && space.tree.isHole(start, start + length)) return start;
  let hole = space.tree.holeBelow(space.mmapBase, length);
  if (hole < 0) hole = space.tree.holeBelow(space.top, length);
  return hole < 0 ? ENOMEM : hole;
}

function fixedStart(space: Space, { address, placement }: MapRequest, length: number): number | Errno {
  if (!isPageAddress(address)) return EINVAL;
  if (address < MIN_ADDRESS) return EPERM;
  if (address + length > space.top) return ENOMEM;
  if (placement === 'exact' && space.mappedIn(address, address + length) > 0) return EEXIST;
  return address;
}

function allowed(space: Space, prot: number, maxProt: number): boolean {
  if ((prot & ~maxProt) !== 0) return false;
  return space.policy === 'linux' || (prot & (PROT_WRITE | PROT_EXEC)) !== (PROT_WRITE | PROT_EXEC);
}

/** munmap(2). @returns 0, or EINVAL, ENOMEM (too many mappings) */
export function unmap(space: Space, address: number, length: number): 0 | Errno {
  const bytes = pagesUp(length);
  if (!isPageAddress(address) || !(address + bytes <= space.top)) return EINVAL;
  if (space.tree.size >= MAX_MAPPINGS && cutsInside(space, address, address + bytes)) return ENOMEM;
  if (splitEnds(space, address, address + bytes) < 0) return ENOMEM;
  removeRange(space, address, address + bytes);
  return 0;
}

/** True when removing [start, end) leaves two pieces of one mapping. */
function cutsInside(space: Space, start: number, end: number): boolean {
  const mapping = space.tree.find(start);
  return mapping !== null && mapping.start < start && mapping.end > end;
}

/** Removes every mapping of [start, end), its pages, and the tables that nobody needs any more. */
export function removeRange(space: Space, start: number, end: number): void {
  const { tree, table } = space;
  if (space.mappedIn(start, end) === 0) return;
  space.splitAt(start);
  space.splitAt(end);
  table.clearRange(start, end);
  let mapping = tree.from(start);
  while (mapping !== null && mapping.start < end) {
    const { next } = mapping;
    space.drop(mapping);
    mapping = next;
  }
  freeTables(space, start, end);
}

/** Frees the tables for [start, end) that serve no mapping. */
export function freeTables(space: Space, start: number, end: number): void {
  const { tree, table } = space;
  for (let at = start; at < end;) {
    const above = tree.from(at);
    if (above !== null && above.start <= at) {
      at = above.end;
      continue;
    }
    const below = above === null ? tree.highest() : above.prev;
    const high = above === null ? space.top : above.start;
    table.freeTables(at, min(end, high), below === null ? 0 : below.end, high);
    at = high;
  }
}

/** mprotect(2). @returns 0, or EINVAL, EACCES, ENOMEM (part unmapped, or too many mappings) */
export function protect(space: Space, address: number, length: number, prot: number): 0 | Errno {
  if (!isPageAddress(address) || (prot & ~PERMISSIONS) !== 0) return EINVAL;
  if (length === 0) return 0;
  const end = address + pagesUp(length);
  if (!(end <= space.top) || !space.covers(address, end)) return ENOMEM;
  for (let m = space.tree.from(address); m !== null && m.start < end; m = m.next) {
    if (!allowed(space, prot, m.maxProt)) return EACCES;
  }
  if (space.tree.size + 2 > MAX_MAPPINGS || !space.account.permits(promised(space, address, end, prot))) return ENOMEM;
  if (splitEnds(space, address, end) < 0) return ENOMEM;
  space.splitAt(address);
  space.splitAt(end);
  for (let m = space.tree.from(address); m !== null && m.start < end; m = m.next) {
    if (m.prot === prot) continue;
    const before = m.isCommitted ? m.end - m.start : 0;
    m.prot = prot;
    space.account.add((m.isCommitted ? m.end - m.start : 0) - before);
    protectPages(space, m);
  }
  space.table.commit();
  space.joinAround(address, end);
  return 0;
}

/** Bytes that mprotect promises in addition. */
function promised(space: Space, start: number, end: number, prot: number): number {
  if ((prot & PROT_WRITE) === 0) return 0;
  let bytes = 0;
  for (let m = space.tree.from(start); m !== null && m.start < end; m = m.next) {
    if (!m.shared && !m.isCommitted) bytes += min(m.end, end) - max(m.start, start);
  }
  return bytes;
}

/** madvise(MADV_DONTNEED). Like Linux, drops the mapped parts and then answers ENOMEM when others were unmapped. */
export function discard(space: Space, address: number, length: number): 0 | Errno {
  if (!isPageAddress(address)) return EINVAL;
  if (length === 0) return 0;
  const end = address + pagesUp(length);
  if (!(end > address)) return EINVAL;
  const stop = min(end, space.top);
  if (splitEnds(space, address, stop) < 0) return ENOMEM;
  for (let m = space.tree.from(address); m !== null && m.start < stop; m = m.next) {
    space.table.clearRange(max(m.start, address), min(m.end, stop));
  }
  return space.covers(address, end) ? 0 : ENOMEM;
}
