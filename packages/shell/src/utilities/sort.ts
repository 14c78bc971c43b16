/** sort: lines in order. */
import { concatenate, decode, readAll, type Step } from '../internal/io.js';
import { forEachInput } from '../internal/inputs.js';
import type { Utility } from '../internal/tool.js';

type Line = Uint8Array<ArrayBufferLike>;
type Order = (a: Line, b: Line) => number;

export const sort: Utility = {
  name: 'sort',
  summary: 'sort lines',
  usage: '[-nru] [FILE]...',
  options: 'nru',
  usageStatus: 2,
  help: '-n  by the number at the start    -r  downwards    -u  equal lines once\nLines are compared byte by byte.',
  *run(tool) {
    const lines: Line[] = [];
    const status = yield* forEachInput(
      tool,
      function* (fd): Step<number> {
        const all = yield* readAll(tool.sys, fd);
        if (typeof all === 'number') return all;
        splitLines(all, lines);
        return 0;
      },
      tool.operands,
      2,
    );
    const order = tool.has('n') ? numericOrder(lines) : byBytes;
    const unique = tool.has('u');
    // Equal numbers are in the order of their bytes, unless one stands for all.
    const full: Order = tool.has('n') && !unique ? (a, b) => order(a, b) || byBytes(a, b) : order;
    lines.sort(tool.has('r') ? (a, b) => full(b, a) : full);
    const shown = unique ? lines.filter((line, index) => index === 0 || order(lines[index - 1], line) !== 0) : lines;
    const output = joinLines(shown);
    if (output.length > 0) yield* tool.printBytes(output);
    return status;
  },
};

function splitLines(all: Line, into: Line[]): void {
  for (let at = 0; at < all.length;) {
    const newline = all.indexOf(10, at);
    const end = newline < 0 ? all.length : newline;
    into.push(all.subarray(at, end));
    at = end + 1;
  }
}

function joinLines(lines: readonly Line[]): Line {
  const newline = Uint8Array.of(10);
  const total = lines.reduce((sum, line) => sum + line.length + 1, 0);
  return concatenate(
    lines.flatMap((line) => [line, newline]),
    total,
  );
}

function byBytes(a: Line, b: Line): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) if (a[at] !== b[at]) return a[at] - b[at];
  return a.length - b.length;
}

/** Compares by the number that a line begins with, 0 without one. */
function numericOrder(lines: readonly Line[]): Order {
  const numbers = new Map(lines.map((line) => [line, leadingNumber(line)]));
  return (a, b) => (numbers.get(a) ?? 0) - (numbers.get(b) ?? 0);
}

function leadingNumber(line: Line): number {
  const match = /^[ \t]*-?\d*(?:\.\d*)?/.exec(decode(line.subarray(0, 64)));
  const value = Number(match?.[0] ?? 0);
  return Number.isNaN(value) ? 0 : value;
}
