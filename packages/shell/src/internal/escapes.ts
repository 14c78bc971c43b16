/** Backslash escapes of echo and printf. */
import { concatenate, encode } from './io.js';

const SIMPLE: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  e: '\x1b',
  '\\': '\\',
};

/**
 * Bytes of a text with its escapes replaced; those that are not known stay. Numbers stand for bytes, not for characters.
 * @param bareOctal `\101` is an escape too, not only `\0101` (the format of printf)
 */
export function unescape(text: string, bareOctal: boolean): Uint8Array<ArrayBufferLike> {
  const escape = bareOctal
    ? /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|([ntrabfve\\]))/g
    : /\\(?:0([0-7]{0,3})|x([0-9a-fA-F]{1,2})|([ntrabfve\\]))/g;
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const match of text.matchAll(escape)) {
    const [whole, octal, hex, letter] = match as RegExpMatchArray & (string | undefined)[];
    pieces.push(encode(text.slice(at, match.index)));
    if (octal !== undefined) pieces.push(Uint8Array.of(parseInt(`0${octal}`, 8)));
    else if (hex !== undefined) pieces.push(Uint8Array.of(parseInt(hex, 16)));
    else pieces.push(encode(SIMPLE[letter ?? '']));
    at = match.index + whole.length;
  }
  pieces.push(encode(text.slice(at)));
  const total = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return concatenate(pieces, total);
}
