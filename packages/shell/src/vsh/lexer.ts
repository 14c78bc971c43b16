/**
 * Words and operators of a command line. A word keeps its quoting until expansion: it is a list of parts.
 *
 * Source: POSIX.1-2017, Shell Command Language, 2.2 and 2.3; without here-documents, arithmetic and aliases.
 */

export type Part =
  /** Characters. Quoted ones are no patterns and are never split. */
  | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean }
  /** `$NAME`, `${NAME}`, `${NAME:-WORD}`; operator `''` or one of `- :- + :+ #` (`#`: the value's length). */
  | {
      readonly kind: 'parameter';
      readonly name: string;
      readonly operator: string;
      readonly word: Word;
      readonly quoted: boolean;
    }
  /** `$(COMMANDS)`: their output. */
  | { readonly kind: 'command'; readonly source: string; readonly quoted: boolean };

export type Word = readonly Part[];

interface Place {
  /** Range of the source text. */
  readonly start: number;
  readonly end: number;
}

export type Token = Place &
  (
    | { readonly kind: 'word'; readonly word: Word }
    | { readonly kind: 'operator'; readonly text: string }
    /** `fd` is the descriptor before the operator, or what the operator stands for: 0 for `<`, 1 for `>`. */
    | { readonly kind: 'redirection'; readonly operator: RedirectionOperator; readonly fd: number }
  );

/** `&>` and `&>>` redirect 1 and 2. */
export type RedirectionOperator = '<' | '>' | '>>' | '<&' | '>&' | '&>' | '&>>';

/** A command line that cannot be understood. `incomplete`: more input may complete it. */
export class SyntaxProblem extends Error {
  readonly incomplete: boolean;
  constructor(message: string, incomplete = false) {
    super(message);
    this.name = 'SyntaxProblem';
    this.incomplete = incomplete;
  }
}

/** How deep `$(`, `${` and parentheses may be nested. */
export const MAX_NESTING = 50;

