/** A terminal's screen, as xterm would show it: enough of it to see what the shell draws. */
import { charWidth } from '../src/internal/cell-width.js';

export class VirtualTerminal {
  readonly columns: number;
  /** Rows of cells; a wide character's second cell is ''. */
  private rows: string[][] = [[]];
  row = 0;
  column = 0;
  bells = 0;
  /** The last cell of a row was written: the next character goes to the next row. */
  private wraps = false;
  private readonly decoder = new TextDecoder();
  private rest = '';

  constructor(columns = 80) {
    this.columns = columns;
  }

  /** Rows without blanks at their ends. */
  get lines(): string[] {
    return this.rows.map((row) =>
      Array.from(row, (cell) => cell ?? ' ')
        .join('')
        .trimEnd(),
    );
  }

  get text(): string {
    return this.lines.join('\n');
  }

  write(data: Uint8Array | string): void {
    this.rest += typeof data === 'string' ? data : this.decoder.decode(data, { stream: true });
    for (;;) {
      if (this.rest === '') return;
      if (this.rest.startsWith('\u001b')) {
        const sequence = /^\[[0-9;?]*[@-~]/.exec(this.rest.slice(1))?.[0];
        if (sequence === undefined) return; // the rest of it comes with the next write
        this.rest = this.rest.slice(1 + sequence.length);
        this.control(sequence.slice(1));
      } else {
        const char = String.fromCodePoint(this.rest.codePointAt(0) ?? 0);
        this.rest = this.rest.slice(char.length);
        this.put(char);
      }
    }
  }

  private put(char: string): void {
    if (char === '\r') this.goto(this.row, 0);
    else if (char === '\n') this.goto(this.row + 1, this.column);
    else if (char === '\b') this.goto(this.row, Math.max(0, this.column - 1));
    else if (char === '\x07') this.bells++;
    else if (char < ' ') throw new Error(`unexpected control character ${JSON.stringify(char)}`);
    else this.show(char);
  }

  private show(char: string): void {
    const width = charWidth(char);
    if (width === 0) {
      this.rows[this.row][Math.max(0, this.column - 1)] += char;
      return;
    }
    if (this.wraps || this.column + width > this.columns) this.goto(this.row + 1, 0);
    this.rows[this.row][this.column] = char;
    if (width === 2) this.rows[this.row][this.column + 1] = '';
    this.column += width;
    if (this.column < this.columns) return;
    this.column = this.columns - 1;
    this.wraps = true;
  }

  private goto(row: number, column: number): void {
    this.row = row;
    this.column = column;
    this.wraps = false;
    while (this.rows.length <= row) this.rows.push([]);
  }

  private control(sequence: string): void {
    const count = Number(/^\d+/.exec(sequence)?.[0] ?? 1);
    switch (sequence.at(-1)) {
      case 'A':
        return this.goto(Math.max(0, this.row - count), this.column);
      case 'B':
        return this.goto(this.row + count, this.column);
      case 'C':
        return this.goto(this.row, Math.min(this.columns - 1, this.column + count));
      case 'D':
        return this.goto(this.row, Math.max(0, this.column - count));
      case 'H':
        return this.goto(0, 0);
      case 'J':
        if (sequence === '2J') this.rows = this.rows.map(() => []);
        else {
          this.rows.length = this.row + 1;
          this.rows[this.row].length = Math.min(this.rows[this.row].length, this.column);
        }
        return;
      case 'm':
        return;
      default:
        throw new Error(`unexpected control sequence ${sequence}`);
    }
  }
}
