import { describe, expect, it } from '@jest/globals';
import { LineEditor, type EditorEvent } from '../../src/vsh/editor/line-editor.js';
import { VirtualTerminal } from '../virtual-terminal.js';

const LEFT = '\x1b[D';
const RIGHT = '\x1b[C';
const UP = '\x1b[A';
const DOWN = '\x1b[B';
const PROMPT = '$ ';

/** An editor with its screen. */
class Session {
  readonly history: string[];
  readonly editor: LineEditor;
  readonly screen: VirtualTerminal;
  events: EditorEvent[] = [];

  constructor(history: string[] = [], columns = 40) {
    this.history = history;
    this.editor = new LineEditor(history);
    this.screen = new VirtualTerminal(columns);
    this.editor.columns = columns;
    this.begin();
  }

  begin(): void {
    this.editor.begin(PROMPT);
    this.screen.write(this.editor.takeOutput());
  }

  type(keys: string): this {
    for (const byte of new TextEncoder().encode(keys)) {
      const event = this.editor.push(byte);
      if (event !== undefined) this.events.push(event);
      this.screen.write(this.editor.takeOutput());
    }
    return this;
  }

  /** The line with a bar where the cursor is. */
  get shown(): string {
    const characters = [...this.editor.text];
    characters.splice(this.editor.position, 0, '|');
    return characters.join('');
  }
}

const shown = (keys: string, history?: string[]): string => new Session(history).type(keys).shown;

describe('line editor', () => {
  it('inserts where the cursor is', () => {
    expect(shown('abc')).toBe('abc|');
    expect(shown(`ac${LEFT}b`)).toBe('ab|c');
    expect(shown(`b${LEFT}a${RIGHT}c`)).toBe('abc|');
    expect(shown('b\x01a\x05c')).toBe('abc|');
    expect(shown('b\x1b[Ha\x1b[Fc')).toBe('abc|');
    expect(shown('b\x1b[1~a\x1b[4~c')).toBe('abc|');
    expect(shown('b\x1bOHa\x1bOFc')).toBe('abc|');
    expect(shown('ab\x02\x02\x06c')).toBe('ac|b');
  });

  it('deletes', () => {
    expect(shown('abc\x7f\x7f')).toBe('a|');
    expect(shown(`abc${LEFT}\x08`)).toBe('a|c');
    expect(shown(`abc${LEFT}${LEFT}\x1b[3~`)).toBe('a|c');
    expect(shown(`abc${LEFT}\x04`)).toBe('ab|');
    expect(shown(`abc${LEFT}\x0b`)).toBe('ab|');
    expect(shown(`abc${LEFT}\x15`)).toBe('|c');
    expect(shown('one two  \x17')).toBe('one |');
    expect(shown('one two\x1b\x7f')).toBe('one |');
    expect(shown('one two\x01\x1bd')).toBe('| two');
    expect(shown('one\x17\x7f\x15\x0b\x1b[3~')).toBe('|');
  });

  it('moves over words', () => {
    expect(shown('one two\x1bb')).toBe('one |two');
    expect(shown('one two\x1b[1;5D\x1b[1;5D')).toBe('|one two');
    expect(shown('one two\x01\x1bf')).toBe('one| two');
    expect(shown('one two\x01\x1b[1;5C\x1b[1;5C\x1bf')).toBe('one two|');
  });

  it('brings back what was cut', () => {
    expect(shown('one two\x17\x01\x19')).toBe('two|one ');
  });

  it('keeps a letter and its marks together, and knows wide characters', () => {
    expect(shown('xe\u0301\x7f')).toBe('x|');
    expect(shown(`xe\u0301y${LEFT}${LEFT}z`)).toBe('xz|e\u0301y');
    const session = new Session().type(`\u4e2da${LEFT}${LEFT}b`);
    expect(session.shown).toBe('b|\u4e2da');
    expect(session.screen.lines).toEqual([`${PROMPT}b\u4e2da`]);
    expect(session.screen.column).toBe(3);
  });

  it('ends a line, gives it up, ends', () => {
    const session = new Session().type('ab\r');
    expect(session.events).toEqual([{ kind: 'line', text: 'ab' }]);
    expect(session.screen.lines).toEqual([`${PROMPT}ab`, '']);
    session.begin();
    session.type(`abc${LEFT}${LEFT}\x03`);
    expect(session.events[1]).toEqual({ kind: 'interrupt' });
    expect(session.screen.lines).toEqual([`${PROMPT}ab`, `${PROMPT}abc^C`, '']);
    session.begin();
    expect(session.editor.text).toBe('');
    session.type('\x04');
    expect(session.events[2]).toEqual({ kind: 'end' });
  });

  it('ignores keys that it does not know', () => {
    expect(shown('a\x1b[99~\x1b[1;2;3Z\x1bq\x1b[?25hb\x00\x1bOP')).toBe('ab|');
    expect(shown('a\x1b\x1b[Db')).toBe('b|a');
  });

  it('takes bytes that are not UTF-8 as replacement characters', () => {
    const session = new Session();
    for (const byte of [0x61, 0xff, 0xc3, 0x62, 0x80, 0xe4, 0xb8, 0xad]) session.editor.push(byte);
    expect(session.editor.text).toBe('a\ufffdb\ufffd\u4e2d');
  });

  it('takes a pasted text as it is, without its marks', () => {
    const session = new Session().type('\x1b[200~a\tb\r\x1b[201~\x1b[A');
    expect(session.events).toEqual([{ kind: 'line', text: 'a b' }]);
  });

  it('clears the screen and keeps the line', () => {
    const session = new Session().type('x\r');
    session.begin();
    session.type('abc\x0c');
    expect(session.screen.lines[0]).toBe(`${PROMPT}abc`);
    expect(session.screen.row).toBe(0);
    expect(session.shown).toBe('abc|');
  });
});

