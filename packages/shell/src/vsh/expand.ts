/**
 * From words to arguments: parameters and command output are put in, unquoted results are split at blanks, patterns
 * become the names of files, quotes go. Source: POSIX.1-2017, Shell Command Language, 2.6.
 */
import { O_DIRECTORY, O_RDONLY } from '@veridian-os/vfs';
import { emptyStat, type Sys } from '@veridian-os/kernel';
import type { Step } from '../internal/io.js';
import { Glob, type Fragment } from './glob.js';
import type { Part, Word } from './lexer.js';

/** Where values come from. */
export interface Environment {
  /** Value of a variable or special parameter (`?`, `$`, `!`, `0`, `12`, `#`); undefined = unset. */
  lookup(name: string): string | undefined;
  /** `$1`, `$2`, ... */
  readonly positional: readonly string[];
  /** Runs commands and answers with what they wrote. */
  capture(source: string): Step<string>;
}

/** A field in the making: fragments, not yet a string. */
type Field = Fragment[];

/** One word as one string: no splitting, no patterns (assignments, redirection targets). */
export function* expandText(environment: Environment, word: Word): Step<string> {
  let text = '';
  for (const field of yield* expandFields(environment, word, false)) text += (text === '' ? '' : ' ') + plain(field);
  return text;
}

/** Words to arguments. A pattern that matches nothing stays as it is. */
export function* expandWords(sys: Sys, environment: Environment, words: readonly Word[]): Step<string[]> {
  const result: string[] = [];
  for (const word of words) {
    for (const field of yield* expandFields(environment, word, true)) {
      const names = Glob.isPattern(field) ? yield* matchFiles(sys, field) : [];
      if (names.length > 0) result.push(...names);
      else result.push(plain(field));
    }
  }
  return result;
}

function* expandFields(environment: Environment, word: Word, splits: boolean): Step<Field[]> {
  const builder = new FieldBuilder(splits);
  for (let index = 0; index < word.length; index++) {
    const part = word[index];
    const home = index === 0 ? homeOf(environment, part) : undefined;
    if (home === undefined) yield* expandPart(environment, part, builder);
    else {
      builder.literal(home);
      builder.text((part as { text: string }).text.slice(1));
    }
  }
  return builder.finish();
}

/** An unquoted `~` or `~/...` at the start of a word. */
function homeOf(environment: Environment, part: Part): string | undefined {
  if (part.kind !== 'text' || part.quoted || !/^~(?=\/|$)/.test(part.text)) return undefined;
  return environment.lookup('HOME');
}

function* expandPart(environment: Environment, part: Part, builder: FieldBuilder): Step<void> {
  if (part.kind === 'text') {
    if (part.quoted) builder.literal(part.text);
    else builder.text(part.text);
  } else if (part.kind === 'command') builder.value(yield* environment.capture(part.source), part.quoted);
  else yield* expandParameter(environment, part, builder);
}

function* expandParameter(
  environment: Environment,
  part: Part & { kind: 'parameter' },
  builder: FieldBuilder,
): Step<void> {
  const { name, operator, quoted } = part;
  const { positional } = environment;
  const isList = name === '@' || name === '*';
  const value = isList ? (positional.length === 0 ? undefined : positional.join(' ')) : environment.lookup(name);
  const isSet = operator.startsWith(':') ? value !== undefined && value !== '' : value !== undefined;
  if (operator === '#') {
    builder.value(String(isList ? positional.length : [...(value ?? '')].length), quoted);
  } else if (operator.endsWith('+') ? isSet : operator.endsWith('-') && !isSet) {
    for (const inner of part.word) {
      // Unlike a word's own text, an unquoted alternative is split like the value that it stands for.
      if (inner.kind === 'text' && !inner.quoted) builder.value(inner.text, quoted);
      else yield* expandPart(environment, asQuoted(inner, quoted), builder);
    }
  } else if (operator.endsWith('+')) builder.value('', quoted);
  else if (name === '@' || (name === '*' && !quoted)) builder.list(positional, quoted);
  else builder.value(value ?? '', quoted);
}

/** Inside double quotes the alternative of `${NAME-WORD}` is quoted too. */
function asQuoted(part: Part, quoted: boolean): Part {
  return quoted ? { ...part, quoted: true } : part;
}

