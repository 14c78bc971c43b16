/**
 * The line being edited: characters and a cursor between them. A character is a code point with the combining marks that
 * follow it, so that one key press moves over or deletes what the screen shows as one.
 */
import { charWidth } from '../../internal/cell-width.js';

const BLANK = /^\s/;

export class TextBuffer {
  private chars: string[] = [];
  private cursor = 0;

  get text(): string {
    return this.chars.join('');
  }

  get characters(): readonly string[] {
    return this.chars;
  }

  /** Characters before the cursor. */
  get position(): number {
    return this.cursor;
  }

  get length(): number {
    return this.chars.length;
  }

  get beforeCursor(): string {
    return this.chars.slice(0, this.cursor).join('');
  }

  /** Replaces everything; the cursor goes to the end. */
  set(text: string): void {
    this.chars = [];
    this.cursor = 0;
    this.insert(text);
  }

  insert(text: string): void {
    for (const char of text) {
      const isMark = charWidth(char) === 0 && char >= '\u0300';
      if (isMark && this.cursor > 0) this.chars[this.cursor - 1] += char;
      else this.chars.splice(this.cursor++, 0, char);
    }
  }

  /** Moves to a place, as far as the line goes; true when the cursor moved. */
  moveTo(position: number): boolean {
    const target = Math.max(0, Math.min(this.chars.length, position));
    const moved = target !== this.cursor;
    this.cursor = target;
    return moved;
  }

  /** Removes what lies between the cursor and a place, and answers with it. */
  removeTo(position: number): string {
    const target = Math.max(0, Math.min(this.chars.length, position));
    const start = Math.min(target, this.cursor);
    const removed = this.chars.splice(start, Math.abs(target - this.cursor));
    this.cursor = start;
    return removed.join('');
  }

  /** Start of the word before the cursor. */
  get wordStart(): number {
    let at = this.cursor;
    while (at > 0 && BLANK.test(this.chars[at - 1])) at--;
    while (at > 0 && !BLANK.test(this.chars[at - 1])) at--;
    return at;
  }

  /** End of the word after the cursor. */
  get wordEnd(): number {
    let at = this.cursor;
    while (at < this.chars.length && BLANK.test(this.chars[at])) at++;
    while (at < this.chars.length && !BLANK.test(this.chars[at])) at++;
    return at;
  }
}
