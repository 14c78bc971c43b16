import { expect, it } from '@jest/globals';
import { ReplyTable } from '../../../src/internal/reply-table.js';

it('skips ids whose slot is taken and survives the wrap of its serial numbers', () => {
  const table = new ReplyTable(2);
  (table as unknown as { lastSerial: number }).lastSerial = 2 ** 31 - 3;
  const kept = table.create(0, 1);
  const ids = Array.from({ length: 6 }, () => {
    const id = table.create(1, 1);
    expect(table.callerOf(id)).toBe(1);
    table.spend(id);
    expect(table.callerOf(id)).toBe(-1);
    return id;
  });
  expect(kept).toBe(2 ** 31 - 2);
  expect(ids).toEqual([2 ** 31 - 1, 0, 1, 3, 4, 5]);
  expect(table.callerOf(kept)).toBe(0);
});

it('lists what a holder owes', () => {
  const table = new ReplyTable(3);
  const [a, b, c] = [0, 1, 2].map((caller) => table.create(caller, 0));
  table.pass(b, 1);
  expect([table.owedBy(1), table.holderOf(b)]).toEqual([b, 1]);
  table.spend(c);
  expect(table.owedBy(0)).toBe(a);
  table.spend(a);
  expect([table.owedBy(0), table.owedBy(2)]).toEqual([-1, -1]);
});
