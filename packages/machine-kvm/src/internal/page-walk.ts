/**
 * Page tables as the processor reads them: for what it does not tell (which virtual address led to a physical one, on the
 * way to a fault that ends a program), and for telling the host's kernel of all tables that changed. Cost O(tables of the
 * address space).
 * Source: Intel SDM volume 3A, section 4.5.
 */
import { PAGE_SIZE } from '@veridian-os/abi';
import type { GuestRam } from './guest-ram.js';

const PRESENT = 1;
const LARGE = 0x80;
const LEVELS = 4;
const ENTRIES = 512;
const USER_ROOTS = 256;
const TWO_32 = 4294967296;
const HIGH_FRAME = 0xfffff;
const NOWHERE = -1;

function target(lo: number, hi: number): number {
  return (hi & HIGH_FRAME) * TWO_32 + ((lo & ~0xfff) >>> 0);
}

/** Physical address of a virtual one in the user half, or -1. */
export function translate(ram: GuestRam, root: number, address: number): number {
  let table = root;
  for (let level = LEVELS - 1; level >= 0; level--) {
    const region = ram.find(table);
    if (region === undefined) return NOWHERE;
    const span = PAGE_SIZE * ENTRIES ** level;
    const at = (table - region.base) / 4 + (Math.floor(address / span) % ENTRIES) * 2;
    const [lo, hi] = [region.u32[at], region.u32[at + 1]];
    if ((lo & PRESENT) === 0) return NOWHERE;
    const page = target(lo, hi);
    if (level === 0 || (lo & LARGE) !== 0) return Math.floor(page / span) * span + (address % span);
    table = page;
  }
  return NOWHERE;
}

/** Lowest user virtual address that leads to a physical one, or -1. */
export function findVirtual(ram: GuestRam, table: number, physical: number, level = LEVELS - 1, base = 0): number {
  const region = ram.find(table);
  if (region === undefined) return NOWHERE;
  const span = PAGE_SIZE * ENTRIES ** level;
  const count = level === LEVELS - 1 ? USER_ROOTS : ENTRIES;
  for (let entry = 0; entry < count; entry++) {
    const at = (table - region.base) / 4 + entry * 2;
    const lo = region.u32[at];
    if ((lo & PRESENT) === 0) continue;
    const page = target(lo, region.u32[at + 1]);
    const here = base + entry * span;
    if (level === 0 || (lo & LARGE) !== 0) {
      const offset = physical - Math.floor(page / span) * span;
      if (offset >= 0 && offset < span) return here + offset;
      continue;
    }
    const found = findVirtual(ram, page, physical, level - 1, here);
    if (found !== NOWHERE) return found;
  }
  return NOWHERE;
}

/** Physical addresses of the entries of a table that are present. */
export function presentEntries(ram: GuestRam, table: number): number[] {
  const found: number[] = [];
  const region = ram.find(table);
  if (region === undefined) return found;
  const start = (table - region.base) / 4;
  for (let entry = 0; entry < ENTRIES; entry++) {
    if ((region.u32[start + entry * 2] & PRESENT) !== 0) found.push(table + entry * 8);
  }
  return found;
}

/** A root table and the tables of its user half, by physical address. */
export function tablesBelow(ram: GuestRam, table: number, level = LEVELS - 1, found: number[] = []): number[] {
  const region = ram.find(table);
  if (region === undefined) return found;
  found.push(table);
  if (level === 0) return found;
  const start = (table - region.base) / 4;
  const count = level === LEVELS - 1 ? USER_ROOTS : ENTRIES;
  for (let entry = 0; entry < count; entry++) {
    const lo = region.u32[start + entry * 2];
    if ((lo & PRESENT) === 0 || (lo & LARGE) !== 0) continue;
    tablesBelow(ram, target(lo, region.u32[start + entry * 2 + 1]), level - 1, found);
  }
  return found;
}
