/** Bits of a leaf that the CPU sets: kept where an entry is replaced, set in advance where no CPU would. */
import type { Frame } from '@veridian-os/abi';
import type { EditBatch } from './edit-batch.js';
import { PageFlag } from './format.js';
import type { PageTableFormat } from './format.js';
import type { TableEnvironment } from './page-table.js';

/**
 * Exchanges the applied edits' entries once more where a CPU set accessed or dirty bits between our reading the entry and
 * its exchange: replaced entries must not lose what it recorded.
 */
export function keepAccessBits(batch: EditBatch, format: PageTableFormat): void {
  const { edits } = batch;
  const count = edits.count;
  let lost = 0;
  for (let i = 0; i < count; i++) {
    const flags = format.flags(edits.valueLo[i], edits.valueHi[i]);
    if (flags === 0) continue;
    const bits = format.flags(edits.oldLo[i], edits.oldHi[i]) & (PageFlag.Accessed | PageFlag.Dirty);
    if ((bits & ~flags) === 0) continue;
    const frame = format.frame(edits.valueLo[i], edits.valueHi[i]);
    edits.entry[lost] = edits.entry[i];
    edits.virtual[lost] = edits.virtual[i];
    edits.valueLo[lost] = format.leafLo(frame, flags | bits);
    edits.valueHi[lost] = format.leafHi(frame, flags | bits);
    lost++;
  }
  edits.count = lost;
  batch.apply();
}

/** Adds the accessed and dirty bits that no CPU would set, and shows executable contents to instruction fetch. */
export function complete(env: TableEnvironment, frame: Frame, flags: number): number {
  if ((flags & PageFlag.Execute) !== 0) syncCode(env, frame);
  if (env.hardwareAccessedDirty) return flags;
  return flags | PageFlag.Accessed | ((flags & PageFlag.Write) === 0 ? 0 : PageFlag.Dirty);
}

function syncCode({ frames, mmu, counters }: TableEnvironment, frame: Frame): void {
  if (frames.isSynced(frame)) return;
  mmu.syncCode(frame, 1);
  frames.setSynced(frame);
  counters.codeEpoch++;
}
