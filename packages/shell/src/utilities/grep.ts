/** grep: lines that match. */
import { EISDIR, S_IFLNK, S_IFMT } from '@veridian-os/abi';
import { forEachInput } from '../internal/inputs.js';
import { isDirectory, joinPath, statOf } from '../internal/files.js';
import { decode, LineReader, type Step } from '../internal/io.js';
import type { Tool, Utility } from '../internal/tool.js';
import { directoryNames } from '../vsh/expand.js';

const NOTHING_FOUND = 1;
const TROUBLE = 2;

/** POSIX classes inside brackets. */
const CLASSES: Readonly<Record<string, string>> = {
  alpha: 'A-Za-z',
  digit: '0-9',
  alnum: 'A-Za-z0-9',
  upper: 'A-Z',
  lower: 'a-z',
  space: '\\s',
  blank: ' \\t',
  punct: '!-\\/:-@\\[-`{-~',
  xdigit: '0-9A-Fa-f',
};

export const grep: Utility = {
  name: 'grep',
  summary: 'print the lines that match a pattern',
  usage: '[-EFHchilnoqrsvwx] PATTERN [FILE]...',
  options: 'EFHce:hilnoqrRsvwx',
  usageStatus: TROUBLE,
  help: [
    "PATTERN is a JavaScript regular expression (much as grep -E's); -F: a text.",
    '-i  capitals are as good as small letters    -v  lines that do not match',
    '-n  with line numbers                        -c  only how many',
    '-r  every file below the directories         -l  only names of files',
    '-w  whole words    -x  whole lines           -o  only what matches',
    '-H, -h  with, without names of files         -q  only the status    -s  no complaints about files',
    '-e PATTERN  when it begins with a dash',
    'Status: 0 something was found, 1 nothing, 2 trouble.',
  ].join('\n'),
  *run(tool) {
    const given = tool.value('e');
    const pattern = given ?? tool.operands[0];
    if (pattern === undefined) return yield* tool.usageError('a pattern is missing');
    const expression = compile(tool, pattern);
    if (typeof expression === 'string') return yield* tool.complain(expression, TROUBLE);
    return yield* new Grep(tool, expression).run(tool.operands.slice(given === undefined ? 1 : 0));
  },
};

/** The expression, or what is wrong with it. */
function compile(tool: Tool, pattern: string): RegExp | string {
  let source = tool.has('F') ? pattern.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&') : translateClasses(pattern);
  if (tool.has('w')) source = `(?<!\\w)(?:${source})(?!\\w)`;
  if (tool.has('x')) source = `^(?:${source})$`;
  try {
    return new RegExp(source, `g${tool.has('i') ? 'i' : ''}`);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function translateClasses(pattern: string): string {
  return pattern.replace(/\[:([a-z]+):\]/g, (whole, name: string) => CLASSES[name] ?? whole);
}

class Grep {
  private readonly tool: Tool;
  private readonly expression: RegExp;
  private found = false;
  private trouble = false;
  private named = false;

  constructor(tool: Tool, expression: RegExp) {
    this.tool = tool;
    this.expression = expression;
  }

  *run(operands: readonly string[]): Step<number> {
    const { tool } = this;
    const recursive = tool.has('r') || tool.has('R');
    const files = recursive && operands.length === 0 ? ['.'] : operands;
    const several = files.length > 1;
    for (const file of files.length === 0 ? ['-'] : files) {
      const below = recursive && isDirectory(yield* statOf(tool.sys, file));
      this.named = tool.has('H') || (!tool.has('h') && (several || below));
      if (recursive && file !== '-') yield* this.tree(file);
      else yield* this.file(file);
      if (tool.writeError < 0 || (this.found && tool.has('q'))) break;
    }
    if (this.found && tool.has('q')) return 0;
    return this.trouble ? TROUBLE : this.found ? 0 : NOTHING_FOUND;
  }

  private *tree(path: string): Step<void> {
    const stat = yield* statOf(this.tool.sys, path);
    if (!isDirectory(stat)) return yield* this.file(path);
    for (const name of (yield* directoryNames(this.tool.sys, path)).sort()) {
      const inner = joinPath(path, name);
      const kind = yield* statOf(this.tool.sys, inner, false);
      // Links below the operand could lead in circles.
      if (typeof kind !== 'number' && (kind.mode & S_IFMT) === S_IFLNK) continue;
      yield* this.tree(inner);
      if (this.tool.writeError < 0 || (this.found && this.tool.has('q'))) return;
    }
  }

  private *file(path: string): Step<void> {
    const { tool } = this;
    if (path !== '-' && isDirectory(yield* statOf(tool.sys, path))) {
      this.trouble = true;
      if (!tool.has('s')) yield* tool.complainOf(path, EISDIR);
      return;
    }
    const status = yield* forEachInput(tool, (fd, name) => this.lines(fd, name), [path], TROUBLE);
    if (status !== 0) this.trouble = true;
  }

  private *lines(fd: number, name: string): Step<number> {
    const { tool, expression } = this;
    const reader = new LineReader(tool.sys, fd);
    const prefix = this.named ? `${name === '-' ? '(standard input)' : name}:` : '';
    let matching = 0;
    for (let number = 1; ; number++) {
      if (!reader.hasLine) yield* tool.flush();
      const line = yield* reader.next();
      if (typeof line === 'number') return line;
      if (line === undefined) break;
      const text = decode(line).replace(/\n$/, '');
      expression.lastIndex = 0;
      if (expression.test(text) === tool.has('v')) continue;
      this.found = true;
      matching++;
      if (tool.has('q') || tool.has('l')) break;
      if (!tool.has('c') && (yield* this.show(text, tool.has('n') ? `${prefix}${number}:` : prefix)) < 0) return 0;
    }
    if (tool.has('c') && !tool.has('q')) yield* tool.print(`${prefix}${matching}\n`);
    else if (tool.has('l') && matching > 0) yield* tool.print(`${name}\n`);
    return 0;
  }

  private *show(text: string, prefix: string): Step<number> {
    const { tool } = this;
    if (!tool.has('o') || tool.has('v')) return yield* tool.print(`${prefix}${text}\n`);
    this.expression.lastIndex = 0; // matchAll begins there
    for (const [match] of text.matchAll(this.expression)) {
      if (match !== '' && (yield* tool.print(`${prefix}${match}\n`)) < 0) break;
    }
    return tool.writeError;
  }
}
