/** hexdump: bytes as numbers and characters. */
import type { Step } from '../internal/io.js';
import { forEachInput } from '../internal/inputs.js';
import type { Tool, Utility } from '../internal/tool.js';

const ROW_BYTES = 16;

export const hexdump: Utility = {
  name: 'hexdump',
  summary: 'show bytes as hexadecimal numbers and characters',
  usage: '[-v] [-n LENGTH] [-s SKIP] [FILE]...',
  options: 'Cvn:s:',
  help: '-n, -s  only LENGTH bytes, after SKIP\n-v  rows that repeat the one before too, instead of *',
  *run(tool) {
    const skip = Number(tool.value('s') ?? 0);
    const length = Number(tool.value('n') ?? Infinity);
    if (!(skip >= 0) || !(length >= 0)) return yield* tool.usageError('-n and -s need a number');
    const dump = new Dump(tool, skip, length);
    const status = yield* forEachInput(tool, (fd) => dump.input(fd));
    yield* dump.end();
    return status;
  },
};

/** One dump over all inputs, as if they were one. */
class Dump {
  private readonly tool: Tool;
  private skip: number;
  private left: number;
  private offset: number;
  private row: number[] = [];
  private before = '';
  private repeating = false;

  constructor(tool: Tool, skip: number, length: number) {
    this.tool = tool;
    this.skip = skip;
    this.left = length;
    this.offset = skip;
  }

  *input(fd: number): Step<number> {
    const buffer = new Uint8Array(4096);
    while (this.left > 0) {
      const count = yield* this.tool.sys.read(fd, buffer);
      if (count <= 0) return count;
      if ((yield* this.tool.print(this.rows(buffer.subarray(0, count)))) < 0) return 0;
    }
    return 0;
  }

  /** The rows that these bytes complete. */
  private rows(bytes: Uint8Array): string {
    const skipped = Math.min(this.skip, bytes.length);
    this.skip -= skipped;
    let text = '';
    for (const byte of bytes.subarray(skipped, skipped + Math.min(this.left, bytes.length))) {
      this.left--;
      this.row.push(byte);
      if (this.row.length === ROW_BYTES) text += this.endRow();
    }
    return text;
  }

  *end(): Step<void> {
    if (this.row.length > 0) yield* this.tool.print(this.endRow());
    if (this.before !== '') yield* this.tool.print(`${hex(this.offset, 8)}\n`);
  }

  /** The present row as text: a star for the first of those that repeat, nothing for the others. */
  private endRow(): string {
    const { row } = this;
    const text = rowText(row);
    const repeated = text === this.before && row.length === ROW_BYTES && !this.tool.has('v');
    const shown = repeated ? (this.repeating ? '' : '*\n') : `${hex(this.offset, 8)}  ${text}\n`;
    this.repeating = repeated;
    this.before = text;
    this.offset += row.length;
    this.row = [];
    return shown;
  }
}

/** `68 69 0a ...  |hi.|` */
function rowText(row: readonly number[]): string {
  const cells = row.map((byte) => hex(byte, 2));
  const halves = [cells.slice(0, 8).join(' '), cells.slice(8).join(' ')].map((half) => half.padEnd(23));
  const characters = row.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('');
  return `${halves.join('  ')}  |${characters}|`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
