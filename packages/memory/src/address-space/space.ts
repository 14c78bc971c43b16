/** State of one address space, shared by the operations in this folder. */
import { PAGE_SIZE } from '@veridian-os/abi';
import type { WaitQueueId } from '@veridian-os/abi';
import type { ExecutePolicy, PageSource, SourceMapper } from '../api.js';
import type { FrameAllocator } from '../frames/frame-allocator.js';
import { PERMISSIONS, PageFlag } from '../page-table/format.js';
import type { PageTable } from '../page-table/page-table.js';
import type { TableCounters, TableEnvironment } from '../page-table/table-walk.js';
import type { Reclaimer } from '../reclaim/reclaimer.js';
import type { ReverseMap } from '../reclaim/reverse-map.js';
import type { SwapArea } from '../reclaim/swap-area.js';
import type { Compactor } from '../huge/compaction.js';
import type { FrameMover } from '../reclaim/frame-mover.js';
import type { HugePagePolicy } from './huge.js';
import type { HugeScanner } from './huge-scanner.js';
import { CommitAccount } from './commit-account.js';
import { GUARD_GAP } from './mapping.js';
import type { Mapping } from './mapping.js';
import { MappingTree } from './mapping-tree.js';

/** Lowest user address (Linux's default mmap_min_addr): null pointers with small offsets fault. */
export const MIN_ADDRESS = 0x10000;
/** Mappings in one space (Linux's default max_map_count). */
export const MAX_MAPPINGS = 65530;
/** Space above the highest placed mapping, for the stack (Linux's smallest mmap gap and the guard gap). */
const STACK_GAP = 128 * 1024 * 1024 + GUARD_GAP;

/** What all address spaces of a machine share. */
export interface SpaceEnvironment extends TableEnvironment {
  readonly frames: FrameAllocator;
  readonly reverse: ReverseMap;
  readonly swap: SwapArea | null;
  readonly counters: SpaceCounters;
  /** Makes frames free; null without a swap area. */
  readonly reclaim: Reclaimer | null;
  readonly mover: FrameMover;
  readonly compactor: Compactor;
  readonly hugePages: HugePagePolicy;
  readonly hugeScanner: HugeScanner;
  /** Live spaces by `asid`. */
  readonly spaces: (Space | undefined)[];
  /** The machine's promises. */
  readonly commit: CommitAccount;
  /** Most pages that a fault on fresh memory fills; 1 = only its own. */
  readonly zeroAhead: number;
}

export interface SpaceCounters extends TableCounters {
  demandZeroFaults: number;
  copyOnWriteFaults: number;
  fileFaults: number;
  swapFaults: number;
  /** First faults that a huge page answered. */
  hugeFaults: number;
  /** Spaces that have asked for merging. */
  mergeableSpaces: number;
}

export class Space implements SourceMapper {
  readonly env: SpaceEnvironment;
  readonly table: PageTable;
  readonly tree = new MappingTree(MIN_ADDRESS);
  readonly policy: ExecutePolicy;
  /** First address beyond user space. */
  readonly top: number;
  /** Placed mappings end at or below it while there is room. */
  readonly mmapBase: number;
  virtualBytes = 0;
  /** What this process was promised. */
  readonly account: CommitAccount;
  /** Has asked for merging at some time. */
  merges = false;
  /** Mappings to come are locked. */
  locksNew = false;
  virtualLimit = Infinity;
  frameLimit = Infinity;
  faultQueue: WaitQueueId = 0 as WaitQueueId;
  /** `codeEpoch` that the table's cache of translations was filled in. */
  cacheEpoch = 0;

  /** @param group its promises count there too; default the machine's */
  constructor(env: SpaceEnvironment, table: PageTable, policy: ExecutePolicy, group: CommitAccount = env.commit) {
    this.env = env;
    this.account = new CommitAccount(group);
    this.table = table;
    this.policy = policy;
    this.top = env.format.userTop;
    this.mmapBase = this.top - STACK_GAP;
  }

  /** True when the space may not hold another frame. Tables count: they are the guest's doing too. */
  get atFrameLimit(): boolean {
    return this.table.residentFrames + this.table.tableFrames >= this.frameLimit;
  }

  /** True when the space may hold so many frames more, and memory has them to spare. */
  mayHold(count: number): boolean {
    const { frames, reclaim } = this.env;
    const held = this.table.residentFrames + this.table.tableFrames;
    return held + count <= this.frameLimit && frames.freeFrames >= count + (reclaim?.high ?? 0);
  }

