/**
 * fast-check arbitraries of what a machine is given: page-table edits, register contents, programs.
 *
 * They make plain data, so that a failure prints and shrinks well; `models.ts` says what the data must do, naively.
 */
import fc from 'fast-check';
import type { Entry, Permissions, Width } from './guest-isa.js';

/** One change of a small window of pages. Pages and frames are numbered from 0. */
export type PageEdit =
  /** Shows `frame` at `page`, whatever was there. */
  | { readonly kind: 'map'; readonly page: number; readonly frame: number; readonly permissions: Permissions }
  /** Changes what a mapped page allows; nothing on an unmapped one. */
  | { readonly kind: 'protect'; readonly page: number; readonly permissions: Permissions }
  | { readonly kind: 'unmap'; readonly page: number }
  /** Moves the mapping of `page`, if any, to the page `to`, whatever was there. */
  | { readonly kind: 'remap'; readonly page: number; readonly to: number };

export interface PageEditOptions {
  /** Pages of the window. */
  readonly pages: number;
  /** Frames to show in it. */
  readonly frames: number;
  /** What a mapping may allow, `GuestIsa.permissionSets` for one. */
  readonly permissions: readonly Permissions[];
}

/** One edit; maps are as frequent as all others together, so that a window does not run empty. */
export function pageEdit({ pages, frames, permissions }: PageEditOptions): fc.Arbitrary<PageEdit> {
  const page = fc.nat(pages - 1);
  const allowed = fc.constantFrom(...permissions);
  return fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('map' as const),
        page,
        frame: fc.nat(frames - 1),
        permissions: allowed,
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('protect' as const), page, permissions: allowed }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('unmap' as const), page }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('remap' as const), page, to: page }) },
  );
}

/** A series of edits, at most `maxLength` of them. */
export function pageEdits(options: PageEditOptions, maxLength = 40): fc.Arbitrary<PageEdit[]> {
  return fc.array(pageEdit(options), { maxLength, size: 'max' });
}

/** 64-bit register contents, low and high word; often at the ends of a signed or unsigned range. */
export function registerContents(): fc.Arbitrary<Entry> {
  const corner = fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xffffffff);
  const word = fc.oneof(corner, fc.integer({ min: 0, max: 0xffffffff }));
  return fc.tuple(word, word);
}

/**
 * One instruction of a random program, of those that every `GuestCode` has.
 *
 * `dst`, `src` and `register` number the program's registers from 0, `at` is a byte of its window of memory.
 */
export type ProgramStep =
  | { readonly kind: 'add'; readonly dst: number; readonly src: number; readonly immediate: number }
  | { readonly kind: 'load'; readonly width: Width; readonly dst: number; readonly at: number }
  | { readonly kind: 'store'; readonly width: Width; readonly src: number; readonly at: number }
  /** The register's sum with 64 bits of memory goes to memory, what was there to the register. */
  | { readonly kind: 'atomicAdd'; readonly register: number; readonly at: number };

export interface ProgramOptions {
  /** Registers that the program computes with. */
  readonly registers: number;
  /** Bytes of its window, a multiple of 8. */
  readonly windowBytes: number;
  /** Whether loads and stores may have any alignment; atomic operations never do. */
  readonly misaligned: boolean;
}

/** One step. */
export function programStep({ registers, windowBytes, misaligned }: ProgramOptions): fc.Arbitrary<ProgramStep> {
  const register = fc.nat(registers - 1);
  const width = fc.constantFrom<Width>(8, 16, 32, 64);
  const at = fc.nat(windowBytes - 8);
  // Half of the accesses meet in a few bytes, so that they overlap.
  const place = fc.oneof(at, fc.nat(Math.min(24, windowBytes - 8)));
  const align = <T extends { readonly width: Width; readonly at: number }>(step: T): T =>
    misaligned ? step : { ...step, at: step.at - (step.at % (step.width / 8)) };
  return fc.oneof(
    fc.record({
      kind: fc.constant('add' as const),
      dst: register,
      src: register,
      immediate: fc.integer({ min: -2047, max: 2047 }),
    }),
    fc.record({ kind: fc.constant('load' as const), width, dst: register, at: place }).map(align),
    fc.record({ kind: fc.constant('store' as const), width, src: register, at: place }).map(align),
    fc
      .record({ kind: fc.constant('atomicAdd' as const), register, at: place })
      .map((step) => ({ ...step, at: step.at - (step.at % 8) })),
  );
}

/** A straight-line program of 1 .. `maxLength` steps. */
export function straightLineProgram(options: ProgramOptions, maxLength = 40): fc.Arbitrary<ProgramStep[]> {
  return fc.array(programStep(options), { minLength: 1, maxLength, size: 'max' });
}
