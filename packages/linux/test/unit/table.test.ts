import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { missing } from '../../src/calls/refused.js';
import type { Isa } from '@veridian-os/hal';
import { indexRows } from '../../src/table/index-rows.js';
import { numberOf, row, type Numbers } from '../../src/table/row.js';
import { TABLE } from '../../src/table/table.js';
import { parseTrace } from '../../src/trace/tracer.js';

const ISAS = ['riscv64', 'aarch64', 'x86_64'] as const;

/** Names and numbers of an ISA's headers (fixtures/generate.mjs). */
const header = (isa: Isa): ReadonlyMap<string, number> =>
  new Map(
    readFileSync(join(__dirname, `../fixtures/${isa}-calls.txt`), 'utf8')
      .split('\n')
      .filter((line) => /^\d/.test(line))
      .map((line) => line.split(' '))
      .map(([number, name]) => [name, Number(number)] as const),
  );
/** Newer than the header. */
const NEWER = new Map([
  ['cachestat', 451],
  ['fchmodat2', 452],
  ['map_shadow_stack', 453],
  ['futex_wake', 454],
  ['futex_wait', 455],
  ['futex_requeue', 456],
  ['statmount', 457],
  ['listmount', 458],
  ['lsm_get_self_attr', 459],
  ['lsm_set_self_attr', 460],
  ['lsm_list_modules', 461],
  ['mseal', 462],
]);

describe.each(ISAS)('the table of system calls for %s', (isa) => {
  const HEADER = header(isa);
  const mine = new Map(
    TABLE.filter((entry) => numberOf(entry, isa) >= 0).map((entry) => [entry.name, numberOf(entry, isa)]),
  );

  it('has the numbers of the Linux headers', () => {
    for (const [name, number] of mine)
      expect({ name, number }).toEqual({ name, number: HEADER.get(name) ?? NEWER.get(name) });
  });

  it('names every call that Linux has', () => {
    const missing = [...HEADER.keys()].filter((name) => !mine.has(name));
    // In riscv64's header for other ISAs.
    expect(missing).toEqual(isa === 'riscv64' ? ['renameat'] : []);
  });

  it('has no number twice', () => {
    expect(() => indexRows(TABLE, isa)).not.toThrow();
  });
});

describe('the table of system calls', () => {
  it('has every call that the real programs make with a handler of its own', () => {
    const text = readFileSync(join(__dirname, '../../../../programs/syscalls.md'), 'utf8');
    const used = [...text.matchAll(/^\|\s+(\d+) \| `([a-z]\w+)`\s*\| \w/gm)].map(
      ([, number, name]) => [name, Number(number)] as const,
    );
    expect(used.length).toBeGreaterThan(80);
    const rows = indexRows(TABLE, 'riscv64');
    for (const [name, number] of used) expect(rows[number]?.name).toBe(name);
    const answered = used.filter(([name, number]) => name !== 'rseq' && rows[number]?.handler !== missing);
    expect(answered).toHaveLength(used.length - 1);
  });

  it('has no name twice', () => {
    const names = TABLE.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it('has only trace formats that exist', () => {
    for (const entry of TABLE) expect(() => parseTrace(entry)).not.toThrow();
  });

  it('refuses two rows with one number', () => {
    const twice = [row('first', [5], () => 0), row('second', [5], () => 0)];
    expect(() => indexRows(twice, 'riscv64')).toThrow(
      new RangeError('table: expected one call 5, got first and second'),
    );
  });

  it('gives aarch64 the number of riscv64 unless it has its own', () => {
    const numbers = (...of: Numbers): number[] =>
      ISAS.map((isa) =>
        numberOf(
          row('call', of, () => 0),
          isa,
        ),
      );
    expect(numbers(7)).toEqual([7, 7, -1]);
    expect(numbers(7, 9)).toEqual([7, 7, 9]);
    expect(numbers(-1, 264, 38)).toEqual([-1, 38, 264]);
  });

  it('takes arguments only from where there are some', () => {
    const adapted = TABLE.filter(({ sources }) => sources !== undefined);
    expect(adapted.length).toBeGreaterThan(20);
    for (const { sources = [], trace } of adapted) {
      const shown = trace
        .split('=')[0]
        .split(' ')
        .filter((format) => format !== '').length;
      const used = sources.filter((source) => typeof source === 'number');
      expect([...used].sort()).toEqual(Array.from({ length: shown }, (_, index) => index));
    }
  });
});
