/** Page tables that a case builds by hand in guest memory. */
import { PAGE_SHIFT, PAGE_SIZE, type Asid, type Frame, type MmuEdits, type PhysAddr } from '@veridian-os/abi';
import { check } from './assert.js';
import type { Entry, GuestIsa, PageTableFormat, Permissions } from './guest-isa.js';
import type { GuestMemory } from './guest-memory.js';

const ENTRIES = 512;
const INDEX_BITS = 9;

export const RW: Permissions = { read: true, write: true, execute: false };
export const RO: Permissions = { read: true, write: false, execute: false };
export const RX: Permissions = { read: true, write: false, execute: true };
export const RWX: Permissions = { read: true, write: true, execute: true };

export interface GuestSpace {
  readonly root: Frame;
  readonly asid: Asid;
  /**
   * Maps the page of `address` by writing its entry, not present before, straight to memory.
   * @param level 0 for a base page, 1 for the next larger one (its frame must be aligned to it)
   */
  map(address: number, frame: Frame, permissions: Permissions, level?: number): void;
  /** Physical address of the entry that translates `address`; its tables exist afterwards. */
  entryAddress(address: number, level?: number): PhysAddr;
  /** The entry that translates `address`, as the CPU left it. */
  entry(address: number): Entry;
  /** Appends an edit of `address`'s entry to a batch. */
  edit(edits: MmuEdits, address: number, value: Entry): void;
}

export function createSpace(guest: GuestIsa, memory: GuestMemory, asid: number): GuestSpace {
  const format: PageTableFormat = guest.tables;
  const root = memory.allocZeroed();

  const entryAddress = (address: number, level = 0): PhysAddr => {
    check(address >= 0 && address < format.userLimit, `0x${address.toString(16)} is not a user address`);
    let table = root;
    for (let depth = format.levels - 1; depth > level; depth--) {
      const at = entryIn(table, address, depth);
      const [lo, hi] = read(at);
      if (lo === 0 && hi === 0) {
        const next = memory.allocZeroed();
        write(at, format.table(next));
        table = next;
      } else table = format.frame(lo, hi) as Frame;
    }
    return entryIn(table, address, level);
  };
  const read = (at: PhysAddr): Entry => [memory.read32(at), memory.read32((at + 4) as PhysAddr)];
  const write = (at: PhysAddr, [lo, hi]: Entry): void => {
    // The half with the valid bit last, so that a CPU never walks half an entry.
    memory.write32((at + 4) as PhysAddr, hi);
    memory.write32(at, lo);
  };

  return {
    root,
    asid: asid as Asid,
    entryAddress,
    map(address, frame, permissions, level = 0) {
      write(entryAddress(address, level), format.leaf(frame, permissions, level));
    },
    entry: (address) => read(entryAddress(address)),
    edit(edits, address, [lo, hi]) {
      const index = edits.count++;
      check(index < edits.capacity, 'the batch is full');
      edits.entry[index] = entryAddress(address);
      edits.valueLo[index] = lo;
      edits.valueHi[index] = hi;
      edits.virtual[index] = Math.floor(address / PAGE_SIZE) * PAGE_SIZE;
      edits.asid[index] = asid;
    },
  };
}

function entryIn(table: Frame, address: number, level: number): PhysAddr {
  const index = Math.floor(address / 2 ** (PAGE_SHIFT + INDEX_BITS * level)) % ENTRIES;
  return (table * PAGE_SIZE + index * 8) as PhysAddr;
}
