/**
 * Huge pages in the background: blocks that programs fill page by page, in mappings that may have huge pages, are looked at in
 * turn, and those in use are collapsed.
 *
 * Runs       between operations on address spaces, as reclaim does
 * Cost       a block: its 512 entries; a collapse: 512 pages copied or zeroed
 * Source     Linux mm/khugepaged.c; the decisions are `HugeAdvisor`'s
 */
import { PAGE_SIZE } from '@veridian-os/abi';
import { HugeAdvisor, PAGES_PER_BLOCK } from '../huge/huge-advisor.js';
import type { BlockScan } from '../huge/huge-advisor.js';
import { PageFlag } from '../page-table/format.js';
import { collapseBlock, isEligible, wantsHuge } from './huge.js';
import type { Mapping } from './mapping.js';
import type { Space } from './space.js';

const BLOCK_BYTES = PAGES_PER_BLOCK * PAGE_SIZE;

export class HugeScanner {
  /** Huge pages made so far. */
  collapsed = 0;
  /** What is shared or away would have to be copied or read: such blocks wait. */
  private readonly advisor = new HugeAdvisor({ maxShared: 0, maxSwapped: 0 });
  private readonly spaces: readonly (Space | undefined)[];

  /** @param spaces live spaces by `asid` */
  constructor(spaces: readonly (Space | undefined)[]) {
    this.spaces = spaces;
  }

  /** A page of an anonymous mapping was filled by itself. */
  faulted(space: Space, mapping: Mapping, page: number): void {
    const block = Math.floor(page / BLOCK_BYTES) * BLOCK_BYTES;
    const fits = space.env.format.indexBits === 9 && wantsHuge(space, mapping) && isEligible(space, mapping, block);
    if (fits) this.advisor.faulted(space.table.asid, page / PAGE_SIZE);
  }

  /** The space is gone, and its identifier free for another. */
  forget({ table, top }: Space): void {
    if (this.advisor.size > 0) this.advisor.forget(table.asid, 0, top / PAGE_SIZE);
  }

  /** Looks at the next `blocks` blocks. @returns huge pages made */
  scan(blocks: number): number {
    const before = this.collapsed;
    for (let i = 0; i < blocks && this.advisor.size > 0; i++) this.visitNext();
    return this.collapsed - before;
  }

  private visitNext(): void {
    const { advisor } = this;
    const next = advisor.next();
    if (next === null) return;
    const start = next.block * BLOCK_BYTES;
    const space = this.spaces[next.space];
    const mapping = space?.tree.find(start) ?? null;
    if (space === undefined || mapping === null || !wantsHuge(space, mapping) || !isEligible(space, mapping, start)) {
      return advisor.forget(next.space, next.block * PAGES_PER_BLOCK, (next.block + 1) * PAGES_PER_BLOCK);
    }
    advisor.report(next.space, next.block, look(space, start));
    const worth = advisor
      .promotions(Infinity)
      .some(({ space: asid, block }) => asid === next.space && block === next.block);
    if (!worth) return;
    const made = collapseBlock(space, mapping, start) === 0;
    if (made) this.collapsed++;
    advisor.changed(next.space, next.block, made);
  }
}

/** What stands in the entries of the block from `start` on. */
function look({ table, env }: Space, start: number): BlockScan {
  const end = start + BLOCK_BYTES;
  const huge = table.levelOf(start) > 0;
  let present = 0;
  let accessed = 0;
  let shared = 0;
  let swapped = 0;
  for (let page = table.next(start, end); page < end; page = table.next(page + table.leafBytes, end)) {
    const { flags } = table;
    if (table.isSwapped) swapped++;
    else if (flags !== 0) {
      present += table.leafBytes / PAGE_SIZE;
      if ((flags & PageFlag.Accessed) !== 0) accessed++;
      if (env.frames.references(table.frame) > 1) shared++;
    }
  }
  return { present, accessed, shared, swapped, huge };
}
