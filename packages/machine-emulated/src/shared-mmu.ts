/**
 * Page-table edits and code synchronisation with several CPUs.
 *
 * A CPU that runs in another address space than the one concerned goes on: its translations of that space are forgotten
 * before it runs again. One that runs in it is paused between two instructions. Decoded code is kept by RAM page, for
 * all spaces; only CPUs that hold some of the pages are paused.
 */
import type { Asid, Frame, MmuEdits, MmuPort, PhysAddr } from '@veridian-os/abi';
import { highWord, lowWord, panic } from '@veridian-os/abi';
import type { Hart, Harts } from './harts.js';
import type { GuestRam } from './internal/guest-ram.js';
import { PAGE_CODE_MASK, type CodePlan } from './internal/layout.js';
import { VALID, isLeaf } from './mmu.js';

export class SharedMmu implements MmuPort {
  private readonly harts: Harts;
  private readonly ram: GuestRam;
  private readonly code: readonly CodePlan[];

  constructor(harts: Harts, ram: GuestRam, code: readonly CodePlan[]) {
    this.harts = harts;
    this.ram = ram;
    this.code = code;
  }

  /** @throws KernelPanic `machine-emulated/mmu` when an entry is not in RAM or not aligned */
  apply(edits: MmuEdits): void {
    const [{ tables }] = this.harts.cpus;
    let present = 0;
    for (let i = 0; i < edits.count; i++) {
      const at = this.ram.wordIndex(edits.entry[i] as PhysAddr);
      if (at < 0 || at & 1) panic('machine-emulated/mmu', `page-table entry at ${edits.entry[i]}`);
      edits.oldLo[i] = tables.exchange(at * 4, edits.valueLo[i], edits.valueHi[i]) >>> 0;
      edits.oldHi[i] = tables.exchangeHigh() >>> 0;
      present |= edits.oldLo[i] & VALID;
    }
    if (present === 0) return;
    this.harts.quietly(
      (hart) => concerns(edits, hart),
      (hart) => forget(edits, hart),
      (hart) => forgetLater(edits, hart),
    );
  }

  flushAddressSpace(asid: Asid): void {
    this.harts.quietly(
      (hart) => hart.asid === asid,
      ({ tables }) => tables.flushSpace(asid, 0, 0, 1),
      ({ forgotten }) => forgotten.add(asid),
    );
  }

  syncCode(first: Frame, frames: number): void {
    this.harts.fence();
    const drop = (hart: Hart): void => {
      for (let i = 0; i < frames; i++) {
        const index = this.ram.pageIndex(first + i);
        if (index >= 0) hart.tables.forgetCode(index, 1);
      }
    };
    this.harts.quietly((hart) => this.holdsCode(hart, first, frames), drop, nothing);
  }

  /** Whether the CPU has decoded any of these frames; one that begins to now sees what was written before. */
  private holdsCode(hart: Hart, first: number, frames: number): boolean {
    const { pageInfo } = this.code[hart.id];
    for (let i = 0; i < frames; i++) {
      const index = this.ram.pageIndex(first + i);
      if (index >= 0 && (Atomics.load(this.ram.words, pageInfo / 4 + index) & PAGE_CODE_MASK) !== 0) return true;
    }
    return false;
  }
}

function nothing(): void {}

/** Whether the hart runs in an address space of the batch. */
function concerns(edits: MmuEdits, hart: Hart): boolean {
  for (let i = 0; i < edits.count; i++) if (edits.asid[i] === hart.asid && edits.oldLo[i] & VALID) return true;
  return false;
}

function forget(edits: MmuEdits, { tables }: Hart): void {
  for (let i = 0; i < edits.count; i++) {
    const old = edits.oldLo[i];
    const va = edits.virtual[i];
    if (old & VALID) tables.flushSpace(edits.asid[i], lowWord(va), highWord(va), isLeaf(old) ? 0 : 1);
  }
}

function forgetLater(edits: MmuEdits, { forgotten }: Hart): void {
  for (let i = 0; i < edits.count; i++) if (edits.oldLo[i] & VALID) forgotten.add(edits.asid[i]);
}