describe('line editor: history', () => {
  const lines = ['first', 'second', 'third'];

  it('recalls with the arrows', () => {
    expect(shown(UP, lines)).toBe('third|');
    expect(shown(UP + UP, lines)).toBe('second|');
    expect(shown(UP + UP + UP + UP + UP, lines)).toBe('first|');
    expect(shown(`new${UP}${UP}${DOWN}${DOWN}`, lines)).toBe('new|');
    expect(shown(DOWN, lines)).toBe('|');
    expect(shown(`\x10\x10\x0e`, lines)).toBe('third|');
    expect(shown(UP, [])).toBe('|');
  });

  it('edits a copy', () => {
    const session = new Session([...lines]).type(`${UP}x\r`);
    expect(session.events).toEqual([{ kind: 'line', text: 'thirdx' }]);
    expect(session.history).toEqual(lines);
  });

  it('searches backwards', () => {
    const session = new Session(['make all', 'ls', 'make test', 'pwd']).type('\x12ma');
    expect(session.screen.text).toContain("(search 'ma') make test");
    session.type('\x12');
    expect(session.screen.text).toContain("(search 'ma') make all");
    session.type('\x12');
    expect(session.screen.text).toContain("(failed search 'ma') make all");
    session.type('\r');
    expect(session.events).toEqual([{ kind: 'line', text: 'make all' }]);
    expect(session.screen.lines).toEqual([`${PROMPT}make all`, '']);
  });

  it('takes the line found with any other key, and gives up with Ctrl-C', () => {
    expect(shown(`\x12sec${RIGHT}!`, lines)).toBe('s!|econd');
    expect(shown('typed\x12sec\x07', lines)).toBe('typed|');
    expect(shown('typed\x12sec\x03x', lines)).toBe('typedx|');
    expect(shown('typed\x12zzz\x05', lines)).toBe('typed|');
    expect(shown('\x12secx\x7f\x7f\x7fc\x05', lines)).toBe('second|');
  });
});

describe('line editor: completion', () => {
  const candidate = (text: string, suffix = ' ') => ({ text, label: text, suffix });

  function completed(keys: string, candidates: string[], start: number, suffix?: string): Session {
    const session = new Session().type(`${keys}\t`);
    expect(session.events[0].kind).toBe('complete');
    session.editor.complete({ start, candidates: candidates.map((text) => candidate(text, suffix)) });
    session.screen.write(session.editor.takeOutput());
    return session;
  }

  it('asks with the text before the cursor', () => {
    const session = new Session().type(`ls abc${LEFT}\t`);
    expect(session.events).toEqual([{ kind: 'complete', text: 'ls ab' }]);
  });

  it('takes the only candidate', () => {
    expect(completed('ec', ['echo'], 0).shown).toBe('echo |');
    expect(completed('ls /b', ['/bin'], 3, '/').shown).toBe('ls /bin/|');
    expect(completed('ls \u{1f600}a', ['\u{1f600}abc'], 3).shown).toBe('ls \u{1f600}abc |');
  });

  it('goes as far as all agree, then lists', () => {
    expect(completed('m', ['make', 'man'], 0).shown).toBe('ma|');
    const listed = completed('ma', ['make', 'man'], 0);
    expect(listed.shown).toBe('ma|');
    expect(listed.screen.lines).toEqual([`${PROMPT}ma`, 'make  man', `${PROMPT}ma`]);
  });

  it('rings when there is none', () => {
    expect(completed('zz', [], 0).screen.bells).toBe(1);
  });
});
