/**
 * x86-64: four levels of 512 entries, 48-bit virtual addresses of which user programs have the lower half.
 *
 * Entry      bit 0 present, 1 writable, 2 user, 5 accessed, 6 dirty, 9-11 software, 12-51 frame, 63 no-execute
 * Retained   present clear, software bit 9 set, frame kept
 * Limits     every present page can be read: write or execute permission includes it
 * Source     Intel SDM volume 3A, section 4.5
 */
import type { Frame } from '@veridian-os/abi';
import { PAGE_SIZE } from '@veridian-os/abi';
import { PERMISSIONS, PageFlag } from './format.js';
import type { PageTableFormat } from './format.js';

const PRESENT = 1 << 0;
const WRITABLE = 1 << 1;
const USER = 1 << 2;
const ACCESSED = 1 << 5;
const DIRTY = 1 << 6;
const RETAINED = 1 << 9;
const NO_EXECUTE = 0x80000000;
const FRAME_SHIFT = 12;
/** Frames that fit in the low word. */
const LOW_FRAMES = 2 ** (32 - FRAME_SHIFT);
const HIGH_FRAME_MASK = 0xfffff;

export const x86_64: PageTableFormat = {
  name: 'x86_64',
  levels: 4,
  indexBits: 9,
  // A SYSCALL in the last page of the half would return to an address that is not canonical, which SYSRET takes badly.
  userTop: 2 ** 47 - PAGE_SIZE,

  leafLo(frame: Frame, flags: number): number {
    const page = frame << FRAME_SHIFT;
    if ((flags & PERMISSIONS) === 0) return (page | RETAINED) >>> 0;
    let bits = PRESENT | USER;
    if ((flags & PageFlag.Write) !== 0) bits |= WRITABLE;
    if ((flags & PageFlag.Accessed) !== 0) bits |= ACCESSED;
    if ((flags & PageFlag.Dirty) !== 0) bits |= DIRTY;
    return (page | bits) >>> 0;
  },

  leafHi(frame: Frame, flags: number): number {
    const page = Math.floor(frame / LOW_FRAMES);
    const present = (flags & PERMISSIONS) !== 0;
    return present && (flags & PageFlag.Execute) === 0 ? (page | NO_EXECUTE) >>> 0 : page;
  },

  tableLo(frame: Frame): number {
    return ((frame << FRAME_SHIFT) | PRESENT | WRITABLE | USER) >>> 0;
  },

  tableHi(frame: Frame): number {
    return Math.floor(frame / LOW_FRAMES);
  },

  frame(lo: number, hi: number): Frame {
    return ((lo >>> FRAME_SHIFT) + (hi & HIGH_FRAME_MASK) * LOW_FRAMES) as Frame;
  },

  flags(lo: number, hi: number): number {
    if ((lo & PRESENT) === 0) return 0;
    let flags: number = PageFlag.Read;
    if ((lo & WRITABLE) !== 0) flags |= PageFlag.Write;
    if ((hi & NO_EXECUTE) === 0) flags |= PageFlag.Execute;
    if ((lo & ACCESSED) !== 0) flags |= PageFlag.Accessed;
    if ((lo & DIRTY) !== 0) flags |= PageFlag.Dirty;
    return flags;
  },
};
