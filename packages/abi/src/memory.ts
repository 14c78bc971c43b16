/**
 * Guest memory contracts: regions, frames, page-table edits.
 *
 * Guest memory is a list of regions reserved at creation, never grown. Whoever needs bytes gets views; nobody copies a
 * region. Views are `ArrayBufferLike`: plain and shared buffers cost the same.
 */
import type { Asid, Frame, PhysAddr } from './brands.js';
import type { Errno } from './errno.js';

/** One contiguous, page-aligned piece of guest physical memory. */
export interface MemoryRegion {
  /** First guest physical address; a multiple of 4096. */
  readonly base: PhysAddr;
  /** Bytes; a multiple of 4096. */
  readonly length: number;
  /** NUMA node. */
  readonly node: number;
  /** 0 = DRAM, 1 = CXL-attached, 2 = persistent. */
  readonly tier: number;
  /** All bytes of the region. */
  readonly u8: Uint8Array<ArrayBufferLike>;
  /** The same bytes as little-endian words. */
  readonly u32: Uint32Array<ArrayBufferLike>;
}

/** Where single frames come from and what counts their users. */
export interface FrameSource {
  /** A frame with unspecified contents and one reference, or ENOMEM. */
  alloc(): Frame | Errno;
  /** Like {@link alloc}, filled with zeroes. */
  allocZeroed(): Frame | Errno;
  /** Adds a reference. @throws KernelPanic on a frame that is not live */
  retain(frame: Frame): void;
  /** Drops a reference; the last one frees the frame. @throws KernelPanic on a frame that is not live */
  release(frame: Frame): void;
  /** References to a live frame, 0 for a free one. */
  references(frame: Frame): number;
  /** The kernel has changed bytes of a live frame through a view: CPUs must not run old code from it. */
  changed?(frame: Frame): void;
  /** Frames that `alloc` could still hand out. */
  readonly freeFrames: number;
  readonly totalFrames: number;
}

/** Bytes of frames, wherever their region is. */
export interface FrameBytes {
  /** A view of the frame's 4096 bytes; allocates one small object, so not for inner loops over words. */
  view(frame: Frame): Uint8Array<ArrayBufferLike>;
  fill(frame: Frame, value: number): void;
  copyFrame(from: Frame, to: Frame): void;
  /** 32-bit word at a physical address (a multiple of 4). */
  read32(address: PhysAddr): number;
  write32(address: PhysAddr, value: number): void;
}

/**
 * A batch of page-table edits, struct-of-arrays, reused by its owner.
 *
 * Shapes: every array has `capacity` elements; the first `count` are valid. After `MmuPort.apply` the `old`
 * halves hold the entry that was replaced, with the accessed and dirty bits the CPU set until that moment.
 */
export interface MmuEdits {
  readonly capacity: number;
  count: number;
  /** Physical address of the page-table entry (8 bytes). */
  readonly entry: Float64Array;
  readonly valueLo: Uint32Array;
  readonly valueHi: Uint32Array;
  /** Virtual address whose translation changes (start of the entry's range). */
  readonly virtual: Float64Array;
  readonly asid: Uint32Array;
  readonly oldLo: Uint32Array;
  readonly oldHi: Uint32Array;
}

/** How changes to present page-table entries and to code reach the CPUs. Implemented by machines. */
export interface MmuPort {
  /**
   * Exchanges every entry of the batch atomically, stores the old values, and returns when no CPU uses an old
   * translation. A not-present entry that becomes present may instead be written directly to memory.
   */
  apply(edits: MmuEdits): void;
  /** Forgets every translation of an address space (ASID reuse, teardown). */
  flushAddressSpace(asid: Asid): void;
  /**
   * A page-table frame is no longer reachable and will be used for something else: absent where nothing has to be done.
   * Its entries may still be present; nobody looks at its contents afterwards.
   */
  retireTable?(table: Frame): void;
  /** Makes instruction fetches see what was written to these frames. */
  syncCode(first: Frame, frames: number): void;
}

/** Creates an empty batch. @throws RangeError unless `capacity` is a positive integer */
export function createMmuEdits(capacity: number): MmuEdits {
  if (!Number.isInteger(capacity) || capacity < 1) {
    throw new RangeError(`capacity: expected a positive integer, got ${capacity}`);
  }
  return {
    capacity,
    count: 0,
    entry: new Float64Array(capacity),
    valueLo: new Uint32Array(capacity),
    valueHi: new Uint32Array(capacity),
    virtual: new Float64Array(capacity),
    asid: new Uint32Array(capacity),
    oldLo: new Uint32Array(capacity),
    oldHi: new Uint32Array(capacity),
  };
}