const BLANKS = ' \t\r';
/** Characters that end an unquoted run of text. */
const SPECIAL = ' \t\r\n\'"\\$`|&;<>()';
const REDIRECTION = /(\d?)(>>|>&|>\||<&|>|<)|(&>>|&>)/y;
const OPERATOR = /&&|\|\||[|&;()\n]/y;
const PARAMETER = /[A-Za-z_][A-Za-z0-9_]*|[0-9?$!#@*-]/y;
const BRACED_NAME = /[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[?$!#@*-]/y;
const BRACED_OPERATOR = /:?[-+]/y;
const UNSUPPORTED = /<<|`|\$\(\(/y;

/** @throws SyntaxProblem */
export function tokenize(source: string): Token[] {
  const lexer = new Lexer(source, 0, 0);
  const tokens = lexer.tokens();
  if (lexer.position < source.length) throw new SyntaxProblem("unexpected ')'");
  return tokens;
}

class Lexer {
  private readonly source: string;
  private at: number;
  private readonly depth: number;

  constructor(source: string, at: number, depth: number) {
    if (depth > MAX_NESTING) throw new SyntaxProblem('nested too deeply');
    this.source = source;
    this.at = at;
    this.depth = depth;
  }

  get position(): number {
    return this.at;
  }

  /** Tokens up to the end, or to a `)` that no `(` before it opened. */
  tokens(): Token[] {
    const result: Token[] = [];
    for (let open = 0; this.skipBlanks();) {
      const token = this.token();
      if (token.kind === 'operator' && token.text === '(' && ++open + this.depth > MAX_NESTING) {
        throw new SyntaxProblem('nested too deeply');
      }
      if (token.kind === 'operator' && token.text === ')' && open-- === 0) {
        this.at = token.start;
        return result;
      }
      result.push(token);
    }
    return result;
  }

  /** False at the end. */
  private skipBlanks(): boolean {
    const { source } = this;
    for (; this.at < source.length; this.at++) {
      const char = source[this.at];
      if (char === '\\' && source[this.at + 1] === '\n') this.continueLine();
      else if (char === '#') {
        const end = source.indexOf('\n', this.at);
        this.at = end < 0 ? source.length : end;
        return end >= 0;
      } else if (!BLANKS.includes(char)) return true;
    }
    return false;
  }

  /** A backslash before a newline joins two lines; moves to the newline. */
  private continueLine(): void {
    this.at++;
    if (this.at + 1 >= this.source.length) throw new SyntaxProblem('nothing follows \\', true);
  }

  private token(): Token {
    const start = this.at;
    const unsupported = this.match(UNSUPPORTED)?.[0];
    if (unsupported !== undefined) throw new SyntaxProblem(`'${unsupported}' is not supported`);
    const redirection = this.match(REDIRECTION);
    if (redirection !== undefined) {
      const [, digit, text, both] = redirection;
      const operator = (both ?? (text === '>|' ? '>' : text)) as RedirectionOperator;
      const standard = operator.startsWith('<') ? 0 : 1;
      return { kind: 'redirection', operator, fd: digit ? Number(digit) : standard, start, end: this.at };
    }
    const operator = this.match(OPERATOR)?.[0];
    if (operator !== undefined) return { kind: 'operator', text: operator, start, end: this.at };
    const word = this.word();
    return { kind: 'word', word, start, end: this.at };
  }

  private match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.source) ?? undefined;
    if (found !== undefined) this.at = pattern.lastIndex;
    return found;
  }

  /** A word up to a blank or operator. */
  private word(): Word {
    const parts: Part[] = [];
    for (; this.at < this.source.length;) {
      const char = this.source[this.at];
      if (char === '$') parts.push(this.dollar(false));
      else if (!this.quoted(char, parts)) {
        const text = this.textUntil(SPECIAL);
        if (text === '') break;
        parts.push({ kind: 'text', text, quoted: false });
      }
    }
    return parts;
  }

  /** Quotes and backslashes; false when there are none here. */
  private quoted(char: string, parts: Part[]): boolean {
    if (char === "'") parts.push(this.single());
    else if (char === '"') this.double(parts);
    else if (char === '`') throw new SyntaxProblem("'`' is not supported, use $(...)");
    else if (char === '\\') {
      const next = this.source.codePointAt(this.at + 1);
      if (next === undefined) throw new SyntaxProblem('nothing follows \\', true);
      const text = String.fromCodePoint(next);
      if (text === '\n') this.continueLine();
      else parts.push({ kind: 'text', text, quoted: true });
      this.at += text === '\n' ? 1 : 1 + text.length;
    } else return false;
    return true;
  }

  private textUntil(ends: string): string {
    const start = this.at;
    while (this.at < this.source.length && !ends.includes(this.source[this.at])) this.at++;
    return this.source.slice(start, this.at);
  }

  private single(): Part {
    const start = this.at + 1;
    const end = this.source.indexOf("'", start);
    if (end < 0) throw new SyntaxProblem("unterminated '", true);
    this.at = end + 1;
    return { kind: 'text', text: this.source.slice(start, end), quoted: true };
  }

  private double(parts: Part[]): void {
    this.at++;
    // Also for "": quotes make a word even when there is nothing in them.
    parts.push({ kind: 'text', text: '', quoted: true });
    for (;;) {
      const text = this.textUntil('"\\$`');
      if (text !== '') parts.push({ kind: 'text', text, quoted: true });
      const char = this.source[this.at];
      if (char === undefined) throw new SyntaxProblem('unterminated "', true);
      if (char === '"') break;
      if (char === '$') parts.push(this.dollar(true));
      else if (char === '`') throw new SyntaxProblem("'`' is not supported, use $(...)");
      else this.doubleEscape(parts);
    }
    this.at++;
  }

  /** In double quotes a backslash quotes only `" \ $` and a newline, which vanishes. */
  private doubleEscape(parts: Part[]): void {
    const next = this.source[this.at + 1];
    if (next !== undefined && '"\\$`\n'.includes(next)) {
      if (next !== '\n') parts.push({ kind: 'text', text: next, quoted: true });
      this.at += 2;
      return;
    }
    parts.push({ kind: 'text', text: '\\', quoted: true });
    this.at++;
  }

  /** A `$` and what it stands for; alone it is itself. */
  private dollar(quoted: boolean): Part {
    if (this.match(UNSUPPORTED) !== undefined) throw new SyntaxProblem('arithmetic $((...)) is not supported');
    this.at++;
    const next = this.source[this.at];
    if (next === '(') return this.commandSubstitution(quoted);
    if (next === '{') return this.braced(quoted);
    const name = this.match(PARAMETER)?.[0];
    if (name === undefined) return { kind: 'text', text: '$', quoted };
    return { kind: 'parameter', name, operator: '', word: [], quoted };
  }

  private commandSubstitution(quoted: boolean): Part {
    const inner = new Lexer(this.source, this.at + 1, this.depth + 1);
    inner.tokens();
    const end = inner.position;
    if (end >= this.source.length) throw new SyntaxProblem('unterminated $(', true);
    const source = this.source.slice(this.at + 1, end);
    this.at = end + 1;
    return { kind: 'command', source, quoted };
  }

  private braced(quoted: boolean): Part {
    this.at++;
    const measures = this.source[this.at] === '#' && this.source[this.at + 1] !== '}';
    if (measures) this.at++;
    const name = this.match(BRACED_NAME)?.[0] ?? '';
    let operator = measures ? '#' : '';
    let word: Word = [];
    if (!measures && name !== '') {
      operator = this.match(BRACED_OPERATOR)?.[0] ?? '';
      if (operator !== '') word = this.alternative();
    }
    const end = this.source[this.at];
    if (end === undefined) throw new SyntaxProblem('unterminated ${', true);
    if (end !== '}' || name === '') throw new SyntaxProblem('bad substitution ${...}');
    this.at++;
    return { kind: 'parameter', name, operator, word, quoted };
  }

  /** The word of `${NAME-WORD}`, up to its `}`; blanks belong to it. */
  private alternative(): Word {
    const inner = new Lexer(this.source, this.at, this.depth + 1);
    const parts: Part[] = [];
    for (let char = this.source[inner.at]; char !== undefined && char !== '}'; char = this.source[inner.at]) {
      if (char === '$') parts.push(inner.dollar(false));
      else if (!inner.quoted(char, parts)) {
        parts.push({ kind: 'text', text: inner.textUntil('\'"\\$`}'), quoted: false });
      }
    }
    this.at = inner.at;
    return parts;
  }
}
