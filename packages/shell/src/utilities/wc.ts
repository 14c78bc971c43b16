/** wc: how many lines, words, bytes. */
import { S_IFMT, S_IFREG } from '@veridian-os/abi';
import { emptyStat } from '@veridian-os/kernel';
import { CHUNK, type Step } from '../internal/io.js';
import { forEachInput } from '../internal/inputs.js';
import type { Tool, Utility } from '../internal/tool.js';

/** Columns when a size is not known beforehand, as GNU's wc has it. */
const UNKNOWN_WIDTH = 7;

interface Counts {
  lines: number;
  words: number;
  chars: number;
  bytes: number;
}

export const wc: Utility = {
  name: 'wc',
  summary: 'count lines, words and bytes',
  usage: '[-clmw] [FILE]...',
  options: 'clmw',
  help: '-l  lines    -w  words    -c  bytes    -m  characters    (default: -lwc)',
  *run(tool) {
    const rows: { counts: Counts; name: string }[] = [];
    const sizes = { total: 0, unknown: false };
    const status = yield* forEachInput(tool, function* (fd, name) {
      const counts = { lines: 0, words: 0, chars: 0, bytes: 0 };
      yield* addSize(tool, fd, sizes);
      const result = yield* count(tool, fd, counts);
      rows.push({ counts, name: tool.operands.length === 0 ? '' : name });
      return result;
    });
    if (tool.operands.length > 1) rows.push({ counts: total(rows.map((row) => row.counts)), name: 'total' });
    const shown = rows.map(({ counts, name }) => ({ numbers: chosen(tool, counts), name }));
    const single = shown.length === 1 && shown[0].numbers.length === 1;
    const width = single ? 0 : Math.max(sizes.unknown ? UNKNOWN_WIDTH : 0, String(sizes.total).length);
    for (const { numbers, name } of shown) {
      const cells = numbers.map((value) => String(value).padStart(width)).join(' ');
      yield* tool.print(`${cells}${name === '' ? '' : ` ${name}`}\n`);
    }
    return status;
  },
};

/** Sizes of regular files decide how wide the columns are. */
function* addSize(tool: Tool, fd: number, sizes: { total: number; unknown: boolean }): Step<void> {
  const stat = emptyStat();
  const result = yield* tool.sys.fstat(fd, stat);
  if (result >= 0 && (stat.mode & S_IFMT) === S_IFREG) sizes.total += stat.size;
  else sizes.unknown = true;
}

function chosen(tool: Tool, { lines, words, chars, bytes }: Counts): number[] {
  const all = !['l', 'w', 'c', 'm'].some((letter) => tool.has(letter));
  const numbers: number[] = [];
  if (all || tool.has('l')) numbers.push(lines);
  if (all || tool.has('w')) numbers.push(words);
  if (tool.has('m')) numbers.push(chars);
  if (all || tool.has('c')) numbers.push(bytes);
  return numbers;
}

function total(all: readonly Counts[]): Counts {
  const sum = { lines: 0, words: 0, chars: 0, bytes: 0 };
  for (const counts of all) {
    sum.lines += counts.lines;
    sum.words += counts.words;
    sum.chars += counts.chars;
    sum.bytes += counts.bytes;
  }
  return sum;
}

function* count(tool: Tool, fd: number, counts: Counts): Step<number> {
  const buffer = new Uint8Array(CHUNK);
  let inWord = false;
  for (;;) {
    const length = yield* tool.sys.read(fd, buffer);
    if (length <= 0) return length;
    inWord = tally(buffer.subarray(0, length), counts, inWord);
  }
}

/**
 * Counts a piece; answers whether it ended within a word. A plain function: a generator that is running is not compiled.
 */
function tally(bytes: Uint8Array, counts: Counts, startsInWord: boolean): boolean {
  let { lines, words, chars } = counts;
  let inWord = startsInWord;
  for (const byte of bytes) {
    if (byte === 10) lines++;
    if ((byte & 0xc0) !== 0x80) chars++;
    const blank = byte === 32 || (byte >= 9 && byte <= 13);
    if (!blank && !inWord) words++;
    inWord = !blank;
  }
  counts.lines = lines;
  counts.words = words;
  counts.chars = chars;
  counts.bytes += bytes.length;
  return inWord;
}
