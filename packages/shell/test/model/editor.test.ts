import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { textWidth, charWidth } from '../../src/internal/cell-width.js';
import { LineEditor } from '../../src/vsh/editor/line-editor.js';
import { VirtualTerminal } from '../virtual-terminal.js';

/** A line and a cursor, as plain as can be: what each key does to them. */
interface Line {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

interface Action {
  readonly name: string;
  readonly keys: string;
  readonly apply: (line: Line) => Line;
}

const insert = (char: string): Action => ({
  name: `insert ${JSON.stringify(char)}`,
  keys: char,
  apply: ({ before, after }) => ({ before: [...before, char], after }),
});
const action = (name: string, keys: string, apply: Action['apply']): fc.Arbitrary<Action> =>
  fc.constant({ name, keys, apply });

const actions = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...'abc de', '\u00e9', '\u4e2d', '\u{1f600}').map(insert) },
  action('left', '\x1b[D', ({ before, after }) => ({
    before: before.slice(0, -1),
    after: [...before.slice(-1), ...after],
  })),
  action('right', '\x1b[C', ({ before, after }) => ({
    before: [...before, ...after.slice(0, 1)],
    after: after.slice(1),
  })),
  action('home', '\x01', ({ before, after }) => ({ before: [], after: [...before, ...after] })),
  action('end', '\x05', ({ before, after }) => ({ before: [...before, ...after], after: [] })),
  action('backspace', '\x7f', ({ before, after }) => ({ before: before.slice(0, -1), after })),
  action('delete', '\x1b[3~', ({ before, after }) => ({ before, after: after.slice(1) })),
  action('cut to the end', '\x0b', ({ before }) => ({ before, after: [] })),
  action('cut to the start', '\x15', ({ after }) => ({ before: [], after })),
  action('cut a word', '\x17', ({ before, after }) => {
    const kept = before.join('').replace(/\S*\s*$/u, '');
    return { before: [...kept], after };
  }),
  action('nothing', '\x1b[99~', (line) => line),
);

/** Where a terminal of this width leaves the cursor after printing these characters. */
function cellAfter(characters: readonly string[], columns: number): { row: number; column: number } {
  let row = 0;
  let column = 0;
  for (const char of characters) {
    const width = charWidth(char);
    if (column + width > columns) {
      row++;
      column = 0;
    }
    column += width;
  }
  return column === columns ? { row: row + 1, column: 0 } : { row, column };
}

describe('line editor, any keys', () => {
  it('holds the line that the keys make, and the screen shows it', () => {
    const sessions = fc.tuple(fc.integer({ min: 5, max: 30 }), fc.constantFrom('$ ', '> ', '\u4e2d:'));
    fc.assert(
      fc.property(sessions, fc.array(actions, { maxLength: 60 }), ([columns, prompt], keys) => {
        const screen = new VirtualTerminal(columns);
        const editor = new LineEditor([]);
        editor.columns = columns;
        editor.begin(prompt);
        let line: Line = { before: [], after: [] };
        for (const { keys: pressed, apply } of keys) {
          for (const byte of new TextEncoder().encode(pressed)) editor.push(byte);
          line = apply(line);
          screen.write(editor.takeOutput());
          const { before, after } = line;
          expect(editor.text).toBe([...before, ...after].join(''));
          expect(editor.position).toBe(before.length);
          const expected = new VirtualTerminal(columns);
          expected.write(prompt + editor.text);
          expect(screen.text.trimEnd()).toBe(expected.text.trimEnd());
          expect({ row: screen.row, column: screen.column }).toEqual(cellAfter([...prompt, ...before], columns));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('never throws, whatever bytes come', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const editor = new LineEditor(['one', 'two']);
        editor.begin('$ ');
        for (const byte of bytes) {
          const event = editor.push(byte);
          if (event?.kind === 'complete') editor.complete({ start: 0, candidates: [] });
          else if (event !== undefined) editor.begin('$ ');
        }
        expect(textWidth(editor.text)).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 1000 },
    );
  });
});
