/**
 * Huge pages of private anonymous memory: made by a first fault or by madvise, taken apart where pages go separate ways.
 *
 * Units      a block is what one leaf of level 1 maps: 2 MiB where a table has 512 entries
 * Invariant  a large leaf maps a whole block of one private anonymous mapping, and its frames are nobody else's: fork, moves
 *            and eviction split it first
 * Source     Linux Documentation/admin-guide/mm/transhuge.rst
 */
import { EAGAIN, EINVAL, ENOMEM, PAGE_SIZE } from '@veridian-os/abi';
import type { Errno, Frame } from '@veridian-os/abi';
import { Mobility } from '../frames/block-source.js';
import { isHugeWanted } from '../huge/huge-advisor.js';
import { NO_NODE } from '../numa/topology.js';
import { PageFlag } from '../page-table/format.js';
import type { Mapping } from './mapping.js';
import { isPageAddress, pagesUp, permissionsOf } from './space.js';
import type { Space } from './space.js';

const { ceil, floor, log2, max, min } = Math;

/** Which mappings get huge pages by themselves. */
export type HugePagePolicy = 'always' | 'madvise' | 'never';

/** Pages of a block. */
export function blockPages({ env }: Space): number {
  return 2 ** env.format.indexBits;
}

/** True when the block around `page` lies in the mapping as a whole and may become a huge page. */
export function isEligible(space: Space, mapping: Mapping, block: number): boolean {
  const { env } = space;
  if (mapping.source !== null || mapping.shared || mapping.prot === 0 || env.format.largestLeaf < 1) return false;
  return block >= mapping.start && block + blockPages(space) * PAGE_SIZE <= mapping.end;
}

/** True when the policy and what was advised allow a mapping huge pages that nobody asks for one by one. */
export function wantsHuge({ env }: Space, { huge }: Mapping): boolean {
  return isHugeWanted(env.hugePages, huge);
}

/** A first fault on `page`: answers it with a huge page where policy, mapping and memory allow. @returns whether it did */
export function demandHuge(space: Space, mapping: Mapping, page: number): boolean {
  const { env, table } = space;
  if (!wantsHuge(space, mapping)) return false;
  const pages = blockPages(space);
  const block = floor(page / (pages * PAGE_SIZE)) * pages * PAGE_SIZE;
  if (!isEligible(space, mapping, block) || !space.mayHold(pages)) return false;
  if (table.next(block, block + pages * PAGE_SIZE) < block + pages * PAGE_SIZE) return false;
  const first = allocBlock(space, false);
  if (first < 0) return false;
  for (let i = 0; i < pages; i++) env.memory.fill((first + i) as Frame, 0);
  const flags = permissionsOf(mapping.prot, true) | PageFlag.Accessed | PageFlag.Dirty;
  if (table.installLarge(block, 1, first as Frame, flags) < 0) {
    for (let i = 0; i < pages; i++) env.frames.release((first + i) as Frame);
    return false;
  }
  mapping.owned = true;
  env.counters.hugeFaults++;
  return true;
}

/** First of an aligned block of frames, made by moving others when `compact`; or ENOMEM, EAGAIN. */
function allocBlock(space: Space, compact: boolean): Frame | Errno {
  const { env } = space;
  const pages = blockPages(space);
  const order = log2(pages);
  const first = env.frames.allocContiguous(pages, order, NO_NODE, Mobility.Movable);
  if (first >= 0 || !compact) return first;
  const { mover } = env;
  const request = {
    node: 0,
    order,
    movable: (frame: Frame): boolean => mover.isMovable(frame),
    move: (from: Frame, to: Frame): boolean => mover.migrate(from, to),
  };
  return env.compactor.makeBlock(request);
}

/** Splits large leaves that lie across an end of [start, end): 0, or ENOMEM with every page as it was. */
export function splitEnds({ table }: Space, start: number, end: number): 0 | Errno {
  const error = table.splitAt(start);
  return error < 0 ? error : table.splitAt(end);
}

/** Splits every large leaf in [start, end): 0, or ENOMEM with every page as it was. */
export function splitAll({ table }: Space, start: number, end: number): 0 | Errno {
  if (!table.hasLarge) return 0;
  for (let page = table.next(start, end); page < end; page = table.next(page + table.leafBytes, end)) {
    if (table.level === 0) continue;
    const error = table.demote(page);
    if (error < 0) return error;
    table.query(page);
  }
  return 0;
}

/**
 * madvise(MADV_COLLAPSE): makes huge pages of the whole blocks in the range, moving what is there. 0; EINVAL for a range with
 * none, ENOMEM when part of it is unmapped or no frames can be had, EAGAIN when somebody else holds a page.
 */
export function collapse(space: Space, address: number, length: number): 0 | Errno {
  const end = address + pagesUp(length);
  if (!isPageAddress(address) || !(end > address)) return EINVAL;
  if (!space.covers(address, end)) return ENOMEM;
  const bytes = blockPages(space) * PAGE_SIZE;
  let blocks = 0;
  for (let m = space.tree.from(address); m !== null && m.start < end; m = m.next) {
    const last = min(m.end, end);
    for (let block = ceil(max(m.start, address) / bytes) * bytes; block + bytes <= last; block += bytes) {
      if (!isEligible(space, m, block)) continue;
      const error = collapseBlock(space, m, block);
      if (error < 0) return error;
      blocks++;
    }
  }
  return blocks === 0 ? EINVAL : 0;
}

/** Makes a huge page of an eligible block: 0; ENOMEM; EAGAIN when somebody else holds a page, or one is away. */
export function collapseBlock(space: Space, mapping: Mapping, block: number): 0 | Errno {
  const { env, table } = space;
  const pages = blockPages(space);
  if (table.levelOf(block) > 0) return 0;
  if (!space.mayHold(pages)) return ENOMEM;
  const first = allocBlock(space, true);
  if (first < 0) return first as Errno;
  const flags = permissionsOf(mapping.prot, true) | PageFlag.Accessed | PageFlag.Dirty;
  let error: 0 | Errno = 0;
  for (let i = 0; i < pages; i++) {
    const frame = (first + i) as Frame;
    if (error === 0) error = movePage(space, block + i * PAGE_SIZE, frame, flags);
    if (error < 0) env.frames.release(frame);
  }
  mapping.owned = true;
  if (error === 0 && !table.promote(block)) return EAGAIN;
  return error;
}

/** `frame`, whose reference is taken over, becomes the page with its present contents: 0; ENOMEM, EAGAIN with nothing changed. */
function movePage(space: Space, page: number, frame: Frame, flags: number): 0 | Errno {
  const { env, table } = space;
  const error = table.ensure(page);
  if (error < 0) return error;
  if (!table.isUsed) {
    env.memory.fill(frame, 0);
    table.install(frame, flags);
    return 0;
  }
  if (table.isSwapped || table.flags === 0 || env.reverse.count(table.frame) !== 1) return EAGAIN;
  if (!env.mover.migrate(table.frame, frame)) return EAGAIN;
  table.query(page);
  if (table.flags !== flags) table.replace(page, frame, flags);
  return 0;
}

/** Bytes that large leaves map. */
export function hugeBytes({ table, top }: Space): number {
  let bytes = 0;
  for (let page = table.next(0, top); page < top; page = table.next(page + table.leafBytes, top)) {
    if (table.level > 0) bytes += table.leafBytes;
  }
  return bytes;
}
