/** The machine-wide half of memory management: frames, identifiers, and what all address spaces share. */
import { EINVAL, PAGE_SIZE } from '@veridian-os/abi';
import type {
  BlockDevice,
  Errno,
  Frame,
  FrameBytes,
  MemoryRegion,
  MmuPort,
  WaitPort,
  WaitQueueId,
} from '@veridian-os/abi';
import { AddressSpace } from './address-space/address-space.js';
import { CommitAccount } from './address-space/commit-account.js';
import type { OvercommitPolicy } from './address-space/commit-account.js';
import type { SpaceCounters, SpaceEnvironment } from './address-space/space.js';
import type { ExecutePolicy, MemoryManager, MemoryStatistics, UserSpace } from './api.js';
import type { HugePagePolicy } from './address-space/huge.js';
import { HugeScanner } from './address-space/huge-scanner.js';
import { Compactor } from './huge/compaction.js';
import { AsidAllocator } from './asid-allocator.js';
import { FrameAllocator } from './frames/frame-allocator.js';
import type { BlockFactory, ReservedRange } from './frames/frame-allocator.js';
import { PhysicalMemory } from './frames/physical-memory.js';
import { EditBatch } from './page-table/edit-batch.js';
import type { PageTableFormat } from './page-table/format.js';
import { PAGE_TABLE_FORMATS } from './page-table/formats.js';
import type { PageTableName } from './page-table/formats.js';
import { FrameMover } from './reclaim/frame-mover.js';
import { PageMerger } from './reclaim/page-merger.js';
import { Reclaimer } from './reclaim/reclaimer.js';
import { ReverseMap } from './reclaim/reverse-map.js';
import { SwapArea } from './reclaim/swap-area.js';
import { SharedRegion } from './shared-region.js';

const NO_EVENTS: SpaceCounters = {
  tableFrames: 0,
  codeEpoch: 0,
  demandZeroFaults: 0,
  copyOnWriteFaults: 0,
  fileFaults: 0,
  swapFaults: 0,
  hugeFaults: 0,
  mergeableSpaces: 0,
};

const MOST_AHEAD = 512;

export interface MemoryManagerOptions {
  /** Guest memory, ascending and disjoint; frames come from the first region that has one. */
  readonly regions: readonly MemoryRegion[];
  readonly mmu: MmuPort;
  /** A format by name, or one of your own. Default `'sv39'`. */
  readonly format?: PageTableName | PageTableFormat;
  /** `Machine.features.hardwareAccessedDirty`. Default false: entries are made accessed and, if writable, dirty. */
  readonly hardwareAccessedDirty?: boolean;
  /** Bytes that are never handed out; pages that they touch are left out whole. */
  readonly reserved?: readonly ReservedRange[];
  /** Makes the allocator of a region's frames: `(frameCount) => new BuddyAllocator({ frameCount })`. */
  readonly buddyFactory: BlockFactory;
  readonly waitPort: WaitPort;
  /** Distances between NUMA nodes as in a SLIT, row = from; default 10 and 20, see `NumaTopology`. */
  readonly distances?: readonly (readonly number[])[];
  /** Identifiers that the MMU distinguishes, 1 .. limit. Default 65535. */
  readonly asidLimit?: number;
  /** Which private mappings get huge pages by themselves; default `'madvise'`: those that ask. */
  readonly hugePages?: HugePagePolicy;
  /** Whether more is promised than there is; default `'always'`. */
  readonly overcommit?: OvercommitPolicy;
  /** Where private pages go when frames run out; whoever gives it calls {@link MemoryManager.balance} too. */
  readonly swap?: BlockDevice | ((bytes: FrameBytes) => BlockDevice);
  /**
   * Most pages that one fault fills where a program goes through fresh anonymous memory in order, 1 .. 512: fewer traps
   * for frames that it may never use. Default 1: a page is filled when it is touched, not before.
   */
  readonly zeroAhead?: number;
}

export class MemoryManagerImpl implements MemoryManager {
  readonly frames: FrameAllocator;
  readonly bytes: PhysicalMemory;
  private readonly env: SpaceEnvironment;
  private readonly asids: AsidAllocator;
  private readonly counters: SpaceCounters;
  private readonly mover: FrameMover;
  private readonly merger: PageMerger;
  private readonly regionQueue: WaitQueueId;

