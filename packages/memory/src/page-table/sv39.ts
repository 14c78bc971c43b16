/**
 * RISC-V Sv39: three levels of 512 entries, 39-bit virtual addresses of which user programs have the lower half.
 *
 * Entry      bits 0-7 V R W X U G A D, 8-9 software, 10-53 physical page number, 54-63 zero
 * Retained   V clear, software bit 8 set, R W X clear, page number kept
 * Source     RISC-V Privileged Architecture 20211203, sections 4.3 and 4.4
 */
import type { Frame } from '@veridian-os/abi';
import { PERMISSIONS, PageFlag } from './format.js';
import type { PageTableFormat } from './format.js';

const VALID = 1 << 0;
const READ = 1 << 1;
const WRITE = 1 << 2;
const USER = 1 << 4;
const ACCESSED = 1 << 6;
const DIRTY = 1 << 7;
const RETAINED = 1 << 8;
const PPN_SHIFT = 10;
/** Frames that fit in the low word. */
const LOW_FRAMES = 2 ** (32 - PPN_SHIFT);

export const sv39: PageTableFormat = {
  name: 'sv39',
  levels: 3,
  indexBits: 9,
  userTop: 2 ** 38,

  leafLo(frame: Frame, flags: number): number {
    const page = frame << PPN_SHIFT;
    if ((flags & PERMISSIONS) === 0) return (page | RETAINED) >>> 0;
    let bits = VALID | USER | ((flags & PERMISSIONS) << 1);
    if ((bits & WRITE) !== 0) bits |= READ; // W without R is reserved (section 4.3.1)
    if ((flags & PageFlag.Accessed) !== 0) bits |= ACCESSED;
    if ((flags & PageFlag.Dirty) !== 0) bits |= DIRTY;
    return (page | bits) >>> 0;
  },

  leafHi(frame: Frame): number {
    return Math.floor(frame / LOW_FRAMES);
  },

  tableLo(frame: Frame): number {
    return ((frame << PPN_SHIFT) | VALID) >>> 0;
  },

  tableHi(frame: Frame): number {
    return Math.floor(frame / LOW_FRAMES);
  },

  frame(lo: number, hi: number): Frame {
    return ((lo >>> PPN_SHIFT) + (hi & 0x3fffff) * LOW_FRAMES) as Frame;
  },

  flags(lo: number): number {
    if ((lo & VALID) === 0) return 0;
    return ((lo >>> 1) & PERMISSIONS) | ((lo & ACCESSED) >>> 3) | ((lo & DIRTY) >>> 3);
  },
};
