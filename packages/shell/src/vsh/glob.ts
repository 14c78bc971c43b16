/**
 * File-name patterns: `*`, `?`, `[a-z]`, `[!a-z]`. Source: POSIX.1-2017, Shell Command Language, 2.13.
 *
 * A pattern is a list of items, so that quoted characters are themselves. Matching is greedy with one place to go back
 * to: O(pattern x text).
 */

/** Characters of a field after expansion; `literal` ones came from quotes. */
export interface Fragment {
  readonly text: string;
  readonly literal: boolean;
}

type Item =
  | { readonly kind: 'char'; readonly char: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'star' }
  | { readonly kind: 'set'; readonly negated: boolean; readonly ranges: readonly (readonly [string, string])[] };

export class Glob {
  private readonly items: readonly Item[];

  constructor(fragments: readonly Fragment[]) {
    this.items = new PatternReader(fragments).read();
  }

  /** False when only one text matches: nothing in it is special. */
  static isPattern(fragments: readonly Fragment[]): boolean {
    // Most fields are no patterns, and some are long: the cheap look first.
    const hasSpecial = fragments.some(({ text, literal }) => !literal && /[*?[]/.test(text));
    return hasSpecial && new Glob(fragments).items.some((item) => item.kind !== 'char');
  }

  /** True for whole texts that the pattern describes. */
  matches(text: string): boolean {
    const { items } = this;
    const chars = [...text];
    let item = 0;
    let at = 0;
    let starItem = -1;
    let starAt = 0;
    while (at < chars.length) {
      const current = items[item];
      if (current?.kind === 'star') {
        starItem = item++;
        starAt = at;
      } else if (current !== undefined && matchesOne(current, chars[at])) {
        item++;
        at++;
      } else if (starItem >= 0) {
        // The last star takes one character more.
        item = starItem + 1;
        at = ++starAt;
      } else return false;
    }
    while (items[item]?.kind === 'star') item++;
    return item === items.length;
  }
}

function matchesOne(item: Item, char: string): boolean {
  switch (item.kind) {
    case 'char':
      return item.char === char;
    case 'any':
      return true;
    case 'set':
      return item.ranges.some(([low, high]) => compare(low, char) <= 0 && compare(char, high) <= 0) !== item.negated;
    case 'star':
      return false;
  }
}

function compare(a: string, b: string): number {
  return (a.codePointAt(0) ?? 0) - (b.codePointAt(0) ?? 0);
}

class PatternReader {
  private readonly chars: { readonly char: string; readonly literal: boolean }[];

  constructor(fragments: readonly Fragment[]) {
    this.chars = fragments.flatMap(({ text, literal }) => [...text].map((char) => ({ char, literal })));
  }

  read(): Item[] {
    const items: Item[] = [];
    for (let at = 0; at < this.chars.length; at++) {
      const { char, literal } = this.chars[at];
      const set = char === '[' && !literal ? this.set(at) : undefined;
      if (set !== undefined) {
        items.push(set.item);
        at = set.end;
      } else if (char === '*' && !literal) items.push({ kind: 'star' });
      else if (char === '?' && !literal) items.push({ kind: 'any' });
      else items.push({ kind: 'char', char });
    }
    return items;
  }

  /** A bracket expression that begins at `open`, and where its `]` is; undefined when it has none. */
  private set(open: number): { item: Item; end: number } | undefined {
    let at = open + 1;
    const negated = this.isPlain(at, '!') || this.isPlain(at, '^');
    if (negated) at++;
    const ranges: [string, string][] = [];
    for (const first = at; at < this.chars.length; at++) {
      // A `]` that comes first is a member.
      if (at > first && this.isPlain(at, ']')) return { item: { kind: 'set', negated, ranges }, end: at };
      const low = this.chars[at].char;
      const isRange = this.isPlain(at + 1, '-') && at + 2 < this.chars.length && !this.isPlain(at + 2, ']');
      if (isRange) at += 2;
      ranges.push([low, this.chars[at].char]);
    }
    return undefined;
  }

  private isPlain(at: number, char: string): boolean {
    const found = this.chars[at];
    return found !== undefined && found.char === char && !found.literal;
  }
}
