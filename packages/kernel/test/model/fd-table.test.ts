/** Descriptor tables against a Map. */
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { EBADF, EMFILE } from '@veridian-os/abi';
import { FdTable } from '../../src/index.js';

const fd = fc.integer({ min: -1, max: 45 });
const command = fc.oneof(
  fc.record({ kind: fc.constant('install' as const), from: fc.nat(45), cloexec: fc.boolean() }),
  fc.record({ kind: fc.constant('lowest' as const), cloexec: fc.boolean() }),
  fc.record({ kind: fc.constant('installAt' as const), fd, cloexec: fc.boolean() }),
  fc.record({ kind: fc.constant('remove' as const), fd }),
  fc.record({ kind: fc.constant('cloexec' as const), fd, on: fc.boolean() }),
  fc.record({ kind: fc.constant('limit' as const), limit: fc.integer({ min: 1, max: 45 }) }),
);

interface Entry {
  readonly lo: number;
  cloexec: boolean;
}

describe('FdTable against a Map', () => {
  it('gives the lowest free descriptor, keeps tokens and flags, and ends at its limit', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 80, size: 'max' }), (commands) => {
        const table = new FdTable();
        const model = new Map<number, Entry>();
        table.limit = 40;
        let serial = 1;
        const install = (from: number, cloexec: boolean): void => {
          let free = from;
          while (model.has(free)) free++;
          const expected = free < table.limit ? free : EMFILE;
          expect(table.install(++serial, serial + 1000, cloexec, from)).toBe(expected);
          if (expected === free) model.set(free, { lo: serial, cloexec });
        };
        for (const step of commands) {
          if (step.kind === 'install') install(step.from, step.cloexec);
          else if (step.kind === 'lowest') install(0, step.cloexec);
          else if (step.kind === 'limit') table.limit = step.limit;
          else if (step.kind === 'installAt') {
            if (model.has(step.fd)) continue; // dup2 closes first
            const fits = step.fd >= 0 && step.fd < table.limit;
            expect(table.installAt(step.fd, ++serial, serial + 1000, step.cloexec)).toBe(fits ? 0 : EBADF);
            if (fits) model.set(step.fd, { lo: serial, cloexec: step.cloexec });
          } else if (!model.has(step.fd)) expect(table.isOpen(step.fd)).toBe(false);
          else if (step.kind === 'remove') {
            table.remove(step.fd);
            model.delete(step.fd);
          } else {
            table.setCloexec(step.fd, step.on);
            model.set(step.fd, { lo: model.get(step.fd)?.lo ?? 0, cloexec: step.on });
          }
          const open = [...model.keys()].sort((a, b) => a - b);
          expect([table.open(), table.openCount]).toEqual([open, open.length]);
          for (const at of open) {
            const { lo, cloexec } = model.get(at) as Entry;
            expect([table.tokenLo(at), table.tokenHi(at), table.isCloexec(at)]).toEqual([lo, lo + 1000, cloexec]);
          }
        }
      }),
    );
  });
});
