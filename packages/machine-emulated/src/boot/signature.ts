/**
 * A test's signature as text: one line for each `granularity` bytes, as one little-endian number in lower-case
 * hexadecimal with leading zeros; the last line is filled up with zeros. What the public architecture tests compare.
 */

/** @throws RangeError unless the granularity is a power of two up to 16 */
export function signatureText(bytes: Uint8Array, granularity = 4): string {
  if (![1, 2, 4, 8, 16].includes(granularity)) {
    throw new RangeError(`granularity: expected 1, 2, 4, 8 or 16, got ${granularity}`);
  }
  let text = '';
  for (let at = 0; at < bytes.length; at += granularity) {
    for (let i = granularity - 1; i >= 0; i--) text += (bytes[at + i] ?? 0).toString(16).padStart(2, '0');
    text += '\n';
  }
  return text;
}
