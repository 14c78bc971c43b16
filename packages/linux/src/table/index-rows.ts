/** The table by number. */
import type { Isa } from '@veridian-os/hal';
import { numberOf, type Row } from './row.js';

/**
 * Rows of one ISA by system-call number.
 * @throws RangeError when two rows claim one number
 */
export function indexRows(table: readonly Row[], isa: Isa): readonly (Row | undefined)[] {
  const rows: (Row | undefined)[] = [];
  for (const row of table) {
    const number = numberOf(row, isa);
    if (number < 0) continue;
    while (rows.length <= number) rows.push(undefined);
    const other = rows[number];
    if (other !== undefined)
      throw new RangeError(`table: expected one call ${number}, got ${other.name} and ${row.name}`);
    rows[number] = row;
  }
  return rows;
}
