/**
 * Page-table edits. Entries that are not present are exchanged in memory; how the others are is the monitor's affair,
 * because a host's kernel that shadows page tables notices only what the guest itself writes.
 */
import type { Asid, Frame, MmuEdits, MmuPort } from '@veridian-os/abi';
import { PAGE_SIZE, highWord, lowWord, panic } from '@veridian-os/abi';
import type { GuestRam } from './internal/guest-ram.js';
import type { Monitor } from './internal/monitor.js';
import { EDIT_CAPACITY, EDIT_WORDS } from './internal/monitor-image.js';

const PRESENT = 1;
/** Edits of one batch from which renewing whole tables is cheaper than exchanging entries. */
const MANY = 8;

export class KvmMmu implements MmuPort {
  private readonly ram: GuestRam;
  private readonly monitor: Monitor;
  private readonly isAlone: boolean;
  /** Where each edit that waits for the monitor came from. */
  private readonly origin = new Int32Array(EDIT_CAPACITY);
  private waiting = 0;
  /** Root tables in use by tag. */
  private readonly roots = new Map<number, Set<number>>();

  /** @param isAlone no other CPU sets bits in entries while this thread exchanges them */
  constructor(ram: GuestRam, monitor: Monitor, isAlone: boolean) {
    this.isAlone = isAlone;
    this.ram = ram;
    this.monitor = monitor;
  }

  /** The address space with this root (a physical address) has this tag. */
  register(root: number, asid: number): void {
    const known = this.roots.get(asid);
    if (known === undefined) this.roots.set(asid, new Set([root]));
    else known.add(root);
  }

  /** @throws KernelPanic `machine-kvm/mmu` when an entry is not in RAM or not aligned */
  apply(edits: MmuEdits): void {
    if (edits.count >= MANY && this.monitor.sheds && this.isAlone) return this.applyByTable(edits);
    for (let i = 0; i < edits.count; i++) {
      if (this.isPresent(edits.entry[i])) this.enqueue(edits, i);
      else this.store(edits, i);
    }
    this.flush(edits);
  }

  flushAddressSpace(asid: Asid): void {
    this.monitor.renewSpaces(this.roots.get(asid) ?? []);
    this.roots.delete(asid);
  }

  retireTable(table: Frame): void {
    this.monitor.renew([table * PAGE_SIZE]);
  }

  /** Nothing: processors of this ISA see stores to code, and an entry into the guest serializes. */
  syncCode(_first: Frame, _frames: number): void {
    // see above
  }

  /** Word index of an entry in its region. */
  private locate(address: number): { readonly words: Uint32Array<ArrayBufferLike>; readonly at: number } {
    const region = this.ram.find(address);
    if (region === undefined || address % 8 !== 0) panic('machine-kvm/mmu', `page-table entry at ${address}`);
    return { words: region.u32, at: (address - region.base) / 4 };
  }

  private isPresent(address: number): boolean {
    const { words, at } = this.locate(address);
    return (words[at] & PRESENT) !== 0;
  }

  /** Exchanges an entry in memory; the half with the present bit is taken first and written last. */
  private store(edits: MmuEdits, i: number): void {
    const { words, at } = this.locate(edits.entry[i]);
    edits.oldLo[i] = words[at];
    edits.oldHi[i] = words[at + 1];
    words[at + 1] = edits.valueHi[i];
    words[at] = edits.valueLo[i];
  }

  private applyByTable(edits: MmuEdits): void {
    const tables = new Set<number>();
    for (let i = 0; i < edits.count; i++) {
      if (this.isPresent(edits.entry[i])) tables.add(Math.floor(edits.entry[i] / PAGE_SIZE) * PAGE_SIZE);
      this.store(edits, i);
    }
    this.monitor.renew([...tables]);
  }

  private enqueue(edits: MmuEdits, i: number): void {
    if (this.waiting === EDIT_CAPACITY) this.flush(edits);
    const { list } = this.monitor;
    const at = this.waiting * EDIT_WORDS;
    this.monitor.writeEntry(this.waiting, edits.entry[i]);
    list[at + 2] = edits.valueLo[i];
    list[at + 3] = edits.valueHi[i];
    list[at + 4] = lowWord(edits.virtual[i]);
    list[at + 5] = highWord(edits.virtual[i]);
    this.origin[this.waiting++] = i;
  }

  private flush(edits: MmuEdits): void {
    if (this.waiting === 0) return;
    const { monitor, origin } = this;
    monitor.exchange(this.waiting);
    for (let k = 0; k < this.waiting; k++) {
      edits.oldLo[origin[k]] = monitor.list[k * EDIT_WORDS + 2];
      edits.oldHi[origin[k]] = monitor.list[k * EDIT_WORDS + 3];
    }
    this.waiting = 0;
  }
}
