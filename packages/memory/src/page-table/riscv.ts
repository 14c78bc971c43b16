/**
 * RISC-V Sv39, Sv48 and Sv57: three to five levels of 512 entries, of whose addresses user programs have the lower half.
 *
 * Entry      bits 0-7 V R W X U G A D, 8-9 software, 10-53 physical page number, 61-62 memory type (Svpbmt: 0 as the
 *            platform says, 1 non-cacheable, 2 I/O), 63 zero (no Svnapot). One with R, W or X is a leaf at any level
 * Retained   V clear, software bit 8 set, R W X clear, page number kept
 * Guard      V clear, software bit 9 set
 * Limits     Sv57's user space ends at 2^53, where numbers stop being exact. NonCacheable and Device need Svpbmt: a CPU
 *            without it faults on them
 * Changes    a leaf may be replaced by another, of any size, at once: until SFENCE.VMA both may be in use (4.2.1)
 * Source     RISC-V Privileged Architecture 20211203, sections 4.3 to 4.6 and chapters 5 and 6
 */
import type { Frame } from '@veridian-os/abi';
import { MEMORY_TYPE, PERMISSIONS, PageFlag } from './format.js';
import type { PageTableFormat } from './format.js';

const VALID = 1 << 0;
const READ = 1 << 1;
const WRITE = 1 << 2;
const LEAF = 7 << 1;
const USER = 1 << 4;
const GLOBAL = 1 << 5;
const ACCESSED = 1 << 6;
const DIRTY = 1 << 7;
const RETAINED = 1 << 8;
const GUARD = 1 << 9;
/** Of the high word. */
const NON_CACHEABLE = 1 << 29;
const IO = 1 << 30;
const PPN_SHIFT = 10;
/** Frames that fit in the low word. */
const LOW_FRAMES = 2 ** (32 - PPN_SHIFT);
const HIGH_FRAME_MASK = 0x3fffff;

const { floor } = Math;

const encoding = {
  indexBits: 9,
  frameLimit: 2 ** 44,
  breakBeforeMake: false,
  guard: GUARD,

  leafLo(frame: Frame, flags: number): number {
    const page = frame << PPN_SHIFT;
    if ((flags & PERMISSIONS) === 0) return (page | RETAINED) >>> 0;
    let bits = VALID | USER | ((flags & PERMISSIONS) << 1);
    if ((flags & (PageFlag.Supervisor | PageFlag.Global)) !== 0) {
      if ((flags & PageFlag.Supervisor) !== 0) bits &= ~USER;
      if ((flags & PageFlag.Global) !== 0) bits |= GLOBAL;
    }
    if ((bits & WRITE) !== 0) bits |= READ; // W without R is reserved (section 4.3.1)
    if ((flags & PageFlag.Accessed) !== 0) bits |= ACCESSED;
    if ((flags & PageFlag.Dirty) !== 0) bits |= DIRTY;
    return (page | bits) >>> 0;
  },

  leafHi(frame: Frame, flags: number): number {
    const page = floor(frame / LOW_FRAMES);
    if ((flags & MEMORY_TYPE) === 0 || (flags & PERMISSIONS) === 0) return page;
    return page | ((flags & PageFlag.Device) !== 0 ? IO : NON_CACHEABLE);
  },

  tableLo(frame: Frame): number {
    return ((frame << PPN_SHIFT) | VALID) >>> 0;
  },

  tableHi(frame: Frame): number {
    return floor(frame / LOW_FRAMES);
  },

  isLeaf(lo: number): boolean {
    return (lo & VALID) === 0 || (lo & LEAF) !== 0;
  },

  frame(lo: number, hi: number): Frame {
    return ((lo >>> PPN_SHIFT) + (hi & HIGH_FRAME_MASK) * LOW_FRAMES) as Frame;
  },

  flags(lo: number, hi: number): number {
    if ((lo & VALID) === 0) return 0;
    let flags = ((lo >>> 1) & PERMISSIONS) | ((lo & (ACCESSED | DIRTY)) >>> 3);
    if ((lo & (USER | GLOBAL)) === USER && hi <= HIGH_FRAME_MASK) return flags; // nearly always
    flags |= (lo & GLOBAL) << 1;
    if ((lo & USER) === 0) flags |= PageFlag.Supervisor;
    if ((hi & NON_CACHEABLE) !== 0) flags |= PageFlag.NonCacheable;
    if ((hi & IO) !== 0) flags |= PageFlag.Device;
    return flags;
  },
};

export const sv39: PageTableFormat = { name: 'sv39', levels: 3, largestLeaf: 2, userTop: 2 ** 38, ...encoding };
export const sv48: PageTableFormat = { name: 'sv48', levels: 4, largestLeaf: 3, userTop: 2 ** 47, ...encoding };
/** The root could hold leaves of 256 TiB: nobody has that much memory, and the count of its frames would not fit. */
export const sv57: PageTableFormat = { name: 'sv57', levels: 5, largestLeaf: 3, userTop: 2 ** 53, ...encoding };
