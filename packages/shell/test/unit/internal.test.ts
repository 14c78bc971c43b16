import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { Sys } from '@veridian-os/kernel';
import { charWidth, textWidth } from '../../src/internal/cell-width.js';
import { baseName } from '../../src/internal/files.js';
import { columns, humanSize, modeText, table } from '../../src/internal/format.js';
import { LineReader } from '../../src/internal/io.js';
import { parseOptions } from '../../src/internal/options.js';
import { signalWords } from '../../src/internal/signals.js';
import { calendarTime } from '../../src/internal/time.js';
import { formatTime } from '../../src/utilities/time.js';

describe('parseOptions', () => {
  const parse = (line: string, spec: string) => {
    const { flags, values, operands, helpWanted, problem } = parseOptions(`x ${line}`.trim().split(' '), spec);
    return { flags: [...flags].join(''), values: Object.fromEntries(values), operands, helpWanted, problem };
  };
  const nothing = { flags: '', values: {}, operands: [], helpWanted: false, problem: undefined };

  it('reads letters, values and operands in any order', () => {
    expect(parse('', 'a')).toEqual(nothing);
    expect(parse('-ab c -n5 d', 'abn:')).toEqual({ ...nothing, flags: 'ab', values: { n: '5' }, operands: ['c', 'd'] });
    expect(parse('-an 5 -n 6', 'an:')).toEqual({ ...nothing, flags: 'a', values: { n: '6' } });
    expect(parse('a - -- -b', 'b')).toEqual({ ...nothing, operands: ['a', '-', '-b'] });
  });

  it('stops at the first operand when asked to', () => {
    expect(parse('-a b -c', '+ac')).toEqual({ ...nothing, flags: 'a', operands: ['b', '-c'] });
  });

  it('finds --help and mistakes', () => {
    expect(parse('a --help', '')).toMatchObject({ helpWanted: true });
    expect(parse('-- --help', '')).toEqual({ ...nothing, operands: ['--help'] });
    expect(parse('-z', 'a')).toMatchObject({ problem: "unknown option '-z'" });
    expect(parse('-:', 'a:')).toMatchObject({ problem: "unknown option '-:'" });
    expect(parse('-+', '+a')).toMatchObject({ problem: "unknown option '-+'" });
    expect(parse('-a', 'a:')).toMatchObject({ problem: "option '-a' needs a value" });
    expect(parse('--all', 'a')).toMatchObject({ problem: "unknown option '--all'" });
  });
});

describe('LineReader', () => {
  /** A descriptor that gives `chunks`, each perhaps in several reads. */
  function source(chunks: readonly Uint8Array[]): Sys {
    const left = [...chunks];
    function* read(_fd: number, into: Uint8Array): Generator<never, number, never> {
      const [chunk] = left;
      if (chunk === undefined) return 0;
      const count = Math.min(chunk.length, into.length);
      into.set(chunk.subarray(0, count));
      if (count === chunk.length) left.shift();
      else left[0] = chunk.subarray(count);
      return count;
    }
    return { read } as unknown as Sys;
  }

  /** Runs a step that makes no system call. */
  function now<T>(step: Generator<unknown, T, unknown>): T {
    const { done, value } = step.next();
    if (done !== true) throw new Error('it waits');
    return value;
  }

  it('gives the lines of any input in any pieces', () => {
    const chunks = fc.array(fc.array(fc.constantFrom(10, 65, 200), { minLength: 1, maxLength: 9 }), { maxLength: 9 });
    fc.assert(
      fc.property(chunks, fc.constantFrom(1, 2, 7, 65_536), (pieces, chunk) => {
        const reader = new LineReader(source(pieces.map((piece) => Uint8Array.from(piece))), 0, chunk);
        const lines: Uint8Array[] = [];
        for (;;) {
          const line = now(reader.next());
          if (typeof line !== 'object') break;
          lines.push(line);
        }
        const text = String.fromCharCode(...pieces.flat());
        const expected = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
        // Compared at the end: lines stay as they were.
        expect(lines.map((line) => String.fromCharCode(...line))).toEqual([...expected]);
      }),
    );
  });

  it('leaves what follows a line when it reads byte by byte', () => {
    const sys = source([Uint8Array.from([65, 10, 66])]);
    expect(now(new LineReader(sys, 0, 1).next())).toEqual(Uint8Array.from([65, 10]));
    expect(now(new LineReader(sys, 0, 1).next())).toEqual(Uint8Array.from([66]));
  });
});

