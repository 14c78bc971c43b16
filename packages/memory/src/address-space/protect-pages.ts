/** Brings the page-table entries of a mapping in line with its protection. */
import { PERMISSIONS, PageFlag } from '../page-table/format.js';
import type { Mapping } from './mapping.js';
import { permissionsOf } from './space.js';
import type { Space } from './space.js';

/**
 * Queues the changes of present entries (the caller commits) and makes the others at once. A private page becomes
 * writable when nobody else has its frame, a shared one stays read-only until a write tells its source.
 */
export function protectPages(space: Space, mapping: Mapping): void {
  const { table } = space;
  const { frames, batch } = space.env;
  const { end, prot, shared } = mapping;
  for (let page = table.next(mapping.start, end); page < end; page = table.next(page + table.leafBytes, end)) {
    if (table.isSwapped) continue;
    const { flags, frame } = table;
    const writable = (flags & PageFlag.Write) !== 0 || (!shared && frames.references(frame) === 1);
    const permissions = permissionsOf(prot, writable);
    if (flags === 0) {
      if (permissions !== 0) table.rewrite(frame, permissions);
    } else if ((flags & PERMISSIONS) !== permissions) {
      table.pushReplace(page, frame, permissions);
      if (batch.full) table.commit();
    }
  }
}
