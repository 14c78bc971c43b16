/** Tab: which commands or files a half-typed word may become. */
import { S_IFDIR, S_IFLNK, S_IFMT } from '@veridian-os/abi';
import { O_DIRECTORY, O_RDONLY } from '@veridian-os/vfs';
import { emptyStat, type DirectoryEntry } from '@veridian-os/kernel';
import type { Step } from '../internal/io.js';
import { builtins } from './builtins/index.js';
import type { Candidate, Completion } from './editor/line-editor.js';
import { directoryNames } from './expand.js';
import type { Shell } from './shell.js';

/** The word at the cursor. */
export interface WordAtCursor {
  /** Where it begins in the text. */
  readonly start: number;
  /** Without its quotes. */
  readonly word: string;
  /** It stands where a command's name is expected. */
  readonly isCommand: boolean;
}

const OPERATORS = '|&;<>()\n';
/** Operators after which a command follows. */
const COMMAND_FOLLOWS = '|&;(\n';
/** Names with such characters are not offered: they cannot be shown in a line. */
const CONTROL = /\p{Cc}/u;
/** Characters that a name is not written with unless they are quoted. */
const NEEDS_QUOTING = /[\s\\'"$`|&;<>()*?[\]!#~{}]/g;

/** Finds the last word of a line that may be incomplete in any way. */
export function wordAtCursor(text: string): WordAtCursor {
  let start = 0;
  let word = '';
  let quote = '';
  let isCommand = true;
  let begun = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (quote !== '') {
      if (char === quote) quote = '';
      else word += char;
    } else if (char === ' ' || char === '\t' || OPERATORS.includes(char)) {
      if (begun) isCommand = false;
      if (OPERATORS.includes(char)) isCommand = COMMAND_FOLLOWS.includes(char);
      begun = false;
      word = '';
      start = at + 1;
    } else {
      begun = true;
      if (char === '"' || char === "'") quote = char;
      else if (char === '\\') word += text[++at] ?? '';
      else word += char;
    }
  }
  return { start, word, isCommand };
}

export function* completions(shell: Shell, text: string): Step<Completion> {
  const { start, word, isCommand } = wordAtCursor(text);
  const candidates = isCommand && !word.includes('/') ? yield* commands(shell, word) : yield* files(shell, word);
  candidates.sort((a, b) => (a.label < b.label ? -1 : 1));
  return { start, candidates };
}

function* commands(shell: Shell, word: string): Step<Candidate[]> {
  const names = new Set(builtins.map((builtin) => builtin.name));
  for (const folder of (shell.lookup('PATH') ?? '').split(':')) {
    for (const name of yield* directoryNames(shell.sys, folder === '' ? '.' : folder)) names.add(name);
  }
  const matching = [...names].filter((name) => name.startsWith(word) && !CONTROL.test(name));
  return matching.map((name) => ({ text: escapeWord(name), label: name, suffix: ' ' }));
}

function* files(shell: Shell, word: string): Step<Candidate[]> {
  const slash = word.lastIndexOf('/') + 1;
  const folder = word.slice(0, slash);
  const prefix = word.slice(slash);
  const isHome = folder.startsWith('~/');
  const real = isHome ? `${shell.lookup('HOME') ?? ''}/${folder.slice(2)}` : folder;
  const candidates: Candidate[] = [];
  for (const entry of yield* entries(shell, real === '' ? '.' : real)) {
    const { name } = entry;
    if (!name.startsWith(prefix) || CONTROL.test(name)) continue;
    if (name.startsWith('.') && !prefix.startsWith('.')) continue;
    const isDirectory = yield* leadsToDirectory(shell, real, entry);
    const text = isHome ? `~/${escapeWord(folder.slice(2) + name)}` : escapeWord(folder + name);
    candidates.push({ text, label: isDirectory ? `${name}/` : name, suffix: isDirectory ? '/' : ' ' });
  }
  return candidates;
}

function* entries(shell: Shell, path: string): Step<readonly DirectoryEntry[]> {
  const fd = yield* shell.sys.open(path, O_RDONLY | O_DIRECTORY);
  if (fd < 0) return [];
  const listed = yield* shell.sys.readdir(fd);
  yield* shell.sys.close(fd);
  return typeof listed === 'number' ? [] : listed;
}

function* leadsToDirectory(shell: Shell, folder: string, { name, mode }: DirectoryEntry): Step<boolean> {
  const type = mode & S_IFMT;
  if (type !== S_IFLNK) return type === S_IFDIR;
  const stat = emptyStat();
  return (yield* shell.sys.stat(folder + name, stat)) >= 0 && (stat.mode & S_IFMT) === S_IFDIR;
}

/** A name with backslashes where the shell would see something else. */
export function escapeWord(name: string): string {
  return name.replace(NEEDS_QUOTING, '\\$&');
}
