/**
 * AArch64 stage 1 with a 4 KiB granule, translated through TTBR0: 48-bit addresses in four levels of 512 entries, or
 * 52-bit ones (FEAT_LPA2, TCR_EL1.DS = 1) with a fifth level on top whose table has 16 entries. Arm counts the other way:
 * our leaf tables are its level 3, our level 4 its level -1.
 *
 * Entry      bit 0 valid, 1 table or page (0: block, a large leaf), 2-4 MAIR index, 6 EL0 may access, 7 read-only,
 *            8-9 shareability (inner), 10 accessed, 11 not global, 12-47 frame, 53 no execution at EL1, 54 none at
 *            EL0, 55-58 software: 55 dirty
 * With DS    8-9 are bits 50-51 of the address and 48-49 its bits 48-49; shareability is TCR_EL1.SH0's; blocks of 512 GiB
 * Types      the machine's MAIR: 0 normal memory, write-back; 1 Device-nGnRE; 2 normal memory, non-cacheable
 * Retained   valid clear, bit 2 set (the rest of an invalid entry is software's), frame kept
 * Guard      valid clear, bit 3 set
 * Limits     user space is the lower half of what TTBR0 could translate, as on the other ISAs. The dirty bit is software's:
 *            hardware management (FEAT_HAFDBS) of it is not used, of the accessed flag it can be
 * Changes    break-before-make for another size, output address or memory type, rights at once ("Using break-before-make
 *            when updating translation table entries")
 * Source     Arm Architecture Reference Manual for A-profile (DDI 0487), chapter D8: "VMSAv8-64 translation using the 4KB
 *            granule", section D8.3 "Translation table descriptor formats" (those of a 52-bit output address with DS)
 */
import type { Frame } from '@veridian-os/abi';
import { MEMORY_TYPE, PERMISSIONS, PageFlag } from './format.js';
import type { PageTableFormat } from './format.js';

const VALID = 1 << 0;
const TABLE_OR_PAGE = 1 << 1;
const RETAINED = 1 << 2;
const GUARD = 1 << 3;
const ATTRIBUTES = 7 << 2;
const DEVICE = 1 << 2;
const NON_CACHEABLE = 2 << 2;
const EL0 = 1 << 6;
const READ_ONLY = 1 << 7;
const INNER_SHAREABLE = 3 << 8;
const ACCESSED = 1 << 10;
const NOT_GLOBAL = 1 << 11;
/** Of the high word. */
const PRIVILEGED_NO_EXECUTE = 1 << 21;
const NO_EXECUTE = 1 << 22;
const DIRTY = 1 << 23;
const FRAME_SHIFT = 12;
/** Frames that fit in the low word. */
const LOW_FRAMES = 2 ** (32 - FRAME_SHIFT);
const HIGH_FRAME_MASK = 0xffff;
/** With DS: the high word has two bits more, and bits 8-9 of the low word are the two above them. */
const DS_HIGH_FRAME_MASK = 0x3ffff;
const DS_TOP_SHIFT = 8;
const DS_TOP = 3 << DS_TOP_SHIFT;
const DS_TOP_FRAMES = 2 ** 38;

const { floor } = Math;

/** The low word of a leaf but for its frame and shareability. */
function leafBits(flags: number, level: number): number {
  let bits = level > 0 ? VALID : VALID | TABLE_OR_PAGE;
  const data = (flags & (PageFlag.Read | PageFlag.Write)) !== 0;
  if (data && (flags & PageFlag.Supervisor) === 0) bits |= EL0;
  if ((flags & PageFlag.Write) === 0) bits |= READ_ONLY;
  if ((flags & PageFlag.Accessed) !== 0) bits |= ACCESSED;
  if ((flags & PageFlag.Global) === 0) bits |= NOT_GLOBAL;
  if ((flags & MEMORY_TYPE) !== 0) bits |= (flags & PageFlag.Device) !== 0 ? DEVICE : NON_CACHEABLE;
  return bits;
}

/** The high word of a leaf but for its frame. A page that EL0 may only execute differs from EL1's own by bit 54. */
function leafHighBits(flags: number): number {
  const { Supervisor, Execute, Dirty } = PageFlag;
  const executable = (flags & Execute) !== 0;
  let bits = 0;
  if ((flags & Supervisor) === 0) bits |= executable ? PRIVILEGED_NO_EXECUTE : PRIVILEGED_NO_EXECUTE | NO_EXECUTE;
  else bits |= executable ? NO_EXECUTE : PRIVILEGED_NO_EXECUTE | NO_EXECUTE;
  if ((flags & Dirty) !== 0) bits |= DIRTY;
  return bits;
}

