/**
 * Scripts that name their interpreter: `#! interpreter [one argument]`.
 *
 * Source: Linux fs/binfmt_script.c; only the first 256 bytes count, blanks are spaces and tabs.
 */
import { ENOEXEC, type Errno } from '@veridian-os/abi';
import type { Shebang } from './api.js';
import { decodeUtf8 } from './internal/bytes.js';

/** Bytes of a file's start that may hold the line: BINPRM_BUF_SIZE. */
export const SHEBANG_BYTES = 256;
const NEWLINE = 10;

const isBlank = (byte: number): boolean => byte === 32 || byte === 9;
const isEnd = (byte: number): boolean => isBlank(byte) || byte === 0;

/**
 * Splits the first line of a script.
 * @param start the file's first bytes; {@link SHEBANG_BYTES} are enough, a shorter file is zero-padded
 * @returns undefined when the file is not a script; ENOEXEC for an empty, truncated or non-UTF-8 interpreter
 */
export function parseShebang(start: Uint8Array): Shebang | undefined | Errno {
  if (start[0] !== 0x23 || start[1] !== 0x21) return undefined;
  const buffer = new Uint8Array(SHEBANG_BYTES);
  buffer.set(start.subarray(0, SHEBANG_BYTES));
  const newline = buffer.indexOf(NEWLINE);
  const nameStart = skip(buffer, 2, isBlank);
  // Without a newline in sight the name must end in sight, otherwise it may have been cut off.
  if (newline < 0 && skip(buffer, nameStart, (byte) => !isEnd(byte)) === SHEBANG_BYTES) return ENOEXEC;
  let end = newline < 0 ? SHEBANG_BYTES - 1 : newline;
  while (end > 2 && isBlank(buffer[end - 1])) end--;
  if (nameStart >= end) return ENOEXEC;
  const line = buffer.subarray(0, end);
  const nameEnd = skip(line, nameStart, (byte) => !isEnd(byte));
  const interpreter = decodeUtf8(line.subarray(nameStart, nameEnd));
  const argument = decodeUtf8(argumentOf(line, nameEnd));
  if (interpreter === undefined || interpreter === '' || argument === undefined) return ENOEXEC;
  return { interpreter, argument: argument === '' ? undefined : argument };
}

/** First index from `at` whose byte does not match, or the length. */
function skip(bytes: Uint8Array, at: number, match: (byte: number) => boolean): number {
  let index = at;
  while (index < bytes.length && match(bytes[index])) index++;
  return index;
}

/** Everything behind the blanks after the name, up to a NUL: it stays one argument, inner blanks included. */
function argumentOf(line: Uint8Array, nameEnd: number): Uint8Array {
  if (nameEnd >= line.length || line[nameEnd] === 0) return line.subarray(0, 0);
  const start = skip(line, nameEnd, isBlank);
  return line.subarray(
    start,
    skip(line, start, (byte) => byte !== 0),
  );
}
