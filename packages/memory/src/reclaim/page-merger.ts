/**
 * Same-page merging: pages of mappings that asked for it (MADV_MERGEABLE) and have equal contents come to share a frame.
 *
 * Units      a scan passes so many frames; a checksum has 32 bits
 * Policy     a page takes part when its checksum is what it was a turn ago: what changes is not worth merging
 * Shape      checksums of the last turn by frame, and the last frame seen with each checksum in this turn; equality is always
 *            checked word by word, so a stale or colliding checksum merges nothing
 * Cost       a frame that takes part: 1024 words read; any other: its reference counts
 * Source     Arcangeli, Eidus, Wright, "Increasing memory density by using KSM", OLS 2009
 */
import { PAGE_SIZE } from '@veridian-os/abi';
import type { Asid, Frame, MemoryRegion } from '@veridian-os/abi';
import type { SpaceEnvironment } from '../address-space/space.js';
import { framesOf } from '../frames/physical-memory.js';
import type { FrameMover } from './frame-mover.js';

/** FNV-1a's constants. */
const FNV_START = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

const WORDS = PAGE_SIZE / 4;

export class PageMerger {
  /** Frames given back so far. */
  merged = 0;
  private readonly env: SpaceEnvironment;
  private readonly mover: FrameMover;
  private readonly ranges: readonly { readonly first: number; readonly count: number }[];
  private readonly checksums: readonly Int32Array[];
  /** Latest frame of this turn by checksum. */
  private readonly seen = new Map<number, Frame>();
  private range = 0;
  private index = 0;
  private isMergeable = false;

  constructor(env: SpaceEnvironment, mover: FrameMover, regions: readonly MemoryRegion[]) {
    this.env = env;
    this.mover = mover;
    this.ranges = regions.map(framesOf);
    this.checksums = this.ranges.map(({ count }) => new Int32Array(count));
  }

  /** Looks at the next `count` frames. @returns frames given back */
  scan(count: number): number {
    const before = this.merged;
    for (let i = 0; i < count; i++) {
      const { first } = this.ranges[this.range];
      this.visit((first + this.index) as Frame);
      this.advance();
    }
    return this.merged - before;
  }

  private advance(): void {
    if (++this.index < this.ranges[this.range].count) return;
    this.index = 0;
    this.range = (this.range + 1) % this.ranges.length;
    if (this.range === 0) this.seen.clear();
  }

  private visit(frame: Frame): void {
    if (!this.mover.isMovable(frame)) return;
    this.isMergeable = true;
    this.env.reverse.forEach(frame, this.look);
    if (!this.isMergeable) return;
    const checksum = this.checksumOf(frame);
    const checksums = this.checksums[this.range];
    const isStable = checksums[this.index] === checksum;
    checksums[this.index] = checksum;
    if (!isStable) return;
    const other = this.seen.get(checksum);
    if (other !== undefined && this.mover.merge(other, frame)) this.merged++;
    else this.seen.set(checksum, frame);
  }

  private readonly look = (asid: Asid, page: number): void => {
    const mapping = this.env.spaces[asid]?.tree.find(page * PAGE_SIZE);
    if (mapping?.mergeable !== true || mapping.shared) this.isMergeable = false;
  };

  private checksumOf(frame: Frame): number {
    const { memory } = this.env;
    let sum = FNV_START;
    for (let word = 0; word < WORDS; word++) sum = Math.imul(sum ^ memory.readWord(frame, word), FNV_PRIME);
    return sum | 0;
  }
}
