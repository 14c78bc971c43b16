/**
 * x86-64: four or five levels of 512 entries, of whose addresses user programs have the lower half.
 *
 * Entry      bit 0 present, 1 writable, 2 user, 3-4 memory type (below), 5 accessed, 6 dirty, 7 large leaf (above level 0),
 *            8 global, 9-11 software, 12-51 frame, 63 no-execute. No leaf uses the PAT bit (7 or 12)
 * Types      PAT entries 0 write-back, 1 (PWT) write-combining, 3 (PWT and PCD) uncached: the machine sets IA32_PAT's
 *            second byte to 1; with its power-on value NonCacheable is write-through
 * Retained   present clear, software bit 9 set, frame kept
 * Guard      present clear, software bit 10 set
 * Limits     every present page can be read: write or execute permission includes it. Leaves of 1 GiB need a CPU that has
 *            them (CPUID 80000001h, EDX bit 26). With five levels user space ends at 2^53, where numbers stop being exact
 * Changes    at once, but not size together with frame or rights (section 4.10.2.3): whoever changes the size keeps them
 * Source     Intel SDM volume 3A, sections 4.5, 4.9 and 4.10
 */
import type { Frame } from '@veridian-os/abi';
import { PAGE_SIZE } from '@veridian-os/abi';
import { MEMORY_TYPE, PERMISSIONS, PageFlag } from './format.js';
import type { PageTableFormat } from './format.js';

const PRESENT = 1 << 0;
const WRITABLE = 1 << 1;
const USER = 1 << 2;
const WRITE_THROUGH = 1 << 3;
const CACHE_DISABLE = 1 << 4;
const UNCACHED = WRITE_THROUGH | CACHE_DISABLE;
const ACCESSED = 1 << 5;
const DIRTY = 1 << 6;
const LARGE = 1 << 7;
const GLOBAL = 1 << 8;
const RETAINED = 1 << 9;
const GUARD = 1 << 10;
const NO_EXECUTE = 0x80000000;
const FRAME_SHIFT = 12;
/** Frames that fit in the low word. */
const LOW_FRAMES = 2 ** (32 - FRAME_SHIFT);
const HIGH_FRAME_MASK = 0xfffff;

const { floor } = Math;

const encoding = {
  indexBits: 9,
  largestLeaf: 2,
  frameLimit: 2 ** 40,
  breakBeforeMake: false,
  guard: GUARD,

  leafLo(frame: Frame, flags: number, level = 0): number {
    const page = frame << FRAME_SHIFT;
    if ((flags & PERMISSIONS) === 0) return (page | RETAINED) >>> 0;
    let bits = level > 0 ? PRESENT | LARGE : PRESENT;
    if ((flags & PageFlag.Supervisor) === 0) bits |= USER;
    if ((flags & PageFlag.Write) !== 0) bits |= WRITABLE;
    if ((flags & PageFlag.Accessed) !== 0) bits |= ACCESSED;
    if ((flags & PageFlag.Dirty) !== 0) bits |= DIRTY;
    if ((flags & PageFlag.Global) !== 0) bits |= GLOBAL;
    if ((flags & MEMORY_TYPE) !== 0) bits |= (flags & PageFlag.Device) !== 0 ? UNCACHED : WRITE_THROUGH;
    return (page | bits) >>> 0;
  },

  leafHi(frame: Frame, flags: number): number {
    const page = floor(frame / LOW_FRAMES);
    const present = (flags & PERMISSIONS) !== 0;
    return present && (flags & PageFlag.Execute) === 0 ? (page | NO_EXECUTE) >>> 0 : page;
  },

  tableLo(frame: Frame): number {
    return ((frame << FRAME_SHIFT) | PRESENT | WRITABLE | USER) >>> 0;
  },

  tableHi(frame: Frame): number {
    return floor(frame / LOW_FRAMES);
  },

  isLeaf(lo: number): boolean {
    return (lo & (PRESENT | LARGE)) !== PRESENT;
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
    if ((lo & USER) === 0) flags |= PageFlag.Supervisor;
    if ((lo & GLOBAL) !== 0) flags |= PageFlag.Global;
    if ((lo & CACHE_DISABLE) !== 0) flags |= PageFlag.Device;
    else if ((lo & WRITE_THROUGH) !== 0) flags |= PageFlag.NonCacheable;
    return flags;
  },
};

export const x86_64: PageTableFormat = {
  name: 'x86_64',
  levels: 4,
  // A SYSCALL in the last page of the half would return to an address that is not canonical, which SYSRET takes badly.
  userTop: 2 ** 47 - PAGE_SIZE,
  ...encoding,
};

/** Five levels (CR4.LA57). */
export const x86_64La57: PageTableFormat = { name: 'x86_64-la57', levels: 5, userTop: 2 ** 53, ...encoding };
