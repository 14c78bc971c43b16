/** Numbers, sizes, modes and tables as text. */
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFSOCK } from '@veridian-os/abi';
import { textWidth } from './cell-width.js';

const UNITS = 'KMGTPE';

/** `4.0K`, `13M`: at most four characters, as `ls -h` writes sizes; rounded up. */
export function humanSize(bytes: number): string {
  if (bytes < 1024) return String(bytes);
  let value = bytes;
  let unit = -1;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const tenths = Math.ceil(value * 10) / 10;
  return (tenths < 10 ? tenths.toFixed(1) : String(Math.ceil(value))) + UNITS[unit];
}

const TYPE_LETTERS: ReadonlyMap<number, string> = new Map([
  [S_IFDIR, 'd'],
  [S_IFLNK, 'l'],
  [S_IFCHR, 'c'],
  [S_IFBLK, 'b'],
  [S_IFIFO, 'p'],
  [S_IFSOCK, 's'],
]);

/** `drwxr-xr-x` */
export function modeText(mode: number): string {
  let text = TYPE_LETTERS.get(mode & S_IFMT) ?? '-';
  for (let shift = 6; shift >= 0; shift -= 3) {
    const bits = mode >> shift;
    text += (bits & 4 ? 'r' : '-') + (bits & 2 ? 'w' : '-') + executeLetter(mode, shift, (bits & 1) !== 0);
  }
  return text;
}

/** The third letter of each class: set-id and sticky bits share it with `x`. */
function executeLetter(mode: number, shift: number, executable: boolean): string {
  const special = mode & [0o1000, 0, 0, 0o2000, 0, 0, 0o4000][shift];
  if (special === 0) return executable ? 'x' : '-';
  const letter = shift === 0 ? 't' : 's';
  return executable ? letter : letter.toUpperCase();
}

/** Columns separated by `gap` blanks; `align` has `<` or `>` per column. The last left-aligned one is not padded. */
export function table(rows: readonly (readonly string[])[], align: string, gap = 2): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => (widths[index] = Math.max(widths[index] ?? 0, textWidth(cell))));
  }
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, index) => pad(cell, widths[index], align[index]))
          .join(' '.repeat(gap))
          .trimEnd()}\n`,
    )
    .join('');
}

function pad(cell: string, width: number, align: string): string {
  const blanks = ' '.repeat(Math.max(0, width - textWidth(cell)));
  return align === '>' ? blanks + cell : cell + blanks;
}

/** Names in columns, sorted downwards, as many as fit into `width` cells. */
export function columns(names: readonly string[], width: number): string {
  if (names.length === 0) return '';
  for (let rows = 1; ; rows++) {
    const count = Math.ceil(names.length / rows);
    const widths: number[] = [];
    for (let column = 0; column < count; column++) {
      const cells = names.slice(column * rows, (column + 1) * rows);
      widths.push(Math.max(...cells.map(textWidth)));
    }
    if (widths.reduce((sum, cell) => sum + cell + 2, -2) <= width || rows >= names.length) {
      return columnLines(names, rows, widths);
    }
  }
}

function columnLines(names: readonly string[], rows: number, widths: readonly number[]): string {
  let text = '';
  for (let row = 0; row < rows; row++) {
    const cells: string[] = [];
    for (let at = row, column = 0; at < names.length; at += rows, column++)
      cells.push(pad(names[at], widths[column], '<'));
    text += `${cells.join('  ').trimEnd()}\n`;
  }
  return text;
}

/** Breaks lines at blanks to at most `width` cells; what follows goes below what follows the line's first word. */
export function hang(text: string, width: number): string {
  return text
    .split('\n')
    .flatMap((line) => hangLine(line, width))
    .join('\n');
}

function hangLine(line: string, width: number): string[] {
  if (textWidth(line) <= width) return [line];
  const [head = ''] = /^ *\S+ +/.exec(line) ?? [];
  const indent = ' '.repeat(Math.min(head.length, Math.floor(width / 2)));
  const lines: string[] = [];
  let current = head;
  for (const word of line.slice(head.length).match(/ *\S+/g) ?? []) {
    if (textWidth(current + word) > width && current.trim() !== '') {
      lines.push(current.trimEnd());
      current = indent + word.trimStart();
    } else current += word;
  }
  return [...lines, current];
}
