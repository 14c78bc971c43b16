/** test and [: questions about texts, numbers and files, as a status. Source: POSIX.1-2017, test. */
import {
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
  type FileStat,
} from '@veridian-os/abi';
import { TCGETS, TERMIOS_BYTES } from '@veridian-os/kernel';
import { statOf } from '../internal/files.js';
import type { Step } from '../internal/io.js';
import type { Tool, Utility } from '../internal/tool.js';

const TROUBLE = 2;

const FILE_TESTS: Readonly<Record<string, (stat: FileStat) => boolean>> = {
  '-e': () => true,
  '-f': (stat) => (stat.mode & S_IFMT) === S_IFREG,
  '-d': (stat) => (stat.mode & S_IFMT) === S_IFDIR,
  '-p': (stat) => (stat.mode & S_IFMT) === S_IFIFO,
  '-b': (stat) => (stat.mode & S_IFMT) === S_IFBLK,
  '-c': (stat) => (stat.mode & S_IFMT) === S_IFCHR,
  '-S': (stat) => (stat.mode & S_IFMT) === S_IFSOCK,
  '-L': (stat) => (stat.mode & S_IFMT) === S_IFLNK,
  '-h': (stat) => (stat.mode & S_IFMT) === S_IFLNK,
  '-s': (stat) => stat.size > 0,
  '-r': (stat) => (stat.mode & 0o444) !== 0,
  '-w': (stat) => (stat.mode & 0o222) !== 0,
  '-x': (stat) => (stat.mode & 0o111) !== 0,
};

const TEXT_TESTS: Readonly<Record<string, (a: string, b: string) => boolean>> = {
  '=': (a, b) => a === b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
};

const NUMBER_TESTS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '-eq': (a, b) => a === b,
  '-ne': (a, b) => a !== b,
  '-lt': (a, b) => a < b,
  '-le': (a, b) => a <= b,
  '-gt': (a, b) => a > b,
  '-ge': (a, b) => a >= b,
};

/** Why an expression has no answer. */
class Malformed extends Error {}

function* evaluate(tool: Tool, words: readonly string[]): Step<number> {
  const parser = new Expression(tool, words);
  try {
    const answer = yield* parser.whole();
    return answer ? 0 : 1;
  } catch (problem) {
    if (!(problem instanceof Malformed)) throw problem;
    return yield* tool.complain(problem.message, TROUBLE);
  }
}

/** or = and { -o and };  and = not { -a not };  not = ! not | primary */
class Expression {
  private readonly tool: Tool;
  private readonly words: readonly string[];
  private at = 0;

  constructor(tool: Tool, words: readonly string[]) {
    this.tool = tool;
    this.words = words;
  }

  *whole(): Step<boolean> {
    if (this.words.length === 0) return false;
    const answer = yield* this.or();
    if (this.at < this.words.length) throw new Malformed(`unexpected '${this.words[this.at]}'`);
    return answer;
  }

  private *or(): Step<boolean> {
    let answer = yield* this.and();
    while (this.take('-o')) answer = (yield* this.and()) || answer;
    return answer;
  }

  private *and(): Step<boolean> {
    let answer = yield* this.not();
    while (this.take('-a')) answer = (yield* this.not()) && answer;
    return answer;
  }

  private *not(): Step<boolean> {
    // With a binary operator next, even '!' is a text.
    if (this.words[this.at] === '!' && !this.isBinary(this.at + 1) && this.at + 1 < this.words.length) {
      this.at++;
      return !(yield* this.not());
    }
    return yield* this.primary();
  }

  private *primary(): Step<boolean> {
    const first = this.words[this.at];
    if (first === undefined) throw new Malformed('an operand is missing');
    if (this.isBinary(this.at + 1) && this.at + 2 < this.words.length) return this.binary(first);
    if (first === '(' && this.words.length > this.at + 1) {
      this.at++;
      const answer = yield* this.or();
      if (!this.take(')')) throw new Malformed("a ')' is missing");
      return answer;
    }
    this.at++;
    const operand = this.words[this.at];
    if (operand === undefined || !(/^-[nzt]$/.test(first) || first in FILE_TESTS)) return first !== '';
    this.at++;
    return yield* this.unary(first, operand);
  }

  private binary(first: string): boolean {
    const operator = this.words[this.at + 1];
    const second = this.words[this.at + 2];
    this.at += 3;
    if (operator in TEXT_TESTS) return TEXT_TESTS[operator](first, second);
    return NUMBER_TESTS[operator](integer(first), integer(second));
  }

  private *unary(operator: string, operand: string): Step<boolean> {
    const { sys } = this.tool;
    if (operator === '-n') return operand !== '';
    if (operator === '-z') return operand === '';
    if (operator === '-t') return (yield* sys.ioctl(integer(operand), TCGETS, new Uint8Array(TERMIOS_BYTES))) >= 0;
    const stat = yield* statOf(sys, operand, operator !== '-L' && operator !== '-h');
    return typeof stat !== 'number' && FILE_TESTS[operator](stat);
  }

  private isBinary(at: number): boolean {
    const word = this.words[at];
    return word !== undefined && (Object.hasOwn(TEXT_TESTS, word) || Object.hasOwn(NUMBER_TESTS, word));
  }

  private take(word: string): boolean {
    const found = this.words[this.at] === word;
    if (found) this.at++;
    return found;
  }
}

function integer(text: string): number {
  if (!/^\s*[-+]?\d+\s*$/.test(text)) throw new Malformed(`${text}: not a number`);
  return Number(text);
}

export const test: Utility = {
  name: 'test',
  summary: 'answer a question with the status',
  usage: 'EXPRESSION',
  options: undefined,
  usageStatus: TROUBLE,
  help: [
    'TEXT   -n TEXT (not empty)   -z TEXT (empty)   A = B   A != B   A -eq B (-ne -lt -le -gt -ge)',
    '-e FILE (exists)   -f file   -d directory   -L link   -p pipe   -c -b devices   -s not empty   -r -w -x   -t N terminal',
    '! A   A -a B   A -o B   ( A )',
  ].join('\n'),
  run: (tool) => evaluate(tool, tool.args.slice(1)),
};

export const bracket: Utility = {
  ...test,
  name: '[',
  usage: 'EXPRESSION ]',
  *run(tool) {
    const words = tool.args.slice(1);
    if (words[words.length - 1] !== ']') return yield* tool.complain("']' is missing", TROUBLE);
    return yield* evaluate(tool, words.slice(0, -1));
  },
};
