/** Record locks against one lock type per byte and owner. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { replaceRange, type RecordLock } from '../../src/files/locks.js';
import { F_RDLCK, F_UNLCK, F_WRLCK } from '../../src/uapi/fcntl.js';

const BYTES = 24;
const OWNERS = [{}, {}, {}];

const lock = fc
  .record({
    owner: fc.nat({ max: OWNERS.length - 1 }),
    type: fc.constantFrom(F_RDLCK, F_WRLCK, F_UNLCK),
    start: fc.nat({ max: BYTES - 1 }),
    length: fc.option(fc.integer({ min: 1, max: BYTES }), { nil: Infinity }),
  })
  .map(({ owner, type, start, length }): RecordLock => ({
    owner: OWNERS[owner],
    type,
    start,
    end: start + length,
    pid: owner,
  }));

describe('record locks', () => {
  it('cover the bytes that a byte-wise model says', () => {
    fc.assert(
      fc.property(fc.array(lock, { maxLength: 30 }), (requests) => {
        const model = OWNERS.map(() => new Array<number>(BYTES * 3).fill(F_UNLCK));
        let records: RecordLock[] = [];
        for (const request of requests) {
          records = replaceRange(records, request);
          const row = model[OWNERS.indexOf(request.owner)];
          row.fill(request.type, request.start, Math.min(request.end, row.length));
        }
        const shown = OWNERS.map((owner) => {
          const row = new Array<number>(BYTES * 3).fill(F_UNLCK);
          for (const held of records.filter((record) => record.owner === owner)) {
            // Disjoint per owner: no byte is covered twice.
            expect(row.slice(held.start, held.end).every((type) => type === F_UNLCK)).toBe(true);
            row.fill(held.type, held.start, Math.min(held.end, row.length));
          }
          return row;
        });
        expect(shown).toEqual(model);
      }),
      { numRuns: 500 },
    );
  });
});
