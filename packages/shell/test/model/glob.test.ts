import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Glob, type Fragment } from '../../src/vsh/glob.js';

/** Matching by trying everything, on patterns as lists of tests. */
type Test = 'star' | ((char: string) => boolean);

function naive(tests: readonly Test[], text: readonly string[]): boolean {
  if (tests.length === 0) return text.length === 0;
  const [first, ...rest] = tests;
  if (first === 'star') return naive(rest, text) || (text.length > 0 && naive(tests, text.slice(1)));
  return text.length > 0 && first(text[0]) && naive(rest, text.slice(1));
}

interface Piece {
  readonly fragment: Fragment;
  readonly test: Test;
}

const letter = fc.constantFrom('a', 'b', 'c', '\u{1f600}', '*', '[', ']', '-');
const literal = letter.map((char): Piece => ({
  fragment: { text: char, literal: true },
  test: (other) => other === char,
}));
const plain = fc
  .constantFrom('a', 'b', 'c')
  .map((char): Piece => ({ fragment: { text: char, literal: false }, test: (other) => other === char }));
const any = fc.constant<Piece>({ fragment: { text: '?', literal: false }, test: () => true });
const star = fc.constant<Piece>({ fragment: { text: '*', literal: false }, test: 'star' });
const set = fc
  .tuple(fc.boolean(), fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'x'), { minLength: 1 }))
  .map(([negated, members]): Piece => ({
    fragment: { text: `[${negated ? '!' : ''}${members.join('')}]`, literal: false },
    test: (char) => members.some((member) => member === char) !== negated,
  }));
const range = fc.constant<Piece>({
  fragment: { text: '[a-b]', literal: false },
  test: (char) => char === 'a' || char === 'b',
});
const pieces = fc.array(fc.oneof(literal, plain, any, star, set, range), { maxLength: 7 });
const texts = fc.array(letter, { maxLength: 8 });

describe('Glob', () => {
  it('agrees with trying everything', () => {
    fc.assert(
      fc.property(pieces, texts, (pattern, text) => {
        const glob = new Glob(pattern.map(({ fragment }) => fragment));
        expect(glob.matches(text.join(''))).toBe(
          naive(
            pattern.map(({ test }) => test),
            text,
          ),
        );
      }),
      { numRuns: 5000 },
    );
  });

  it('takes time in proportion to pattern and text', () => {
    const glob = new Glob([{ text: '*a'.repeat(200) + 'b', literal: false }]);
    expect(glob.matches('a'.repeat(5000))).toBe(false);
    expect(glob.matches(`${'a'.repeat(5000)}b`)).toBe(true);
  });

  it('reads sets as POSIX does', () => {
    const matches = (pattern: string, text: string): boolean =>
      new Glob([{ text: pattern, literal: false }]).matches(text);
    expect(matches('[]a]', ']')).toBe(true);
    expect(matches('[!]a]', ']')).toBe(false);
    expect(matches('[a-]', '-')).toBe(true);
    expect(matches('[-a]', '-')).toBe(true);
    expect(matches('[^a]', 'b')).toBe(true);
    expect(matches('[z-a]', 'b')).toBe(false);
    expect(matches('[a', '[a')).toBe(true);
    expect(matches('[]', '[]')).toBe(true);
    expect(Glob.isPattern([{ text: '[a', literal: false }])).toBe(false);
    expect(Glob.isPattern([{ text: '*', literal: true }])).toBe(false);
  });
});
