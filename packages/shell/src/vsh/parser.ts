/**
 * Grammar of vsh:
 *
 *   list      = andOr { (';' | '&' | newline) andOr }
 *   andOr     = pipeline { ('&&' | '||') pipeline }
 *   pipeline  = ['!'] command { '|' command }
 *   command   = { NAME=value | redirection } { word | redirection } | '(' list ')' { redirection }
 */
import { SyntaxProblem, tokenize, type Token, type Word } from './lexer.js';

export interface Redirection {
  /** Descriptors of the command that change. */
  readonly fds: readonly number[];
  readonly kind: 'read' | 'write' | 'append' | 'duplicate';
  /** The file; for `duplicate` a descriptor number, or `-` to close. */
  readonly target: Word;
}

export interface Assignment {
  readonly name: string;
  readonly value: Word;
}

export interface SimpleCommand {
  readonly kind: 'simple';
  readonly assignments: readonly Assignment[];
  readonly words: readonly Word[];
  readonly redirections: readonly Redirection[];
}

/** `( list )`: runs in a copy of the shell. */
export interface Subshell {
  readonly kind: 'subshell';
  readonly list: readonly AndOr[];
  readonly redirections: readonly Redirection[];
}

export type Command = SimpleCommand | Subshell;

export interface Pipeline {
  readonly negated: boolean;
  readonly commands: readonly Command[];
  /** Source text, for `jobs`. */
  readonly text: string;
}

export interface AndOr {
  readonly first: Pipeline;
  readonly rest: readonly { readonly operator: '&&' | '||'; readonly pipeline: Pipeline }[];
  readonly background: boolean;
  /** Source text, for `jobs`. */
  readonly text: string;
}

/** @throws SyntaxProblem */
export function parse(source: string): AndOr[] {
  return new Parser(source, tokenize(source)).list();
}

class Parser {
  private readonly source: string;
  private readonly tokens: readonly Token[];
  private at = 0;

  constructor(source: string, tokens: readonly Token[]) {
    this.source = source;
    this.tokens = tokens;
  }

  /** Up to the end or a `)`; the lexer has seen to it that each has its `(`. */
  list(): AndOr[] {
    const items: AndOr[] = [];
    for (;;) {
      this.skipNewlines();
      if (this.at >= this.tokens.length || this.isOperator(')')) return items;
      items.push(this.andOr());
    }
  }

  private andOr(): AndOr {
    const start = this.tokens[this.at].start;
    const first = this.pipeline();
    const rest: { operator: '&&' | '||'; pipeline: Pipeline }[] = [];
    for (let operator = this.take('&&', '||'); operator !== undefined; operator = this.take('&&', '||')) {
      this.skipNewlines();
      rest.push({ operator: operator as '&&' | '||', pipeline: this.pipeline() });
    }
    const text = this.source.slice(start, this.tokens[this.at - 1].end);
    const end = this.take('&', ';', '\n');
    if (end === undefined && this.at < this.tokens.length && !this.isOperator(')')) {
      throw new SyntaxProblem(`unexpected ${this.here()}`);
    }
    return { first, rest, background: end === '&', text };
  }

  private pipeline(): Pipeline {
    const start = this.tokens[this.at]?.start ?? 0;
    let negated = false;
    for (; isBang(this.tokens[this.at]); this.at++) negated = !negated;
    const commands = [this.command()];
    while (this.take('|') !== undefined) {
      this.skipNewlines();
      commands.push(this.command());
    }
    return { negated, commands, text: this.source.slice(start, this.tokens[this.at - 1].end) };
  }

  private command(): Command {
    return this.take('(') === undefined ? this.simple() : this.subshell();
  }

  private subshell(): Subshell {
    const list = this.list();
    if (this.take(')') === undefined) throw new SyntaxProblem("a ')' is missing", true);
    if (list.length === 0) throw new SyntaxProblem('a command is missing in ( )');
    const redirections: Redirection[] = [];
    for (let found = this.redirection(); found !== undefined; found = this.redirection()) redirections.push(found);
    return { kind: 'subshell', list, redirections };
  }

  private simple(): SimpleCommand {
    const assignments: Assignment[] = [];
    const words: Word[] = [];
    const redirections: Redirection[] = [];
    for (;;) {
      const redirection = this.redirection();
      if (redirection !== undefined) {
        redirections.push(redirection);
        continue;
      }
      const token = this.tokens[this.at];
      if (token?.kind !== 'word') break;
      this.at++;
      const assignment = words.length === 0 ? splitAssignment(token.word) : undefined;
      if (assignment === undefined) words.push(token.word);
      else assignments.push(assignment);
    }
    if (words.length + assignments.length + redirections.length === 0) {
      if (this.at >= this.tokens.length) throw new SyntaxProblem('a command is missing at the end', true);
      throw new SyntaxProblem(`a command is missing before ${this.here()}`);
    }
    return { kind: 'simple', assignments, words, redirections };
  }

  private redirection(): Redirection | undefined {
    const token = this.tokens[this.at];
    if (token?.kind !== 'redirection') return undefined;
    this.at++;
    const target = this.tokens[this.at];
    const { operator, fd } = token;
    if (target?.kind !== 'word') throw new SyntaxProblem(`a file name is missing after '${operator}'`);
    this.at++;
    const fds = operator.startsWith('&') ? [1, 2] : [fd];
    const kind =
      operator === '<' ? 'read' : operator.endsWith('&') ? 'duplicate' : operator.endsWith('>>') ? 'append' : 'write';
    return { fds, kind, target: target.word };
  }

  private skipNewlines(): void {
    while (this.take('\n') !== undefined);
  }

  private isOperator(text: string): boolean {
    const token = this.tokens[this.at];
    return token?.kind === 'operator' && token.text === text;
  }

  private take(...texts: readonly string[]): string | undefined {
    const token = this.tokens[this.at];
    if (token?.kind !== 'operator' || !texts.includes(token.text)) return undefined;
    this.at++;
    return token.text;
  }

  /** The present token, for messages. */
  private here(): string {
    const { start, end } = this.tokens[this.at];
    const text = this.source.slice(start, end);
    return text === '\n' ? 'the end of the line' : `'${text}'`;
  }
}

/** The reserved word `!`: unquoted, alone, where a pipeline begins. */
function isBang(token: Token | undefined): boolean {
  if (token?.kind !== 'word' || token.word.length !== 1) return false;
  const [part] = token.word;
  return part.kind === 'text' && !part.quoted && part.text === '!';
}

/** `NAME=value`, when the name and the `=` stand unquoted at the start. */
function splitAssignment(word: Word): Assignment | undefined {
  const [first, ...others] = word;
  if (first?.kind !== 'text' || first.quoted) return undefined;
  const match = /^([A-Za-z_][A-Za-z0-9_]*)=/.exec(first.text);
  if (match === null) return undefined;
  return { name: match[1], value: [{ ...first, text: first.text.slice(match[0].length) }, ...others] };
}
