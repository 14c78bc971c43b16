/** fork(2): a second space with the same mappings, private pages shared until somebody writes. */
import { ENOMEM, PAGE_SIZE } from '@veridian-os/abi';
import type { Errno } from '@veridian-os/abi';
import { PageFlag } from '../page-table/format.js';
import { splitAll } from './huge.js';
import type { Mapping } from './mapping.js';
import type { Space } from './space.js';

/**
 * Fills the empty space `child`: 0, or ENOMEM (the caller destroys the child; the parent is as before, except that its
 * private pages may fault once more on their next write).
 *
 * Only pages that cannot be had from a source again are entered; the others come back by a fault.
 */
export function forkInto(parent: Space, child: Space): 0 | Errno {
  child.virtualLimit = parent.virtualLimit;
  child.frameLimit = parent.frameLimit;
  if (parent.merges) child.noteMerging();
  if (!child.account.permits(parent.account.committed)) return ENOMEM;
  for (let mapping = parent.tree.first; mapping !== null; mapping = mapping.next) {
    const copy = mapping.part(mapping.start, mapping.end);
    copy.locked = false; // mlock(2): locks are not inherited
    child.add(copy);
    if (!mapping.shared && mapping.owned && sharePages(parent, child, mapping) < 0) return ENOMEM;
  }
  return 0;
}

/** Write-protects the mapping's pages in the parent and enters them in the child. */
function sharePages(parent: Space, child: Space, { start, end }: Mapping): 0 | Errno {
  const { batch } = parent.env;
  const source = parent.table;
  const target = child.table;
  let result = splitAll(parent, start, end);
  if (result < 0) return result;
  for (let page = source.next(start, end); page < end; page = source.next(page + PAGE_SIZE, end)) {
    result = target.ensure(page);
    if (result < 0) break;
    const { flags, frame } = source;
    if ((flags & PageFlag.Write) === 0) {
      source.retainHeld();
      target.install(frame, flags);
    } else {
      source.pushReplace(page, frame, flags & ~PageFlag.Write);
      if (batch.full) commitShared(parent, child);
    }
  }
  commitShared(parent, child);
  return result;
}

/** Applies the batch and enters its old values in the child, without the right to write. */
function commitShared(parent: Space, child: Space): void {
  const { batch, frames, format } = parent.env;
  const { edits } = batch;
  if (edits.count === 0) return;
  batch.apply();
  parent.table.cache.clear();
  for (let i = 0; i < edits.count; i++) {
    const frame = format.frame(edits.oldLo[i], edits.oldHi[i]);
    frames.retain(frame);
    child.table.ensure(edits.virtual[i]); // exists since `sharePages` passed
    child.table.install(frame, format.flags(edits.oldLo[i], edits.oldHi[i]) & ~PageFlag.Write);
  }
  batch.reset();
}
