/**
 * The line editor, pure: bytes in, screen output and events out.
 *
 * Whoever drives it reads bytes, calls `push` for each, writes what `takeOutput` gives, and acts on the events. Between two
 * lines it calls `begin`.
 */
import { columns as inColumns } from '../../internal/format.js';
import { Recall, Search } from './history.js';
import { KeyDecoder, type Key, type KeyName } from './keys.js';
import { Screen, type Picture } from './screen.js';
import { TextBuffer } from './text-buffer.js';

export type EditorEvent =
  | { readonly kind: 'line'; readonly text: string }
  /** Ctrl-C: the line is given up. */
  | { readonly kind: 'interrupt' }
  /** Ctrl-D on an empty line. */
  | { readonly kind: 'end' }
  /** Tab: answer with `complete`. */
  | { readonly kind: 'complete'; readonly text: string };

/** What the text before the cursor may become. */
export interface Completion {
  /** Characters (UTF-16) of the text that the candidates replace: from here to the cursor. */
  readonly start: number;
  readonly candidates: readonly Candidate[];
}

export interface Candidate {
  /** As it goes into the line, quoted where needed. */
  readonly text: string;
  /** As a list shows it. */
  readonly label: string;
  /** Added when it is the only one: a blank or a slash. */
  readonly suffix: string;
}

/** Longest line; further characters are refused with a bell. */
export const MAX_LINE_LENGTH = 65_536;
const BELL = '\x07';
/** Candidates that are listed; the others are counted. */
const MAX_LISTED = 200;

export class LineEditor {
  private readonly keys = new KeyDecoder();
  private readonly screen = new Screen();
  private readonly buffer = new TextBuffer();
  private readonly history: readonly string[];
  private width = 80;
  private prompt = '';
  private recall: Recall;
  private search: Search | undefined;
  private killed = '';
  private pasting = false;
  private output = '';

  /** @param history lines typed before, oldest first; may grow while the editor is not in use */
  constructor(history: readonly string[]) {
    this.history = history;
    this.recall = new Recall(history);
  }

  /** Starts a new line at the cursor, which is at the start of a row. */
  begin(prompt: string): void {
    this.prompt = prompt;
    this.buffer.set('');
    this.recall = new Recall(this.history);
    this.search = undefined;
    this.screen.reset();
    this.draw();
  }

  /** Cells per row. */
  set columns(columns: number) {
    this.width = columns;
    this.screen.columns = columns;
  }

  /** The line so far. */
  get text(): string {
    return this.buffer.text;
  }

  /** Characters before the cursor. */
  get position(): number {
    return this.buffer.position;
  }

  /** What to write to the terminal since the last call. */
  takeOutput(): string {
    const { output } = this;
    this.output = '';
    return output;
  }

  /** A byte from the terminal. */
  push(byte: number): EditorEvent | undefined {
    const key = this.keys.push(byte);
    if (key === undefined) return undefined;
    if (key.kind === 'key' && (key.name === 'paste-begin' || key.name === 'paste-end')) {
      this.pasting = key.name === 'paste-begin';
      return undefined;
    }
    return this.search === undefined ? this.edit(key) : this.searchKey(this.search, key);
  }

  /** The answer to a `complete` event. */
  complete({ start, candidates }: Completion): void {
    if (candidates.length === 0) {
      this.output += BELL;
      return;
    }
    const typed = this.buffer.beforeCursor.slice(start);
    const common = commonPrefix(candidates.map(({ text }) => text));
    const [only] = candidates;
    if (candidates.length === 1) this.replaceBefore(start, only.text + only.suffix);
    else if (common.length > typed.length) this.replaceBefore(start, common);
    else this.list(candidates);
  }

  private edit(key: Key): EditorEvent | undefined {
    if (key.kind === 'char') this.insert(key.text);
    else if (key.name === 'enter') return this.finish({ kind: 'line', text: this.buffer.text });
    else if (key.name === 'interrupt') return this.finish({ kind: 'interrupt' });
    else if (key.name === 'delete-or-end' && this.buffer.length === 0) return this.finish({ kind: 'end' });
    else if (key.name === 'tab' && this.pasting) this.insert(' ');
    else if (key.name === 'tab') return { kind: 'complete', text: this.buffer.beforeCursor };
    else this.command(key.name);
    return undefined;
  }