/** Collects the fields of one word. */
class FieldBuilder {
  private readonly splits: boolean;
  private readonly fields: Field[] = [];
  private current: Field | undefined;

  constructor(splits: boolean) {
    this.splits = splits;
  }

  /** Unquoted characters of the word itself: never split, may be patterns. */
  text(text: string): void {
    if (text !== '') this.add({ text, literal: false });
  }

  /** Quoted characters. An empty quotation still makes a field. */
  literal(text: string): void {
    this.add({ text, literal: true });
  }

  /** What a parameter or command gave: split at blanks unless quoted. */
  value(text: string, quoted: boolean): void {
    if (quoted) this.literal(text);
    else if (!this.splits) this.text(text);
    else {
      const pieces = text.split(/[ \t\n]+/);
      pieces.forEach((piece, index) => {
        if (index > 0) this.end();
        this.text(piece);
      });
    }
  }

  /** `$@`: each value a field of its own (quoted), or each split further. */
  list(values: readonly string[], quoted: boolean): void {
    if (values.length === 0 && quoted && this.current?.every(({ text }) => text === '') === true) {
      this.current = undefined; // "$@" without parameters is no field
    }
    values.forEach((value, index) => {
      if (index > 0) this.end();
      this.value(value, quoted);
    });
  }

  finish(): Field[] {
    this.end();
    return this.fields;
  }

  private end(): void {
    if (this.current !== undefined) this.fields.push(this.current);
    this.current = undefined;
  }

  private add(fragment: Fragment): void {
    (this.current ??= []).push(fragment);
  }
}

function plain(field: Field): string {
  return field.map(({ text }) => text).join('');
}

/** Names that match a pattern, sorted. */
function* matchFiles(sys: Sys, pattern: Field): Step<string[]> {
  const components = splitPath(pattern);
  const isAbsolute = components.length > 1 && plain(components[0]) === '';
  let found = [isAbsolute ? '/' : ''];
  for (const component of components) {
    if (plain(component) !== '') found = yield* matchComponent(sys, found, component);
  }
  const last = components[components.length - 1];
  if (Glob.isPattern(last)) return found;
  return yield* existing(sys, found, plain(last) === '' ? '/' : '');
}

/** What follows the last pattern must be there: each name with the ending, if it exists. */
function* existing(sys: Sys, names: readonly string[], ending: string): Step<string[]> {
  const found: string[] = [];
  const stat = emptyStat();
  for (const name of names) {
    if ((yield* sys.stat(name + ending, stat, ending !== '')) >= 0) found.push(name + ending);
  }
  return found;
}

function* matchComponent(sys: Sys, bases: readonly string[], component: Field): Step<string[]> {
  const text = plain(component);
  if (!Glob.isPattern(component)) return bases.map((base) => join(base, text));
  const glob = new Glob(component);
  const found: string[] = [];
  for (const base of bases) {
    const names = yield* directoryNames(sys, base === '' ? '.' : base);
    // A leading dot must be written out.
    const visible = names.filter((name) => (text.startsWith('.') || !name.startsWith('.')) && glob.matches(name));
    for (const name of visible.sort()) found.push(join(base, name));
  }
  return found;
}

/** The pattern's path components; slashes separate even when quoted. */
function splitPath(pattern: Field): Field[] {
  const components: Field[] = [[]];
  for (const { text, literal } of pattern) {
    text.split('/').forEach((piece, index) => {
      if (index > 0) components.push([]);
      components[components.length - 1].push({ text: piece, literal });
    });
  }
  return components;
}

function join(base: string, name: string): string {
  return base === '' || base.endsWith('/') ? base + name : `${base}/${name}`;
}

/** Names in a directory, without `.` and `..`; none when it cannot be read. */
export function* directoryNames(sys: Sys, path: string): Step<string[]> {
  const fd = yield* sys.open(path, O_RDONLY | O_DIRECTORY);
  if (fd < 0) return [];
  const entries = yield* sys.readdir(fd);
  yield* sys.close(fd);
  return typeof entries === 'number' ? [] : entries.map((entry) => entry.name);
}
