/** Bits of a leaf that the CPU sets: kept where an entry is replaced, set in advance where no CPU would. */
import type { Frame } from '@veridian-os/abi';
import type { EditBatch } from './edit-batch.js';
import { ACCESS_BITS, PageFlag } from './format.js';
import type { PageTableFormat } from './format.js';
import type { TableEnvironment } from './table-walk.js';

/**
 * Replaced entries must not lose what another CPU recorded between our reading the entry and its exchange.
 * @returns false when the applied batch lost nothing; else the batch is now edits that put such bits back, to be applied
 */
export function findLostBits({ edits, level }: EditBatch, format: PageTableFormat): boolean {
  const count = edits.count;
  let lost = 0;
  for (let i = 0; i < count; i++) {
    const flags = format.flags(edits.valueLo[i], edits.valueHi[i]);
    if (flags === 0) continue;
    const bits = format.flags(edits.oldLo[i], edits.oldHi[i]) & ACCESS_BITS;
    if ((bits & ~flags) === 0) continue;
    const frame = format.frame(edits.valueLo[i], edits.valueHi[i]);
    edits.entry[lost] = edits.entry[i];
    edits.virtual[lost] = edits.virtual[i];
    edits.asid[lost] = edits.asid[i];
    edits.valueLo[lost] = format.leafLo(frame, flags | bits, level[i]);
    edits.valueHi[lost] = format.leafHi(frame, flags | bits);
    level[lost] = level[i];
    lost++;
  }
  edits.count = lost;
  return lost > 0;
}

/**
 * Adds the accessed and dirty bits that no CPU would set, and shows the executable contents of `count` frames to
 * instruction fetch.
 */
export function complete(env: TableEnvironment, first: Frame, count: number, flags: number): number {
  if ((flags & PageFlag.Execute) !== 0) for (let i = 0; i < count; i++) syncCode(env, (first + i) as Frame);
  if (env.hardwareAccessedDirty) return flags;
  return flags | PageFlag.Accessed | ((flags & PageFlag.Write) === 0 ? 0 : PageFlag.Dirty);
}

function syncCode({ frames, mmu, counters }: TableEnvironment, frame: Frame): void {
  if (frames.isSynced(frame)) return;
  mmu.syncCode(frame, 1);
  frames.setSynced(frame);
  counters.codeEpoch++;
}
