/** Random commands on address spaces, as data. */
import fc from 'fast-check';
import { AccessKind } from '../api.js';
import { PROBES } from './model-space.js';

/** Pages that commands use: around a border of 1 GiB, so that tables of every level come and go. */
export const FIRST_PAGE = 2 ** 18 - 24;
export const PAGES = 48;
export const FILE_PAGES = 20;

export type SpaceCommand = { readonly space: number } & (
  | {
      readonly kind: 'map';
      readonly page: number;
      readonly count: number;
      readonly prot: number;
      /** 0 anonymous, 1 private file, 2 shared file, 3 shared region. */
      readonly backing: number;
      readonly filePage: number;
      readonly placement: 'hint' | 'replace' | 'exact';
    }
  | { readonly kind: 'unmap' | 'discard'; readonly page: number; readonly count: number }
  | { readonly kind: 'protect'; readonly page: number; readonly count: number; readonly prot: number }
  | {
      readonly kind: 'remap';
      readonly page: number;
      readonly count: number;
      readonly newCount: number;
      readonly mayMove: boolean;
      readonly target: number | null;
    }
  | { readonly kind: 'fork' | 'destroy' }
  | {
      readonly kind: 'access';
      readonly page: number;
      readonly probe: number;
      readonly access: AccessKind;
      readonly value: number;
    }
  | {
      readonly kind: 'copy';
      readonly page: number;
      readonly count: number;
      readonly write: boolean;
      readonly value: number;
    }
  | { readonly kind: 'sweep' }
  | { readonly kind: 'migrate' | 'merge' | 'mergeable'; readonly page: number; readonly count: number }
  | { readonly kind: 'reclaim'; readonly count: number; readonly complete: boolean }
  | { readonly kind: 'truncate'; readonly pages: number }
);

/** Mostly a few pages, so that commands meet. */
const page = fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 21, max: 26 }) }, fc.nat(PAGES - 1));
const count = fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 1, max: 4 }) }, fc.integer({ min: 1, max: 20 }));
const space = fc.nat(5);
const prot = fc.constantFrom(3, 3, 3, 7, 7, 1, 0, 2, 5, 4);
const value = fc.integer({ min: 1, max: 255 });
const kind = <K extends string>(name: K) => fc.constant(name);

/** One command. */
export function spaceCommand(): fc.Arbitrary<SpaceCommand> {
  return fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: kind('map'),
        space,
        page,
        count,
        prot,
        backing: fc.nat(3),
        filePage: fc.nat(FILE_PAGES - 1),
        placement: fc.constantFrom('hint' as const, 'replace' as const, 'replace' as const, 'exact' as const),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constantFrom('unmap' as const, 'discard' as const), space, page, count }),
    },
    { weight: 3, arbitrary: fc.record({ kind: kind('protect'), space, page, count, prot }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: kind('remap'),
        space,
        page,
        count: fc.oneof(count, fc.constant(0)),
        newCount: count,
        mayMove: fc.boolean(),
        target: fc.option(page, { freq: 2 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constantFrom('fork' as const, 'fork' as const, 'destroy' as const), space }),
    },
    {
      weight: 14,
      arbitrary: fc.record({
        kind: kind('access'),
        space,
        page,
        probe: fc.nat(PROBES.length - 1),
        access: fc.constantFrom(AccessKind.Read, AccessKind.Write, AccessKind.Write, AccessKind.Execute),
        value,
      }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        kind: kind('copy'),
        space,
        page,
        count: fc.integer({ min: 1, max: 3 }),
        write: fc.boolean(),
        value,
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: kind('sweep'), space }) },
    { weight: 4, arbitrary: fc.record({ kind: kind('reclaim'), space, count, complete: fc.boolean() }) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constantFrom('migrate' as const, 'merge' as const, 'mergeable' as const),
        space,
        page,
        count,
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: kind('truncate'), space, pages: fc.nat(FILE_PAGES) }) },
  );
}

/** A history of at most `maxCommands` commands. */
export function spaceHistory(maxCommands: number): fc.Arbitrary<SpaceCommand[]> {
  return fc.array(spaceCommand(), { maxLength: maxCommands, size: 'max' });
}