  /** True while frames may be spent on what the guest may never touch: half of its limit and of all frames are left. */
  get hasPlenty(): boolean {
    const { frames } = this.env;
    const held = this.table.residentFrames + this.table.tableFrames;
    return held < this.frameLimit / 2 && frames.freeFrames > frames.totalFrames / 2;
  }

  add(mapping: Mapping): void {
    this.attach(mapping);
    this.count(mapping, mapping.end - mapping.start);
  }

  /** Takes a mapping out and drops its reference to the source; its pages are the caller's affair. */
  drop(mapping: Mapping): void {
    this.detach(mapping);
    this.count(mapping, mapping.start - mapping.end);
  }

  /** Some mapping of this space asks for merging. */
  noteMerging(): void {
    if (!this.merges) this.env.counters.mergeableSpaces++;
    this.merges = true;
  }

  /** A mapping has grown by so many bytes (shrunk, when negative). */
  count(mapping: Mapping, bytes: number): void {
    this.virtualBytes += bytes;
    if (mapping.isCommitted) this.account.add(bytes);
  }

  /** True when limits allow a mapping, `committed` or not, to grow by so many bytes. */
  mayGrow(bytes: number, committed: boolean): boolean {
    return this.virtualBytes + bytes <= this.virtualLimit && (!committed || this.account.permits(bytes));
  }

  sourceShrunk(source: PageSource, firstPage: number): void {
    for (let mapping = this.tree.first; mapping !== null; mapping = mapping.next) {
      if (mapping.source !== source) continue;
      const start = mapping.start + Math.max(0, firstPage - mapping.offset / PAGE_SIZE) * PAGE_SIZE;
      if (start < mapping.end) this.table.clearRange(start, mapping.end);
    }
  }

  private attach(mapping: Mapping): void {
    this.tree.insert(mapping);
    mapping.source?.watch?.(this);
  }

  private detach(mapping: Mapping): void {
    this.tree.remove(mapping);
    mapping.source?.unwatch?.(this);
    mapping.source?.release();
  }

  /** Makes `address` a border: cuts the mapping that contains it. */
  splitAt(address: number): void {
    const mapping = this.tree.find(address);
    if (mapping === null || mapping.start === address) return;
    const upper = mapping.part(address, mapping.end);
    this.tree.resize(mapping, mapping.start, address);
    this.attach(upper);
  }

  /** Joins a mapping with its successor when they could be one. */
  joinNext(mapping: Mapping): boolean {
    const { next } = mapping;
    if (next === null || !mapping.continuesIn(next)) return false;
    this.detach(next);
    this.tree.resize(mapping, mapping.start, next.end);
    mapping.owned ||= next.owned;
    return true;
  }

  /** Joins what can be joined at the borders of and inside [start, end]. */
  joinAround(start: number, end: number): void {
    let mapping = this.tree.from(start - 1);
    while (mapping !== null && mapping.start <= end) {
      if (!this.joinNext(mapping)) mapping = mapping.next;
    }
  }

  /** True when every page of [start, end) is mapped. */
  covers(start: number, end: number): boolean {
    let at = start;
    for (let m = this.tree.from(start); m !== null && m.start <= at && at < end; m = m.next) at = m.end;
    return at >= end;
  }

  /** Bytes of [start, end) that are mapped. */
  mappedIn(start: number, end: number): number {
    return this.sum(start, end, false);
  }

  /** Bytes of [start, end) that are promised. */
  committedIn(start: number, end: number): number {
    return this.sum(start, end, true);
  }

  private sum(start: number, end: number, committedOnly: boolean): number {
    let bytes = 0;
    for (let m = this.tree.from(start); m !== null && m.start < end; m = m.next) {
      if (!committedOnly || m.isCommitted) bytes += Math.min(m.end, end) - Math.max(m.start, start);
    }
    return bytes;
  }
}

/** Permissions of a leaf for a protection: writing includes reading, and is left out unless `writable`. */
export function permissionsOf(prot: number, writable: boolean): number {
  const readable = (prot & PageFlag.Write) === 0 ? prot : prot | PageFlag.Read;
  return readable & (writable ? PERMISSIONS : PERMISSIONS & ~PageFlag.Write);
}

/** Length rounded up to pages; NaN unless it is an integer > 0. */
export function pagesUp(length: number): number {
  return Number.isSafeInteger(length) && length > 0 ? Math.ceil(length / PAGE_SIZE) * PAGE_SIZE : NaN;
}

/** True for an address that a page can begin at. */
export function isPageAddress(address: number): boolean {
  return Number.isSafeInteger(address) && address >= 0 && address % PAGE_SIZE === 0;
}
