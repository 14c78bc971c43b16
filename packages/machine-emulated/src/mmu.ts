/** Page-table edits and code synchronisation: a direct exchange in guest RAM plus a flush of the software buffers. */
import type { Asid, Frame, MmuEdits, MmuPort, PhysAddr } from '@veridian-os/abi';
import { highWord, lowWord, panic } from '@veridian-os/abi';
import type { CoreExports } from './internal/core.js';
import type { GuestRam } from './internal/guest-ram.js';

export const VALID = 1;
const LEAF = 0xe; // R | W | X

/** Forgetting a leaf is forgetting its address; forgetting a table is forgetting everything below it. */
export function isLeaf(lo: number): boolean {
  return (lo & LEAF) !== 0;
}

export class EmulatedMmu implements MmuPort {
  private readonly core: CoreExports;
  private readonly ram: GuestRam;

  constructor(core: CoreExports, ram: GuestRam) {
    this.core = core;
    this.ram = ram;
  }

  /** @throws KernelPanic `machine-emulated/mmu` when an entry is not in RAM or not aligned */
  apply(edits: MmuEdits): void {
    const words = this.ram.words;
    for (let i = 0; i < edits.count; i++) {
      const at = this.ram.wordIndex(edits.entry[i] as PhysAddr);
      if (at < 0 || at & 1) panic('machine-emulated/mmu', `page-table entry at ${edits.entry[i]}`);
      const oldLo = words[at];
      edits.oldLo[i] = oldLo;
      edits.oldHi[i] = words[at + 1]!;
      words[at] = edits.valueLo[i]!;
      words[at + 1] = edits.valueHi[i]!;
      if (oldLo & VALID) this.forget(edits, i, oldLo);
    }
  }

  flushAddressSpace(asid: Asid): void {
    this.core.flushSpace(asid, 0, 0, 1);
  }

  syncCode(first: Frame, frames: number): void {
    for (let i = 0; i < frames; i++) {
      const index = this.ram.pageIndex(first + i);
      if (index >= 0) this.core.forgetCode(index, 1);
    }
  }

  private forget(edits: MmuEdits, i: number, oldLo: number): void {
    const va = edits.virtual[i];
    this.core.flushSpace(edits.asid[i], lowWord(va), highWord(va), isLeaf(oldLo) ? 0 : 1);
  }
}
