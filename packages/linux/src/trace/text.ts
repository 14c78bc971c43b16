/** Numbers, strings and sets of flags as strace writes them. */

/** Longest piece of data that is shown. */
const STRING_LIMIT = 32;

const ESCAPES: Readonly<Record<number, string>> = {
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  34: '\\"',
  92: '\\\\',
};

/** `"text\n"`; data that is longer than shown ends with `...`. */
export function quote(bytes: Uint8Array, more = false): string {
  let text = '';
  for (let index = 0; index < bytes.length; index++) text += character(bytes[index], bytes[index + 1]);
  return `"${text}"${more ? '...' : ''}`;
}

/** Data of `total` bytes of which the first ones are at hand. */
export function quoteData(bytes: Uint8Array, total: number): string {
  return quote(bytes.subarray(0, STRING_LIMIT), total > STRING_LIMIT);
}

export const SHOWN_BYTES = STRING_LIMIT;

function character(byte: number, next: number | undefined): string {
  const escape = ESCAPES[byte];
  if (escape !== undefined) return escape;
  if (byte >= 0x20 && byte < 0x7f) return String.fromCharCode(byte);
  // Three digits where the next character would look like one of them.
  const isDigitNext = next !== undefined && next >= 0x30 && next <= 0x39;
  return `\\${byte.toString(8).padStart(isDigitNext ? 3 : 1, '0')}`;
}

export function hex(value: number): string {
  return value === 0 ? '0' : `0x${value.toString(16)}`;
}

/** Addresses: NULL for zero. */
export function pointer(value: number): string {
  return value === 0 ? 'NULL' : `0x${value.toString(16)}`;
}

export function octal(value: number): string {
  return value === 0
    ? '000'
    : `0${value
        .toString(8)
        .padStart(3, '0')
        .replace(/^0+(?=...)/, '')}`;
}

/** Bits by name, joined by `|`; unnamed ones as a number. `none`: what no bits are. */
export function flags(value: number, names: readonly (readonly [number, string])[], none = '0'): string {
  const parts: string[] = [];
  let left = value >>> 0;
  for (const [bits, name] of names) {
    if (bits !== 0 && (left & bits) >>> 0 === bits >>> 0) {
      parts.push(name);
      left = (left & ~bits) >>> 0;
    }
  }
  if (left !== 0) parts.push(`0x${left.toString(16)}`);
  return parts.length === 0 ? none : parts.join('|');
}

/** A value by name, else as a number. */
export function choice(value: number, names: Readonly<Record<number, string>>): string {
  return names[value] ?? (value < 0 ? String(value) : hex(value));
}

/** Names of consecutive values from `first`. */
export function sequence(names: string, first = 0): Readonly<Record<number, string>> {
  return Object.fromEntries(names.split(' ').map((name, index) => [first + index, name]));
}
