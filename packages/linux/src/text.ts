/**
 * Guest byte strings as JavaScript strings and back, without loss.
 *
 * Bytes that are not UTF-8 become lone surrogates U+DC80..U+DCFF (as Python's `surrogateescape`), which no valid UTF-8
 * decodes to.
 */
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
const ESCAPE = 0xdc00;

export function decodeText(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return decodeLenient(bytes);
  }
}

export function encodeText(text: string): Uint8Array {
  if (isText(text)) return encoder.encode(text);
  const out: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code >= ESCAPE + 0x80 && code <= ESCAPE + 0xff) out.push(code - ESCAPE);
    else out.push(...encoder.encode(character));
  }
  return Uint8Array.from(out);
}

/** False when the string holds an escaped byte: it came from something that is not UTF-8. */
export function isText(text: string): boolean {
  return !/[\ud800-\udfff]/u.test(text);
}

/** Valid sequences as they are, every other byte escaped. */
function decodeLenient(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes, at);
    if (length === 0) text += String.fromCharCode(ESCAPE + bytes[at++]);
    else {
      text += strict.decode(bytes.subarray(at, at + length));
      at += length;
    }
  }
  return text;
}

/** Bytes of the valid UTF-8 sequence at `at`, or 0. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at];
  if (lead < 0x80) return 1;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  try {
    strict.decode(bytes.subarray(at, at + length));
    return at + length <= bytes.length ? length : 0;
  } catch {
    return 0;
  }
}