function flagsOf(lo: number, hi: number): number {
  if ((lo & VALID) === 0) return 0;
  let flags = 0;
  if ((lo & EL0) !== 0) {
    flags |= PageFlag.Read;
    if ((hi & NO_EXECUTE) === 0) flags |= PageFlag.Execute;
  } else if ((hi & NO_EXECUTE) === 0) flags |= PageFlag.Execute;
  else {
    flags |= PageFlag.Supervisor | PageFlag.Read;
    if ((hi & PRIVILEGED_NO_EXECUTE) === 0) flags |= PageFlag.Execute;
  }
  if ((lo & READ_ONLY) === 0) flags |= PageFlag.Write;
  if ((lo & ACCESSED) !== 0) flags |= PageFlag.Accessed;
  if ((hi & DIRTY) !== 0) flags |= PageFlag.Dirty;
  if ((lo & NOT_GLOBAL) === 0) flags |= PageFlag.Global;
  const type = lo & ATTRIBUTES;
  if (type !== 0) flags |= type === DEVICE ? PageFlag.Device : PageFlag.NonCacheable;
  return flags;
}

const common = {
  indexBits: 9,
  breakBeforeMake: true,
  guard: GUARD,

  isLeaf(lo: number): boolean {
    return (lo & (VALID | TABLE_OR_PAGE)) !== (VALID | TABLE_OR_PAGE);
  },

  flags: flagsOf,
};

export const aarch64: PageTableFormat = {
  name: 'aarch64',
  levels: 4,
  largestLeaf: 2,
  userTop: 2 ** 47,
  frameLimit: 2 ** 36,
  ...common,

  leafLo(frame: Frame, flags: number, level = 0): number {
    const page = frame << FRAME_SHIFT;
    if ((flags & PERMISSIONS) === 0) return (page | RETAINED) >>> 0;
    return (page | INNER_SHAREABLE | leafBits(flags, level)) >>> 0;
  },

  leafHi(frame: Frame, flags: number): number {
    const page = floor(frame / LOW_FRAMES);
    return (flags & PERMISSIONS) === 0 ? page : page | leafHighBits(flags);
  },

  tableLo(frame: Frame): number {
    return ((frame << FRAME_SHIFT) | VALID | TABLE_OR_PAGE) >>> 0;
  },

  tableHi(frame: Frame): number {
    return floor(frame / LOW_FRAMES);
  },

  frame(lo: number, hi: number): Frame {
    return ((lo >>> FRAME_SHIFT) + (hi & HIGH_FRAME_MASK) * LOW_FRAMES) as Frame;
  },
};

/** Bits of a frame number from 38 on, where DS puts them. */
const topBits = (frame: Frame): number => floor(frame / DS_TOP_FRAMES) << DS_TOP_SHIFT;
const highBits = (frame: Frame): number => floor(frame / LOW_FRAMES) & DS_HIGH_FRAME_MASK;

/** 52-bit addresses, virtual and physical (FEAT_LPA2). */
export const aarch64Lpa2: PageTableFormat = {
  name: 'aarch64-lpa2',
  levels: 5,
  largestLeaf: 3,
  userTop: 2 ** 51,
  frameLimit: 2 ** 40,
  ...common,

  leafLo(frame: Frame, flags: number, level = 0): number {
    const page = (frame << FRAME_SHIFT) | topBits(frame);
    if ((flags & PERMISSIONS) === 0) return (page | RETAINED) >>> 0;
    return (page | leafBits(flags, level)) >>> 0;
  },

  leafHi(frame: Frame, flags: number): number {
    return (flags & PERMISSIONS) === 0 ? highBits(frame) : highBits(frame) | leafHighBits(flags);
  },

  tableLo(frame: Frame): number {
    return ((frame << FRAME_SHIFT) | topBits(frame) | VALID | TABLE_OR_PAGE) >>> 0;
  },

  tableHi(frame: Frame): number {
    return highBits(frame);
  },

  frame(lo: number, hi: number): Frame {
    const top = ((lo & DS_TOP) >>> DS_TOP_SHIFT) * DS_TOP_FRAMES;
    return ((lo >>> FRAME_SHIFT) + (hi & DS_HIGH_FRAME_MASK) * LOW_FRAMES + top) as Frame;
  },
};
