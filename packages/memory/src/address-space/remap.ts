/** mremap(2): resizing and moving a mapping with its pages. */
import { EFAULT, EINVAL, ENOMEM, PAGE_SIZE } from '@veridian-os/abi';
import type { Errno } from '@veridian-os/abi';
import { splitAll, splitEnds } from './huge.js';
import { freeTables, place, removeRange } from './map.js';
import type { Mapping } from './mapping.js';
import { MAX_MAPPINGS, MIN_ADDRESS, isPageAddress, pagesUp } from './space.js';
import type { Space } from './space.js';

/**
 * @param fixed new address (MREMAP_FIXED); whatever is mapped there goes
 * @returns the new address, or EINVAL, EFAULT (not inside one mapping), ENOMEM
 */
export function remap(
  space: Space,
  address: number,
  oldLength: number,
  newLength: number,
  mayMove: boolean,
  fixed: number | undefined,
): number | Errno {
  const newBytes = pagesUp(newLength);
  const oldBytes = oldLength === 0 ? 0 : pagesUp(oldLength);
  if (!isPageAddress(address) || Number.isNaN(newBytes) || Number.isNaN(oldBytes)) return EINVAL;
  const mapping = space.tree.find(address);
  if (mapping === null || address + oldBytes > mapping.end) return EFAULT;
  if (oldBytes === 0 && (!mapping.shared || !mayMove)) return EINVAL; // length 0 duplicates a shared mapping
  if (fixed !== undefined) {
    const error = checkTarget(space, address, oldBytes, newBytes, fixed, mayMove);
    if (error < 0) return error;
  }
  const growth = newBytes - oldBytes;
  if (!space.mayGrow(growth, mapping.isCommitted) || space.tree.size + 3 > MAX_MAPPINGS) return ENOMEM;

  if (splitBorders(space, address, oldBytes, newBytes, fixed) < 0) return ENOMEM;
  if (fixed === undefined && oldBytes > 0) {
    if (growth < 0) removeRange(space, address + newBytes, address + oldBytes);
    if (growth <= 0 || extend(space, mapping, address + oldBytes, growth)) return address;
    if (!mayMove) return ENOMEM;
  }
  return move(space, mapping, address, oldBytes, newBytes, fixed);
}

/** Where the old range is cut or ends, and where a fixed new one replaces what is there. */
function splitBorders(
  space: Space,
  address: number,
  oldBytes: number,
  newBytes: number,
  fixed: number | undefined,
): 0 | Errno {
  for (const at of [address, address + oldBytes, address + Math.min(oldBytes, newBytes)]) {
    if (splitEnds(space, at, at) < 0) return ENOMEM;
  }
  return fixed === undefined ? 0 : splitEnds(space, fixed, fixed + newBytes);
}

function checkTarget(
  space: Space,
  address: number,
  oldBytes: number,
  newBytes: number,
  fixed: number,
  mayMove: boolean,
): 0 | Errno {
  if (!mayMove || !isPageAddress(fixed) || fixed < MIN_ADDRESS || fixed + newBytes > space.top) return EINVAL;
  return fixed < address + oldBytes && address < fixed + newBytes ? EINVAL : 0;
}

/** Grows a mapping in place when the range ends with it and a hole follows. */
function extend(space: Space, mapping: Mapping, end: number, growth: number): boolean {
  if (mapping.end !== end || end + growth > space.top || !space.tree.isHole(end, end + growth)) return false;
  space.tree.resize(mapping, mapping.start, end + growth);
  space.count(mapping, growth);
  space.joinAround(mapping.start, mapping.end);
  return true;
}

function move(
  space: Space,
  mapping: Mapping,
  address: number,
  oldBytes: number,
  newBytes: number,
  fixed: number | undefined,
): number | Errno {
  const target = fixed ?? place(space, 0, newBytes);
  if (target < 0) return target;
  const kept = Math.min(oldBytes, newBytes);
  if (splitAll(space, address, address + kept) < 0) return ENOMEM;
  // The tables first: after this nothing can fail. Tables that stay empty go with the mapping.
  if (!makeTables(space, address, address + kept, target - address)) {
    freeTables(space, target, target + newBytes);
    return ENOMEM;
  }
  const moved = mapping.part(address, address + newBytes);
  if (fixed !== undefined) {
    removeRange(space, fixed, fixed + newBytes);
    makeTables(space, address, address + kept, target - address); // `removeRange` may have freed them: room is certain
  }
  movePages(space, address, address + kept, target - address);
  moved.start = target;
  moved.end = target + newBytes;
  space.add(moved);
  if (oldBytes > 0) removeRange(space, address, address + oldBytes);
  space.joinAround(target, target + newBytes);
  return target;
}

/** Makes the tables that the used pages of [start, end), moved by `distance`, will need. */
function makeTables(space: Space, start: number, end: number, distance: number): boolean {
  const { table } = space;
  for (let page = table.next(start, end); page < end; page = table.next(page + PAGE_SIZE, end)) {
    if (table.ensure(page + distance) < 0) return false;
  }
  return true;
}

/** Moves entries with their references, accessed and dirty bits. */
function movePages(space: Space, start: number, end: number, distance: number): void {
  const { table } = space;
  const { batch } = space.env;
  for (let page = table.next(start, end); page < end; page = table.next(page + PAGE_SIZE, end)) {
    const { flags, frame } = table;
    if (flags === 0) {
      table.clearRetained();
      table.count(page, frame, -1);
      table.ensure(page + distance);
      table.install(frame, 0);
    } else {
      table.pushClear(page);
      if (batch.full) commitMoved(space, distance);
    }
  }
  commitMoved(space, distance);
}

function commitMoved(space: Space, distance: number): void {
  const { table } = space;
  const { batch, format } = space.env;
  const { edits } = batch;
  if (edits.count === 0) return;
  batch.apply();
  table.cache.clear();
  for (let i = 0; i < edits.count; i++) {
    const frame = format.frame(edits.oldLo[i], edits.oldHi[i]);
    table.count(edits.virtual[i], frame, -1);
    table.ensure(edits.virtual[i] + distance);
    table.install(frame, format.flags(edits.oldLo[i], edits.oldHi[i]));
  }
  batch.reset();
}
