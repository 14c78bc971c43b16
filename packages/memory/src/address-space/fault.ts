/**
 * Page faults: what an access to a page that the CPU cannot use becomes.
 *
 * Anonymous private pages appear zeroed and writable. Private pages of a source are shared read-only until the first
 * write copies them; the last owner of a copy-on-write page gets it back without a copy. Shared pages are writable
 * only after the source was told so. A mapping that grows is extended when the page below it is touched.
 */
import { ENOMEM, ENXIO, PAGE_SIZE, WOULD_BLOCK, panic } from '@veridian-os/abi';
import type { Errno, Frame, WaitQueueId } from '@veridian-os/abi';
import { AccessKind, FaultResult, PROT_EXEC, PROT_NONE, PROT_READ, PROT_WRITE } from '../api.js';
import type { PageSource } from '../api.js';
import { PageFlag } from '../page-table/format.js';
import { SWAP_BASE } from '../reclaim/swap-area.js';
import { demandHuge } from './huge.js';
import { GUARD_GAP } from './mapping.js';
import type { Mapping } from './mapping.js';
import { MIN_ADDRESS, permissionsOf } from './space.js';
import type { Space } from './space.js';

const { floor, max, min } = Math;

/** Pages around a file fault that are mapped with it, aligned to their number (Linux: fault_around_bytes, 64 KiB). */
const FAULT_AROUND = 16;

/** Handles an access to `address` that the CPU (or a user copy) could not make. */
export function handleFault(space: Space, address: number, access: AccessKind): FaultResult {
  if (!(address >= 0 && address < space.top)) return FaultResult.NoMapping;
  const page = floor(address / PAGE_SIZE) * PAGE_SIZE;
  const mapping = space.tree.find(page) ?? grow(space, page);
  if (mapping === null) return FaultResult.NoMapping;
  if (!permits(mapping.prot, access)) return FaultResult.Forbidden;
  const { table } = space;
  if (table.query(page) && !table.isSwapped) return upgrade(space, mapping, page, access);
  if (space.atFrameLimit) return FaultResult.OutOfMemory;
  if (space.env.reclaim?.isEmpty === true || table.ensure(page) < 0) return noFrame(space);
  if (table.isSwapped) return swapIn(space, mapping, page, access);
  if (mapping.source === null) return demandZero(space, mapping, page, access);
  return mapSource(space, mapping, mapping.source, page, access);
}

/** A writable page can be read (no hardware has write-only pages). */
function permits(prot: number, access: AccessKind): boolean {
  if (access === AccessKind.Read) return (prot & (PROT_READ | PROT_WRITE)) !== 0;
  return (prot & (access === AccessKind.Write ? PROT_WRITE : PROT_EXEC)) !== 0;
}

function touched(access: AccessKind): number {
  return access === AccessKind.Write ? PageFlag.Accessed | PageFlag.Dirty : PageFlag.Accessed;
}

/** Extends the growing mapping above `page` down to it, or null. Source: Linux mm/mmap.c, expand_downwards. */
function grow(space: Space, page: number): Mapping | null {
  const above = space.tree.from(page);
  if (above === null || above.growLimit === 0 || above.end - page > above.growLimit || page < MIN_ADDRESS) return null;
  const { prev } = above;
  const guarded = prev !== null && prev.prot !== PROT_NONE && prev.growLimit === 0;
  if (guarded && page - prev.end < GUARD_GAP) return null;
  const growth = above.start - page;
  if (!space.mayGrow(growth, above.isCommitted)) return null;
  space.tree.resize(above, page, above.end);
  space.count(above, growth);
  return above;
}

function demandZero(space: Space, mapping: Mapping, page: number, access: AccessKind): FaultResult {
  const { frames, counters } = space.env;
  if (demandHuge(space, mapping, page)) return FaultResult.Handled;
  space.table.ensure(page); // which looking for a block may have left
  const frame = frames.allocZeroed();
  if (frame < 0) return noFrame(space);
  space.table.install(frame as Frame, permissionsOf(mapping.prot, true) | touched(access));
  mapping.owned = true;
  counters.demandZeroFaults++;
  space.env.hugeScanner.faulted(space, mapping, page);
  if (space.env.zeroAhead > 1) zeroAhead(space, mapping, page);
  return FaultResult.Handled;
}

/**
 * A program that goes through fresh memory page by page gets the next ones before it asks, twice as many each time: a
 * fault that falls where the last batch ended is a sequence, any other begins anew with its own page alone.
 */
function zeroAhead(space: Space, mapping: Mapping, page: number): void {
  const { frames, zeroAhead: most } = space.env;
  const { table } = space;
  mapping.batch = page === mapping.batchEnd ? min(mapping.batch * 2, most) : 1;
  const stop = min(mapping.end, page + mapping.batch * PAGE_SIZE);
  let at = page + PAGE_SIZE;
  for (; at < stop && space.hasPlenty && table.ensure(at) === 0 && !table.isUsed; at += PAGE_SIZE) {
    const frame = frames.allocZeroed();
    if (frame < 0) break;
    table.install(frame as Frame, permissionsOf(mapping.prot, true));
  }
  mapping.batchEnd = at;
}

