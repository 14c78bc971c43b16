/**
 * From bytes of a terminal to keys. Source: ECMA-48 (control sequences), xterm's ctlseqs (which sequence is which key).
 * A sequence that is not known is taken whole and means nothing.
 */

export type KeyName =
  | 'enter'
  | 'tab'
  | 'left'
  | 'right'
  | 'up'
  | 'down'
  | 'home'
  | 'end'
  | 'word-left'
  | 'word-right'
  | 'backspace'
  | 'delete'
  | 'delete-or-end'
  | 'kill-to-end'
  | 'kill-to-start'
  | 'kill-word'
  | 'kill-next-word'
  | 'yank'
  | 'clear'
  | 'search'
  | 'interrupt'
  | 'cancel'
  | 'paste-begin'
  | 'paste-end'
  | 'nothing';

export type Key = { readonly kind: 'char'; readonly text: string } | { readonly kind: 'key'; readonly name: KeyName };

const CONTROL: Readonly<Record<number, KeyName>> = {
  1: 'home', // Ctrl-A
  2: 'left', // Ctrl-B
  3: 'interrupt', // Ctrl-C
  4: 'delete-or-end', // Ctrl-D
  5: 'end', // Ctrl-E
  6: 'right', // Ctrl-F
  7: 'cancel', // Ctrl-G
  8: 'backspace',
  9: 'tab',
  10: 'enter',
  11: 'kill-to-end', // Ctrl-K
  12: 'clear', // Ctrl-L
  13: 'enter',
  14: 'down', // Ctrl-N
  16: 'up', // Ctrl-P
  18: 'search', // Ctrl-R
  21: 'kill-to-start', // Ctrl-U
  23: 'kill-word', // Ctrl-W
  25: 'yank', // Ctrl-Y
  127: 'backspace',
};

/** Escape followed by one character. */
const META: Readonly<Record<string, KeyName>> = {
  b: 'word-left',
  B: 'word-left',
  f: 'word-right',
  F: 'word-right',
  d: 'kill-next-word',
  D: 'kill-next-word',
  '\x7f': 'kill-word',
  '\b': 'kill-word',
};

/** Control sequences by parameters and final byte. */
const SEQUENCES: Readonly<Record<string, KeyName>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  H: 'home',
  F: 'end',
  '1~': 'home',
  '7~': 'home',
  '3~': 'delete',
  '4~': 'end',
  '8~': 'end',
  '200~': 'paste-begin',
  '201~': 'paste-end',
  '1;5C': 'word-right',
  '1;5D': 'word-left',
  '1;3C': 'word-right',
  '1;3D': 'word-left',
  '3;5~': 'kill-next-word',
};

const ESCAPE = 27;
/** No sequence of a key is longer; what is, is noise. */
const MAX_SEQUENCE = 32;

type State = 'ground' | 'escape' | 'sequence' | 'single-shift' | 'utf-8';

export class KeyDecoder {
  private state: State = 'ground';
  private sequence = '';
  private bytes: number[] = [];
  private missing = 0;

  /** The key that this byte completes, or undefined. */
  push(byte: number): Key | undefined {
    switch (this.state) {
      case 'ground':
        return this.ground(byte);
      case 'utf-8':
        return this.continuation(byte);
      case 'escape':
        return this.afterEscape(byte);
      case 'single-shift':
        this.state = 'ground';
        return named(SEQUENCES[String.fromCharCode(byte)]);
      case 'sequence':
        return this.inSequence(byte);
    }
  }

  private ground(byte: number): Key | undefined {
    if (byte === ESCAPE) {
      this.state = 'escape';
      return undefined;
    }
    if (byte < 32 || byte === 127) return named(CONTROL[byte]);
    if (byte < 128) return char(String.fromCharCode(byte));
    this.missing = byte >= 0xf0 && byte < 0xf8 ? 3 : byte >= 0xe0 ? 2 : byte >= 0xc0 ? 1 : 0;
    if (this.missing === 0 || byte >= 0xf8) return char('\ufffd');
    this.bytes = [byte];
    this.state = 'utf-8';
    return undefined;
  }

  private continuation(byte: number): Key | undefined {
    this.state = 'ground';
    // A character that was cut off is dropped; this byte begins another.
    if ((byte & 0xc0) !== 0x80) return this.ground(byte);
    this.bytes.push(byte);
    if (--this.missing > 0) {
      this.state = 'utf-8';
      return undefined;
    }
    const text = new TextDecoder().decode(Uint8Array.from(this.bytes));
    // U+0080..U+009F are control characters: some terminals would obey them.
    return text >= '\u0080' && text <= '\u009f' ? named('nothing') : char(text);
  }

  private afterEscape(byte: number): Key | undefined {
    this.state = 'ground';
    if (byte === ESCAPE) this.state = 'escape';
    else if (byte === 0x5b) {
      this.state = 'sequence';
      this.sequence = '';
    } else if (byte === 0x4f) this.state = 'single-shift';
    else return named(META[String.fromCharCode(byte)]);
    return undefined;
  }

  /** Parameters 0x30..0x3f and intermediates 0x20..0x2f, up to a final byte 0x40..0x7e. */
  private inSequence(byte: number): Key | undefined {
    if (byte >= 0x20 && byte < 0x40 && this.sequence.length < MAX_SEQUENCE) {
      this.sequence += String.fromCharCode(byte);
      return undefined;
    }
    this.state = 'ground';
    return named(SEQUENCES[this.sequence + String.fromCharCode(byte)]);
  }
}

function named(name: KeyName | undefined): Key {
  return { kind: 'key', name: name ?? 'nothing' };
}

function char(text: string): Key {
  return { kind: 'char', text };
}
