import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { parse, SyntaxProblem, tokenize } from '../../src/index.js';
import { quotedWords, sourceTexts } from '../../src/testing.js';
import { quote } from '../../src/vsh/quote.js';
import { escapeWord, wordAtCursor } from '../../src/vsh/completion.js';

/** Characters of a word without parameters. */
function valueOf(source: string): string[] {
  return tokenize(source).map((token) => {
    if (token.kind !== 'word') throw new Error(`${token.kind} in ${JSON.stringify(source)}`);
    return token.word.map((part) => (part.kind === 'text' ? part.text : `<${part.kind}>`)).join('');
  });
}

describe('words, any quoting', () => {
  it('mean what was quoted', () => {
    fc.assert(
      fc.property(quotedWords, ({ source, value }) => {
        expect(valueOf(source)).toEqual([value]);
      }),
      { numRuns: 2000 },
    );
  });

  it('stay apart at blanks', () => {
    fc.assert(
      fc.property(fc.array(quotedWords, { maxLength: 5 }), (words) => {
        // A comment begins with an unquoted '#', which no quoted word has.
        expect(valueOf(words.map(({ source }) => source).join(' \t'))).toEqual(words.map(({ value }) => value));
      }),
    );
  });

  it('come back from quote() and escapeWord()', () => {
    const texts = fc.string({ unit: 'binary', maxLength: 12 }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(texts, (text) => {
        expect(valueOf(quote(text))).toEqual([text]);
        if (text !== '' && !text.includes('\n')) expect(valueOf(escapeWord(text))).toEqual([text]);
      }),
      { numRuns: 2000 },
    );
  });

  it('are found at the cursor', () => {
    fc.assert(
      fc.property(fc.array(quotedWords, { maxLength: 3 }), quotedWords, (before, last) => {
        const prefix = before.map(({ source }) => `${source} `).join('');
        // Inside double quotes completion keeps backslashes; a name typed there is plain.
        fc.pre(!last.source.includes('"') && !prefix.includes('"'));
        expect(wordAtCursor(prefix + last.source)).toEqual({
          start: prefix.length,
          word: last.value,
          isCommand: before.length === 0,
        });
      }),
    );
  });
});

describe('anything typed', () => {
  it('is understood or is a SyntaxProblem', () => {
    fc.assert(
      fc.property(sourceTexts, (text) => {
        try {
          parse(text);
        } catch (problem) {
          expect(problem).toBeInstanceOf(SyntaxProblem);
        }
      }),
      { numRuns: 20_000 },
    );
  });

  it('gives tokens that cover it in order', () => {
    fc.assert(
      fc.property(sourceTexts, (text) => {
        let tokens;
        try {
          tokens = tokenize(text);
        } catch {
          return;
        }
        let end = 0;
        for (const token of tokens) {
          expect(token.start).toBeGreaterThanOrEqual(end);
          expect(token.end).toBeGreaterThan(token.start);
          // Between tokens there are blanks, joined lines and comments only.
          expect(text.slice(end, token.start)).toMatch(/^(?:[ \t\r]|\\\n|#[^\n]*(?=\n|$))*$/);
          end = token.end;
        }
        expect(text.slice(end)).toMatch(/^(?:[ \t\r]|\\\n|#[^\n]*(?=\n|$))*$/);
      }),
      { numRuns: 5000 },
    );
  });

  it('is bounded in depth', () => {
    for (const [open, close] of [
      ['(', ')'],
      ['$(', ')'],
      ['${x-', '}'],
      ['"$(', ')"'],
    ]) {
      const nested = (depth: number): string =>
        `echo ${open.repeat(depth)}a${close.repeat(depth)}`.replace('echo (', '(');
      expect(() => parse(nested(10))).not.toThrow();
      expect(() => parse(nested(100_000))).toThrow(SyntaxProblem);
    }
  });
});