  constructor(options: MemoryManagerOptions) {
    const {
      regions,
      mmu,
      format = 'sv39',
      hardwareAccessedDirty = false,
      reserved = [],
      zeroAhead = 1,
      overcommit = 'always',
      hugePages = 'madvise',
    } = options;
    if (!(Number.isInteger(zeroAhead) && zeroAhead >= 1 && zeroAhead <= MOST_AHEAD)) {
      throw new RangeError(`zeroAhead: expected an integer 1 .. ${MOST_AHEAD}, got ${zeroAhead}`);
    }
    this.bytes = new PhysicalMemory(regions);
    const syncCode = (first: Frame, frames: number) => mmu.syncCode(first, frames);
    this.frames = new FrameAllocator(regions, this.bytes, options.buddyFactory, reserved, syncCode, options.distances);
    this.asids = new AsidAllocator(options.asidLimit);
    this.counters = { ...NO_EVENTS };
    this.regionQueue = options.waitPort.create();
    const device = typeof options.swap === 'function' ? options.swap(this.bytes) : options.swap;
    const swap = device === undefined ? null : new SwapArea(device, this.frames, options.waitPort);
    const spaces: SpaceEnvironment['spaces'] = [];
    const shared = {
      memory: this.bytes,
      frames: this.frames,
      reverse: new ReverseMap(regions),
      batch: new EditBatch(mmu),
      spaces,
    };
    this.mover = new FrameMover(shared);
    const env: SpaceEnvironment & { reclaim: Reclaimer | null } = {
      ...shared,
      format: typeof format === 'string' ? PAGE_TABLE_FORMATS[format] : format,
      mover: this.mover,
      compactor: new Compactor(this.frames),
      hugePages,
      hugeScanner: new HugeScanner(spaces),
      swap,
      reclaim: null,
      commit: CommitAccount.ofMachine(overcommit, this.frames.totalFrames * PAGE_SIZE, (swap?.slots ?? 0) * PAGE_SIZE),
      mmu,
      hardwareAccessedDirty,
      counters: this.counters,
      zeroAhead,
    };
    this.merger = new PageMerger(env, this.mover, regions);
    if (swap !== null) env.reclaim = new Reclaimer(env, swap, this.mover, regions);
    this.env = env;
  }

  get isShort(): boolean {
    return this.env.reclaim?.isShort === true;
  }

  balance(): boolean {
    return this.env.reclaim?.balance() ?? true;
  }

  reclaim(pages: number): number {
    return this.env.reclaim?.evictPages(pages) ?? 0;
  }

  get commit(): CommitAccount {
    return this.env.commit;
  }

  createSpace(policy: ExecutePolicy, group?: CommitAccount): UserSpace | Errno {
    return AddressSpace.create(this.env, this.asids, policy, group);
  }

  /** Pages are allocated when touched; EINVAL unless `bytes` is an integer > 0. */
  createRegion(bytes: number): SharedRegion | Errno {
    if (!Number.isSafeInteger(bytes) || bytes <= 0) return EINVAL;
    return new SharedRegion(this.frames, bytes, this.regionQueue);
  }

  migrate(from: Frame, to: Frame): boolean {
    return this.mover.migrate(from, to);
  }

  isMovable(frame: Frame): boolean {
    return this.mover.isMovable(frame);
  }

  mergePages(frames: number): number {
    return this.counters.mergeableSpaces === 0 ? 0 : this.merger.scan(frames);
  }

  collapsePages(blocks: number): number {
    return this.env.hugeScanner.scan(blocks);
  }

  statistics(): MemoryStatistics {
    const { tableFrames, demandZeroFaults, copyOnWriteFaults, fileFaults, swapFaults } = this.counters;
    const { swap } = this.env;
    return {
      totalFrames: this.frames.totalFrames,
      freeFrames: this.frames.freeFrames,
      tableFrames,
      demandZeroFaults,
      copyOnWriteFaults,
      fileFaults,
      swapFaults,
      hugeFaults: this.counters.hugeFaults,
      pagesCollapsed: this.env.hugeScanner.collapsed,
      swapPages: swap?.slots ?? 0,
      freeSwapPages: swap?.freeSlots ?? 0,
      pagesSwappedOut: swap?.pagesOut ?? 0,
      pagesSwappedIn: swap?.pagesIn ?? 0,
      pagesMerged: this.merger.merged,
    };
  }
}

/** @throws RangeError for bad regions, reserved ranges or limits */
export function createMemoryManager(options: MemoryManagerOptions): MemoryManagerImpl {
  return new MemoryManagerImpl(options);
}
