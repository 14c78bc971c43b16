/** Pending edits of present page-table entries; see `MmuEdits` in abi for the shapes. */
import { createMmuEdits } from '@veridian-os/abi';
import type { Asid, MmuEdits, MmuPort } from '@veridian-os/abi';

/** Edits that fit in one batch: the entries of one table. */
const CAPACITY = 512;

/**
 * Collects edits and applies them at once. After {@link apply} the caller reads `edits.oldLo/oldHi` of the first
 * `edits.count` elements and then calls {@link reset}. One batch serves all address spaces: operations on them neither
 * nest nor wait.
 */
export class EditBatch {
  readonly edits: MmuEdits = createMmuEdits(CAPACITY);
  /** Level of each entry: 0 in a leaf table. */
  readonly level = new Uint8Array(CAPACITY);
  private readonly mmu: MmuPort;

  constructor(mmu: MmuPort) {
    this.mmu = mmu;
  }

  get full(): boolean {
    return this.edits.count === CAPACITY;
  }

  /** Edits that still fit. */
  get room(): number {
    return CAPACITY - this.edits.count;
  }

  /** @param virtual first address that the entry translates */
  push(entry: number, lo: number, hi: number, virtual: number, asid: Asid, level = 0): void {
    const { edits } = this;
    const at = edits.count++;
    edits.entry[at] = entry;
    edits.valueLo[at] = lo;
    edits.valueHi[at] = hi;
    edits.virtual[at] = virtual;
    edits.asid[at] = asid;
    this.level[at] = level;
  }

  /** Exchanges the entries; no CPU uses an old translation afterwards. */
  apply(): void {
    if (this.edits.count > 0) this.mmu.apply(this.edits);
  }

  reset(): void {
    this.edits.count = 0;
  }
}
