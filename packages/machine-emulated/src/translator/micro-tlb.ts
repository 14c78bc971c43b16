/**
 * A region's micro-TLB: for each of its loops (all of it is one, too), base register and table (read or write), a copy of the
 * entry that was used last. A loop mostly stays in the pages that it is in, and a copy is at a constant address: the
 * processor need not wait for the guest's address to know where to look.
 *
 *   address & (-4096 | size - 1) == copy.tag  ->  host = low word of address + copy.addend
 *   else the translation buffer is asked (memory.ts), and what it says is copied
 *
 * Copies are true as long as the buffers lost nothing: the core's data epoch ends when an entry is replaced or forgotten
 * (assembly/tlb.ts), and a region that finds another epoch or set of tables than its stamp's empties its copies before it
 * begins. So a copy is hit only where the buffer would be.
 */
import { HART, MICRO_TLB_BYTES } from '../internal/layout.js';
import { E, READS } from './body.js';
import type { Code } from './wasm.js';
import { W } from './wasm.js';

/** Tag u64, addend u32. */
const ENTRY_BYTES = 16;
export const MICRO_ADDEND = 8;
/** A tag that equals no address: bit 11 is never compared. */
const EMPTY = 0x800;
/** In a stamp's record: set of tables, and epoch. */
const STAMP_SET = 16;
const STAMP_EPOCH = 20;
/** So many are emptied without a loop. */
const UNROLLED = 3;

export class MicroTlb {
  private readonly address: number;
  private readonly entries = new Map<number, number>();

  /** @param address of MICRO_TLB_BYTES; 0 = the region has no micro-TLB */
  constructor(address: number) {
    this.address = address;
  }

  /** @returns address of the entry for accesses through a register in a loop (> 0); 0 = they have none */
  entryFor(loop: number, register: number, isWrite: boolean): number {
    if (this.address === 0) return 0;
    const key = loop * 64 + register * 2 + Number(isWrite);
    const known = this.entries.get(key);
    if (known !== undefined) return known;
    const offset = this.entries.size * ENTRY_BYTES;
    if (offset === MICRO_TLB_BYTES) return 0;
    this.entries.set(key, this.address + offset);
    return this.address + offset;
  }

  /** Empties the entries in use unless the stamp's set and epoch are the current ones. READS must be set. */
  emitCheck(head: Code, stamp: number): void {
    if (this.entries.size === 0) return;
    head.block().get(READS).i32(stamp).memory(W.i32Load, 2, STAMP_SET).byte(W.i32Xor);
    head.i32(0).memory(W.i32Load, 2, HART.DATA_EPOCH).i32(stamp).memory(W.i32Load, 2, STAMP_EPOCH);
    head.ops(W.i32Xor, W.i32Or, W.i32Eqz).brIf(0);
    head.i32(stamp).get(READS).memory(W.i32Store, 2, STAMP_SET);
    head.i32(stamp).i32(0).memory(W.i32Load, 2, HART.DATA_EPOCH).memory(W.i32Store, 2, STAMP_EPOCH);
    this.emitEmpty(head);
    head.end();
  }

  private emitEmpty(head: Code): void {
    const { size } = this.entries;
    if (size <= UNROLLED) {
      for (let k = 0; k < size; k++)
        head
          .i32(0)
          .i64(EMPTY)
          .memory(W.i64Store, 3, this.address + k * ENTRY_BYTES);
      return;
    }
    head
      .i32(size * ENTRY_BYTES)
      .set(E)
      .loop();
    head.get(E).i32(ENTRY_BYTES).byte(W.i32Sub).tee(E).i64(EMPTY).memory(W.i64Store, 3, this.address);
    head.get(E).brIf(0).end();
  }
}