/** Fills the empty entry last loaded from the mapping's source. */
function mapSource(space: Space, mapping: Mapping, source: PageSource, page: number, access: AccessKind): FaultResult {
  const { frames, counters } = space.env;
  const { table } = space;
  const writing = access === AccessKind.Write;
  const found = source.page(mapping.pageIndex(page), writing && mapping.shared);
  if (found < 0) return refused(space, source, found);
  counters.fileFaults++;
  if (writing && !mapping.shared) {
    const copy = copyOf(space, found as Frame);
    if (copy < 0) return noFrame(space);
    table.install(copy as Frame, permissionsOf(mapping.prot, true) | touched(access));
    mapping.owned = true;
    return FaultResult.Handled;
  }
  frames.retain(found as Frame);
  table.install(found as Frame, permissionsOf(mapping.prot, writing) | touched(access));
  if (!writing && source.peek !== undefined) mapAround(space, mapping, source, page);
  return FaultResult.Handled;
}

/** Maps what the source has at hand of the pages around `page`; they lie in the same leaf table. */
function mapAround(space: Space, mapping: Mapping, source: PageSource, page: number): void {
  const { frames } = space.env;
  const { table } = space;
  const window = FAULT_AROUND * PAGE_SIZE;
  const first = floor(page / window) * window;
  const stop = min(mapping.end, first + window);
  for (let at = max(mapping.start, first); at < stop; at += PAGE_SIZE) {
    if (space.atFrameLimit) return;
    if (table.query(at)) continue;
    const frame = source.peek?.(mapping.pageIndex(at)) ?? ENXIO;
    if (frame < 0) continue;
    frames.retain(frame as Frame);
    table.install(frame as Frame, permissionsOf(mapping.prot, false));
  }
}

/** The entry last loaded is in use: permits the access, or not any more. */
function upgrade(space: Space, mapping: Mapping, page: number, access: AccessKind): FaultResult {
  const { table } = space;
  const writing = access === AccessKind.Write;
  const { flags } = table;
  if (!writing || (flags & PageFlag.Write) !== 0) return FaultResult.Handled; // spurious: another CPU was first
  if (table.level > 0) {
    if (table.demote(page) < 0) return noFrame(space);
    table.query(page);
  }
  return mapping.shared && mapping.source !== null
    ? makeWritable(space, mapping, mapping.source, page)
    : breakCopy(space, mapping, page);
}

/** First write to a shared page: the source learns that it becomes dirty. */
function makeWritable(space: Space, mapping: Mapping, source: PageSource, page: number): FaultResult {
  const { frames } = space.env;
  const { table } = space;
  const old = table.frame;
  const found = source.page(mapping.pageIndex(page), true);
  if (found < 0) return refused(space, source, found);
  if (found !== old) frames.retain(found as Frame);
  table.replace(page, found as Frame, permissionsOf(mapping.prot, true) | touched(AccessKind.Write));
  if (found !== old) frames.release(old);
  return FaultResult.Handled;
}

/** First write to a private page: the only owner takes it, another gets a copy. */
function breakCopy(space: Space, mapping: Mapping, page: number): FaultResult {
  const { frames, counters } = space.env;
  const { table } = space;
  const old = table.frame;
  const flags = permissionsOf(mapping.prot, true) | touched(AccessKind.Write);
  if (frames.references(old) === 1) {
    table.replace(page, old, flags);
  } else {
    const copy = space.env.reclaim?.isEmpty === true ? ENOMEM : copyOf(space, old);
    if (copy < 0) return noFrame(space);
    table.replace(page, copy as Frame, flags);
    frames.release(old);
  }
  mapping.owned = true;
  counters.copyOnWriteFaults++;
  return FaultResult.Handled;
}

/** A private copy of a frame, or ENOMEM. */
function copyOf(space: Space, frame: Frame): Frame | Errno {
  const { frames, memory } = space.env;
  const copy = frames.alloc();
  if (copy >= 0) memory.copyFrame(frame, copy as Frame);
  return copy;
}

function refused(space: Space, source: PageSource, error: number): FaultResult {
  if (error === WOULD_BLOCK) return waitFor(space, source.ioQueue);
  if (error === ENXIO) return FaultResult.BeyondEnd;
  return error === ENOMEM ? noFrame(space) : FaultResult.IoError;
}

function waitFor(space: Space, queue: WaitQueueId): FaultResult {
  space.faultQueue = queue;
  return FaultResult.WouldBlock;
}

/** The page comes when reclaim has found a frame; without reclaim there is none. */
function noFrame(space: Space): FaultResult {
  const { swap, reclaim } = space.env;
  if (swap === null || reclaim === null) return FaultResult.OutOfMemory;
  reclaim.isAwaited = true;
  return waitFor(space, swap.ioQueue);
}

/** The page of the entry last loaded is in the swap area: brings it back, for its last user to write to. */
function swapIn(space: Space, mapping: Mapping, page: number, access: AccessKind): FaultResult {
  const { frames, swap, counters } = space.env;
  const { table } = space;
  if (swap === null) return panic('memory/swapped-without-swap', `page ${page}`);
  const slot = table.frame - SWAP_BASE;
  const frame = swap.load(slot);
  if (frame === WOULD_BLOCK) return waitFor(space, swap.ioQueue);
  if (frame < 0) return frame === ENOMEM ? noFrame(space) : FaultResult.IoError;
  frames.retain(frame as Frame);
  swap.take(slot);
  const alone = !mapping.shared && frames.references(frame as Frame) === 1;
  table.swapIn(frame as Frame, permissionsOf(mapping.prot, alone) | touched(access));
  counters.swapFaults++;
  return alone || access !== AccessKind.Write ? FaultResult.Handled : upgradeAgain(space, mapping, page, access);
}

function upgradeAgain(space: Space, mapping: Mapping, page: number, access: AccessKind): FaultResult {
  space.table.query(page);
  return upgrade(space, mapping, page, access);
}