  private command(name: KeyName): void {
    const { buffer } = this;
    switch (name) {
      case 'left':
        return this.move(buffer.position - 1);
      case 'right':
        return this.move(buffer.position + 1);
      case 'home':
        return this.move(0);
      case 'end':
        return this.move(buffer.length);
      case 'word-left':
        return this.move(buffer.wordStart);
      case 'word-right':
        return this.move(buffer.wordEnd);
      case 'backspace':
        return this.remove(buffer.position - 1);
      case 'delete':
      case 'delete-or-end':
        return this.remove(buffer.position + 1);
      case 'kill-to-end':
        return this.kill(buffer.length);
      case 'kill-to-start':
        return this.kill(0);
      case 'kill-word':
        return this.kill(buffer.wordStart);
      case 'kill-next-word':
        return this.kill(buffer.wordEnd);
      default:
        return this.otherCommand(name);
    }
  }

  private otherCommand(name: KeyName): void {
    switch (name) {
      case 'yank':
        return this.insert(this.killed);
      case 'up':
        return this.show(this.recall.older(this.buffer.text));
      case 'down':
        return this.show(this.recall.newer());
      case 'clear':
        this.output += '\x1b[H\x1b[2J';
        this.screen.reset();
        return this.draw();
      case 'search':
        this.search = new Search(this.history);
        return this.draw();
      default:
        return;
    }
  }

  private insert(text: string): void {
    const { buffer } = this;
    if (buffer.length + text.length > MAX_LINE_LENGTH) {
      this.output += BELL;
      return;
    }
    const before = buffer.length;
    buffer.insert(text);
    const atEnd = buffer.position === buffer.length && buffer.length === before + 1;
    const drawn = atEnd ? this.screen.append(text) : undefined;
    if (drawn === undefined) this.draw();
    else this.output += drawn;
  }

  private move(position: number): void {
    if (this.buffer.moveTo(position)) this.output += this.screen.moveCursor(this.picture());
  }

  private remove(position: number): void {
    if (this.buffer.removeTo(position) !== '') this.draw();
  }

  private kill(position: number): void {
    const removed = this.buffer.removeTo(position);
    if (removed === '') return;
    this.killed = removed;
    this.draw();
  }

  /** Puts another line there. */
  private show(text: string | undefined): void {
    if (text === undefined) return;
    this.buffer.set(text);
    this.draw();
  }

  private searchKey(search: Search, key: Key): EditorEvent | undefined {
    if (key.kind === 'char') search.extend(key.text);
    else if (key.name === 'search') search.next();
    else if (key.name === 'backspace') search.shorten();
    else if (key.name === 'cancel' || key.name === 'interrupt') this.search = undefined;
    else {
      // Any other key takes the line found, and then does what it does.
      this.search = undefined;
      if (search.match !== undefined) {
        this.buffer.set(search.match);
        this.buffer.moveTo([...search.match.slice(0, search.offset)].length);
      }
      this.draw();
      return this.edit(key);
    }
    this.draw();
    return undefined;
  }

  /** Leaves the line on the screen with the cursor below it. */
  private finish(event: EditorEvent): EditorEvent {
    this.move(this.buffer.length);
    this.output += event.kind === 'interrupt' ? '^C\r\n' : '\r\n';
    return event;
  }

  private replaceBefore(start: number, text: string): void {
    const length = [...this.buffer.beforeCursor.slice(0, start)].length;
    this.buffer.removeTo(length);
    this.buffer.insert(text);
    this.draw();
  }

  /** Shows the candidates below the line, and the line again below them. */
  private list(candidates: readonly Candidate[]): void {
    const labels = candidates.slice(0, MAX_LISTED).map(({ label }) => label);
    const more = candidates.length > MAX_LISTED ? `... and ${candidates.length - MAX_LISTED} more\n` : '';
    const { position } = this.buffer;
    this.move(this.buffer.length);
    this.output += `\r\n${(inColumns(labels, this.width) + more).replaceAll('\n', '\r\n')}`;
    this.buffer.moveTo(position);
    this.screen.reset();
    this.draw();
  }

  private draw(): void {
    this.output += this.screen.draw(this.picture());
  }

  private picture(): Picture {
    const { search, buffer } = this;
    if (search === undefined) return { prompt: this.prompt, characters: buffer.characters, position: buffer.position };
    const characters = [...(search.match ?? '')];
    const prompt = `(${search.found ? '' : 'failed '}search '${search.query}') `;
    return { prompt, characters, position: [...(search.match ?? '').slice(0, search.offset)].length };
  }
}

/** The longest text with which all begin, in whole characters. */
function commonPrefix(texts: readonly string[]): string {
  const [first, ...others] = texts;
  let prefix = '';
  for (const char of first) {
    if (!others.every((text) => text.startsWith(prefix + char))) break;
    prefix += char;
  }
  return prefix;
}
