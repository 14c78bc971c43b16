/**
 * Drawing a prompt and a line on a terminal of some width, and moving between their cells.
 *
 * Rows and columns count from where the prompt begins. Text wraps at the width; a wide character that does not fit into
 * the last cell goes to the next row; a row that is full ends with the cursor on the next one.
 */
import { charWidth } from '../../internal/cell-width.js';

export interface Cell {
  readonly row: number;
  readonly column: number;
}

/** What is on the screen. */
export interface Picture {
  readonly prompt: string;
  readonly characters: readonly string[];
  /** Characters before the cursor. */
  readonly position: number;
}

export class Screen {
  /** Cells per row, at least 2: a wide character must fit. */
  private width = 80;
  /** Where the cursor was left. */
  private cursor: Cell = { row: 0, column: 0 };

  set columns(columns: number) {
    this.width = Math.max(2, columns);
  }

  /** The cursor is at the start of a fresh row. */
  reset(): void {
    this.cursor = { row: 0, column: 0 };
  }

  /** Draws everything anew, over what was there. */
  draw(picture: Picture): string {
    const { prompt, characters } = picture;
    const end = this.place([...prompt, ...characters]);
    const isFull = end.column === 0 && end.row > 0;
    const text = `${up(this.cursor.row)}\r\x1b[J${prompt}${characters.join('')}${isFull ? '\r\n' : ''}`;
    this.cursor = end;
    return text + this.moveCursor(picture);
  }

  /** Moves the cursor to its place in a picture that is drawn already. */
  moveCursor({ prompt, characters, position }: Picture): string {
    const target = this.place([...prompt, ...characters.slice(0, position)]);
    const { row, column } = this.cursor;
    this.cursor = target;
    if (target.row === row) {
      const distance = target.column - column;
      return distance === 0 ? '' : distance > 0 ? `\x1b[${distance}C` : `\x1b[${-distance}D`;
    }
    const vertical = target.row > row ? `\x1b[${target.row - row}B` : up(row - target.row);
    return `${vertical}\r${target.column > 0 ? `\x1b[${target.column}C` : ''}`;
  }

  /** Adds a character behind everything: the character alone while the row has room, else undefined (draw then). */
  append(char: string): string | undefined {
    const width = charWidth(char);
    const column = this.cursor.column + width;
    if (width === 0 || column >= this.width) return undefined;
    this.cursor = { row: this.cursor.row, column };
    return char;
  }

  /** Cell behind the last of these characters. */
  private place(characters: Iterable<string>): Cell {
    let row = 0;
    let column = 0;
    for (const char of characters) {
      const width = charWidth(char);
      if (column + width > this.width) {
        row++;
        column = 0;
      }
      column += width;
      if (column === this.width) {
        row++;
        column = 0;
      }
    }
    return { row, column };
  }
}

function up(rows: number): string {
  return rows > 0 ? `\x1b[${rows}A` : '';
}
