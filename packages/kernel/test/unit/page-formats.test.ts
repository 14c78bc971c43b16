/**
 * Two readings of three manuals: the page-table formats of `memory`, and those of the machine kit, which were written apart
 * from them, agree in every bit.
 */
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { Frame } from '@veridian-os/abi';
import { AARCH64, RISCV64, X86_64 } from '@veridian-os/hal';
import { guestIsa, type GuestIsa } from '@veridian-os/hal/testing';
import { PageFlag, aarch64, sv39, x86_64, type PageTableFormat } from '@veridian-os/memory';

const PAIRS: readonly (readonly [PageTableFormat, GuestIsa, frames: number])[] = [
  [sv39, guestIsa(RISCV64), 2 ** 41],
  [x86_64, guestIsa(X86_64), 2 ** 40],
  [aarch64, guestIsa(AARCH64), 2 ** 36],
];

for (const [format, { tables, permissionSets }, frames] of PAIRS) {
  describe(`${format.name}: the formats of memory and of the kit`, () => {
    const frame = fc.oneof(fc.nat(2 ** 20 + 5), fc.integer({ min: 0, max: frames - 1 }), fc.constant(frames - 1));
    // What only the machine's own pages are is none of memory's business.
    const permissions = fc.constantFrom(...permissionSets.filter(({ user }) => user !== false));
    const bits = { accessed: fc.boolean(), dirty: fc.boolean() };

    it('make the same leaves', () => {
      const property = fc.property(frame, permissions, fc.record(bits), (number, allowed, { accessed, dirty }) => {
        const flags =
          (allowed.read ? PageFlag.Read : 0) |
          (allowed.write ? PageFlag.Write : 0) |
          (allowed.execute ? PageFlag.Execute : 0) |
          (accessed ? PageFlag.Accessed : 0) |
          (dirty ? PageFlag.Dirty : 0);
        const [lo, hi] = [format.leafLo(number as Frame, flags), format.leafHi(number as Frame, flags)];
        expect(tables.leaf(number, { ...allowed, accessed, dirty })).toEqual([lo, hi]);
        expect(tables.frame(lo, hi)).toBe(number);
        expect(tables.isAccessed([lo, hi])).toBe(accessed);
        expect(tables.isDirty([lo, hi])).toBe(dirty);
      });
      fc.assert(property);
    });

    it('make the same entries of tables', () => {
      const property = fc.property(frame, (number) => {
        expect(tables.table(number)).toEqual([format.tableLo(number as Frame), format.tableHi(number as Frame)]);
      });
      fc.assert(property);
    });

    it('have the same shape', () => {
      expect([tables.levels, tables.userLimit]).toEqual([format.levels, format.userTop]);
      expect(format.flags(...tables.absent)).toBe(0);
    });
  });
}
