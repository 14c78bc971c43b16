/** Lines typed before: recalled with the arrows, searched with Ctrl-R. */

/** Older lines are forgotten. */
const MAX_LINES = 1000;

/** Adds a line, unless it is blank, begins with a blank, or repeats the last one. */
export function remember(lines: string[], line: string): void {
  if (line === '' || /^\s/.test(line) || line === lines[lines.length - 1]) return;
  lines.push(line);
  if (lines.length > MAX_LINES) lines.shift();
}

/** A walk through the lines; what was typed before it began comes back at its end. */
export class Recall {
  private readonly lines: readonly string[];
  private at: number;
  private typed = '';

  constructor(lines: readonly string[]) {
    this.lines = lines;
    this.at = lines.length;
  }

  /** The line before, given what stands there now; undefined at the oldest. */
  older(current: string): string | undefined {
    if (this.at === 0) return undefined;
    if (this.at === this.lines.length) this.typed = current;
    return this.lines[--this.at];
  }

  newer(): string | undefined {
    if (this.at >= this.lines.length) return undefined;
    this.at++;
    return this.at === this.lines.length ? this.typed : this.lines[this.at];
  }
}

/** Searching backwards for lines that contain a text. */
export class Search {
  private readonly lines: readonly string[];
  query = '';
  private at: number;
  /** False when nothing (more) was found. */
  found = true;

  constructor(lines: readonly string[]) {
    this.lines = lines;
    this.at = lines.length;
  }

  /** The line found, undefined before the first. */
  get match(): string | undefined {
    return this.lines[this.at];
  }

  /** Where the text stands in the line found. */
  get offset(): number {
    return Math.max(0, this.match?.indexOf(this.query) ?? 0);
  }

  /** Looks for a longer text: the present line may still do. */
  extend(char: string): void {
    this.query += char;
    this.from(Math.min(this.at, this.lines.length - 1));
  }

  /** Takes the last character back, and begins again. */
  shorten(): void {
    this.query = [...this.query].slice(0, -1).join('');
    this.at = this.lines.length;
    this.found = true;
    if (this.query !== '') this.from(this.lines.length - 1);
  }

  /** The next older line. */
  next(): void {
    if (this.query !== '') this.from(this.at - 1);
  }

  private from(start: number): void {
    for (let at = start; at >= 0; at--) {
      if (!this.lines[at].includes(this.query)) continue;
      this.at = at;
      this.found = true;
      return;
    }
    this.found = false;
  }
}
