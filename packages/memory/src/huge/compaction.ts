/**
 * Compaction: makes a free huge frame by moving what stands in the way.
 *
 * Two scanners, as in Linux. The migration scanner goes up over aligned blocks and looks for one whose frames are all free
 * or movable; the free scanner comes down from the end and finds frames to move to. First blocks that are at most half
 * full are tried, then all. A block is isolated before anything moves: its free frames are taken, so nothing lands in it.
 *
 * Units      frames; a block = 2^order frames, aligned
 * Who        the owner of the frames moves: it copies the contents, changes every translation, and releases `from`
 * Cost       O(frames of the node) references read, at most `budget` moves
 * Source     Linux mm/compaction.c; Gorman and Whitcroft, "The What, The Why and the Where To of Anti-Fragmentation", OLS 2006
 */
import { ENOMEM, EAGAIN, panic } from '@veridian-os/abi';
import type { Errno, Frame } from '@veridian-os/abi';
import type { NumaFrameSource } from '../numa/numa-frame-source.js';

export interface CompactionRequest {
  readonly node: number;
  readonly order: number;
  /** Most frames to move; default all that it takes. */
  readonly budget?: number;
  /** True for a live frame that {@link move} can be asked to move; asked anew for each frame. */
  movable(frame: Frame): boolean;
  /**
   * Moves everything that refers to `from` to `to`, which holds one reference for the mover, and releases `from` down to 0:
   * true. False when it cannot be done now: nothing has changed.
   */
  move(from: Frame, to: Frame): boolean;
}

export interface CompactionStatistics {
  /** Blocks made. */
  readonly made: number;
  readonly moved: number;
  /** Moves that were refused. */
  readonly refused: number;
  /** Blocks that were looked at. */
  readonly scanned: number;
}

type Span = { readonly first: Frame; readonly count: number };

export class Compactor {
  private readonly frames: NumaFrameSource;
  private made = 0;
  private moved = 0;
  private refused = 0;
  private scanned = 0;

  /** The frame source must be able to `allocAt`; otherwise nothing can be made. */
  constructor(frames: NumaFrameSource) {
    this.frames = frames;
  }

  get statistics(): CompactionStatistics {
    const { made, moved, refused, scanned } = this;
    return { made, moved, refused, scanned };
  }

  /**
   * First frame of a block, each of whose frames is live with one reference, as `allocContiguous` would have given it.
   * ENOMEM when no block can be made; EAGAIN when it takes more moves than `budget`, or the moves were refused.
   */
  makeBlock(request: CompactionRequest): Frame | Errno {
    const size = 2 ** request.order;
    let result: Frame | Errno = ENOMEM;
    for (const most of [size >>> 1, size]) {
      for (const span of this.frames.spans(request.node)) {
        const end = span.first + span.count;
        for (let block = Math.ceil(span.first / size) * size; block + size <= end; block += size) {
          const made = this.tryBlock(request, block as Frame, most);
          if (made >= 0) return made;
          if (made === EAGAIN) result = EAGAIN;
        }
      }
    }
    return result;
  }

  private tryBlock(request: CompactionRequest, block: Frame, most: number): Frame | Errno {
    const size = 2 ** request.order;
    this.scanned++;
    let live = 0;
    for (let frame = block; frame < block + size && live <= most; frame++) {
      if (this.frames.references(frame) === 0) continue;
      if (!request.movable(frame)) return ENOMEM;
      live++;
    }
    if (live > most || this.frames.freeOn(request.node) < size) return ENOMEM;
    if (live > (request.budget ?? Infinity)) return EAGAIN;
    return this.clear(request, block, size);
  }

  /** Takes the block's free frames, then those that it empties. Gives all back when one cannot be had. */
  private clear(request: CompactionRequest, block: Frame, size: number): Frame | Errno {
    const { frames } = this;
    const taken = new Set<Frame>();
    let error: Errno | 0 = this.isolate(block, size, taken);
    const targets = new FreeScanner(frames, frames.spans(request.node));
    for (let frame = block; frame < block + size && error === 0; frame++) {
      if (taken.has(frame)) continue;
      error = this.evacuate(request, frame, targets);
      if (error === 0) taken.add(frame);
    }
    if (error === 0) {
      this.made++;
      return block;
    }
    for (const frame of taken) frames.release(frame);
    return error;
  }

  /** Frames that nobody refers to and that cannot be taken are reserved: the block can never be whole. */
  private isolate(block: Frame, size: number, taken: Set<Frame>): 0 | Errno {
    for (let frame = block; frame < block + size; frame++) {
      if (this.frames.references(frame) !== 0) continue;
      if (this.frames.allocAt(frame) !== 0) return ENOMEM;
      taken.add(frame);
    }
    return 0;
  }

  private evacuate(request: CompactionRequest, from: Frame, targets: FreeScanner): 0 | Errno {
    const to = targets.next();
    if (to < 0) return ENOMEM;
    if (!request.move(from, to as Frame)) {
      this.refused++;
      this.frames.release(to as Frame);
      return EAGAIN;
    }
    this.moved++;
    if (this.frames.references(from) !== 0) panic('memory/bad-move', `frame ${from} is still referred to`);
    return this.frames.allocAt(from);
  }
}

/** Free frames, from the last of the node down; those of an isolated block are not free. */
class FreeScanner {
  private readonly frames: NumaFrameSource;
  private readonly spans: readonly Span[];
  private span: number;
  private at: number;

  constructor(frames: NumaFrameSource, spans: readonly Span[]) {
    this.frames = frames;
    this.spans = spans;
    this.span = spans.length - 1;
    this.at = spans[this.span].first + spans[this.span].count;
  }

  /** Takes the next free frame, or ENOMEM. */
  next(): Frame | Errno {
    while (this.span >= 0) {
      while (--this.at >= this.spans[this.span].first) {
        const frame = this.at as Frame;
        if (this.frames.references(frame) === 0 && this.frames.allocAt(frame) === 0) return frame;
      }
      const below = this.spans[--this.span];
      if (below !== undefined) this.at = below.first + below.count;
    }
    return ENOMEM;
  }
}