describe('formats', () => {
  it('sizes', () => {
    const sizes = [0, 1, 1023, 1024, 1025, 10_239, 10_240, 1024 ** 2 - 1, 1024 ** 2, 1.5 * 1024 ** 3];
    expect(sizes.map(humanSize)).toEqual(['0', '1', '1023', '1.0K', '1.1K', '10K', '10K', '1024K', '1.0M', '1.5G']);
  });

  it('modes', () => {
    const modes = [0o100644, 0o040755, 0o120777, 0o020620, 0o060660, 0o010600, 0o140000, 0o104755, 0o102050, 0o041776];
    expect(modes.map(modeText)).toEqual([
      '-rw-r--r--',
      'drwxr-xr-x',
      'lrwxrwxrwx',
      'crw--w----',
      'brw-rw----',
      'prw-------',
      's---------',
      '-rwsr-xr-x',
      '----r-s---',
      'drwxrwxrwT',
    ]);
  });

  it('tables', () => {
    expect(
      table(
        [
          ['a', '1', 'x'],
          ['bb', '22', '\u4e2d'],
          ['', '3', ''],
        ],
        '<><',
      ),
    ).toBe('a    1  x\nbb  22  \u4e2d\n     3\n');
  });

  it('columns: as many as fit, filled downwards, every name once', () => {
    expect(columns(['a', 'b', 'c'], 80)).toBe('a  b  c\n');
    expect(columns(['aaa', 'b', 'c', 'd'], 7)).toBe('aaa  c\nb    d\n');
    expect(columns(['longer than that', 'b'], 5)).toBe('longer than that\nb\n');
    expect(columns([], 80)).toBe('');
    const names = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '\u4e2d'), minLength: 1, maxLength: 12 }));
    fc.assert(
      fc.property(names, fc.integer({ min: 1, max: 60 }), (list, width) => {
        const lines = columns(list, width).split('\n').slice(0, -1);
        expect(
          lines
            .flatMap((line) => line.split(/ +/))
            .filter((name) => name !== '')
            .sort(),
        ).toEqual([...list].sort());
        const widest = Math.max(0, ...list.map(textWidth));
        for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(Math.max(width, widest));
      }),
    );
  });

  it('cells', () => {
    expect(textWidth('abc')).toBe(3);
    expect(textWidth('e\u0301\u4e2d\u{1f600}\uff21')).toBe(7);
    expect([...'\u00e9\u2026\ufffd'].map(charWidth)).toEqual([1, 1, 1]);
    expect(charWidth('\u0007')).toBe(0);
  });

  it('last components', () => {
    expect(['a/b', 'a/b/', '/', '//', 'a', ''].map(baseName)).toEqual(['b', 'b', '/', '/', 'a', '']);
  });

  it('signals', () => {
    expect([15, 11, 20, 40].map(signalWords)).toEqual(['Terminated', 'Segmentation fault', 'Stopped', 'SIGRTMIN+8']);
  });
});

describe('calendar', () => {
  it('agrees with Date, also before 1970 and far from it', () => {
    fc.assert(
      fc.property(fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }), (seconds) => {
        const date = new Date(seconds * 1000);
        expect(calendarTime(seconds)).toEqual({
          year: date.getUTCFullYear(),
          month: date.getUTCMonth() + 1,
          day: date.getUTCDate(),
          weekday: date.getUTCDay(),
          hour: date.getUTCHours(),
          minute: date.getUTCMinutes(),
          second: date.getUTCSeconds(),
        });
      }),
    );
  });

  it('writes what a format asks for', () => {
    const seconds = Date.UTC(2024, 11, 31, 0, 5, 9) / 1000;
    expect(formatTime('%Y-%m-%d %H:%M:%S %a %b %e %j %y %I %p', seconds, 0)).toBe(
      '2024-12-31 00:05:09 Tue Dec 31 366 24 12 AM',
    );
    expect(formatTime('%s.%N %F %T %R %u %w %Z %z%n%t%% %Q %', 3661, 5)).toBe(
      '3661.000000005 1970-01-01 01:01:01 01:01 4 4 UTC +0000\n\t% %Q %',
    );
  });
});
