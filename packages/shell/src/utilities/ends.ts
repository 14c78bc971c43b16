/** head and tail: the beginning and the end of files. */
import { concatenate, LineReader, readAll, type Step } from '../internal/io.js';
import { forEachInput } from '../internal/inputs.js';
import type { Tool, Utility } from '../internal/tool.js';

const DEFAULT_LINES = '10';

/** `-5` and `+5` as they were once written. */
function normalize(args: readonly string[]): readonly string[] {
  return args.map((word, index) => (index === 1 && /^[-+]\d+$/.test(word) ? `-n${word.replace(/^-/, '')}` : word));
}

interface Amount {
  readonly count: number;
  readonly bytes: boolean;
  /** `+5` from the 5th on; `-5` all but the last 5 (head). */
  readonly sign: string;
}

/** What `-n` or `-c` asks for, or a status. */
function* amountOf(tool: Tool): Step<Amount | number> {
  const bytes = tool.value('c') !== undefined;
  const text = tool.value('c') ?? tool.value('n') ?? DEFAULT_LINES;
  const match = /^([-+]?)(\d+)([kKM]?)$/.exec(text);
  if (match === null) return yield* tool.usageError(`${text}: not a number`);
  const [, sign, digits, unit] = match;
  return { count: Number(digits) * (unit === '' ? 1 : unit === 'M' ? 1 << 20 : 1024), bytes, sign };
}

function* eachWithHeading(tool: Tool, body: (fd: number) => Step<number>): Step<number> {
  let isFirst = true;
  return yield* forEachInput(tool, function* (fd, name) {
    const heading = name === '-' ? 'standard input' : name;
    if (tool.operands.length > 1) yield* tool.print(`${isFirst ? '' : '\n'}==> ${heading} <==\n`);
    isFirst = false;
    return yield* body(fd);
  });
}

export const head: Utility = {
  name: 'head',
  summary: 'print the first lines of files',
  usage: '[-n LINES | -c BYTES] [FILE]...',
  options: 'n:c:',
  normalize,
  help: '-n 5   the first 5 lines (default: 10)      -c 5   bytes\n-n -5  all but the last 5                   -5     as -n 5',
  *run(tool) {
    const amount = yield* amountOf(tool);
    if (typeof amount === 'number') return amount;
    if (amount.sign === '-') return yield* eachWithHeading(tool, (fd) => allButLast(tool, fd, amount));
    return yield* eachWithHeading(tool, (fd) => (amount.bytes ? firstBytes : firstLines)(tool, fd, amount.count));
  },
};

function* firstLines(tool: Tool, fd: number, count: number): Step<number> {
  const reader = new LineReader(tool.sys, fd);
  for (let left = count; left > 0; left--) {
    const line = yield* reader.next();
    if (typeof line === 'number') return line;
    if (line === undefined || (yield* tool.printBytes(line)) < 0) break;
  }
  return 0;
}

function* firstBytes(tool: Tool, fd: number, count: number): Step<number> {
  const buffer = new Uint8Array(Math.min(count, 65_536));
  for (let left = count; left > 0;) {
    const got = yield* tool.sys.read(fd, buffer.subarray(0, Math.min(left, buffer.length)));
    if (got <= 0) return got;
    left -= got;
    if ((yield* tool.printBytes(buffer.subarray(0, got))) < 0) break;
  }
  return 0;
}

function* allButLast(tool: Tool, fd: number, { count, bytes }: Amount): Step<number> {
  const all = yield* readAll(tool.sys, fd);
  if (typeof all === 'number') return all;
  yield* tool.printBytes(all.subarray(0, bytes ? Math.max(0, all.length - count) : lastLinesStart(all, count)));
  return 0;
}

/** Where the last `count` lines begin. */
function lastLinesStart(all: Uint8Array<ArrayBufferLike>, count: number): number {
  if (count === 0) return all.length;
  // A newline at the very end ends a line; it does not begin one.
  let at = all.length - 1;
  for (let left = count; left > 0; left--) {
    at = at <= 0 ? -1 : all.lastIndexOf(10, at - 1);
    if (at < 0) return 0;
  }
  return at + 1;
}

export const tail: Utility = {
  name: 'tail',
  summary: 'print the last lines of files',
  usage: '[-n LINES | -c BYTES] [FILE]...',
  options: 'n:c:',
  normalize,
  help: '-n 5   the last 5 lines (default: 10)       -c 5   bytes\n-n +5  from the 5th line on                 -5     as -n 5',
  *run(tool) {
    const amount = yield* amountOf(tool);
    if (typeof amount === 'number') return amount;
    return yield* eachWithHeading(tool, (fd) => (amount.sign === '+' ? fromOn : last)(tool, fd, amount));
  },
};

/** Everything from the count-th line or byte on. */
function* fromOn(tool: Tool, fd: number, { count, bytes }: Amount): Step<number> {
  const all = yield* readAll(tool.sys, fd);
  if (typeof all === 'number') return all;
  let at = bytes ? Math.max(0, count - 1) : 0;
  for (let line = 1; !bytes && line < count && at < all.length; line++) {
    const newline = all.indexOf(10, at);
    at = newline < 0 ? all.length : newline + 1;
  }
  yield* tool.printBytes(all.subarray(at));
  return 0;
}

function* last(tool: Tool, fd: number, amount: Amount): Step<number> {
  return yield* amount.bytes ? lastBytes(tool, fd, amount.count) : lastLines(tool, fd, amount.count);
}

function* lastBytes(tool: Tool, fd: number, count: number): Step<number> {
  const all = yield* readAll(tool.sys, fd);
  if (typeof all === 'number') return all;
  yield* tool.printBytes(all.subarray(Math.max(0, all.length - count)));
  return 0;
}

/** Keeps no more lines than it will print. */
function* lastLines(tool: Tool, fd: number, count: number): Step<number> {
  const reader = new LineReader(tool.sys, fd);
  const kept: Uint8Array<ArrayBufferLike>[] = [];
  let next = 0;
  for (;;) {
    const line = yield* reader.next();
    if (typeof line === 'number') return line;
    if (line === undefined) break;
    if (kept.length < count) kept.push(line.slice());
    else if (count > 0) kept[next] = line.slice();
    next = count === 0 ? 0 : (next + 1) % count;
  }
  const ordered = kept.length < count ? kept : [...kept.slice(next), ...kept.slice(0, next)];
  const total = ordered.reduce((sum, line) => sum + line.length, 0);
  if (total > 0) yield* tool.printBytes(concatenate(ordered, total));
  return 0;
}
