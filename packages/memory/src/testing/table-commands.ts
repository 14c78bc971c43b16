/** Commands of random page-table histories. */
import fc from 'fast-check';

const KINDS = [
  'install',
  'installLarge',
  'installHuge',
  'fill',
  'guard',
  'replace',
  'protect',
  'hide',
  'clear',
  'demote',
  'promote',
  'promoteHuge',
  'freeTables',
  'read',
  'write',
  'execute',
  'walk',
  'starve',
] as const;

/** One step: what to do, and numbers that say where and how. */
export interface TableCommand {
  readonly kind: (typeof KINDS)[number];
  readonly place: number;
  readonly other: number;
  readonly flags: number;
  readonly frame: number;
}

export const tableCommand: fc.Arbitrary<TableCommand> = fc.record({
  kind: fc.constantFrom(...KINDS),
  place: fc.nat(2 ** 16 - 1),
  other: fc.nat(2 ** 16 - 1),
  flags: fc.nat(2 ** 9 - 1),
  frame: fc.nat(2 ** 30 - 1),
});
