/**
 * AArch64 stage 1 with a 4 KiB granule: four levels of 512 entries, 48-bit addresses translated through TTBR0.
 *
 * Entry      bit 0 valid, 1 table or page, 2-4 MAIR index (0 here: normal memory), 6 EL0 may access, 7 read-only,
 *            8-9 shareability (inner), 10 accessed, 11 not global, 12-47 frame, 53 no execution at EL1, 54 none at
 *            EL0, 55-58 software: 55 dirty
 * Retained   valid clear, bit 2 set (the rest of an invalid entry is software's), frame kept
 * Limits     user space is the lower half of what TTBR0 could translate, as on the other ISAs
 * Source     Arm Architecture Reference Manual for A-profile (DDI 0487), section D8.3
 */
import type { Frame } from '@veridian-os/abi';
import { PERMISSIONS, PageFlag } from './format.js';
import type { PageTableFormat } from './format.js';

const VALID = 1 << 0;
const PAGE = 1 << 1;
const RETAINED = 1 << 2;
const EL0 = 1 << 6;
const READ_ONLY = 1 << 7;
const INNER_SHAREABLE = 3 << 8;
const ACCESSED = 1 << 10;
const NOT_GLOBAL = 1 << 11;
const PRIVILEGED_NO_EXECUTE = 1 << 21;
const NO_EXECUTE = 1 << 22;
const DIRTY = 1 << 23;
const FRAME_SHIFT = 12;
/** Frames that fit in the low word. */
const LOW_FRAMES = 2 ** (32 - FRAME_SHIFT);
const HIGH_FRAME_MASK = 0xffff;

export const aarch64: PageTableFormat = {
  name: 'aarch64',
  levels: 4,
  indexBits: 9,
  userTop: 2 ** 47,

  leafLo(frame: Frame, flags: number): number {
    const page = frame << FRAME_SHIFT;
    if ((flags & PERMISSIONS) === 0) return (page | RETAINED) >>> 0;
    let bits = VALID | PAGE | INNER_SHAREABLE | NOT_GLOBAL;
    if ((flags & (PageFlag.Read | PageFlag.Write)) !== 0) bits |= EL0;
    if ((flags & PageFlag.Write) === 0) bits |= READ_ONLY;
    if ((flags & PageFlag.Accessed) !== 0) bits |= ACCESSED;
    return (page | bits) >>> 0;
  },

  leafHi(frame: Frame, flags: number): number {
    const page = Math.floor(frame / LOW_FRAMES);
    if ((flags & PERMISSIONS) === 0) return page;
    let bits = PRIVILEGED_NO_EXECUTE;
    if ((flags & PageFlag.Execute) === 0) bits |= NO_EXECUTE;
    if ((flags & PageFlag.Dirty) !== 0) bits |= DIRTY;
    return page | bits;
  },

  tableLo(frame: Frame): number {
    return ((frame << FRAME_SHIFT) | VALID | PAGE) >>> 0;
  },

  tableHi(frame: Frame): number {
    return Math.floor(frame / LOW_FRAMES);
  },

  frame(lo: number, hi: number): Frame {
    return ((lo >>> FRAME_SHIFT) + (hi & HIGH_FRAME_MASK) * LOW_FRAMES) as Frame;
  },

  flags(lo: number, hi: number): number {
    if ((lo & VALID) === 0) return 0;
    let flags = 0;
    if ((lo & EL0) !== 0) flags |= PageFlag.Read;
    if ((lo & (EL0 | READ_ONLY)) === EL0) flags |= PageFlag.Write;
    if ((hi & NO_EXECUTE) === 0) flags |= PageFlag.Execute;
    if ((lo & ACCESSED) !== 0) flags |= PageFlag.Accessed;
    if ((hi & DIRTY) !== 0) flags |= PageFlag.Dirty;
    return flags;
  },
};
